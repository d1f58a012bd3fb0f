//! Threads: pthread_create(3). The standard library's way brings printf along in a static binary, by
//! how it names them, and much else that is of no use to threads that nobody asks for anything.

use std::ffi::{CString, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// What a thread does.
type Work = Box<dyn FnOnce() + Send>;

/// What a thread gets.
struct Given {
    name: CString,
    work: Work,
}

/// A thread that was started; it goes on when this is dropped.
pub struct Thread(libc::pthread_t);

/// Starts a thread of this name, of which the kernel keeps 15 bytes, with a stack of so many bytes.
///
/// # Errors
///
/// There is no room for another thread.
pub fn spawn_thread(name: &str, stack: usize, work: Work) -> io::Result<Thread> {
    let given = Box::into_raw(Box::new(Given { name: CString::new(name)?, work }));
    let (mut rules, mut thread) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the attributes are initialised by the first call and ended by the last; a stack that
    // is not possible leaves the usual one. `begin` gets what it takes, a `Given` that is its own;
    // `thread` is read only after it was written.
    unsafe {
        libc::pthread_attr_init(rules.as_mut_ptr());
        libc::pthread_attr_setstacksize(rules.as_mut_ptr(), stack);
        let failed = libc::pthread_create(thread.as_mut_ptr(), rules.as_ptr(), begin, given.cast());
        libc::pthread_attr_destroy(rules.as_mut_ptr());
        if failed != 0 {
            // No thread has it.
            drop(Box::from_raw(given));
            return Err(io::Error::from_raw_os_error(failed));
        }
        Ok(Thread(thread.assume_init()))
    }
}

extern "C" fn begin(given: *mut c_void) -> *mut c_void {
    // SAFETY: it comes from `spawn_thread`, which gave it away.
    let Given { name, work } = *unsafe { Box::from_raw(given.cast::<Given>()) };
    // SAFETY: PR_SET_NAME reads up to 16 bytes of a text that ends with 0.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    super::leave_signals();
    work();
    ptr::null_mut()
}

impl Thread {
    /// Waits for its end.
    pub fn join(self) {
        // SAFETY: nobody waited for it, and as this is forgotten nobody will.
        unsafe { libc::pthread_join(self.0, ptr::null_mut()) };
        std::mem::forget(self);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: nobody waited for it, and now nobody can.
        unsafe { libc::pthread_detach(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_has_its_name_and_is_waited_for() {
        let (told, tells) = mpsc::channel();
        let work = move || {
            told.send(std::fs::read_to_string("/proc/thread-self/comm").unwrap()).unwrap();
        };
        spawn_thread("a name that is too long", 128 << 10, Box::new(work)).unwrap().join();
        assert_eq!(tells.try_recv().unwrap(), "a name that is \n");
    }

    #[test]
    fn one_that_nobody_waits_for_goes_on() {
        let (told, tells) = mpsc::channel();
        let work = move || told.send(()).unwrap();
        drop(spawn_thread("x", 128 << 10, Box::new(work)).unwrap());
        tells.recv().unwrap();
        assert!(spawn_thread("\0", 128 << 10, Box::new(|| ())).is_err());
    }
}
