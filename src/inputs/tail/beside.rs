//! Files that no pattern names, beside files that one names: what a rotation left there.
//!
//! `path = "app.log"` matches `app.log` alone. What a rotation copied to `app.log.1` before it emptied
//! `app.log` is read there from the offset in `app.log`. A file that was `app.log` only between two scans, so
//! that it was never seen, is read, too, and counted as a missed rotation; so is one that was
//! already compressed, whose lines are lost. All other names beside a log are foreign: such a file is
//! checked once, and again when it changed.

use super::disk;
use super::file::{Beside, Start, Tailed};
use super::passed::Passed;
use super::{Entry, Tails};
use crate::base::wire::matches;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Names that are read for one path of the settings.
const MAX_NAMES: usize = 10_000;

/// Files beside those of one path that are checked; those written last take precedence.
const MAX_BESIDE: usize = 256;

impl Tails {
    /// Looks for files that rotations left in these directories of `entry`; at most `room` are added.
    pub(super) fn look_beside(&mut self, entry: &mut Entry, directories: &[PathBuf], room: usize) {
        let places = || self.pending.iter().filter(|place| place.setting == entry.settings.path);
        // Files that existed before are foreign, except those that appeared since the offsets were written.
        let mut lists = self.beside.iter().filter(|list| list.setting == entry.settings.path);
        let known = lists.next().filter(|_| places().next().is_some());
        let is_old = |file: &Passed| known.is_none_or(|list| list.ids.contains(&file.id()));
        let mut passed = Vec::new();
        let mut new: Vec<Tailed> = Vec::new();
        for (path, about, beside) in
            found(entry, directories, &|name| beside(entry.glob.name(), name))
        {
            let state = disk::state(&about);
            let was = entry.passed.iter().find(|was| was.inode == about.ino());
            if let Some(was) = was.filter(|was| was.state == state) {
                passed.push(*was);
                continue;
            }
            let there = entry.is_new.then(|| Passed::at(&path, &about));
            if let Some(old) = there.filter(is_old) {
                passed.push(old);
            } else if new.len() < room {
                // A file that was read, or existed before, is not a missed rotation.
                let is_it =
                    |was: &&Passed| was.head.bytes > 0 && disk::begins_with(&path, was.head);
                let was = was.filter(is_it);
                passed.extend(was);
                let mut file = Tailed::new(path, &about, Start::Late);
                file.beside = Some(if was.is_some() { Beside::Copy } else { beside });
                new.push(file);
            }
        }
        entry.passed = passed;
        // The oldest first.
        new.reverse();
        if let Some(file) = new.iter_mut().find(|file| file.beside == Some(Beside::Earlier)) {
            let is_kept = |path: &Path| places().any(|place| place.path == path);
            file.is_expected = follows_blank(entry, file, &is_kept);
        }
        entry.files.extend(new);
    }
}

/// Whether a file of which `file` is an earlier part was empty or missing at the last scan, so that only one rotation
/// was not seen. `is_kept` says whether a file at a path was read before the program started.
fn follows_blank(entry: &Entry, file: &Tailed, is_kept: &dyn Fn(&Path) -> bool) -> bool {
    let is_gone = |path: &Path| {
        let mut left = entry.files.iter().filter(|file| file.leaving.is_some());
        left.any(|file| file.path == path) || is_kept(path)
    };
    let is_blank = |other: &&Tailed| match other.start {
        Start::Known => other.head.bytes == 0,
        _ => !is_gone(&other.path),
    };
    let mut blank = entry.files.iter().filter(is_blank);
    blank.any(|other| disk::is_named_after(&file.path, &other.path))
}

/// Regular files in these directories whose names `relation` knows, the newest first, without those that are
/// followed.
pub fn found(
    entry: &Entry,
    directories: &[PathBuf],
    relation: &dyn Fn(&[u8]) -> Option<Beside>,
) -> Vec<(PathBuf, Metadata, Beside)> {
    let mut found: Vec<(PathBuf, Metadata, Beside)> = Vec::new();
    let mut left = MAX_NAMES;
    for directory in directories {
        let Ok(names) = fs::read_dir(directory) else { continue };
        for name in names.take(left).flatten() {
            left -= 1;
            let path = name.path();
            let Some(beside) = relation(name.file_name().as_bytes()) else { continue };
            let Ok(about) = fs::metadata(&path) else { continue };
            let is_known = entry.files.iter().any(|file| file.id.1 == about.ino());
            if about.is_file() && !is_known {
                let at = found
                    .partition_point(|(_, other, _)| disk::changed(other) > disk::changed(&about));
                found.insert(at, (path, about, beside));
                found.truncate(MAX_BESIDE);
            }
        }
    }
    found
}

/// The relation of a file of this name to one whose name the pattern matches.
fn beside(pattern: &[u8], name: &[u8]) -> Option<Beside> {
    if matches(pattern, name) {
        return None;
    }
    let ends = || (1..name.len()).filter_map(|at| name.split_at_checked(at));
    let mut ends =
        ends().filter(|(_, rest)| rest.first().is_some_and(|b| !b.is_ascii_alphanumeric()));
    // web-20260101.log is a copy of web.log.
    let extension = memchr::memrchr(b'.', name).and_then(|dot| name.get(dot..)).unwrap_or_default();
    let mut is_copy = false;
    for (start, rest) in &mut ends {
        if matches(pattern, start) && disk::is_rotation(rest) {
            return Some(Beside::Earlier);
        }
        is_copy |= matches(pattern, start) || matches(pattern, &[start, extension].concat());
    }
    is_copy.then_some(Beside::Copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_are_to_others() {
        for (pattern, name, expected) in [
            ("web.log", "web.log.1", Some(Beside::Earlier)),
            ("web.log", "web.log-20260101.gz", Some(Beside::Earlier)),
            ("*.log", "web.1.log.2", Some(Beside::Earlier)),
            ("messages", "messages-20260101", Some(Beside::Earlier)),
            ("web.log", "web.log.bak", Some(Beside::Copy)),
            ("web.log", "web.log.1.bak", Some(Beside::Copy)),
            ("web.log", "web-20260101.log", Some(Beside::Copy)),
            ("web.log", "web.2.log", Some(Beside::Copy)),
            ("messages", "messages.old", Some(Beside::Copy)),
            ("web.log", "web.log", None),
            ("*.log", "web-20260101.log", None),
            ("web.log*", "web.log.1", None),
            ("web.log", "web.logs", None),
            ("web.log", "other.log", None),
            ("messages", "messages2", None),
            ("web.log", "", None),
            ("web.log", ".", None),
            ("", ".x", None),
        ] {
            assert_eq!(beside(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
