//! Forces data to the disk: flash wears by whole pages, so it is done in lumps and within a budget
//! per day; beyond that, a segment is forced when it is complete.

use crate::base::written;
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// How long written data may be unforced.
const PERIOD: Duration = Duration::from_secs(15);

/// How many bytes may be unforced.
const LUMP: u64 = 64 << 10;

/// The least that a disk writes.
const PAGE: u64 = 4096;

const DAY: Duration = Duration::from_secs(86_400);

/// The data that is not forced yet, and the budget.
#[derive(Debug)]
pub struct Sync {
    budget: u64,
    left: u64,
    day: Instant,
    since: Option<Instant>,
    from: u64,
    to: u64,
    /// Bytes that were forced.
    pub bytes: u64,
}

impl Sync {
    /// A new state with this budget in bytes per day.
    pub fn new(budget: u64, now: Instant) -> Sync {
        Sync { budget, left: budget, day: now, since: None, from: 0, to: 0, bytes: 0 }
    }

    /// Notes that these bytes of the current segment were written.
    pub fn wrote(&mut self, from: u64, to: u64, now: Instant) {
        written::note(to.saturating_sub(from));
        if self.since.is_none() {
            (self.since, self.from) = (Some(now), from);
        }
        self.to = to;
    }

    /// Notes that the current segment ends.
    pub fn forget(&mut self) {
        self.since = None;
    }

    /// The bytes that a sync costs: whole pages, and one for the file system's metadata.
    fn cost(&self) -> u64 {
        (self.to.div_ceil(PAGE) - self.from / PAGE + 1) * PAGE
    }

    /// When a sync is due. Beyond the budget that is on the next day.
    pub fn deadline(&self) -> Option<Instant> {
        let due = self.since? + PERIOD;
        Some(if self.cost() <= self.left { due } else { due.max(self.day + DAY) })
    }

    /// Forces `file` if it is time.
    pub fn turn(&mut self, file: &File, now: Instant) -> io::Result<()> {
        if now.saturating_duration_since(self.day) >= DAY {
            (self.day, self.left) = (now, self.budget);
        }
        let Some(since) = self.since else { return Ok(()) };
        let is_due = self.to - self.from >= LUMP || now >= since + PERIOD;
        if is_due && self.cost() <= self.left { self.force(file) } else { Ok(()) }
    }

    /// Forces `file` if there is anything to force.
    pub fn force(&mut self, file: &File) -> io::Result<()> {
        if self.since.is_none() {
            return Ok(());
        }
        let cost = self.cost();
        self.since = None;
        file.sync_data()?;
        self.spend(cost);
        Ok(())
    }

    /// Whether one more page is within the budget; then it is used.
    pub fn may_note(&mut self) -> bool {
        let may = self.left >= PAGE;
        if may {
            self.spend(PAGE);
        }
        may
    }

    fn spend(&mut self, cost: u64) {
        self.left = self.left.saturating_sub(cost);
        self.bytes += cost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_and_the_budget_holds_for_a_day() {
        let path = std::env::temp_dir().join(["sync-", &std::process::id().to_string()].concat());
        let (file, start) = (File::create(&path).unwrap(), Instant::now());
        let mut sync = Sync::new(5 * PAGE, start);
        sync.wrote(4000, 4100, start);
        assert_eq!(sync.deadline(), Some(start + PERIOD));
        sync.turn(&file, start + PERIOD / 2).unwrap();
        assert_eq!(sync.bytes, 0, "not due");
        sync.turn(&file, start + PERIOD).unwrap();
        assert_eq!((sync.bytes, sync.deadline()), (3 * PAGE, None), "two pages and a note");
        sync.wrote(8192, 8193, start + PERIOD);
        sync.wrote(8193, 12_289, start + PERIOD);
        sync.turn(&file, start + 2 * PERIOD).unwrap();
        assert_eq!((sync.bytes, sync.deadline()), (3 * PAGE, Some(start + DAY)), "over budget");
        sync.turn(&file, start + DAY).unwrap();
        assert_eq!(sync.bytes, 6 * PAGE, "the next day");
        sync.wrote(0, LUMP, start + DAY);
        sync.force(&file).unwrap();
        assert_eq!(sync.bytes, 6 * PAGE + LUMP + PAGE, "sealed, whatever is left");
        assert!(!sync.may_note());
        std::fs::remove_file(path).unwrap();
    }
}
