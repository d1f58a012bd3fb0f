//! Assigns processes to groups, and adds up the use of each group.

use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Process, Usage};
use crate::model::metric::Decimal;
use regex_lite::Regex;
use std::time::{Duration, Instant};

/// The group of all other processes.
pub const OTHER: &str = "other";

/// Bytes of a command line that are read.
const MAX_CMDLINE: usize = 1024;

/// The use of one group.
#[derive(Default)]
pub struct Group {
    pub processes: u64,
    pub threads: u64,
    pub ticks: [u64; 2],
    pub pages: u64,
}

/// A process as it was at the last reading.
#[derive(Clone, Copy)]
struct Known {
    process: Process,
    usage: Usage,
    group: usize,
    /// When the process was read.
    at: Instant,
}

/// All groups.
pub struct Groups {
    pattern: Option<Regex>,
    by_cmdline: bool,
    /// The last one is for processes that match nothing.
    names: Vec<String>,
    groups: Vec<Group>,
    before: Vec<Known>,
    now: Vec<Known>,
    /// When the previous reading was.
    last: Option<Instant>,
    has_matched: bool,
}

impl Groups {
    /// A group for each named part of the pattern, which has at most 4096 bytes: some 500 groups.
    pub fn new(pattern: Option<Regex>, by_cmdline: bool) -> Groups {
        let parts = pattern.iter().flat_map(Regex::capture_names).flatten();
        let mut names: Vec<String> = parts.map(str::to_owned).collect();
        names.retain(|name| name != OTHER);
        names.push(OTHER.to_owned());
        let groups = names.iter().map(|_| Group::default()).collect();
        let (before, now) = (Vec::new(), Vec::new());
        Groups { pattern, by_cmdline, names, groups, before, now, last: None, has_matched: false }
    }

    /// Begins a reading; the one before was at `last`.
    pub fn begin(&mut self, last: Instant) {
        self.now.clear();
        self.last = Some(last);
        for group in &mut self.groups {
            *group = Group { ticks: group.ticks, ..Group::default() };
        }
    }

    /// Adds a process, and returns how many clock ticks it used since it was last read, or since it started, and
    /// how long ago that was. Processes come in the order of their numbers.
    pub fn add(
        &mut self,
        process: &Process,
        usage: &Usage,
        dir: &Dir,
        now: Instant,
    ) -> (u64, Duration) {
        let place = self.before.binary_search_by_key(&process.pid, |known| known.process.pid);
        let known = place.ok().and_then(|at| self.before.get(at));
        let known = known.filter(|known| known.usage.start == usage.start);
        let before = known.map_or([0; 2], |known| known.usage.ticks);
        let then = known.map_or(self.last, |known| Some(known.at)).unwrap_or(now);
        let group = match known.filter(|known| known.process.name() == process.name()) {
            Some(known) => known.group,
            None => self.group_of(process, dir),
        };
        let at = if process.is_fresh { now } else { then };
        let mut used = 0u64;
        if let Some(sums) = self.groups.get_mut(group) {
            sums.processes += 1;
            sums.threads = sums.threads.saturating_add(process.threads);
            sums.pages = sums.pages.saturating_add(usage.pages);
            for ((sum, now), before) in sums.ticks.iter_mut().zip(usage.ticks).zip(before) {
                let grown = now.saturating_sub(before);
                *sum = sum.saturating_add(grown);
                used = used.saturating_add(grown);
            }
        }
        self.now.push(Known { process: *process, usage: *usage, group, at });
        (used, now.saturating_duration_since(then))
    }

    /// Keeps a process that exists but could not be read, so that nothing counts twice.
    pub fn keep(&mut self, pid: u64) {
        if let Ok(at) = self.before.binary_search_by_key(&pid, |known| known.process.pid) {
            self.now.extend(self.before.get(at).copied());
        }
    }

    /// Ends a reading. If names were matched, the pattern is replaced by a copy, which frees the memory of the search.
    pub fn end(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        if std::mem::take(&mut self.has_matched) {
            self.pattern = self.pattern.clone();
        }
    }

    /// Each group with its name.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.names.iter().map(String::as_str).zip(&self.groups)
    }

    /// The index of a process's group.
    #[cold]
    fn group_of(&mut self, process: &Process, dir: &Dir) -> usize {
        let other = self.names.len().saturating_sub(1);
        let Some(pattern) = &self.pattern else { return other };
        self.has_matched = true;
        let mut room = [0; MAX_CMDLINE];
        let text = if self.by_cmdline {
            let path = Joined::of(Decimal::of(process.pid).as_bytes(), "cmdline");
            let length = dir.read(path.path(), &mut room).map_or(0, <[u8]>::len);
            let text = room.get_mut(..length).unwrap_or_default();
            text.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
            text.trim_ascii_end()
        } else {
            process.name()
        };
        let text = String::from_utf8_lossy(text);
        let Some(found) = pattern.captures(&text) else { return other };
        let is_part = |name: &String| found.name(name).is_some();
        self.names.iter().position(is_part).unwrap_or(other)
    }
}
