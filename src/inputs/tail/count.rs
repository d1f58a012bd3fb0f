//! Metrics about following log files.

use crate::base::log::{self, Field, Limiter};
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::model::store::Reason;
use std::time::Instant;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 11] = families![
    gauge(  "tail_files",           Unit::One, "Log files that are followed now, by the path in the settings.",      &["path"]).only_own(),
    counter("tail_read_bytes_total",      Unit::One, "Bytes read of log files.",                                     &["path"]).only_own(),
    counter("tail_lines_total",     Unit::One, "Lines read of log files.",                                           &["path"]).only_own(),
    counter("tail_lines_cut_total", Unit::One, "Lines that were longer than tail.max_line_bytes, and cut there.",    &["path"]).only_own(),
    counter("tail_matches_total",   Unit::One, "Matches of all rules.",                                              &["path"]).only_own(),
    counter("tail_truncations_total", Unit::One, "Log files that were emptied and read from their beginning again.", &["path"]).only_own(),
    counter("tail_rotations_missed_total", Unit::One, "Log files that were rotated twice between two readings; lines that were not found again are lost.", &["path"]).only_own(),
    counter("tail_turns_total",     Unit::One, "Turns in which something was read; each reads a bounded amount.",    &[]).only_own(),
    counter("tail_lines_skipped_total", Unit::One, "Lines that were not matched against a rule, or not all of a line, because its pattern is slow, by reason.", &["reason"]).only_own(),
    counter("tail_refused_total",   Unit::One, "Matches without effect, by reason.",                                 &["reason"]).only_own(),
    counter("tail_errors_total",    Unit::One, "Failures to follow log files, by what failed.",                      &["reason"]).only_own(),
];

/// The families about log files, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

/// Counts for one path of the settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    /// Bytes.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Lines that were too long.
    pub cut: u64,
    /// Matches.
    pub matches: u64,
    /// Files that started over.
    pub truncations: u64,
    /// Files that were rotated unseen.
    pub missed: u64,
}

/// Why a rule was not matched against a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The line is longer than the part that is checked.
    Long,
    /// All time for costly rules was used.
    Busy,
}

impl Skip {
    pub const ALL: [Skip; 2] = [Skip::Long, Skip::Busy];

    /// The value of the label, and the text for the log.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Skip::Long => ("long", "lines are too long for a slow pattern, a part is matched"),
            Skip::Busy => ("busy", "lines are too many for a slow pattern, some are skipped"),
        }
    }
}

/// A kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A file cannot be opened.
    Open,
    /// It is not a regular file: a pipe, a device, a directory.
    Irregular,
    /// It cannot be read.
    Read,
    /// It was replaced before all of it was read, and cannot be found.
    Lost,
    /// A directory cannot be read.
    Directory,
    /// There are more files than the limit.
    TooMany,
    /// A directory cannot be watched, so that it is only scanned from time to time.
    Watch,
    /// It was rotated twice between two scans.
    Missed,
    /// The offsets cannot be written, or those that were written cannot be read.
    State,
}

impl Trouble {
    const ALL: [Trouble; 9] = [
        Trouble::Open,
        Trouble::Irregular,
        Trouble::Read,
        Trouble::Lost,
        Trouble::Directory,
        Trouble::TooMany,
        Trouble::Watch,
        Trouble::Missed,
        Trouble::State,
    ];

    /// The value of the label, and the text for the log.
    fn text(self) -> (&'static str, &'static str) {
        match self {
            Trouble::Open => ("open", "log file cannot be opened, it is tried again"),
            Trouble::Irregular => ("irregular", "log file is no regular file and not followed"),
            Trouble::Read => ("read", "log file cannot be read, it is tried again"),
            Trouble::Lost => ("lost", "log file was replaced before all of it was read"),
            Trouble::Directory => ("directory", "directory of log files cannot be read"),
            Trouble::TooMany => ("too_many", "more log files than are followed"),
            Trouble::Watch => {
                ("watch", "directory cannot be watched, it is checked from time to time")
            }
            Trouble::Missed => ("missed", "log file was rotated twice between two checks"),
            Trouble::State => ("state", "offsets of log files are not kept"),
        }
    }
}

/// All counts that do not belong to a file.
#[derive(Default)]
pub struct Counts {
    /// Turns that read something.
    pub turns: u64,
    troubles: [u64; Trouble::ALL.len()],
    /// A limiter for each kind, so that none silences another.
    limiters: [Limiter; Trouble::ALL.len()],
}

impl Counts {
    /// Counts a failure and logs it, at most once a minute for each kind.
    pub fn fail(&mut self, trouble: Trouble, fields: &[Field<'_>], now: Instant) {
        self.fail_again(trouble);
        let limiter = self.limiters.get_mut(trouble as usize);
        let Some(held) = limiter.and_then(|limiter| limiter.pass(now)) else { return };
        let more: [Field<'_>; 1] = [("more", &held)];
        let more = if held > 0 { &more[..] } else { &[] };
        log::warn(trouble.text().1, &[fields, more].concat());
    }

    /// Counts a failure that was logged before.
    pub fn fail_again(&mut self, trouble: Trouble) {
        if let Some(count) = self.troubles.get_mut(trouble as usize) {
            *count += 1;
        }
    }

    /// Writes all families: `paths` have their number of files and their counts.
    pub fn write<'a>(
        &self,
        paths: impl Iterator<Item = (&'a str, u64, Read)> + Clone,
        (refused, skipped): (&[u64], &[u64]),
        out: &mut dyn Sink,
    ) {
        let has_any = |counts: &[u64]| counts.iter().fold(0, |all, n| all | n) > 0;
        let has_counts = has_any(refused) || has_any(skipped) || has_any(&self.troubles);
        if !has_counts && paths.clone().next().is_none() {
            return;
        }
        let [files, rest @ .., turns, skips, refusals, troubles] = &FAMILIES;
        out.family(files);
        for (path, n, _) in paths.clone() {
            out.sample(&[path.into()], files.value(n));
        }
        for (at, family) in rest.iter().enumerate() {
            out.family(family);
            for (path, _, read) in paths.clone() {
                let Read { bytes, lines, cut, matches, truncations, missed } = read;
                let all = [bytes, lines, cut, matches, truncations, missed];
                let raw = all.get(at).copied().unwrap_or(0);
                out.sample(&[path.into()], family.value(raw));
            }
        }
        if paths.clone().next().is_some() {
            out.family(turns);
            out.sample(&[], turns.value(self.turns));
        }
        out.family(skips);
        for (reason, n) in Skip::ALL.iter().zip(skipped).filter(|(_, n)| **n > 0) {
            out.sample(&[reason.text().0.into()], skips.value(*n));
        }
        out.family(refusals);
        for (reason, n) in Reason::ALL.iter().zip(refused).filter(|(_, n)| **n > 0) {
            out.sample(&[reason.text().0.into()], refusals.value(*n));
        }
        out.family(troubles);
        for (trouble, n) in Trouble::ALL.iter().zip(self.troubles).filter(|(_, n)| *n > 0) {
            out.sample(&[trouble.text().0.into()], troubles.value(n));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_place_and_a_label() {
        for (at, trouble) in Trouble::ALL.into_iter().enumerate() {
            assert_eq!(trouble as usize, at);
            assert!(!trouble.text().0.is_empty());
        }
    }
}
