//! Reads all text files into the store: each is read and checked as a whole, families that
//! contradict a file before it are blanked out, and then all are one set of series.

use super::walk::Visited;
use super::{Memory, Textfile, hash};
use crate::base::log;
use crate::base::sys;
use crate::inputs::push::exposition::{Families, Family, Strict};
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
const MAX_SAID: usize = 20;

/// One pass over all files.
struct Load<'l> {
    hasher: &'l RandomState,
    memory: &'l mut Memory,
    told: &'l mut Textfiles,
    /// All files that are accepted, one after the other.
    text: Vec<u8>,
    files: Vec<(PathBuf, Range<usize>)>,
    strict: Strict,
    /// The families of all files.
    families: Families,
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
        told: &mut Textfiles,
        store: &mut Store,
        now: Instant,
    ) -> bool {
        let before = std::mem::take(&mut self.memory.said);
        (told.has_error, told.mtimes) = (false, Vec::new());
        let (paths, failures) = self.find();
        let mut load = Load {
            hasher: &self.hasher,
            memory: &mut self.memory,
            told,
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
        let intake = Intake {
            group,
            prefix: "",
            add: &[],
            collision: Collision::Rename,
            constant: &self.constant,
            ttl: Duration::ZERO,
            honor_time: false,
            max_age: Duration::ZERO,
            max_series: store.bounds().series / PARTS * (PARTS - 1),
            max_labels: MAX_LABELS,
        };
        load.take(&intake, store, now);
        load.told.refused.clone_from(&load.memory.refused);
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

/// Why a file is refused: a word for counting and a sentence.
struct Failure {
    reason: &'static str,
    text: String,
    /// The next reading may succeed, though the file's metadata does not change.
    may_pass: bool,
}

impl Failure {
    fn of(reason: &'static str, text: &str) -> Failure {
        Failure { reason, text: text.to_owned(), may_pass: false }
    }

    fn io(reason: &'static str, error: &io::Error) -> Failure {
        // When such a cause ends, the metadata of the file or its directory has changed.
        let stays =
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
        Failure { reason, text: error.to_string(), may_pass: !stays }
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
                let (name, mtimes) = (path.as_os_str().as_bytes(), &mut self.told.mtimes);
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

    /// Compares the families of the file that was checked last with those before; families that contradict them
    /// are blanked out.
    fn join(&mut self, path: &Path, of: Range<usize>) {
        let own: Vec<Family> = self.strict.families().copied().collect();
        let refused: Vec<Option<&'static str>> = own.iter().map(|f| self.dispute(f)).collect();
        for (family, reason) in own.iter().zip(&refused) {
            let Some(reason) = *reason else { continue };
            let text = match reason {
                HELP => "another file before says another help text of the metric ",
                _ => "another file before says another type of the metric ",
            };
            self.told.has_error |= reason == HELP;
            let name = String::from_utf8_lossy(family.name.of(&self.text));
            let failure = Failure::of(reason, &[text, &name].concat());
            self.count(reason, 1);
            self.say(PART, path, &failure);
        }
        if refused.iter().all(Option::is_none) {
            return;
        }
        let mut lines = Vec::new();
        // It was checked before.
        let _ = self.strict.check(&self.text, of, &mut |family, line| {
            if refused.get(family as usize).is_some_and(Option::is_some) {
                lines.push(line);
            }
        });
        for line in lines {
            self.text.get_mut(line).unwrap_or_default().fill(b' ');
        }
    }

    /// Why a family of a file is refused, if it is.
    fn dispute(&mut self, own: &Family) -> Option<&'static str> {
        if !own.is_used {
            return None;
        }
        let id = self.families.place(&self.text, own.name);
        let text = &self.text;
        let known = self.families.get_mut(id)?;
        if !std::mem::replace(&mut known.is_used, true) {
            (known.kind, known.help) = (own.kind, own.help);
            return None;
        }
        let (help, before) = (own.help.of(text), known.help.of(text));
        if help.is_empty() || before.is_empty() {
            known.help = if before.is_empty() { own.help } else { known.help };
        } else if help != before || known.is_disputed {
            // As in node_exporter, a third that agrees with the first is refused, too.
            known.is_disputed = true;
            return Some(HELP);
        }
        (known.kind != own.kind).then_some("type")
    }

    /// Whether the type or the help text of some family has changed.
    fn has_other_shapes(&mut self) -> bool {
        let text = &self.text;
        let shape = |family: &Family| {
            let name = hash(self.hasher, [family.name.of(text), b""]);
            (name, hash(self.hasher, [&[family.kind as u8], family.help.of(text)]) as usize)
        };
        let mut shapes: Vec<(u64, usize)> = self.families.all().map(shape).collect();
        sys::sort(&mut shapes, Ord::cmp);
        let before = std::mem::take(&mut self.memory.shapes);
        let is_other = |(name, shape): &(u64, usize)| {
            let at = before.binary_search_by_key(name, |(name, _)| *name);
            at.ok().and_then(|at| before.get(at)).is_some_and(|(_, old)| old != shape)
        };
        let is_any = shapes.iter().any(is_other);
        self.memory.shapes = shapes;
        is_any
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
                let text = ["a sample is not taken: ", name, ": ", reason.text().1].concat();
                self.say(PART, path, &Failure::of(reason.text().0, &text));
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
        self.told.has_error = true;
        self.is_final &= !failure.may_pass;
        self.count(failure.reason, 1);
        self.say("text file not taken", path, failure);
    }

    fn count(&mut self, reason: &'static str, more: u64) {
        let refused = &mut self.memory.refused;
        match refused.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += more,
            None => refused.push((reason, more)),
        }
    }

    /// Logs a message, unless the last reading logged it.
    fn say(&mut self, message: &str, path: &Path, failure: &Failure) {
        let name = path.as_os_str().as_bytes();
        let key = hash(self.hasher, [name, failure.reason.as_bytes()]);
        if self.memory.said.contains(&key) || self.memory.said.len() >= MAX_SAID {
            return;
        }
        self.memory.said.push(key);
        if !self.before.contains(&key) {
            let fields: [log::Field<'_>; 2] = [("file", &path.display()), ("error", &failure.text)];
            log::error(message, &fields);
        }
    }
}

/// The word for families whose help texts differ.
const HELP: &str = "help";

const PART: &str = "part of a text file not taken";
