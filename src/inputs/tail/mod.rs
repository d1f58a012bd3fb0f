//! Log files: followed through rotation, matched line by line, a bounded amount per turn.
//!
//! Files are read when inotify reports a change, and checked every `tail.poll_interval` besides, because
//! inotify does not report what another machine writes to a network file system. A turn reads at most
//! 256 KiB of all files together and takes about a millisecond, then clients that wait for an
//! answer are served; files take turns by 64 KiB, so that a busy one starves none. What is written
//! a thousand times a second is read fifty times a second.
//!
//! The cost of a match is bounded before it begins (`cost`); the cost of many rules is spread over turns
//! (`take`). What rotations leave is found whether a path names it or not (`beside`, `begin`).
//!
//! How far files were read is kept over a restart (`keep`). A program that is killed reads again what came
//! after the last write: every line is counted at least once, and twice only then. The counters start at zero
//! with the program, as all counters do; so a restarted one shows the lines from the kept offsets on.

mod apply;
mod begin;
mod beside;
mod budget;
mod bytes;
mod cost;
mod count;
mod disk;
mod file;
mod file_turn;
mod glob;
mod keep;
pub mod lines;
mod links;
pub mod literal;
mod passed;
mod read;
mod rule;
mod scan;
mod search;
mod series;
pub mod state;
mod take;
mod watch;

pub use cost::warn_of_slow;
pub use count::families;
pub use keep::{warn_of_copy, warn_of_flash};
pub use search::Search;

use crate::base::log;
use crate::base::sys::FileEvent;
use crate::model::metric::Sink;
use crate::model::store::Store;
use crate::settings::{LogFiles, Tail};
use count::{Counts, Read, Trouble};
use file::Tailed;
use glob::Glob;
use keep::{Failure, Keeper};
use passed::Passed;
use rule::Rule;
use series::Common;
use state::{KnownBeside, Place, State};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use watch::Watch;

/// How long events are not read after one came: those in between are read together.
const COALESCE: Duration = Duration::from_millis(20);

/// The same after names were added or removed, which costs more.
const COALESCE_NAMES: Duration = Duration::from_millis(50);

/// All log files.
#[derive(Default)]
pub struct Tails {
    settings: Tail,
    entries: Vec<Entry>,
    common: Common,
    counts: Counts,
    watch: Watch,
    buffer: Vec<u8>,
    /// So many files are open at a time.
    most_open: usize,
    /// What was kept of files that are not found yet.
    pending: Vec<Place>,
    /// The files beside logs that were known when that was written.
    beside: Vec<KnownBeside>,
    state: Keeper,
    /// When all files, and directories, are checked next.
    poll: Option<Instant>,
    /// Events are not read until then.
    pause: Option<Instant>,
    /// Directories have to be scanned.
    is_scan_due: bool,
    /// There is more to read at once; the time of the last turn.
    backlog: Option<Instant>,
    /// The index of the file that has the next turn.
    cursor: usize,
}

/// One path of the settings.
struct Entry {
    settings: LogFiles,
    glob: Glob,
    rules: Vec<Rule>,
    files: Vec<Tailed>,
    /// Paths that are not regular files, which was logged.
    irregular: Vec<PathBuf>,
    /// Files beside those of the path that are ignored as long as they do not change.
    passed: Vec<Passed>,
    /// It was not scanned yet.
    is_new: bool,
    read: Read,
}

impl Tails {
    /// The file of offsets, if it cannot be kept.
    pub fn unkept_state(&self) -> Option<&Path> {
        self.state.unkept()
    }

