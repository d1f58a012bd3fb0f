//! Reads all text files into the store: each is read and checked as a whole, families that
//! contradict a file before it are left out (`families`), and then all are one set of series.

use super::failure::Failure;
use super::walk::Visited;
use super::{Memory, Textfile, hash};
use crate::base::log;
use crate::base::sys;
use crate::inputs::push::exposition::{Families, Strict};
use crate::inputs::push::{Buffers, Collision, Intake, Syntax, Tally};
use crate::kernel::collect::Textfiles;
use crate::model::store::{Group, Reason, Store};
use std::hash::RandomState;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that are read; those beyond, in the order of directories and names, are refused.
const MAX_FILES: usize = 2_000;

/// Bytes of one file, and of all together.
const MAX_FILE: usize = 8 << 20;
const MAX_ALL: usize = 16 << 20;

/// Labels of a series; text is read with at most 256.
const MAX_LABELS: usize = 64;

/// Text files may use three of this many parts of the room for series.
const PARTS: usize = 4;

/// Messages of one reading that are logged; more are counted.
const MAX_LOGGED: usize = 20;

/// One pass over all files.
pub struct Load<'l> {
    pub hasher: &'l RandomState,
    pub memory: &'l mut Memory,
    pub report: &'l mut Textfiles,
    /// All files that are accepted, one after the other.
    pub text: Vec<u8>,
    files: Vec<(PathBuf, Range<usize>)>,
    pub strict: Strict,
    /// The families of all files.
    pub families: Families,
    /// Messages that were logged before this reading.
    before: Vec<u64>,
    /// Whether reading again would have the same result.
    is_final: bool,
}

impl Textfile {
    /// Reads all files again; returns whether reading them once more would have the same result.
    pub(super) fn load(
        &mut self,
        group: Group,
        report: &mut Textfiles,
        store: &mut Store,
        now: Instant,
    ) -> bool {
        let before = std::mem::take(&mut self.memory.logged);
        (report.has_error, report.mtimes) = (false, Vec::new());
        let (paths, failures) = self.find();
        let mut load = Load {
            hasher: &self.hasher,
            memory: &mut self.memory,
            report,
            text: Vec::new(),
            files: Vec::new(),
            strict: Strict::default(),
            families: Families::default(),
            before,
            is_final: true,
        };
        failures.iter().for_each(|(path, failure)| load.refuse(path, failure));
        for (at, path) in paths.into_iter().enumerate() {
            match at < MAX_FILES {
                true => load.add(path),
                false => load.refuse(&path, &Failure::of("too_many", "too many text files")),
            }
        }
        if load.has_other_shapes() {
            store.begin(group);
            store.end(group);
        }
        let intake = intake(group, &self.constant, store.bounds().series);
        load.take(&intake, store, now);
        load.report.refused.clone_from(&load.memory.refused);
        load.is_final
    }

    /// Every file once, in the order of directories and names, and what cannot be read.
    fn find(&mut self) -> (Vec<PathBuf>, Vec<(PathBuf, Failure)>) {
        let Textfile { walk, patterns, .. } = self;
        let (mut all, mut failures) = (Vec::new(), Vec::new());
        walk.begin();
        for pattern in patterns.iter() {
            let mut found = Vec::new();
            walk.look(pattern, &mut |path, met| {
                let failure = match met {
                    Visited::File(_) => return found.push(path.to_owned()),
                    Visited::Failed(error) => Failure::io("directory", &error),
                    Visited::Excess => Failure::of("too_many", "too many names in directories"),
                };
                failures.push((path.to_owned(), failure));
            });
            sys::sort(&mut found, Ord::cmp);
            // More are refused, whether they are duplicates or not.
            let known = all.len().min(MAX_FILES);
            let is_new = |path: &PathBuf| {
                let mut before = all.iter().take(known);
                !before.any(|other: &PathBuf| other.as_os_str() == path.as_os_str())
            };
            found.retain(is_new);
            all.append(&mut found);
        }
        (all, failures)
    }
}

