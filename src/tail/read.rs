//! A turn of reading: files that are due, one after the other, until there is nothing more or the turn
//! is used up.

use super::begin::{Settled, hand_over, settle, stays_copy};
use super::count::Trouble;
use super::file::{Bytes, Leaving, Start, Tailed};
use super::lines::{self, Next};
use super::rule::Rule;
use super::state::Head;
use super::{COALESCE_NAMES, Entry, Tails};
use crate::log::Field;
use crate::store::Store;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Bytes that one turn reads of all files; a line that is longer is read alone.
pub const TURN: usize = 256 << 10;

/// What a file costs that has nothing new, in bytes.
const LOOK: usize = 4 << 10;

/// Bytes of lines after which the clock is looked at.
const STRETCH: usize = 8 << 10;

/// The same where every line is tried.
const SLOW_STRETCH: usize = 1 << 10;

/// How long one turn takes. Bytes do not tell: a pattern without a fixed text costs a hundred times as much
/// as one with. The clock is read after each stretch of lines, because one stretch of one rule may take
/// as long as all others.
const TIME: Duration = Duration::from_millis(1);

/// Files that are open at a time.
pub const MAX_OPEN: usize = 64;

/// How long a file that was renamed or deleted is still looked at after nobody wrote to it.
const GRACE: Duration = Duration::from_secs(10);

/// How often there must have been nothing more, too.
const ENDS: u32 = 2;

/// What became of a file in its turn.
enum Outcome {
    /// It is followed; so many bytes were read.
    Stays(usize),
    /// It was read to its end and is gone.
    Goes,
    /// It was emptied after it was read so far; so much was it known by.
    Truncated(Head, u64),
}

/// What a turn may still do.
struct Budget {
    left: usize,
    start: Instant,
}

impl Budget {
    fn is_over(&self) -> bool {
        self.start.elapsed() >= TIME
    }
}

