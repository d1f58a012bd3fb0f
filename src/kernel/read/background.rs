//! A thread that runs blocking requests for a collector: to a message bus, or another program's socket. A
//! scrape waits for the answer until a deadline, and then fails the collector. While the thread is still busy
//! with that request, every scrape fails at once; there is never a second thread. After a late answer
//! scrapes wait only 20 ms, until an answer is in time again.
//!
//! HTTP clients wait while a scrape waits. So the agent makes one request when it begins to serve: when the first
//! client comes, it is known how long an answer takes, and a scrape waits a little longer than that. It waits the
//! whole time only if there was no request before.

mod mailbox;

use crate::base::sys::spawn_thread;
use mailbox::{AnyJob, JobFn, Mailbox, State, answer};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of the thread's stack. Only what it touches is memory.
const STACK: usize = 128 << 10;

/// How long a scrape of a stored machine waits: nothing hangs there, and the machine that reads it may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A worker that meets its deadline ends by itself; this much more lets it report why.
const GRACE: Duration = Duration::from_millis(50);

/// How long a scrape waits for a worker that was late the last time.
const SHORT: Duration = Duration::from_millis(20);

/// How long a scrape waits for one that has not answered since the agent began to serve.
const UNKNOWN: Duration = Duration::from_millis(100);

/// How long a scrape waits for one that has answered, in addition to `TIMES` the last duration: a busy machine may
/// delay both.
const USUAL: Duration = Duration::from_millis(250);
const TIMES: u32 = 8;

/// A thread and the state of its work, of which the answer is a part. The state goes to the thread with each request
/// and comes back, so that its memory is reused.
pub struct Background<T> {
    thread: Thread,
    job: PhantomData<T>,
}

impl<T: Send + 'static> Background<T> {
    /// The thread `name` is started at the first request.
    pub fn new(name: &'static str, idle: T, work: JobFn<T>) -> Background<T> {
        let thread = Thread::new(name, Box::new((idle, work)), |job, until| {
            if let Some((state, work)) = job.downcast_mut::<(T, JobFn<T>)>() {
                work(state, until);
            }
        });
        Background { thread, job: PhantomData }
    }

    /// The same for a stored machine, if `is_stored`.
    pub fn patient(mut self, is_stored: bool) -> Background<T> {
        self.thread.is_patient |= is_stored;
        self
    }

    /// The same in a test of late answers.
    #[cfg(test)]
    pub fn hasty(mut self) -> Background<T> {
        self.thread.is_patient = false;
        self
    }

    /// Starts a request, and waits for its answer until the deadline.
    ///
    /// # Errors
    ///
    /// An errno: ETIMEDOUT if there is no answer in time, or that of pthread_create(3).
    pub fn ask(&mut self, until: Instant) -> Result<&mut T, i32> {
        self.begin(until);
        self.answer()
    }

    /// Starts a request; a scrape starts all requests before it waits for the first. If an earlier request is still
    /// running and no answer to it was awaited, its answer is taken for this one's.
    pub fn begin(&mut self, until: Instant) {
        self.thread.begin(until);
    }

    /// Waits for the answer to the request.
    ///
    /// # Errors
    ///
    /// The errors of `ask`.
    pub fn answer(&mut self) -> Result<&mut T, i32> {
        self.thread.answer()?;
        self.idle().ok_or(libc::ETIMEDOUT)
    }

    /// The worker's state, for which it waits until `until`; `None` if it is still at work then.
    pub fn rest_until(&mut self, until: Instant) -> Option<&mut T> {
        if self.thread.idle.is_none()
            && let Some(answered) = self.thread.wait(until)
        {
            self.thread.take(answered);
        }
        self.idle()
    }

    /// The worker's state, unless it is at work; does not wait.
    pub fn at_rest(&mut self) -> Option<&mut T> {
        self.thread.take_back();
        self.idle()
    }

    fn idle(&mut self) -> Option<&mut T> {
        let (state, _) = self.thread.idle.as_mut()?.downcast_mut::<(T, JobFn<T>)>()?;
        Some(state)
    }
}

