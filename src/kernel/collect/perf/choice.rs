//! The selection: CPUs, events by their names, and tracepoints by theirs.

use super::events::{Group, ROWS, Row};
use crate::base::sys;
use crate::kernel::read::scan;

/// More CPUs than any machine has.
pub const MAX_CPUS: usize = 8192;

/// The most tracepoints.
pub const MAX_TRACEPOINTS: usize = 64;

/// Parses a list such as `0,4-7` or `0-30:10`, where the last is the step; sorted, each once.
pub fn cpus(text: &str) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| usize::try_from(scan::uint(text.as_bytes())?).ok();
        let (first, last, step) = (number(first)?, number(last)?, number(step)?);
        let is_range = part.contains('-') || !part.contains(':');
        if !is_range || step == 0 || last >= MAX_CPUS {
            return None;
        }
        cpus.extend((first..=last).step_by(step).filter_map(|cpu| u32::try_from(cpu).ok()));
    }
    sys::sort(&mut cpus, Ord::cmp);
    cpus.dedup();
    Some(cpus)
}

/// The events of a group that are selected.
pub struct Wanted {
    pub group: Group,
    /// The whole group is off.
    pub is_off: bool,
    /// The names; if none of them is known, all are selected.
    pub names: Vec<String>,
}

impl Wanted {
    /// Whether the event is of this group, and selected.
    pub fn has(&self, row: &Row) -> bool {
        let is_known = |name: &String| {
            ROWS.iter().any(|row| row.group == self.group && row.name == name.as_str())
        };
        let is_named = self.names.iter().any(|name| name == row.name);
        row.group == self.group && !self.is_off && (is_named || !self.names.iter().any(is_known))
    }
}

/// The parts of `subsystem:event`, if they are valid names of directories.
pub fn tracepoint(text: &str) -> Option<(&str, &str)> {
    let is_name = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !part.is_empty() && part.bytes().all(is_plain)
    };
    text.split_once(':').filter(|(system, event)| is_name(system) && is_name(event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_listed_as_for_node_exporter() {
        assert_eq!(cpus("3"), Some(vec![3]));
        assert_eq!(cpus("4-6,0,5"), Some(vec![0, 4, 5, 6]));
        assert_eq!(cpus("1-10:5,7"), Some(vec![1, 6, 7]));
        assert_eq!(cpus("5-3"), Some(vec![]));
        for bad in ["", "a", "1,", "1-", "-1", "1-2-3", "1-9:0", "1-9:x", "3:2", "8192", "0-8192"] {
            assert_eq!(cpus(bad), None, "{bad}");
        }
    }

    #[test]
    fn named_events_are_wanted_or_else_all() {
        let count = |is_off, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let wanted = Wanted { group: Group::Software, is_off, names };
            ROWS.iter().filter(|row| wanted.has(row)).count()
        };
        assert_eq!((count(false, &[]), count(true, &[])), (5, 0));
        assert_eq!((count(false, &["PageFault", "x"]), count(false, &["CpuCycles"])), (1, 5));
    }

    #[test]
    fn tracepoints_have_two_plain_names() {
        assert_eq!(tracepoint("sched:sched_switch"), Some(("sched", "sched_switch")));
        for bad in ["sched", "a:b:c", ":b", "a:", "../x:y", "a:b/c", "a:b.c"] {
            assert_eq!(tracepoint(bad), None, "{bad}");
        }
    }
}
