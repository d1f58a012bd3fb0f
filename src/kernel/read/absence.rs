//! Files and directories that are absent. Most boxes lack most of what collectors read, and each check of a missing
//! path is one to six system calls at every scrape. So an absent path is checked again only after a few
//! seconds: what is loaded, mounted or plugged in is seen some seconds later. Devices that scrapes must
//! see at once are lines of files and entries of directories that exist.

use crate::base::sys::share_of_open_files;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// How many seconds an absent path is assumed to stay absent.
const LOOK_AGAIN: u32 = 8;

/// How long one scrape waits for first readings of what drivers answer, all of them together.
const PATIENCE: Duration = Duration::from_millis(20);

/// How many directories may stay open from scrape to scrape, of all collectors together.
pub(super) const MAX_KEPT: usize = 16;

/// The state that all files and directories of one root share.
pub struct Shared {
    /// How many directories are open.
    pub(super) open: AtomicUsize,
    /// How many may stay open.
    pub(super) kept: usize,
    /// The second of the scrape at hand, from 1 on; 0 if no time was set.
    second: AtomicU32,
    /// How many scrapes were begun.
    scrape: AtomicU32,
    /// Microseconds of the scrape at hand that were spent on files that drivers answer.
    spent: AtomicU32,
}

impl Default for Shared {
    fn default() -> Shared {
        let kept = share_of_open_files(MAX_KEPT);
        let (second, scrape, spent) = Default::default();
        Shared { open: AtomicUsize::new(0), kept, second, scrape, spent }
    }
}

impl Shared {
    /// Begins a scrape, at this time since the start.
    pub fn begin(&self, age: Duration) {
        self.second.store(u32::try_from(age.as_secs() + 1).unwrap_or(u32::MAX), Relaxed);
        self.scrape.fetch_add(1, Relaxed);
        self.spent.store(0, Relaxed);
    }

    /// The number of the scrape at hand.
    pub(super) fn scrape(&self) -> u32 {
        self.scrape.load(Relaxed)
    }

    /// The time that this scrape spent on files that drivers answer.
    pub(super) fn spent(&self) -> Duration {
        Duration::from_micros(self.spent.load(Relaxed).into())
    }

    /// How long this scrape may still wait for drivers.
    pub(super) fn patience(&self) -> Duration {
        PATIENCE.saturating_sub(self.spent())
    }

    /// Adds to that time. Only the serving thread does.
    pub(super) fn spend(&self, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.spent.store(self.spent.load(Relaxed).saturating_add(micros), Relaxed);
    }
}

/// Whether something was absent a moment ago.
#[derive(Default)]
pub struct Absence {
    shared: Arc<Shared>,
    until: Cell<u32>,
}

impl Absence {
    /// Not checked yet.
    pub fn new(shared: &Arc<Shared>) -> Absence {
        Absence { shared: shared.clone(), until: Cell::new(0) }
    }

    /// Whether it is known to be absent, and need not be checked.
    pub fn is_known(&self) -> bool {
        self.shared.second.load(Relaxed) < self.until.get()
    }

    /// Records that it is absent. Without a time it is checked at every scrape; a second call before the next check
    /// changes nothing.
    pub fn note(&self) {
        let second = self.shared.second.load(Relaxed);
        if second > 0 && !self.is_known() {
            self.until.set(second.saturating_add(LOOK_AGAIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_things_are_checked_again_after_some_seconds() {
        let shared = Arc::new(Shared::default());
        let absence = Absence::new(&shared);
        absence.note();
        assert!(!absence.is_known(), "no time was set");
        let at = |seconds| shared.begin(Duration::from_secs(seconds));
        at(0);
        assert!(!absence.is_known());
        absence.note();
        assert!(absence.is_known());
        at(7);
        absence.note();
        assert!(absence.is_known());
        at(8);
        assert!(!absence.is_known());
        assert!(!Absence::new(&shared).is_known() && LOOK_AGAIN < 10);
    }
}
