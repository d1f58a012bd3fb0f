//! Series that nobody tells anything any more. Whether one was told something is seen at scrapes: its
//! cell is then another than at the last. One that was not for longer than the timeout is forgotten
//! with its keys; asked for again, it starts anew. While somebody keeps a handle it only sleeps: it is
//! not shown, and comes back with what it was when the handle is used again.

use super::catalog::{Catalog, Fate};
use super::options::Idle;
use super::page::{Page, Shown};
use super::series::Entry;
use super::shards::Shards;
use std::sync::{Mutex, PoisonError};

impl Entry {
    /// Whether nobody told it anything for longer than `after`, at `now`.
    fn is_idle(&mut self, now: u64, after: u64) -> bool {
        let (touched, mark) = self.cell.look();
        match self.changed {
            Some(changed) if !touched && mark == self.mark => now.saturating_sub(changed) > after,
            _ => {
                (self.mark, self.changed, self.asleep) = (mark, Some(now), false);
                false
            }
        }
    }
}

impl Page {
    /// Forgets what is idle. A family that has no series now stays until the catalog has it no more: another series
    /// of it may have been registered meanwhile.
    pub fn sweep(&mut self, now: u64, idle: &Idle, catalog: &Mutex<Catalog>, shards: &Shards) {
        let after = u64::try_from(idle.after.as_millis()).unwrap_or(u64::MAX);
        for Shown { family, series, .. } in &mut self.families {
            if !idle.kinds.matches(family.kind) {
                continue;
            }
            series.retain(|entry| {
                if !entry.is_idle(now, after) {
                    return true;
                }
                let mut catalog = catalog.lock().unwrap_or_else(PoisonError::into_inner);
                let fate = catalog.let_go(entry.place, entry.mark, shards);
                if let Fate::Stays = fate {
                    // It was told something in between.
                    entry.changed = None;
                }
                entry.asleep = matches!(fate, Fate::Sleeps);
                !matches!(fate, Fate::Goes)
            });
        }
    }
}
