//! The list of groups. Slices are listed at every reading, and compared with the last list.

use super::cells::Cells;
use super::group::Group;
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listed, Names, Patterns};
use crate::model::metric::Word;

/// The root of all groups.
pub const DIRECTORY: &str = "/sys/fs/cgroup";

/// The most units that have series of their own.
pub const MAX_SHOWN: usize = 200;

/// The same for slices; those beyond are left out.
const MAX_SLICES: usize = 64;

/// Groups that are read; what comes after is left out and counted.
pub const MAX_GROUPS: usize = 1024;

/// How far down groups are looked up. A directory at this depth is a unit, whatever its name.
const MAX_DEPTH: usize = 3;

/// The longest path of a group, so that its files can be named.
const MAX_PATH: usize = 220;

/// Directories that contain groups as slices do, without the suffix.
const PARENTS: [&str; 8] = [
    "docker",
    "lxc",
    "libpod_parent",
    "services",
    "machine",
    "kubepods",
    "burstable",
    "besteffort",
];

/// Prefixes of the files in a group's directory; systemd makes no group of such a name.
const CONTROLLERS: [&str; 16] = [
    "cgroup",
    "cpu",
    "cpuset",
    "cpuacct",
    "io",
    "blkio",
    "memory",
    "devices",
    "pids",
    "hugetlb",
    "rdma",
    "misc",
    "irq",
    "dmem",
    "perf_event",
    "bpf",
];

/// Where systemd has services that name no slice.
const SYSTEM: &str = "system.slice";

/// Other names that systemd escapes.
const RESERVED: [&str; 3] = ["notify_on_release", "release_agent", "tasks"];

/// All groups.
pub struct Tree {
    patterns: Patterns,
    listed: Listed,
    /// Paths of the slices that have to be listed.
    slices: Names,
    /// Slices and units by name.
    pub groups: Vec<Group>,
}

impl Tree {
    /// An empty list.
    pub fn new(patterns: Patterns) -> Tree {
        let (listed, slices) = (Listed::default(), Names::default());
        Tree { patterns, listed, slices, groups: Vec::new() }
    }

    /// Forgets all groups, as there is no such directory.
    pub fn forget(&mut self) {
        self.listed = Listed::default();
        self.groups.clear();
    }

    /// Updates the list of groups.
    pub fn follow(&mut self, dir: &mut Dir, errors: &mut PartialErrors) -> Result<(), Error> {
        let Tree { listed, slices, .. } = self;
        if listed.has_changed(|each| walk(dir, slices, each))? {
            self.learn(errors);
        }
        Ok(())
    }

    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let mut before = std::mem::take(&mut self.groups);
        let mut groups: Vec<Group> = Vec::new();
        // Slices first: beyond the limit units are left out, and their slices still count for them.
        for takes_slices in [true, false] {
            for path in self.listed.names() {
                let mut group = Group::at(path);
                let is_kept = takes_slices || self.patterns.keep(&group.name);
                if group.is_slice != takes_slices || !is_kept {
                    continue;
                }
                if groups.len() >= MAX_GROUPS {
                    errors.refuse(DIRECTORY, "at most 1024 groups", path.as_bytes());
                    break;
                }
                if let Some(known) = before.iter().position(|known| known.path == group.path) {
                    group = before.swap_remove(known);
                }
                groups.push(group);
            }
        }
        sys::sort(&mut groups, |a, b| a.key().cmp(&b.key()));
        groups.dedup_by(|later, first| {
            (later.is_slice, &later.slice, &later.name)
                == (first.is_slice, &first.slice, &first.name)
        });
        for (is_slice, most) in [(false, MAX_SHOWN), (true, MAX_SLICES)] {
            let mut left = most;
            // Units that were shown before have precedence, then the services of the box itself.
            let ranks: [fn(&Group) -> bool; 3] =
                [|g| g.is_shown, |g| !g.is_shown && g.slice == SYSTEM, |g| !g.is_shown];
            for rank in ranks {
                let same = groups.iter_mut().filter(|g| g.is_slice == is_slice && !g.is_other());
                for group in same.filter(|g| rank(g)).take(left) {
                    group.is_shown = true;
                    left -= 1;
                }
            }
        }
        self.groups = groups;
        self.patterns.rest();
    }
}

