//! Files that no path names, beside files that one names: what a rotation left there.
//!
//! `path = "app.log"` finds `app.log` alone. What a rotation copied to `app.log.1` before it emptied
//! `app.log` is read there from where `app.log` was read to. What was `app.log` between two looks, so
//! that nobody saw it, is read, too, and counted as a rotation that was missed; so is one that was
//! compressed already, whose lines are lost. All other names beside a log are somebody else's: a file is
//! looked at once, and again when it changed.

use super::disk::{self, FileState};
use super::file::{Beside, Start, Tailed};
use super::{Entry, Tails};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Directories that are gone through for one path of the settings, and names in each.
const MAX_DIRECTORIES: usize = 64;
const MAX_NAMES: usize = 10_000;

/// Files beside those of one path that are looked at; those written last count.
const MAX_BESIDE: usize = 256;

/// A file that was looked at: its inode, size and last change.
pub type Passed = (u64, FileState);

impl Tails {
    /// Looks for what rotations left beside the files of `entry`; so many files may be added.
    pub(super) fn look_beside(&mut self, entry: &mut Entry, room: usize) {
        let places = || self.pending.iter().filter(|place| place.setting == entry.said.path);
        // Those that were there before are nobody's, but for what came since the offsets were written.
        let since = if entry.is_new { self.kept.filter(|_| places().next().is_some()) } else { None };
        let is_old = |about: &Metadata| {
            entry.is_new && since.is_none_or(|since| (about.mtime(), about.mtime_nsec()) < since)
        };
        let mut passed = Vec::new();
        let mut new = Vec::new();
        for (path, about, beside) in found(&entry.files) {
            let key = (about.ino(), disk::state(&about));
            let was = entry.passed.iter().find(|was| was.0 == key.0);
            if was == Some(&key) || is_old(&about) {
                passed.push(key);
            } else if new.len() < room {
                // One that was read, or was there before, was never the file itself unseen.
                let beside = if was.is_some() { Beside::Copy } else { beside };
                passed.extend(was);
                let mut file = Tailed::new(path, &about, Start::Late);
                file.beside = Some(beside);
                new.push(file);
            }
        }
        entry.passed = passed;
        // The oldest first.
        new.reverse();
        entry.files.extend(new);
    }
}

/// Regular files beside `files` that are called as rotations do, the newest first.
fn found(files: &[Tailed]) -> Vec<(PathBuf, Metadata, Beside)> {
    let is_there = |file: &&Tailed| file.beside.is_none() && file.leaving.is_none();
    let mut paths: Vec<&Path> = files.iter().filter(is_there).map(|file| &*file.path).collect();
    paths.sort_unstable();
    let mut found = Vec::new();
    for group in paths.chunk_by(|a, b| a.parent() == b.parent()).take(MAX_DIRECTORIES) {
        let Some(directory) = group.first().and_then(|path| path.parent()) else { continue };
        let mut names: Vec<&[u8]> =
            group.iter().filter_map(|path| Some(path.file_name()?.as_bytes())).collect();
        names.sort_unstable();
        let entries = fs::read_dir(directory).into_iter().flatten().take(MAX_NAMES).flatten();
        for entry in entries {
            let name = entry.file_name();
            let Some(beside) = beside(&names, name.as_bytes()) else { continue };
            if files.iter().any(|file| file.id.1 == entry.ino()) {
                continue;
            }
            if let Some(about) = entry.metadata().ok().filter(Metadata::is_file) {
                found.push((entry.path(), about, beside));
            }
        }
    }
    found.sort_by_key(|(_, about, _)| (about.mtime(), about.mtime_nsec()));
    found.reverse();
    found.truncate(MAX_BESIDE);
    found
}

/// What a file of this name is to one of these names, sorted.
fn beside(names: &[&[u8]], name: &[u8]) -> Option<Beside> {
    let is_known = |name: &[u8]| names.binary_search(&name).is_ok();
    if is_known(name) {
        return None;
    }
    let ends = || (1..name.len()).filter(|at| name.get(*at).is_some_and(|b| !b.is_ascii_alphanumeric()));
    for (start, rest) in ends().filter_map(|at| name.split_at_checked(at)) {
        if is_known(start) {
            return Some(if disk::is_rotation(rest) { Beside::Earlier } else { Beside::Copy });
        }
    }
    // web-20260101.log is a copy of web.log.
    let extension = name.get(memchr::memrchr(b'.', name)?..)?;
    let is_copy = ends().filter_map(|at| name.get(..at)).any(|s| is_known(&[s, extension].concat()));
    is_copy.then_some(Beside::Copy)
}

/// Whether a file of this name may be one that a rotation left beside one of these.
pub fn concerns(files: &[Tailed], name: &[u8]) -> bool {
    let name = Path::new(std::ffi::OsStr::from_bytes(name));
    files.iter().any(|file| disk::is_named_after(name, &file.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_are_to_others() {
        let names: [&[u8]; 3] = [b"messages", b"web.1.log", b"web.log"];
        for name in ["web.log.1", "web.log-20260101.gz", "messages.2", "messages-20260101"] {
            assert_eq!(beside(&names, name.as_bytes()), Some(Beside::Earlier), "{name}");
        }
        for name in ["web.log.bak", "web-20260101.log", "web.2.log", "messages.old"] {
            assert_eq!(beside(&names, name.as_bytes()), Some(Beside::Copy), "{name}");
        }
        for name in ["web.log", "web.1.log", "other.log", "messages2", "", ".", "x"] {
            assert_eq!(beside(&names, name.as_bytes()), None, "{name}");
        }
    }
}
