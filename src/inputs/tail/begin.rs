//! Where the reading of a newly opened file starts: where it was read to before the program
//! started, or where its original was read to if it is a copy, or at its beginning or end.
//!
//! A rotation that copies and truncates leaves two files that begin alike. What was read of the first
//! must not be read again in its copy; the rest can only be read there. So a copy waits as long as
//! its original is unchanged, and is read from the original's offset when that is emptied or gone. Of
//! several copies one is read.

use super::disk;
use super::file::{Beside, Draining, ReadMark, Start, Tailed};
use super::state::{Head, Place};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a file that was renamed or deleted is still checked after the last write.
pub const GRACE: Duration = Duration::from_secs(10);

/// How often its end must have been reached, too.
pub const ENDS: u32 = 2;

/// What happens with a file that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is read.
    Reads,
    /// It is empty so far, so that it cannot be known whether it is a copy.
    Waits,
    /// It is read: it is an earlier version of the file beside it, which was never seen.
    Unseen,
    /// The same, but it was compressed.
    UnseenPacked,
    /// It is not to be read.
    Ignored,
}

/// Decides where the reading of `file` starts. Which of the files is opened first must make no
/// difference.
///
/// # Errors
///
/// The file cannot be read.
pub fn decide(
    file: &mut Tailed,
    others: &mut dyn Iterator<Item = &mut Tailed>,
    (setting, pending): (&str, &[Place]),
    buffer: &mut [u8],
    now: Instant,
) -> io::Result<Decision> {
    let places = || pending.iter().filter(|place| place.setting == setting);
    // A file at the same path that begins otherwise was emptied, which is noticed when it is read.
    let is_here = |p: &Place| p.path == file.path && file.start != Start::Late;
    let is_it = |p: &&Place| p.inode == file.id.1 && (file.begins(p.head) || is_here(p));
    if let Some(place) = places().find(is_it).filter(|_| file.beside.is_none()) {
        file.resume(place);
        return Ok(Decision::Reads);
    }
    if file.start == Start::Rest {
        return Ok(Decision::Ignored);
    }
    if let Some(place) = places().find(|place| place.path == file.path) {
        if is_back(file, place) {
            file.resume(place);
            return Ok(Decision::Reads);
        }
        // Another file is at this path, or it was emptied: all of it is new.
        file.start = Start::Beginning;
    }
    if skip_original(file, &mut places()) {
        file.start = Start::Beginning;
    } else if file.start == Start::Late {
        if file.is_empty() {
            return Ok(Decision::Waits);
        }
        if let Found::Other { has_turned } = copied(file, others, buffer, now)
            && let Some(beside) = file.beside
        {
            return decide_beside(file, beside, has_turned, buffer);
        }
    }
    file.begin(buffer)?;
    Ok(Decision::Reads)
}

/// Whether the file that was read there is at its path again.
fn is_back(file: &Tailed, place: &Place) -> bool {
    let is_elsewhere = || disk::renamed(&place.path, place.inode).is_ok();
    place.head.bytes > 0 && file.begins(place.head) && !is_elsewhere()
}

/// If the file is a copy of one that was read before the program started, skips what was read of that.
fn skip_original(file: &mut Tailed, places: &mut dyn Iterator<Item = &Place>) -> bool {
    let begins = |head: Head| head.bytes > 0 && file.begins(head);
    let mut places =
        places.filter(|place| disk::is_named_after(&file.path, &place.path) && begins(place.head));
    let Some(place) = places.next() else { return false };
    let (head, offset, skips) = (place.head, place.offset, place.skips);
    file.skip_to(ReadMark { head, offset, skips, half: None });
    file.is_copy = disk::begins_with(&place.path, place.head);
    true
}

/// Decides about a file beside others that is no copy of one: it is read if it may have been one of them.
fn decide_beside(
    file: &mut Tailed,
    beside: Beside,
    has_turned: bool,
    buffer: &mut [u8],
) -> io::Result<Decision> {
    if !has_turned || beside == Beside::Copy {
        return Ok(Decision::Ignored);
    }
    file.begin(buffer)?;
    Ok(match file.is_packed {
        true => Decision::UnseenPacked,
        false if file.head.bytes == 0 => Decision::Ignored,
        false => Decision::Unseen,
    })
}