impl Tails {
    /// Reads what is due, a bounded amount; whether there is more.
    pub(super) fn read(&mut self, store: &mut Store, now: Instant) -> bool {
        let is_due = |file: &Tailed| file.is_due;
        let mut idle = 0;
        let mut budget = Budget { left: TURN, start: Instant::now() };
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
                // It is the first of the next turn.
                self.cursor = self.cursor.checked_sub(1).unwrap_or(count.saturating_sub(1));
                break;
            }
            idle = 0;
            let n = self.attend(entry, at, &budget, store, now);
            has_read |= n > 0;
            budget.left = budget.left.saturating_sub(n.max(LOOK));
        }
        self.counts.turns += u64::from(has_read);
        self.entries.iter().flat_map(|entry| &entry.files).any(is_due)
    }

    /// The path of the settings and the place among its files of the file with this number.
    fn place_of(&self, mut at: usize) -> Option<(usize, usize)> {
        for (i, entry) in self.entries.iter().enumerate() {
            if at < entry.files.len() {
                return Some((i, at));
            }
            at -= entry.files.len();
        }
        None
    }

    /// Gives one file its turn; how many bytes were read.
    fn attend(
        &mut self,
        entry: usize,
        at: usize,
        budget: &Budget,
        store: &mut Store,
        now: Instant,
    ) -> usize {
        let mut entries = std::mem::take(&mut self.entries);
        let mut read = 0;
        if self.has_room(&mut entries, entry, at)
            && let Some(here) = entries.get_mut(entry)
        {
            let outcome = self.attend_to(here, at, budget, store, now);
            self.state.has_changed |= !matches!(outcome, Ok(Outcome::Stays(0)) | Err(_));
            match outcome {
                Ok(Outcome::Stays(n)) => read = n,
                Ok(Outcome::Truncated(head, offset)) => {
                    here.read.truncations += 1;
                    hand_over(&mut here.files, head, offset);
                }
                Ok(Outcome::Goes) => {
                    remove(&mut here.files, at);
                }
                Err((trouble, error)) => self.trouble(here, at, trouble, &error, now),
            }
        }
        self.entries = entries;
        read
    }

    /// Makes room for one more open file, if it is not open; false if it has to wait.
    fn has_room(&self, entries: &mut [Entry], entry: usize, at: usize) -> bool {
        let file = entries.get_mut(entry).and_then(|entry| entry.files.get_mut(at));
        let Some(file) = file else { return false };
        if file.is_open() {
            return true;
        }
        let all = || entries.iter().flat_map(|entry| &entry.files);
        if all().filter(|file| file.is_open()).count() < MAX_OPEN {
            return true;
        }
        // The one that was read longest ago, but none that is not to be found again.
        let all = entries.iter_mut().flat_map(|entry| &mut entry.files);
        let idle = all.filter(|file| file.is_open() && file.leaving.is_none());
        let oldest = idle.min_by_key(|file| (file.is_due, file.used));
        if let Some(oldest) = oldest {
            oldest.close();
            return true;
        }
        // All are about to go; the next look comes.
        if let Some(file) = entries.get_mut(entry).and_then(|entry| entry.files.get_mut(at)) {
            file.is_due = false;
        }
        false
    }

    /// A file that cannot be opened or read is tried again at the next look.
    fn trouble(
        &mut self,
        entry: &mut Entry,
        at: usize,
        trouble: Trouble,
        error: &io::Error,
        now: Instant,
    ) {
        let Some(file) = entry.files.get_mut(at) else { return };
        file.is_due = false;
        let is_gone = error.kind() == ErrorKind::NotFound;
        let trouble = match trouble {
            Trouble::Open if is_gone && file.size() > file.offset => Trouble::Lost,
            trouble => trouble,
        };
        let was_said = std::mem::replace(&mut file.is_troubled, true);
        if !was_said && (!is_gone || trouble == Trouble::Lost) {
            let fields: [Field<'_>; 2] = [("path", &file.path.display()), ("error", error)];
            self.counts.fail(trouble, &fields, now);
        }
        file.close();
        if is_gone {
            // If there is another file of its name, the next look at the directory finds it.
            remove(&mut entry.files, at);
            self.poll = self.poll.map(|at| at.min(now + COALESCE_NAMES));
        }
    }

    fn attend_to(
        &mut self,
        entry: &mut Entry,
        at: usize,
        budget: &Budget,
        store: &mut Store,
        now: Instant,
    ) -> Result<Outcome, (Trouble, io::Error)> {
        let read = |error| (Trouble::Read, error);
        let (before, rest) = entry.files.split_at_mut(at);
        let Some((file, after)) = rest.split_first_mut() else { return Ok(Outcome::Stays(0)) };
        file.open().map_err(|error| (Trouble::Open, error))?;
        file.used = self.counts.turns;
        if file.start != Start::Known {
            let mut others = before.iter().chain(&*after);
            let settled =
                settle(file, &mut others, &entry.said.path, &self.pending, &mut self.buffer);
            match settled.map_err(read)? {
                Settled::Reads => {}
                Settled::Waits => {
                    file.is_due = false;
                    let is_over = |l: Leaving| now.saturating_duration_since(l.since) >= GRACE;
                    let is_over = file.leaving.is_some_and(is_over);
                    return Ok(if is_over { Outcome::Goes } else { Outcome::Stays(0) });
                }
                Settled::Goes => return Ok(Outcome::Goes),
            }
            self.state.has_changed = true;
        }
        if file.is_copy {
            let mut others = before.iter_mut().chain(after);
            if stays_copy(file, &mut others, &mut self.buffer) {
                file.is_due = false;
                let is_over = file.leaving.is_some();
                return Ok(if is_over { Outcome::Goes } else { Outcome::Stays(0) });
            }
            file.is_copy = false;
        }
        let size = file.size();
        let want = file.want().min(self.buffer.len());
        let room = self.buffer.get_mut(..want).unwrap_or_default();
        let n = match file.read(room).map_err(read)? {
            Bytes::Some(n) => n,
            Bytes::Truncated(head, offset) => return Ok(Outcome::Truncated(head, offset)),
        };
        file.is_troubled = false;
        let used = self.take_lines(entry, at, n, budget, store, now);
        let Some(file) = entry.files.get_mut(at) else { return Ok(Outcome::Stays(n)) };
        if used > 0 || file.size() != size {
            file.leaving = file.leaving.map(|_| Leaving { since: now, ends: 0 });
        }
        if file.is_due {
            return Ok(Outcome::Stays(used));
        }
        let Some(leaving) = &mut file.leaving else { return Ok(Outcome::Stays(used)) };
        leaving.ends += 1;
        if leaving.ends < ENDS || now.saturating_duration_since(leaving.since) < GRACE {
            return Ok(Outcome::Stays(used));
        }
        self.take_last(entry, at, n, store, now);
        Ok(Outcome::Goes)
    }

    /// Takes the lines in the first `n` bytes of the buffer; how many bytes they were.
    fn take_lines(
        &mut self,
        entry: &mut Entry,
        at: usize,
        n: usize,
        budget: &Budget,
        store: &mut Store,
        now: Instant,
    ) -> usize {
        let most = self.settings.max_line_bytes;
        let is_slow = entry.rules.iter().any(Rule::is_slow);
        let stretch = if is_slow { SLOW_STRETCH } else { STRETCH };
        let Some(file) = entry.files.get_mut(at) else { return 0 };
        let mut rest = self.buffer.get(..n).unwrap_or_default();
        let mut is_cut_short = false;
        while !is_cut_short {
            let (taken, used) = match lines::next(rest, most, stretch, &mut file.skips) {
                Next::Lines(stretch) => {
                    entry.read.lines += memchr::memchr_iter(b'\n', stretch).count() as u64;
                    (stretch, stretch.len())
                }
                Next::Cut(start) => {
                    entry.read.lines += 1;
                    entry.read.cut += 1;
                    (start, start.len())
                }
                Next::Rest(n) => (&[][..], n),
                Next::Wait => break,
            };
            for rule in entry.rules.iter_mut().filter(|_| !taken.is_empty()) {
                entry.read.matches += rule.take(taken, &mut self.common, store, now);
            }
            rest = rest.get(used..).unwrap_or_default();
            is_cut_short = budget.is_over() && !rest.is_empty();
        }
        let used = n - rest.len();
        file.offset += used as u64;
        entry.read.bytes += used as u64;
        let is_all = n < file.want().min(self.buffer.len());
        if is_all {
            file.is_due = is_cut_short;
        }
        match used {
            0 if !is_all => file.want_more(self.buffer.len()),
            0 => {}
            _ => file.want_usual(),
        }
        used
    }

    /// The line whose end never came, of a file that is given up.
    fn take_last(
        &mut self,
        entry: &mut Entry,
        at: usize,
        n: usize,
        store: &mut Store,
        now: Instant,
    ) {
        let Some(file) = entry.files.get_mut(at) else { return };
        let line = self.buffer.get(..n).unwrap_or_default();
        if line.is_empty() || file.skips {
            return;
        }
        entry.read.lines += 1;
        entry.read.bytes += line.len() as u64;
        file.offset += line.len() as u64;
        for rule in &mut entry.rules {
            entry.read.matches += rule.take(line, &mut self.common, store, now);
        }
    }
}

/// A file is gone; what of it was not read may be in a copy.
fn remove(files: &mut Vec<Tailed>, at: usize) {
    let gone = files.remove(at);
    if !gone.is_copy {
        hand_over(files, gone.head, gone.offset);
    }
}
