//! What a collector and its thread hand each other, and what the thread does.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Makes the request, until the given time, and stores the answer in its argument.
pub type JobFn<T> = fn(&mut T, Instant);

/// The worker's state, without its type: all workers share the code of one thread.
pub type AnyJob = Box<dyn Any + Send>;

/// Between a collector and its thread.
pub struct Mailbox {
    pub state: Mutex<State>,
    pub changed: Condvar,
    /// Whether a scrape waits for the answer; read and written with the lock held. Usually the answer is there
    /// before the scrape waits for it, and there is no thread to wake.
    pub is_awaited: AtomicBool,
}

pub enum State {
    /// There is no request, or the thread is working on one.
    Empty,
    Requested(AnyJob, Instant),
    /// The answer, whether it was in time, and how long it took.
    Answered(AnyJob, bool, Duration),
    /// There are no more requests.
    Over,
}

impl Mailbox {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread: handles requests until there are no more.
pub fn answer(mailbox: &Mailbox, work: JobFn<dyn Any + Send>) {
    let mut state = mailbox.lock();
    loop {
        match std::mem::replace(&mut *state, State::Empty) {
            State::Requested(mut job, until) => {
                drop(state);
                let begun = Instant::now();
                work(&mut *job, until);
                let end = Instant::now();
                state = mailbox.lock();
                if matches!(*state, State::Over) {
                    return;
                }
                *state = State::Answered(job, end < until, end - begun);
                if mailbox.is_awaited.load(Relaxed) {
                    mailbox.changed.notify_all();
                }
            }
            State::Over => return,
            other => {
                *state = other;
                state = mailbox.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