/// The kind of a file that appeared while the agent ran.
enum Found {
    /// A copy of another.
    Copy,
    /// Not a copy. Whether a file of which it could be an earlier part began again lately.
    Other { has_turned: bool },
}

/// Whether a file that appeared while the agent ran is a copy; if so, sets how far it was already read.
fn copied(
    file: &mut Tailed,
    others: &mut dyn Iterator<Item = &mut Tailed>,
    buffer: &mut [u8],
    now: Instant,
) -> Found {
    let mut has_turned = false;
    for other in others.filter(|other| disk::is_named_after(&file.path, &other.path)) {
        if file.beside.is_some() && file.path.parent() != other.path.parent() {
            continue;
        }
        has_turned |= other.leaving.is_some() || other.turned.is_some_and(|at| now < at + GRACE);
        if other.start != Start::Known {
            continue;
        }
        let begins = |head: Head| head.bytes > 0 && file.begins(head);
        let before = other.before.filter(|before| begins(before.head));
        let is_like = begins(other.head);
        // It may be emptied at any time: whether it was is checked last.
        let is_copy = file.is_copy_of(other, buffer);
        let is_emptied = other.is_open() && !other.begins(other.head);
        // A closed one is checked first. That one was emptied is noticed when it is read.
        if is_copy || is_like && (!other.is_open() || is_emptied) {
            other.is_due |= is_emptied;
            (file.is_copy, file.was) = (true, Some(other.path.clone()));
            return Found::Copy;
        }
        if let Some(before) = before {
            if file.length() >= before.offset {
                other.before = Some(ReadMark::nothing(before.head));
            }
            file.skip_to(before);
            file.was = Some(other.path.clone());
            return Found::Copy;
        }
        has_turned |= is_emptied || other.head.bytes == 0;
    }
    Found::Other { has_turned }
}

/// Whether a copy still is one, or its original was emptied, which is noticed when that is read.
pub fn stays_copy(
    file: &Tailed,
    others: &mut dyn Iterator<Item = &mut Tailed>,
    buffer: &mut [u8],
) -> bool {
    let mut stays = false;
    for other in others.filter(|other| disk::is_named_after(&file.path, &other.path)) {
        let is_copy = file.is_copy_of(other, buffer);
        let is_emptied = !other.is_copy && !other.begins(other.head);
        other.is_due |= is_emptied;
        stays |= is_emptied || is_copy;
    }
    stays
}

/// A file with this start was emptied or is gone: its copy is read from the same offset. Of several copies
/// the longest is read, because one that was made earlier lacks lines. Returns whether there is a copy.
pub fn hand_over(files: &mut [Tailed], was: ReadMark) -> bool {
    let mut longest: Option<&mut Tailed> = None;
    for file in files.iter_mut().filter(|file| file.is_copy && was.head.bytes > 0) {
        if file.open().is_err() || !file.begins(was.head) {
            continue;
        }
        (file.is_copy, file.is_due) = (false, true);
        let length = file.length();
        let is_longer = longest.as_ref().is_none_or(|longest| length > longest.length());
        file.skip_to(if is_longer { was } else { ReadMark::nothing(was.head) });
        if is_longer && let Some(other) = longest.replace(file) {
            other.skip_to(ReadMark::nothing(was.head));
        }
    }
    longest.is_some()
}

/// Whether the writer of `file` writes to another file now.
pub fn has_moved_on(file: &Tailed, others: &mut dyn Iterator<Item = &Tailed>) -> bool {
    for other in others {
        let is_of = |path: &Path| path == other.path || disk::is_earlier(&file.path, &other.path);
        let has_grown = other.leaving.is_none() && !other.is_copy && other.size() > 0;
        if has_grown && is_of(file.was.as_deref().unwrap_or(&file.path)) {
            return true;
        }
    }
    false
}

/// Whether a file that had data before gets no more.
pub fn is_over(quiet: &mut Draining, has_grown: bool, least: Duration, now: Instant) -> bool {
    if has_grown {
        *quiet = Draining { since: now, ends: 0 };
    }
    quiet.ends += 1;
    quiet.ends >= ENDS && now.saturating_duration_since(quiet.since) >= least
}