impl Load<'_> {
    /// Adds a file, if it is accepted.
    fn add(&mut self, path: PathBuf) {
        let start = self.text.len();
        let done = self.read(&path).and_then(|mtime| {
            let all = start..self.text.len();
            match self.strict.check(&self.text, all, &mut |_, _| ()) {
                Ok(()) => Ok(mtime),
                Err(bad) => {
                    let line = ["line ", &bad.line.to_string(), ": expected "].concat();
                    Err(Failure::of("text", &[&line, bad.expected].concat()))
                }
            }
        });
        match done {
            Ok(mtime) => {
                let range = start..self.text.len();
                self.join(&path, range.clone());
                let (name, mtimes) = (path.as_os_str().as_bytes(), &mut self.report.mtimes);
                let at = mtimes.partition_point(|(other, _)| &**other < name);
                mtimes.insert(at, (name.to_vec(), mtime));
                self.files.push((path, range));
            }
            Err(failure) => {
                self.text.truncate(start);
                self.refuse(&path, &failure);
            }
        }
    }

    /// Appends a file to the text; returns when it was changed.
    fn read(&mut self, path: &Path) -> Result<i64, Failure> {
        let io = |error: io::Error| Failure::io("file", &error);
        let file = sys::open_unwaiting(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(Failure::of("file", "expected a regular file"));
        }
        let start = self.text.len();
        let most = MAX_FILE.min(MAX_ALL - start.min(MAX_ALL));
        sys::read_rest(&file, most as u64 + 1, &mut self.text).map_err(io)?;
        let length = self.text.len() - start;
        if length > most {
            let text = "larger than what is read: 8 MiB of a file, 16 MiB of all";
            return Err(Failure::of("too_large", text));
        }
        let after = file.metadata().map_err(io)?;
        // It was written meanwhile, or is of a kind whose size is unknown.
        self.is_final &= after.len() == length as u64;
        Ok(after.mtime())
    }

    /// Offers all files to the store. Old series that conflict are removed first.
    fn take(&mut self, intake: &Intake<'_>, store: &mut Store, now: Instant) {
        let mut tallies = self.offer(intake, store, now);
        let is_of_names = |reason| matches!(reason, Reason::Kind | Reason::Taken);
        let clashes = |(tally, _): &(Tally, _)| tally.reasons().any(|(of, _)| is_of_names(of));
        if tallies.iter().any(clashes) {
            store.begin(intake.group);
            store.end(intake.group);
            tallies = self.offer(intake, store, now);
        }
        let files = std::mem::take(&mut self.files);
        for ((path, _), (tally, bad)) in files.iter().zip(tallies) {
            for (reason, count) in tally.reasons() {
                self.count(reason.text().0, count.into());
                self.is_final &=
                    !(is_of_names(reason) || reason.is_room() || reason == Reason::Owned);
            }
            if let Some((name, reason)) = &tally.first {
                let text = ["a sample is not stored: ", name, ": ", reason.text().1].concat();
                self.log(PART, path, &Failure::of(reason.text().0, &text));
            }
            if let Some(expected) = bad {
                self.refuse(path, &Failure::of("text", &["expected ", expected].concat()));
            }
        }
    }

    /// The result for each file; one of which nothing could be read also has a reason.
    fn offer(
        &self,
        intake: &Intake<'_>,
        store: &mut Store,
        now: Instant,
    ) -> Vec<(Tally, Option<&'static str>)> {
        let mut buffers = Buffers::default();
        buffers.reader.as_pushgateway = true;
        buffers.reader.keep_created();
        let mut most = intake.max_series;
        store.begin(intake.group);
        let each = |(_, range): &(PathBuf, Range<usize>)| {
            let text = self.text.get(range.clone()).unwrap_or_default();
            let part = Intake { max_series: most, ..*intake };
            match part.take(text, Syntax::Prometheus, &mut buffers, store, now) {
                Ok(tally) => {
                    most = most.saturating_sub(tally.taken);
                    (tally, None)
                }
                Err(bad) => (Tally::default(), Some(bad.expected)),
            }
        };
        let tallies = self.files.iter().map(each).collect();
        store.end(intake.group);
        tallies
    }

    /// Refuses a file or directory.
    fn refuse(&mut self, path: &Path, failure: &Failure) {
        self.report.has_error = true;
        self.is_final &= !failure.may_pass;
        self.count(failure.reason, 1);
        self.log("text file not accepted", path, failure);
    }

    /// Counts refusals.
    pub fn count(&mut self, reason: &'static str, more: u64) {
        let refused = &mut self.memory.refused;
        match refused.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += more,
            None => refused.push((reason, more)),
        }
    }

    /// Logs a message, unless the last reading logged it.
    pub fn log(&mut self, message: &str, path: &Path, failure: &Failure) {
        let name = path.as_os_str().as_bytes();
        let key = hash(self.hasher, [name, failure.reason.as_bytes()]);
        if self.memory.logged.contains(&key) || self.memory.logged.len() >= MAX_LOGGED {
            return;
        }
        self.memory.logged.push(key);
        if !self.before.contains(&key) {
            let fields: [log::Field<'_>; 2] = [("file", &path.display()), ("error", &failure.text)];
            log::error(message, &fields);
        }
    }
}

/// How samples of text files are stored; `series` is the room for all series.
fn intake(group: Group, constant: &[(String, String)], series: usize) -> Intake<'_> {
    Intake {
        group,
        prefix: "",
        add: &[],
        collision: Collision::Rename,
        constant,
        ttl: Duration::ZERO,
        honor_time: false,
        max_age: Duration::ZERO,
        max_series: series / PARTS * (PARTS - 1),
        max_labels: MAX_LABELS,
    }
}

/// The message about a part of a file that is refused.
pub const PART: &str = "part of a text file not accepted";
