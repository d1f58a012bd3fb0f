//! The turn of one file: where its reading begins, its next lines, its end, and what goes wrong.

use super::begin::{Decision, GRACE, decide, hand_over, has_moved_on, is_over, stays_copy};
use super::budget::Budget;
use super::bytes::Bytes;
use super::count::Trouble;
use super::disk;
use super::file::{Draining, ReadMark, Start, Tailed};
use super::passed::Passed;
use super::state::Head;
use super::take::Piece;
use super::{COALESCE_NAMES, Entry, Tails};
use crate::base::log::Field;
use crate::model::store::Store;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// How long a last line without a newline waits for it when the writer writes to another file.
const UNFINISHED: Duration = Duration::from_secs(2);

/// The result of a file's turn.
enum Outcome {
    /// It is still followed; this many bytes were read.
    Followed(usize),
    /// It was read to its end and is no longer followed.
    Ended,
    /// It was emptied; this was its state.
    Truncated(ReadMark),
}

impl Tails {
    /// Gives one file its turn; returns how many bytes were read.
    pub(super) fn take_file_turn(
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
            let outcome = self.read_file(here, at, budget, store, now);
            if !matches!(outcome, Ok(Outcome::Followed(0)) | Err(_)) {
                self.state.change();
            }
            match outcome {
                Ok(Outcome::Followed(n)) => read = n,
                Ok(Outcome::Truncated(was)) => {
                    here.read.truncations += 1;
                    let is_found = hand_over(&mut here.files, was);
                    self.is_scan_due |= !is_found;
                    emptied(here, at, is_found.then_some(was.head), now);
                }
                Ok(Outcome::Ended) => remove(here, at),
                Err((trouble, error)) => self.trouble(here, at, trouble, &error, now),
            }
        }
        self.entries = entries;
        read
    }

    /// Makes room for one more open file, unless it is open; false if it has to wait.
    fn has_room(&self, entries: &mut [Entry], entry: usize, at: usize) -> bool {
        let file = entries.get_mut(entry).and_then(|entry| entry.files.get_mut(at));
        let Some(file) = file else { return false };
        if file.is_open() {
            return true;
        }
        let all = || entries.iter().flat_map(|entry| &entry.files);
        if all().filter(|file| file.is_open()).count() < self.most_open {
            return true;
        }
        // Closes the one that was read longest ago, but none that could not be found again.
        let all = entries.iter_mut().flat_map(|entry| &mut entry.files);
        let idle = all.filter(|file| file.is_open() && file.leaving.is_none());
        let oldest = idle.min_by_key(|file| (file.is_due, file.used));
        if let Some(oldest) = oldest {
            oldest.close();
            return true;
        }
        // All are about to be removed; the next check follows.
        if let Some(file) = entries.get_mut(entry).and_then(|entry| entry.files.get_mut(at)) {
            file.is_due = false;
        }
        false
    }

    /// A file that cannot be opened or read is tried again at the next check.
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
        let was_logged = std::mem::replace(&mut file.is_troubled, true);
        if !was_logged && (!is_gone || trouble == Trouble::Lost) {
            let fields: [Field<'_>; 2] = [("path", &file.path.display()), ("error", error)];
            self.counts.fail(trouble, &fields, now);
        }
        file.close();
        if is_gone {
            // If there is another file of its name, the next scan finds it.
            remove(entry, at);
            self.poll = self.poll.map(|at| at.min(now + COALESCE_NAMES));
        }
    }

    /// Reads a file on, and gives its lines to the rules.
    fn read_file(
        &mut self,
        entry: &mut Entry,
        at: usize,
        budget: &Budget,
        store: &mut Store,
        now: Instant,
    ) -> Result<Outcome, (Trouble, io::Error)> {
        if let Some(outcome) = self.prepare(entry, at, now)? {
            return Ok(outcome);
        }
        let Some(file) = entry.files.get_mut(at) else { return Ok(Outcome::Followed(0)) };
        let (size, was_unknown) = (file.size(), file.head.bytes == 0);
        let want = file.want().min(self.buffer.len());
        let room = self.buffer.get_mut(..want).unwrap_or_default();
        let n = match file.read(room).map_err(|error| (Trouble::Read, error))? {
            Bytes::Some(n) => n,
            Bytes::Truncated(was) => return Ok(Outcome::Truncated(was)),
        };
        file.is_troubled = false;
        if was_unknown && file.head.bytes > 0 {
            file.turned = Some(now);
        }
        let piece = Piece { n, is_last: false };
        let used = self.take_lines(entry, at, piece, budget, store, now);
        let (waits, has_grown) = match entry.files.get(at) {
            Some(file) if !file.is_due => (n - used, used > 0 || file.size() != size),
            _ => return Ok(Outcome::Followed(used)),
        };
        let ends = check_end(entry, at, waits, has_grown, now);
        let mut last = 0;
        if ends.takes_last {
            self.buffer.copy_within(used..n, 0);
            let piece = Piece { n: waits, is_last: true };
            last = self.take_lines(entry, at, piece, budget, store, now);
        }
        let is_half = entry.files.get(at).is_some_and(|file| file.half.is_some());
        Ok(if ends.is_over && !is_half { Outcome::Ended } else { Outcome::Followed(used + last) })
    }

    /// Opens a file and decides where it begins; returns an outcome if it is not read now.
    fn prepare(
        &mut self,
        entry: &mut Entry,
        at: usize,
        now: Instant,
    ) -> Result<Option<Outcome>, (Trouble, io::Error)> {
        let Some(file) = entry.files.get_mut(at) else { return Ok(Some(Outcome::Followed(0))) };
        file.open().map_err(|error| (Trouble::Open, error))?;
        file.used = self.counts.turns;
        if file.start != Start::Known {
            let begun = self.begin(entry, at, now).map_err(|error| (Trouble::Read, error))?;
            if begun.is_some() {
                return Ok(begun);
            }
            self.state.change();
        }
        let (before, rest) = entry.files.split_at_mut(at);
        let Some((file, after)) = rest.split_first_mut() else { return Ok(None) };
        if !file.is_copy {
            return Ok(None);
        }
        let mut others = before.iter_mut().chain(after);
        if stays_copy(file, &mut others, &mut self.buffer) {
            return Ok(Some(waits(file, now)));
        }
        (file.is_copy, file.was) = (false, None);
        if file.beside.is_none() {
            return Ok(None);
        }
        // Its original was emptied before any of that was read.
        file.start = Start::Late;
        Ok(Some(Outcome::Followed(0)))
    }

    /// Decides where a newly opened file begins; returns an outcome if it is not read now.
    fn begin(&mut self, entry: &mut Entry, at: usize, now: Instant) -> io::Result<Option<Outcome>> {
        let (before, rest) = entry.files.split_at_mut(at);
        let Some((file, after)) = rest.split_first_mut() else { return Ok(None) };
        let mut others = before.iter_mut().chain(&mut *after);
        let kept = (&*entry.settings.path, &*self.pending);
        let decision = decide(file, &mut others, kept, &mut self.buffer, now)?;
        let is_known = || {
            let at = file.changed_at();
            before.iter().chain(&*after).any(|other| other.changed_at() == at)
                || entry.passed.iter().any(|passed| passed.state.1 == at)
                || file.path.with_extension("").exists()
        };
        match decision {
            Decision::Reads => {}
            Decision::Unseen if file.is_expected => {}
            Decision::Waits => return Ok(Some(waits(file, now))),
            // What was compressed keeps its time, or still is beside it.
            Decision::UnseenPacked if is_known() => return Ok(Some(Outcome::Ended)),
            Decision::Unseen | Decision::UnseenPacked => {
                entry.read.missed += 1;
                let fields: [Field<'_>; 1] = [("path", &file.path.display())];
                self.counts.fail(Trouble::Missed, &fields, now);
            }
            Decision::Ignored => return Ok(Some(Outcome::Ended)),
        }
        Ok(None)
    }
}

