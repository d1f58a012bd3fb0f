//! Logs that are named through a symbolic link. A link that is set twice between two scans was set to a file that
//! was never seen. That is counted as a missed rotation, as often as the kernel reported the link to be set. The
//! file is read, too, if it is found beside the target: such files are numbered or dated (`web-1.log`,
//! `web-2.log`), so their names differ only in their digits.

use super::beside::found;
use super::count::Trouble;
use super::disk;
use super::file::{Beside, Draining, Start, Tailed};
use super::{Entry, Tails};
use crate::base::log::Field;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Instant;

impl Tails {
    /// Counts and finds the targets that links of `entry` had only between two scans; at most `room` files are
    /// added. `gone` are the indices of the files that no path names since this scan.
    pub(super) fn find_missed_targets(
        &mut self,
        entry: &mut Entry,
        gone: &[usize],
        room: usize,
        now: Instant,
    ) {
        let mut new = Vec::new();
        for old in gone.iter().filter_map(|at| entry.files.get(*at)).filter(|f| f.link_sets > 1) {
            let missed = old.link_sets - 1;
            entry.read.missed += u64::from(missed);
            let fields: [Field<'_>; 1] = [("path", &old.path.display())];
            self.counts.fail(Trouble::Missed, &fields, now);
            let most = (missed as usize).min(room.saturating_sub(new.len()));
            // The oldest first.
            for (path, about, _) in candidates(entry, old, most).into_iter().rev() {
                let mut file = Tailed::new(path, &about, Start::Beginning);
                file.leaving = Some(Draining { since: now, ends: 0 });
                new.push(file);
            }
        }
        entry.files.extend(new);
    }
}

/// The files that the link of `old` may have been set to after it, at most `most`, the newest first.
fn candidates(entry: &Entry, old: &Tailed, most: usize) -> Vec<(PathBuf, Metadata, Beside)> {
    let is_target = |file: &&Tailed| file.path == old.path && file.leaving.is_none();
    let target = entry.files.iter().find(is_target).map(|file| &file.real);
    let directory = target.and_then(|target| target.parent());
    let (Some(target), Some(directory)) = (target, directory) else { return Vec::new() };
    let name = target.file_name().unwrap_or_default().as_bytes();
    let relation = |other: &[u8]| differs_in_digits(other, name).then_some(Beside::Earlier);
    let mut found = found(entry, &[directory.to_owned()], &relation);
    found.retain(|(_, about, _)| {
        let is_known = entry.passed.iter().any(|passed| passed.inode == about.ino());
        !is_known && disk::changed(about) >= (old.found.1, old.found.2)
    });
    found.truncate(most);
    found
}

/// Whether two names differ at most in their digits.
fn differs_in_digits(name: &[u8], other: &[u8]) -> bool {
    let is_fixed = |byte: &&u8| !byte.is_ascii_digit();
    name.iter().filter(is_fixed).eq(other.iter().filter(is_fixed))
}
