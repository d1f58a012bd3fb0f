//! A thread that does a small thing again and again, such as reading a file that covers only the last two
//! seconds. A scrape reads its results.

use crate::base::sys::spawn_thread;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of the thread's stack. Only what it touches is memory.
const STACK: usize = 64 << 10;

/// The work, and its data; it ends when this is dropped.
pub struct Periodic<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    over: Condvar,
}

struct State<T> {
    data: T,
    is_over: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Periodic<T> {
    /// Starts the thread `name`, which does `work` every `period`, the first time after one. It must not take long:
    /// `with` waits for it.
    ///
    /// # Errors
    ///
    /// The system has no resources for another thread.
    pub fn start(
        name: &str,
        period: Duration,
        data: T,
        work: fn(&mut T),
    ) -> io::Result<Periodic<T>> {
        let state = Mutex::new(State { data, is_over: false });
        let shared = Arc::new(Shared { state, over: Condvar::new() });
        let its = Arc::clone(&shared);
        spawn_thread(name, STACK, Box::new(move || repeat(&its, period, work)))?;
        Ok(Periodic { shared })
    }

    /// Calls `run` with the data of the work.
    pub fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut self.shared.lock().data)
    }
}

fn repeat<T>(shared: &Shared<T>, period: Duration, work: fn(&mut T)) {
    let mut state = shared.lock();
    loop {
        let waited = shared.over.wait_timeout_while(state, period, |state| !state.is_over);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.is_over {
            return;
        }
        work(&mut state.data);
    }
}

impl<T> Drop for Periodic<T> {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.over.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    #[test]
    fn work_is_repeated_until_it_is_dropped() {
        let (done, finished) = channel();
        let work = |(count, done): &mut (u32, Sender<u32>)| {
            *count += 1;
            let _ = done.send(*count);
        };
        let short = Duration::from_millis(1);
        let periodic = Periodic::start("test", short, (0, done), work).unwrap();
        for expected in 1..=3 {
            assert_eq!(finished.recv(), Ok(expected));
        }
        assert!(periodic.with(|(count, _)| *count) >= 3);
        drop(periodic);
        while finished.recv().is_ok() {} // the thread ends, and drops the sender
    }

    #[test]
    fn an_end_does_not_wait_for_the_period() {
        let (done, finished) = channel::<u32>();
        let hour = Duration::from_secs(3600);
        drop(Periodic::start("test", hour, done, |_| ()).unwrap());
        assert!(finished.recv().is_err());
    }
}
