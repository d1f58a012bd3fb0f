//! A turn of reading: files that are due, one after the other, until there is no more data or the turn
//! is used up.

use super::budget::Budget;
use super::file::Tailed;
use super::{Entry, Tails};
use crate::model::store::Store;
use std::time::Instant;

/// Bytes that one turn reads of all files; a line that is longer is read alone.
pub const TURN: usize = 256 << 10;

/// The cost of a file that has nothing new, in bytes.
const LOOK: usize = 4 << 10;

/// Files that are open at a time, unless the limit of open files is low.
pub const MAX_OPEN: usize = 64;

impl Tails {
    /// Reads what is due, a bounded amount; returns whether there is more.
    pub(super) fn read(&mut self, store: &mut Store, now: Instant) -> bool {
        let is_due = |file: &Tailed| file.is_due;
        let mut idle = 0;
        let mut budget = Budget { left: TURN, start: Instant::now(), is_for_half: false };
        let mut has_read = false;
        loop {
            let count: usize = self.entries.iter().map(|entry| entry.files.len()).sum();
            if idle >= count {
                break;
            }
            self.cursor = if self.cursor + 1 < count { self.cursor + 1 } else { 0 };
            let Some((entry, at)) = self.place_of(self.cursor) else { break };
            let file = self.entries.get(entry).and_then(|entry| entry.files.get(at));
            let Some(file) = file.filter(|file| is_due(file)) else {
                idle += 1;
                continue;
            };
            let is_first = budget.left == TURN;
            if !is_first && (budget.left < file.want() || budget.is_over()) {
                // It is the first in the next turn.
                self.cursor = self.cursor.checked_sub(1).unwrap_or(count.saturating_sub(1));
                break;
            }
            idle = 0;
            let n = self.take_file_turn(entry, at, &budget, store, now);
            has_read |= n > 0;
            budget.left = budget.left.saturating_sub(n.max(LOOK));
            let file = self.entries.get(entry).and_then(|entry| entry.files.get(at));
            if file.is_some_and(|file| file.half.is_some()) {
                // The other rules get these lines first.
                self.cursor = self.cursor.checked_sub(1).unwrap_or(count.saturating_sub(1));
            }
        }
        self.counts.turns += u64::from(has_read);
        self.entries.iter().flat_map(|entry| &entry.files).any(is_due)
    }

    /// Gives all rules the lines that some already got, as that state cannot be kept.
    pub(super) fn complete(&mut self, store: &mut Store, now: Instant) {
        let budget = Budget { left: 0, start: Instant::now(), is_for_half: true };
        for entry in 0..self.entries.len() {
            let half = |entry: &Entry| entry.files.iter().position(|file| file.half.is_some());
            while let Some(at) = self.entries.get(entry).and_then(half) {
                self.take_file_turn(entry, at, &budget, store, now);
                let files = self.entries.get_mut(entry).map(|entry| &mut entry.files);
                if let Some(file) = files.and_then(|files| files.get_mut(at)) {
                    file.half = None;
                }
            }
        }
        // The rules may be different then.
        self.files_mut().filter_map(|file| file.before.as_mut()).for_each(|was| was.half = None);
    }

    /// The index of the path of the settings, and the index among its files, of the file with this number.
    fn place_of(&self, mut at: usize) -> Option<(usize, usize)> {
        for (i, entry) in self.entries.iter().enumerate() {
            if at < entry.files.len() {
                return Some((i, at));
            }
            at -= entry.files.len();
        }
        None
    }
}
