//! Counts of frames: written by the worker, read by the serving thread. Both hold the lock for
//! copying only. The state is shared and not sent, as only the last one is
//! wanted, and no thread has to be woken for it.

use crate::base::clock::WallClock;
use crate::outputs::reasons::{Reasons, add};
use crate::outputs::spool::Levels;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts of the frames of one destination since the start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Frames that were made.
    pub taken: u64,
    /// Frames that were handed to the worker and were neither accepted, nor wait in the spool, nor were
    /// given up.
    pub in_hand: u64,
    /// Whether the spool is open: before that, the number of waiting frames is unknown.
    pub is_open: bool,
    /// Requests that were accepted.
    pub success: u64,
    /// Attempts that failed.
    pub failed: Reasons,
    /// Attempts besides the first.
    pub retried: u64,
    /// Samples that were given up.
    pub dropped: Reasons,
    /// Samples that were accepted.
    pub samples: u64,
    /// Frames that the fallback accepted.
    pub passed: u64,
    /// Attempts, and their total duration.
    pub requests: u64,
    /// See `requests`.
    pub took: Duration,
    /// Bytes of bodies that were sent, failed or not.
    pub sent_bytes: u64,
    /// When something was last accepted, on both clocks.
    pub last_success: Option<(WallClock, Instant)>,
    /// Since when every attempt failed or was refused, and why the last one was.
    pub failing: Option<(Instant, String)>,
    /// When a sample last was out of order, and the receiver's message.
    pub late: Option<(Instant, String)>,
    /// When the worker's current work should be done at the latest; `None` while it waits for work.
    pub busy: Option<Instant>,
    /// The levels of the open spool.
    pub spool: Levels,
    /// Bytes that spools before it forced to the disk.
    pub synced_before: u64,
}

impl Tally {
    /// Samples that were given up, including those that the spool gave up.
    pub fn all_dropped(&self) -> Reasons {
        let mut all = self.dropped.clone();
        self.spool.dropped.iter().for_each(|(reason, count)| add(&mut all, reason, *count));
        all
    }

    /// Notes that the spool is closed: its counts are added to the totals.
    pub fn close(&mut self) {
        self.dropped = self.all_dropped();
        self.synced_before += self.spool.synced_bytes;
        // The successor reports whether the directory can be used.
        self.spool = Levels { trouble: self.spool.trouble.take(), ..Levels::default() };
        self.is_open = false;
        self.busy = None;
    }
}

/// A tally that both sides share.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Tally>>);

impl Shared {
    /// Locks the tally; to be held for as short as possible.
    pub fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts samples that were given up.
    pub fn drop_samples(&self, reason: &'static str, count: usize) {
        add(&mut self.lock().dropped, reason, count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_of_a_closed_spool_stay_counted() {
        let shared = Shared::default();
        shared.drop_samples("status", 3);
        shared.drop_samples("queue", 4);
        shared.drop_samples("status", 5);
        let mut tally = shared.lock().clone();
        tally.spool.dropped = vec![("full", 7), ("queue", 1)];
        tally.spool.synced_bytes = 11;
        let expected = vec![("full", 7), ("queue", 5), ("status", 8)];
        assert_eq!(tally.all_dropped(), expected);
        tally.close();
        assert_eq!((tally.all_dropped(), tally.synced_before), (expected, 11));
        tally.close();
        assert_eq!(tally.synced_before, 11);
    }
}
