//! Series that are no longer updated. Whether one was updated is checked at scrapes: its
//! cell then differs from that of the last scrape. One that was not for longer than the timeout is forgotten
//! with its keys; requested again, it starts from zero. While the program keeps a handle it is only hidden: it is
//! not exposed, and comes back with its value when the handle is used again.

use super::catalog::{Catalog, Fate};
use super::options::Idle;
use super::page::{Page, PageFamily};
use super::series::Entry;
use super::shards::Shards;
use std::sync::{Mutex, PoisonError};

impl Entry {
    /// Whether it was not updated for longer than `after`, at `now`.
    fn is_idle(&mut self, now: u64, after: u64) -> bool {
        let (touched, mark) = self.cell.take_mark();
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
    /// Forgets series that are idle. A family without series stays until the catalog has dropped it: another series
    /// of it may have been registered meanwhile.
    pub fn sweep(&mut self, now: u64, idle: &Idle, catalog: &Mutex<Catalog>, shards: &Shards) {
        let after = u64::try_from(idle.after.as_millis()).unwrap_or(u64::MAX);
        for PageFamily { family, series, .. } in &mut self.families {
            if !idle.kinds.matches(family.kind) {
                continue;
            }
            series.retain(|entry| {
                if !entry.is_idle(now, after) {
                    return true;
                }
                let mut catalog = catalog.lock().unwrap_or_else(PoisonError::into_inner);
                let fate = catalog.release(entry.place, entry.mark, shards);
                if let Fate::Stays = fate {
                    // It was updated in between.
                    entry.changed = None;
                }
                entry.asleep = matches!(fate, Fate::Sleeps);
                !matches!(fate, Fate::Goes)
            });
        }
    }
}
