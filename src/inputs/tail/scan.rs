//! Finds which files exist: new ones, renamed ones and removed ones.

use super::count::Trouble;
use super::disk;
use super::file::{Draining, Start, Tailed};
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
                file.watch = file.real.parent().map_or(-1, |parent| self.watch.number(parent));
            }
        }
    }

    fn scan_entry(
        &mut self,
        entry: &mut Entry,
        most: usize,
        directories: &mut Vec<PathBuf>,
        now: Instant,
    ) {
        let found = entry.glob.look();
        for (path, error) in &found.failures {
            let fields: [Field<'_>; 2] = [("path", &path.display()), ("error", error)];
            self.counts.fail(Trouble::Directory, &fields, now);
        }
        let mut is_cut = found.is_cut;
        let mut irregular = Vec::new();
        let mut is_there = vec![false; entry.files.len()];
        for path in found.files {
            let about = match fs::metadata(&path) {
                Ok(about) => about,
                Err(error) => {
                    if error.kind() != ErrorKind::NotFound {
                        let fields: [Field<'_>; 2] = [("path", &path.display()), ("error", &error)];
                        self.counts.fail(Trouble::Open, &fields, now);
                    }
                    continue;
                }
            };
            if !about.is_file() {
                if !entry.irregular.contains(&path) {
                    self.counts.fail(Trouble::Irregular, &[("path", &path.display())], now);
                }
                irregular.push(path);
            } else if !known(entry, &mut is_there, &path, &about) {
                if entry.files.len() >= most {
                    is_cut = true;
                    continue;
                }
                let start = match entry.is_new {
                    true if entry.said.from_start => Start::Beginning,
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
        if is_cut {
            self.counts.fail(Trouble::TooMany, &[("path", &entry.said.path)], now);
        }
        entry.irregular = irregular;
        for (file, _) in entry.files.iter_mut().zip(is_there).filter(|(_, is_there)| !is_there) {
            let leaving = Draining { since: now, ends: 0 };
            file.is_due |= file.leaving.is_none();
            file.leaving.get_or_insert(leaving);
        }
        if entry.is_new {
            self.seek_pending(entry, now);
        }
        self.look_beside(entry, &found.directories, most.saturating_sub(entry.files.len()));
        directories.extend(found.directories);
        entry.is_new = false;
    }

    /// Files that were renamed while the program did not run are read to their end.
    fn seek_pending(&self, entry: &mut Entry, now: Instant) {
        for place in self.pending.iter().filter(|place| place.setting == entry.said.path) {
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
            let Some(entry) = entries.iter().find(|entry| entry.said.path == place.setting) else {
                return false;
            };
            let is_open = |file: &Tailed| matches!(file.start, Start::Known | Start::Late);
            let parent = place.path.parent().unwrap_or(Path::new("."));
            entry.is_new || !entry.files.iter().all(is_open) || !parent.exists()
        });
    }
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
