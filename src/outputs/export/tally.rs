//! What became of frames: written by the worker, read by the serving thread. Both hold the lock for
//! copying only. It is shared and not sent: it is a state, of which only the last is
//! wanted, and nobody need wake for it.

use crate::base::clock::WallClock;
use crate::outputs::spool::Levels;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts by reason. Reasons are few, and stay in their order.
pub type Reasons = Vec<(&'static str, u64)>;

/// Adds to the count of a reason.
pub fn add(reasons: &mut Reasons, reason: &'static str, count: u64) {
    let place = reasons.partition_point(|(other, _)| *other < reason);
    match reasons.get_mut(place) {
        Some((other, sum)) if *other == reason => *sum += count,
        _ => reasons.insert(place, (reason, count)),
    }
}

/// What became of the frames of one destination since the start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Frames that were taken.
    pub taken: u64,
    /// Frames that were handed to the worker and neither arrived, nor wait in the spool, nor were
    /// given up.
    pub in_hand: u64,
    /// Whether the spool is open: before, nobody knows what waits.
    pub is_open: bool,
    /// Requests that arrived.
    pub success: u64,
    /// Tries that failed.
    pub failed: Reasons,
    /// Tries besides the first.
    pub retried: u64,
    /// Samples that will not arrive.
    pub dropped: Reasons,
    /// Samples that arrived.
    pub samples: u64,
    /// Frames that the fallback took.
    pub passed: u64,
    /// Tries, and how long they took.
    pub requests: u64,
    /// See `requests`.
    pub took: Duration,
    /// Bytes of bodies that were sent, failed or not.
    pub sent_bytes: u64,
    /// When something last arrived, on both clocks.
    pub last_success: Option<(WallClock, Instant)>,
    /// Since when every try failed or was refused, and why the last was.
    pub failing: Option<(Instant, String)>,
    /// When a sample last was out of order, and what was said of it.
    pub late: Option<(Instant, String)>,
    /// When the worker is to be back at the latest from what it does; `None` while it waits for work.
    pub busy: Option<Instant>,
    /// Of the spool that is open.
    pub spool: Levels,
    /// Bytes that spools before it forced to the disk.
    pub synced_before: u64,
}

impl Tally {
    /// Samples that will not arrive, those that the spool gave up among them.
    pub fn all_dropped(&self) -> Reasons {
        let mut all = self.dropped.clone();
        self.spool.dropped.iter().for_each(|(reason, count)| add(&mut all, reason, *count));
        all
    }

    /// The spool is closed: what it counted goes on.
    pub fn close(&mut self) {
        self.dropped = self.all_dropped();
        self.synced_before += self.spool.synced_bytes;
        // Whoever comes next tells whether the directory can be used.
        self.spool = Levels { trouble: self.spool.trouble.take(), ..Levels::default() };
        self.is_open = false;
        self.busy = None;
    }
}

/// A tally that both sides see.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Tally>>);

impl Shared {
    /// For as short as possible.
    pub fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many samples will not arrive.
    pub fn drop_samples(&self, reason: &'static str, count: usize) {
        add(&mut self.lock().dropped, reason, count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_spool_gave_up_goes_on_when_it_is_closed() {
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
