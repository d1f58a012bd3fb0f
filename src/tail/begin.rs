//! Where the reading of a file starts that was just opened: where it was read to before the program
//! started, or where the file was read to of which it is a copy, or at its beginning or end.
//!
//! A rotation that copies and truncates leaves two files that begin alike. What was read of the first
//! must not be read again of its copy; what was not, can only be read there. So a copy waits as long as
//! its original is what it was, and goes on from where that was read to when it is emptied or gone.

use super::disk;
use super::file::{Start, Tailed};
use super::state::{Head, Place};
use std::io;

/// Decides where the reading of `file` starts; false if it is not to be read. Which of the files is
/// opened first must make no difference.
///
/// # Errors
///
/// It cannot be read.
pub fn settle(
    file: &mut Tailed,
    others: &mut dyn Iterator<Item = &Tailed>,
    setting: &str,
    pending: &[Place],
    buffer: &mut [u8],
) -> io::Result<bool> {
    let places = || pending.iter().filter(|place| place.setting == setting);
    if let Some(place) = places().find(|p| p.inode == file.id.1 && file.begins(p.head)) {
        file.resume(place);
        return Ok(true);
    }
    if file.start == Start::Rest {
        return Ok(false);
    }
    if let Some(place) = places().find(|place| place.path == file.path) {
        // Another file lies here, or it was emptied: all of it is new, unless it is the same that was
        // put back.
        let is_elsewhere = || disk::renamed(&place.path, place.inode).is_ok();
        if place.head.bytes > 0 && file.begins(place.head) && !is_elsewhere() {
            file.resume(place);
            return Ok(true);
        }
        file.start = Start::Beginning;
    }
    let begins = |head: Head| head.bytes > 0 && file.begins(head);
    let is_of =
        |place: &&Place| disk::is_named_after(&file.path, &place.path) && begins(place.head);
    if let Some(place) = places().find(is_of) {
        file.skip_to(place.offset);
        file.is_copy = disk::is_so(&place.path, place.head);
        file.start = Start::Beginning;
    } else if file.start == Start::Late {
        copied(file, others, buffer);
    }
    file.begin(buffer)?;
    Ok(true)
}

/// Whether a file that came to be while we looked is a copy, and how far it was read already, then.
fn copied(file: &mut Tailed, others: &mut dyn Iterator<Item = &Tailed>, buffer: &mut [u8]) {
    for other in others.filter(|other| other.start == Start::Known) {
        if !disk::is_named_after(&file.path, &other.path) {
            continue;
        }
        let begins = |head: Head| head.bytes > 0 && file.begins(head);
        // One that is closed is looked at first.
        if file.is_copy_of(other, buffer) || !other.is_open() && begins(other.head) {
            file.is_copy = true;
            return;
        }
        let is_emptied = || begins(other.head) && !other.begins(other.head);
        let before = other.before.filter(|(head, _)| begins(*head));
        let known = before.or_else(|| is_emptied().then_some((other.head, other.offset)));
        if let Some((_, offset)) = known {
            file.skip_to(offset);
            return;
        }
    }
}

/// Whether a copy still is one, or its original was emptied, which is seen when that is read.
pub fn stays_copy(
    file: &Tailed,
    others: &mut dyn Iterator<Item = &mut Tailed>,
    buffer: &mut [u8],
) -> bool {
    let mut stays = false;
    for other in others.filter(|other| disk::is_named_after(&file.path, &other.path)) {
        let is_emptied = !other.is_copy && !other.begins(other.head);
        other.is_due |= is_emptied;
        stays |= is_emptied || file.is_copy_of(other, buffer);
    }
    stays
}

/// A file that began so was emptied or is gone: its copy is read on from where it was read to.
pub fn hand_over(files: &mut [Tailed], head: Head, offset: u64) {
    for file in files.iter_mut().filter(|file| file.is_copy && head.bytes > 0) {
        if file.open().is_ok() && file.begins(head) {
            file.is_copy = false;
            file.skip_to(offset);
            file.is_due = true;
        }
    }
}
