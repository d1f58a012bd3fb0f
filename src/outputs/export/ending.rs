//! State that the serving thread and a worker share: until when the worker may send, and, under a
//! lock that is never held for long, what waits. A worker that hangs in the network cannot be
//! interrupted; when the process ends, its frames are written to the disk without it.

use super::tally::Shared;
use crate::model::frame::Frame;
use crate::outputs::spool::Spool;
use crate::workers::Queue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a salvage tries to get the backlog from its worker, and the wait between.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// The destination of frames that another one could not send.
#[derive(Clone)]
pub struct Fallback {
    /// Its mailbox.
    pub mailbox: Queue<Frame>,
    /// Its counts.
    pub tally: Shared,
}

impl Fallback {
    /// Hands a frame over. Returns whether there was room.
    pub fn accept(&self, frame: Frame) -> bool {
        // Counted before the worker has it, so that it is never missing from the counts.
        self.tally.lock().in_hand += 1;
        let is_accepted = self.mailbox.offer(frame).is_ok();
        if !is_accepted {
            self.tally.lock().in_hand -= 1;
        }
        is_accepted
    }
}

/// The frames that wait.
pub struct Backlog {
    /// The spool.
    pub spool: Spool,
    /// Frames that are being sent and are not in the spool.
    pub in_hand: Vec<Frame>,
    /// They no longer belong to the worker.
    pub is_salvaged: bool,
}

impl Backlog {
    /// Appends a frame.
    pub fn push(&mut self, frame: &Frame, now: Instant) {
        if !self.is_salvaged {
            self.spool.push(frame, now);
        }
    }

    /// Writes the worker's frames, and those in its mailbox, to the disk.
    fn salvage(&mut self, jobs: &Queue<Frame>, now: Instant) {
        let in_hand = std::mem::take(&mut self.in_hand);
        in_hand.iter().for_each(|frame| self.push(frame, now));
        while let Some(frame) = jobs.take() {
            self.push(&frame, now);
        }
        self.is_salvaged = true;
        self.spool.close(now);
    }
}

/// See [`Backlog`].
pub type SharedBacklog = Arc<Mutex<Backlog>>;

/// Locks the mutex; to be held for as short as possible.
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What both sides know about the end.
#[derive(Clone)]
pub struct Ending {
    until: Arc<Mutex<Option<Instant>>>,
    /// Closed when the worker has ended.
    pub over: Queue<()>,
    /// What waits; after the end, for the successor.
    backlog: Arc<Mutex<Option<SharedBacklog>>>,
}

impl Ending {
    /// A state without an end.
    pub fn new() -> Ending {
        Ending { until: Arc::default(), over: Queue::new(1), backlog: Arc::default() }
    }

    /// Until when what waits may be sent; `None` without an end.
    pub fn until(&self) -> Option<Instant> {
        *lock(&self.until)
    }

    /// Sets the end.
    pub fn set(&self, until: Instant) {
        *lock(&self.until) = Some(until);
    }

    /// Stores the spool.
    pub fn begin(&self, spool: Spool) -> SharedBacklog {
        let backlog = Backlog { spool, in_hand: Vec::new(), is_salvaged: false };
        let backlog = Arc::new(Mutex::new(backlog));
        *lock(&self.backlog) = Some(Arc::clone(&backlog));
        backlog
    }

    /// Returns what waits, once.
    pub fn take_backlog(&self) -> Option<SharedBacklog> {
        lock(&self.backlog).take()
    }

    /// Writes the frames of a worker that does not end in time to the disk.
    pub fn salvage(&self, jobs: &Queue<Frame>, now: Instant) {
        let Some(shared) = self.take_backlog() else { return };
        // The worker may hold it just now; or else it hangs in disk I/O.
        for _ in 0..TRIES {
            if let Ok(mut backlog) = shared.try_lock() {
                return backlog.salvage(jobs, now);
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Boot;
    use crate::model::frame::testing::Made;
    use crate::model::metric::{Kind, Value};
    use crate::outputs::spool::Bounds;

    #[test]
    fn a_worker_that_holds_the_backlog_for_a_moment_does_not_lose_frames() {
        let bounds = Bounds {
            dir: None,
            max_bytes: 0,
            max_memory: 1 << 20,
            max_age: Duration::from_secs(60),
            write_budget: 0,
            boot: Boot::default(),
        };
        let (ending, jobs) = (Ending::new(), Queue::new(1));
        let shared = ending.begin(Spool::open(bounds, Instant::now()));
        let mut made = Made::new();
        made.family("a", Kind::Gauge, "").number(&[], Value::Int(1));
        assert!(jobs.offer(made.frame()).is_ok());
        let held = lock(&shared);
        let serving = thread::spawn(move || ending.salvage(&jobs, Instant::now()));
        thread::sleep(5 * BETWEEN_TRIES);
        drop(held);
        serving.join().unwrap();
        assert!(lock(&shared).is_salvaged && !lock(&shared).spool.is_empty());
    }
}