/// `Background` without the type of the state.
struct Thread {
    name: &'static str,
    work: JobFn<dyn Any + Send>,
    mailbox: Arc<Mailbox>,
    /// `None` while the thread has it.
    idle: Option<AnyJob>,
    has_thread: bool,
    /// Until when the answer to the current request is waited for, or why it was not made.
    deadline: Result<Instant, i32>,
    /// How long the last answer took.
    took: Option<Duration>,
    /// The last answer was late, or is not there yet.
    is_late: bool,
    /// Late answers are waited for: the machine that runs a test may be busy.
    is_patient: bool,
}

impl Thread {
    fn new(name: &'static str, idle: AnyJob, work: JobFn<dyn Any + Send>) -> Thread {
        let is_awaited = AtomicBool::new(false);
        let mailbox =
            Mailbox { state: Mutex::new(State::Empty), changed: Condvar::new(), is_awaited };
        Thread {
            name,
            work,
            mailbox: Arc::new(mailbox),
            idle: Some(idle),
            has_thread: false,
            deadline: Err(libc::ETIMEDOUT),
            took: None,
            is_late: false,
            is_patient: cfg!(test),
        }
    }

    fn begin(&mut self, until: Instant) {
        let was_begun = self.deadline.is_ok();
        let posted = self.send(until).or_else(|errno| if was_begun { Ok(()) } else { Err(errno) });
        let patience = match self.took {
            _ if self.is_patient => None,
            _ if self.is_late => Some(SHORT),
            Some(took) => Some(USUAL.saturating_add(took.saturating_mul(TIMES))),
            None => was_begun.then_some(UNKNOWN),
        };
        let latest = patience.and_then(|patience| Instant::now().checked_add(patience));
        let last = until + if self.is_patient { PATIENCE } else { GRACE };
        self.deadline = posted.map(|()| latest.map_or(last, |latest| latest.min(last)));
    }

    /// Waits until the state is back, or the deadline has passed.
    fn answer(&mut self) -> Result<(), i32> {
        let until = std::mem::replace(&mut self.deadline, Err(libc::ETIMEDOUT))?;
        match self.wait(until) {
            Some(answered) => self.take(answered),
            None => self.is_late = true,
        }
        Ok(())
    }

    /// Takes the state back, if it is there.
    fn take_back(&mut self) {
        let answered = take_answer(&mut self.mailbox.lock());
        if let Some(answered) = answered {
            self.take(answered);
        }
    }

    fn take(&mut self, (answered, in_time, took): (AnyJob, bool, Duration)) {
        (self.idle, self.is_late, self.took) = (Some(answered), !in_time, Some(took));
    }

    fn send(&mut self, until: Instant) -> Result<(), i32> {
        self.take_back();
        let idle = self.idle.take().ok_or(libc::ETIMEDOUT)?;
        *self.mailbox.lock() = State::Requested(idle, until);
        if !self.has_thread {
            self.start()?;
        }
        self.mailbox.changed.notify_all();
        Ok(())
    }

    fn start(&mut self) -> Result<(), i32> {
        let (mailbox, work) = (Arc::clone(&self.mailbox), self.work);
        let started = spawn_thread(self.name, STACK, Box::new(move || answer(&mailbox, work)));
        if let Err(error) = started {
            if let State::Requested(job, _) =
                std::mem::replace(&mut *self.mailbox.lock(), State::Empty)
            {
                self.idle = Some(job);
            }
            return Err(error.raw_os_error().unwrap_or(libc::EAGAIN));
        }
        self.has_thread = true;
        Ok(())
    }

    fn wait(&self, until: Instant) -> Option<(AnyJob, bool, Duration)> {
        let mut state = self.mailbox.lock();
        loop {
            if let Some(answered) = take_answer(&mut state) {
                return Some(answered);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.mailbox.is_awaited.store(true, Relaxed);
            let waited = self.mailbox.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            self.mailbox.is_awaited.store(false, Relaxed);
        }
    }
}

fn take_answer(state: &mut State) -> Option<(AnyJob, bool, Duration)> {
    match std::mem::replace(state, State::Empty) {
        State::Answered(answered, in_time, took) => Some((answered, in_time, took)),
        other => {
            *state = other;
            None
        }
    }
}

impl Drop for Thread {
    /// Does not wait for the thread, which ends after its current request.
    fn drop(&mut self) {
        *self.mailbox.lock() = State::Over;
        self.mailbox.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
