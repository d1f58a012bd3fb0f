//! What the serving thread and a worker both see: until when the worker may send, and, behind a
//! lock that nobody holds for long, what waits. A worker that hangs in the network cannot be
//! interrupted; when the process ends, what it has in hand is brought to the disk without it.

use super::tally::Shared;
use crate::model::frame::Frame;
use crate::outputs::spool::Spool;
use crate::workers::Queue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Where the frames go that one could not send.
#[derive(Clone)]
pub struct Fallback {
    /// Its mailbox.
    pub mailbox: Queue<Frame>,
    /// How it fares.
    pub tally: Shared,
}

impl Fallback {
    /// Hands a frame over. Whether there was room.
    pub fn take(&self, frame: Frame) -> bool {
        // Before the worker has it, so that it never seems to be nowhere.
        self.tally.lock().in_hand += 1;
        let is_taken = self.mailbox.offer(frame).is_ok();
        if !is_taken {
            self.tally.lock().in_hand -= 1;
        }
        is_taken
    }
}

/// What waits.
pub struct Keep {
    /// In its order.
    pub spool: Spool,
    /// What is being sent and is not in the spool.
    pub in_hand: Vec<Frame>,
    /// It is not the worker's any more.
    pub is_salvaged: bool,
}

impl Keep {
    /// Appends a frame.
    pub fn push(&mut self, frame: &Frame, now: Instant) {
        if !self.is_salvaged {
            self.spool.push(frame, now);
        }
    }

    /// Brings what the worker has, and what waits for it, to the disk.
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

/// See [`Keep`].
pub type SharedKeep = Arc<Mutex<Keep>>;

/// Locks it, for as short as possible.
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What both sides know of the end.
#[derive(Clone)]
pub struct Ending {
    until: Arc<Mutex<Option<Instant>>>,
    /// Closed when the worker is gone.
    pub over: Queue<()>,
    /// What waits; after the end, for the successor.
    keep: Arc<Mutex<Option<SharedKeep>>>,
}

impl Ending {
    /// It goes on.
    pub fn new() -> Ending {
        Ending { until: Arc::default(), over: Queue::new(1), keep: Arc::default() }
    }

    /// Until when what waits may be sent; `None` goes on.
    pub fn until(&self) -> Option<Instant> {
        *lock(&self.until)
    }

    /// It ends then.
    pub fn set(&self, until: Instant) {
        *lock(&self.until) = Some(until);
    }

    /// There is a spool.
    pub fn begin(&self, spool: Spool) -> SharedKeep {
        let keep = Keep { spool, in_hand: Vec::new(), is_salvaged: false };
        let keep = Arc::new(Mutex::new(keep));
        *lock(&self.keep) = Some(Arc::clone(&keep));
        keep
    }

    /// What there is to keep, once; then it is nobody's.
    pub fn estate(&self) -> Option<SharedKeep> {
        lock(&self.keep).take()
    }

    /// Brings to the disk what a worker has that does not come to its end.
    pub fn salvage(&self, jobs: &Queue<Frame>, now: Instant) {
        let Some(keep) = self.estate() else { return };
        // Whoever holds it now hangs in the disk itself.
        let kept = keep.try_lock();
        if let Ok(mut keep) = kept {
            keep.salvage(jobs, now);
        }
    }
}