/// What is to be done at the end of a file.
struct Ends {
    /// Its last line counts without a newline.
    takes_last: bool,
    /// It is read no more.
    is_over: bool,
}

/// Handles the end of a file: what is left is `waits` bytes of a line without a newline.
fn check_end(entry: &mut Entry, at: usize, waits: usize, has_grown: bool, now: Instant) -> Ends {
    let (before, rest) = entry.files.split_at_mut(at);
    let Some((file, after)) = rest.split_first_mut() else {
        return Ends { takes_last: false, is_over: false };
    };
    let leaving = file.leaving.as_mut();
    let has_ended = leaving.is_some_and(|leaving| is_over(leaving, has_grown, GRACE, now));
    let is_unfinished = waits > 0 && !file.skips;
    let quiet = file.unfinished.get_or_insert(Draining { since: now, ends: 0 });
    let is_quiet = is_over(quiet, has_grown, UNFINISHED, now);
    let has_moved_on = || has_moved_on(file, &mut before.iter().chain(&*after));
    let takes_last = is_unfinished && (has_ended || is_quiet && has_moved_on());
    if !is_unfinished || takes_last {
        file.unfinished = None;
    }
    Ends { takes_last, is_over: has_ended }
}

/// Handles a file of which nothing was read yet, and whether it can be removed.
fn waits(file: &mut Tailed, now: Instant) -> Outcome {
    file.is_due = false;
    // For a copy that the path named it is known that it is gone.
    let least = if file.is_copy && file.beside.is_none() { Duration::ZERO } else { GRACE };
    let is_over = |l: Draining| now.saturating_duration_since(l.since) >= least;
    let is_over = file.leaving.is_some_and(is_over);
    if is_over { Outcome::Ended } else { Outcome::Followed(0) }
}

/// Handles a file that was emptied. `head` is how it began, if a copy has its unread rest.
fn emptied(entry: &mut Entry, at: usize, head: Option<Head>, now: Instant) {
    let (before, rest) = entry.files.split_at_mut(at);
    let Some((file, after)) = rest.split_first_mut() else { return };
    file.turned = Some(now);
    if let Some(head) = head {
        file.before = Some(ReadMark::nothing(head));
    }
    if file.beside.is_some() {
        // It is another file.
        remove(entry, at);
    } else if before.iter().chain(&*after).any(|o| disk::is_named_after(&file.path, &o.path)) {
        // It may be a copy with the inode of a file that is gone.
        file.start = Start::Late;
    }
}

/// Removes a file; its unread rest may be in a copy. It must not be found again beside others.
fn remove(entry: &mut Entry, at: usize) {
    let gone = entry.files.remove(at);
    entry.passed.push(Passed::of(&gone));
    if !gone.is_copy {
        hand_over(&mut entry.files, gone.left());
    }
}
