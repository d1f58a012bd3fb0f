//! Files and directories that are absent. Most boxes lack most of what collectors read, and each check of a missing
//! path is one to six system calls at every scrape. So an absent path is checked again only after a few
//! seconds: what is loaded, mounted or plugged in is seen some seconds later. Devices that scrapes must
//! see at once are lines of files and entries of directories that exist.

use crate::base::sys::share_of_open_files;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// How many seconds an absent path is assumed to stay absent.
const LOOK_AGAIN: u32 = 8;

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
}

impl Default for Shared {
    fn default() -> Shared {
        let kept = share_of_open_files(MAX_KEPT);
        Shared { open: AtomicUsize::new(0), kept, second: AtomicU32::new(0) }
    }
}

impl Shared {
    /// Begins a scrape, at this time since the start.
    pub fn begin(&self, age: std::time::Duration) {
        self.second.store(u32::try_from(age.as_secs() + 1).unwrap_or(u32::MAX), Relaxed);
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
    use std::time::Duration;

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
