//! Threads: pthread_create(3). The standard library's threads bring printf into a static binary, because
//! of their names, and much else that is of no use to threads which return nothing.

use std::ffi::{CString, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// The function of a thread.
type ThreadBody = Box<dyn FnOnce() + Send>;

/// The argument of a thread.
struct ThreadStart {
    name: CString,
    work: ThreadBody,
}

/// A started thread; it goes on when this is dropped.
pub struct Thread(libc::pthread_t);

/// Starts a thread of this name, of which the kernel keeps 15 bytes, with a stack of `stack` bytes.
///
/// # Errors
///
/// The system has no resources for another thread.
pub fn spawn_thread(name: &str, stack: usize, work: ThreadBody) -> io::Result<Thread> {
    let given = Box::into_raw(Box::new(ThreadStart { name: CString::new(name)?, work }));
    let (mut rules, mut thread) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the attributes are initialised by the first call and destroyed by the last; a stack size that
    // is not possible keeps the default. `begin` gets its argument, a `ThreadStart` that it owns;
    // `thread` is read only after it was written.
    unsafe {
        libc::pthread_attr_init(rules.as_mut_ptr());
        libc::pthread_attr_setstacksize(rules.as_mut_ptr(), stack);
        let failed = libc::pthread_create(thread.as_mut_ptr(), rules.as_ptr(), begin, given.cast());
        libc::pthread_attr_destroy(rules.as_mut_ptr());
        if failed != 0 {
            // No thread owns it.
            drop(Box::from_raw(given));
            return Err(io::Error::from_raw_os_error(failed));
        }
        Ok(Thread(thread.assume_init()))
    }
}

extern "C" fn begin(given: *mut c_void) -> *mut c_void {
    // SAFETY: the pointer is from `spawn_thread`, which gave up its ownership.
    let ThreadStart { name, work } = *unsafe { Box::from_raw(given.cast::<ThreadStart>()) };
    // SAFETY: PR_SET_NAME reads up to 16 bytes of a text that ends with 0.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    super::leave_signals();
    work();
    ptr::null_mut()
}

impl Thread {
    /// Waits for the thread's end.
    pub fn join(self) {
        // SAFETY: the thread was not joined before, and as this is forgotten it will not be again.
        unsafe { libc::pthread_join(self.0, ptr::null_mut()) };
        std::mem::forget(self);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: the thread was not joined, and now cannot be.
        unsafe { libc::pthread_detach(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_has_its_name_and_is_waited_for() {
        let (sender, receiver) = mpsc::channel();
        let work = move || {
            sender.send(std::fs::read_to_string("/proc/thread-self/comm").unwrap()).unwrap();
        };
        spawn_thread("a name that is too long", 128 << 10, Box::new(work)).unwrap().join();
        assert_eq!(receiver.try_recv().unwrap(), "a name that is \n");
    }

    #[test]
    fn a_child_without_a_waiting_scrape_continues() {
        let (sender, receiver) = mpsc::channel();
        let work = move || sender.send(()).unwrap();
        drop(spawn_thread("x", 128 << 10, Box::new(work)).unwrap());
        receiver.recv().unwrap();
        assert!(spawn_thread("\0", 128 << 10, Box::new(|| ())).is_err());
    }
}