    /// Ready when a file changed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pause.is_none().then(|| self.watch.fd()).flatten()
    }

    /// When there is something to do without a file having changed.
    pub fn deadline(&self) -> Option<Instant> {
        [self.backlog, self.poll, self.pause, self.state.deadline()].into_iter().flatten().min()
    }

    /// Reads on, a bounded amount. `is_ready` says whether the descriptor was ready.
    pub fn turn(&mut self, is_ready: bool, store: &mut Store, now: Instant) {
        if is_ready || self.pause.is_some_and(|until| until <= now) {
            self.poll_events(now);
        }
        if self.poll.is_some_and(|at| at <= now) {
            self.poll = Some(now + self.settings.poll_interval);
            self.is_scan_due = true;
            self.check_all();
        }
        if std::mem::take(&mut self.is_scan_due) {
            self.scan(now);
        }
        let has_more = self.read(store, now);
        // If a file was emptied, its copy has to be found.
        self.backlog = (has_more || self.is_scan_due).then_some(now);
        self.write_state(now);
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut Tailed> {
        self.entries.iter_mut().flat_map(|entry| &mut entry.files)
    }

    /// Marks files that changed since they were read, and those that are about to be removed.
    fn check_all(&mut self) {
        for file in self.files_mut() {
            let waits = file.leaving.is_some() || file.unfinished.is_some();
            let waits = waits || file.is_copy || file.is_troubled;
            file.is_due |= waits || file.has_changed();
        }
    }

    /// Reads the events, and pauses for a short time.
    fn poll_events(&mut self, now: Instant) {
        let Tails { watch, entries, is_scan_due, .. } = self;
        let mut has_names = false;
        let changes = watch.poll_events(|event| {
            if event.what != FileEvent::Written {
                let concerns = |entry: &Entry| {
                    entry.glob.concerns(event.name) || passed::concerns(&entry.files, event.name)
                };
                has_names |= event.name.is_empty() || entries.iter().any(concerns);
            }
            for file in entries.iter_mut().flat_map(|entry| &mut entry.files) {
                let is_it = || file.real.file_name().is_some_and(|n| n.as_bytes() == event.name);
                let is_its_link =
                    || file.path.file_name().is_some_and(|n| n.as_bytes() == event.name);
                if event.what == FileEvent::Set && file.link_watch == event.watch && is_its_link() {
                    file.link_sets += 1;
                }
                let is_here = file.watch == event.watch;
                file.is_due |= is_here && (file.leaving.is_some() || is_it());
            }
        });
        *is_scan_due |= has_names || changes.all;
        if changes.all {
            self.check_all();
        }
        let pause = if has_names || changes.all { COALESCE_NAMES } else { COALESCE };
        self.pause = changes.any.then_some(now + pause);
    }

    /// Saves how far the files were read, before the program ends.
    pub fn finish(&mut self, store: &mut Store) {
        let now = Instant::now();
        self.complete(store, now);
        self.state.write_soon();
        self.write_state(now);
    }

    fn read_state(&mut self, now: Instant) {
        let kept = self.state.read();
        let State { places, beside, .. } = kept.state;
        (self.pending, self.beside) = (places, beside);
        if let (Some(error), Some(path)) = (kept.error, &self.settings.state_file) {
            let fields: [log::Field<'_>; 2] = [("path", &path.display()), ("error", &error)];
            self.counts.fail(Trouble::State, &fields, now);
        }
    }

    /// Writes the offsets, if that is due.
    fn write_state(&mut self, now: Instant) {
        if !self.state.is_due(now) {
            return;
        }
        self.forget_pending();
        let mut places = Vec::new();
        for entry in &self.entries {
            places.extend(entry.files.iter().filter_map(|file| file.place(&entry.settings.path)));
        }
        // A place that is also known from a file is not kept twice.
        let is_known = |place: &Place| {
            places.iter().any(|p| p.inode == place.inode && p.setting == place.setting)
        };
        let mut all: Vec<&Place> = places.iter().collect();
        all.extend(self.pending.iter().filter(|place| !is_known(place)));
        let beside = self.known_beside();
        let counts = &mut self.counts;
        self.state.write(&all, &beside, now, &mut |Failure { path, error, is_first }| {
            let fields: [log::Field<'_>; 2] = [("path", &path.display()), ("error", &error)];
            match is_first {
                true => counts.fail(Trouble::State, &fields, now),
                false => counts.fail_again(Trouble::State),
            }
        });
    }

    /// The files beside logs that are not to be read after a restart; of a setting that was not scanned yet those of
    /// the last time.
    fn known_beside(&self) -> Vec<KnownBeside> {
        let mut lists = Vec::new();
        for entry in &self.entries {
            let setting = &entry.settings.path;
            if entry.is_new {
                lists.extend(self.beside.iter().find(|list| list.setting == *setting).cloned());
                continue;
            }
            let ids = entry.passed.iter().map(Passed::id).collect();
            lists.push(KnownBeside { setting: setting.clone(), ids });
        }
        lists
    }

    /// Writes the metrics about the files.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        let paths = self
            .entries
            .iter()
            .map(|entry| (entry.settings.path.as_str(), entry.files.len() as u64, entry.read));
        self.counts.write(paths, (&self.common.refused, &self.common.skipped), out);
    }
}

#[cfg(test)]
mod tests;
