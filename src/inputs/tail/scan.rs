//! Finds which files exist: new ones, renamed ones and removed ones.

use super::count::Trouble;
use super::disk;
use super::file::{Draining, Start, Tailed};
use super::glob::Found;
use super::watch::NONE;
use super::{Entry, Tails};
use crate::base::log::Field;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Files that are followed, all paths of the settings together.
pub const MAX_FILES: usize = 1000;

impl Tails {
    /// Finds which files exist, and watches the directories where more may appear.
    pub(super) fn scan(&mut self, now: Instant) {
        self.forget_pending();
        let mut directories = Vec::new();
        let mut entries = std::mem::take(&mut self.entries);
        for at in 0..entries.len() {
            let others: usize = entries
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != at)
                .map(|(_, e)| e.files.len())
                .sum();
            if let Some(entry) = entries.get_mut(at) {
                self.scan_entry(entry, MAX_FILES.saturating_sub(others), &mut directories, now);
            }
        }
        self.entries = entries;
        let files = self.entries.iter().flat_map(|entry| &entry.files);
        directories.extend(files.filter_map(|file| Some(file.real.parent()?.to_owned())));
        let counts = &mut self.counts;
        self.watch.follow(directories, |path, error| {
            counts.fail(Trouble::Watch, &[("path", &path.display()), ("error", &error)], now);
        });
        for entry in &mut self.entries {
            for file in &mut entry.files {
                let number = |path: &Path| path.parent().map_or(NONE, |dir| self.watch.number(dir));
                file.watch = number(&file.real);
                file.link_watch = if file.is_link { number(&file.path) } else { NONE };
                file.link_sets = 0;
            }
        }
    }

    /// Finds the files of one path of the settings, at most `most`.
    fn scan_entry(
        &mut self,
        entry: &mut Entry,
        most: usize,
        directories: &mut Vec<PathBuf>,
        now: Instant,
    ) {
        let Found { files, directories: scanned, failures, is_cut, .. } = entry.glob.look();
        for (path, error) in &failures {
            let fields: [Field<'_>; 2] = [("path", &path.display()), ("error", error)];
            self.counts.fail(Trouble::Directory, &fields, now);
        }
        let mut is_there = vec![false; entry.files.len()];
        let has_room = self.add_files(entry, files, most, &mut is_there, now);
        if is_cut || !has_room {
            self.counts.fail(Trouble::TooMany, &[("path", &entry.settings.path)], now);
        }
        let gone = mark_gone(entry, &is_there, now);
        let room = |entry: &Entry| most.saturating_sub(entry.files.len());
        self.find_missed_targets(entry, &gone, room(entry), now);
        if entry.is_new {
            self.seek_pending(entry, now);
        }
        self.look_beside(entry, &scanned, room(entry));
        directories.extend(scanned);
        entry.is_new = false;
    }

    /// Follows those of these paths that are files, at most `most`; `is_there` gets which of the files are known
    /// by a path. Returns whether there was room for all.
    fn add_files(
        &mut self,
        entry: &mut Entry,
        paths: Vec<PathBuf>,
        most: usize,
        is_there: &mut Vec<bool>,
        now: Instant,
    ) -> bool {
        let mut has_room = true;
        let mut irregular = Vec::new();
        for path in paths {
            let Some(about) = self.metadata(&path, now) else { continue };
            if !about.is_file() {
                if !entry.irregular.contains(&path) {
                    self.counts.fail(Trouble::Irregular, &[("path", &path.display())], now);
                }
                irregular.push(path);
            } else if !known(entry, is_there, &path, &about) {
                if entry.files.len() >= most {
                    has_room = false;
                    continue;
                }
                let start = match entry.is_new {
                    true if entry.settings.from_start => Start::Beginning,
                    true => Start::End(about.size()),
                    false => Start::Late,
                };
                let mut file = Tailed::new(path, &about, start);
                file.turned = Some(now);
                entry.files.push(file);
                self.state.change();
                is_there.push(true);
            }
        }
        entry.irregular = irregular;
        has_room
    }

    /// The metadata of what is at a path; a failure is counted, unless there is nothing.
    fn metadata(&mut self, path: &Path, now: Instant) -> Option<Metadata> {
        match fs::metadata(path) {
            Ok(about) => Some(about),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    let fields: [Field<'_>; 2] = [("path", &path.display()), ("error", &error)];
                    self.counts.fail(Trouble::Open, &fields, now);
                }
                None
            }
        }
    }

    /// Files that were renamed while the program did not run are read to their end.
    fn seek_pending(&self, entry: &mut Entry, now: Instant) {
        for place in self.pending.iter().filter(|place| place.setting == entry.settings.path) {
            if entry.files.iter().any(|file| file.id.1 == place.inode) {
                continue;
            }
            let path = disk::renamed(&place.path, place.inode);
            let found = path.and_then(|path| fs::metadata(&path).map(|about| (path, about)));
            if let Some((path, about)) = found.ok().filter(|(_, about)| about.is_file()) {
                let mut file = Tailed::new(path, &about, Start::Rest);
                file.leaving = Some(Draining { since: now, ends: 0 });
                entry.files.push(file);
            }
        }
    }

    /// Drops the kept places once all files were opened, except for those on file systems that may be
    /// mounted later.
    pub(super) fn forget_pending(&mut self) {
        let Tails { pending, entries, .. } = self;
        pending.retain(|place| {
            let Some(entry) = entries.iter().find(|entry| entry.settings.path == place.setting)
            else {
                return false;
            };
            let is_open = |file: &Tailed| matches!(file.start, Start::Known | Start::Late);
            let parent = place.path.parent().unwrap_or(Path::new("."));
            entry.is_new || !entry.files.iter().all(is_open) || !parent.exists()
        });
    }
}

/// Marks the files that no path names any more; returns the indices of those that one named at the last scan.
fn mark_gone(entry: &mut Entry, is_there: &[bool], now: Instant) -> Vec<usize> {
    let mut gone = Vec::new();
    let files = entry.files.iter_mut().zip(is_there).enumerate();
    for (at, (file, _)) in files.filter(|(_, (_, is_there))| !**is_there) {
        if file.leaving.is_none() {
            file.leaving = Some(Draining { since: now, ends: 0 });
            file.is_due = true;
            gone.push(at);
        }
    }
    gone
}

/// Whether the file is followed already; it may have another name now.
fn known(entry: &mut Entry, is_there: &mut [bool], path: &Path, about: &Metadata) -> bool {
    let id = (about.dev(), about.ino());
    let Some(at) = entry.files.iter().position(|file| file.id == id) else { return false };
    if let (Some(file), Some(is_there)) = (entry.files.get_mut(at), is_there.get_mut(at)) {
        // Of several names the first counts.
        if !std::mem::replace(is_there, true) {
            file.rename(path.to_owned());
            file.leaving = None;
        }
    }
    true
}