impl Group {
    /// The group at this path, of which nothing was read yet.
    fn at(path: &str) -> Group {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let slice = above.rsplit_once('/').map_or(above, |(_, slice)| slice);
        let depth = path.split('/').count();
        let texts = [unescaped(name), unescaped(slice)];
        let ([unit, its_slice], words) = (texts, texts.map(|text| Word::of(text.as_bytes())));
        Group {
            path: path.into(),
            name: unit.to_owned(),
            slice: its_slice.to_owned(),
            words,
            idle: 0,
            is_slice: depth < MAX_DEPTH && is_parent(name),
            is_shown: false,
            slow_is_due: true,
            absent: 0,
            cells: Cells::default(),
        }
    }

    /// Whether its labels are those of the sum: then it is part of that, and never shown by itself.
    fn is_other(&self) -> bool {
        self.name == "other" && self.slice.is_empty()
    }

    fn key(&self) -> (&str, &str, &[u8]) {
        (&self.slice, &self.name, &self.path)
    }
}

/// Passes the path of every group to `each`: those of one directory, then those of the slices in it.
fn walk(dir: &mut Dir, slices: &mut Names, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    slices.truncate(0);
    dir.list(&mut |name| found(b"", name, slices, each))?;
    let mut at = 0;
    while let Some(slice) = slices.get(at) {
        at += 1;
        let above = Joined::parts(&[slice]);
        let path = above.path();
        // A slice that is gone is skipped.
        let _ = dir.list_below(path, &mut |name| found(path.to_bytes(), name, slices, each));
    }
    Ok(())
}

fn found(above: &[u8], name: &[u8], slices: &mut Names, each: &mut dyn FnMut(&[u8])) {
    let Ok(text) = std::str::from_utf8(name) else { return };
    let slash: &[u8] = if above.is_empty() { b"" } else { b"/" };
    let path = Joined::parts(&[above, slash, name]);
    let path = path.path().to_bytes();
    if is_file(text) || path.is_empty() || path.len() > MAX_PATH {
        return;
    }
    let depth = path.iter().filter(|byte| **byte == b'/').count() + 1;
    if depth < MAX_DEPTH && is_parent(text) && slices.get(MAX_GROUPS).is_none() {
        slices.push(path);
    }
    each(path);
}

fn is_parent(name: &str) -> bool {
    name.ends_with(".slice") || PARENTS.contains(&name)
}

/// Whether the entry is a file of the group itself, such as `cpu.stat`.
fn is_file(name: &str) -> bool {
    name.split_once('.').is_some_and(|(controller, _)| CONTROLLERS.contains(&controller))
}

/// The name of the unit: systemd puts `_` before names that would be those of files, and before a `_`.
fn unescaped(name: &str) -> &str {
    let Some(rest) = name.strip_prefix('_') else { return name };
    let is_escaped = rest.starts_with(['_', '.']) || is_file(rest) || RESERVED.contains(&rest);
    if is_escaped { rest } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_units() {
        for (name, unit) in [
            ("_cpu.service", "cpu.service"),
            ("__x.service", "_x.service"),
            ("_tasks", "tasks"),
            ("_cpu", "_cpu"),
            ("_x.service", "_x.service"),
            (r"dev-disk\x2dby.swap", r"dev-disk\x2dby.swap"),
        ] {
            assert_eq!(unescaped(name), unit);
        }
        assert!(is_file("memory.stat") && is_file("cgroup.procs"));
        assert!(!is_file("_cpu.service") && !is_file("docker") && !is_file("memoryx.service"));
    }
}
