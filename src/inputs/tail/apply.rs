//! Applies new settings: files that are followed keep their places, and the counts of a rule stay with the rule.
//!
//! The series of a metric are one group, whatever rules make them. They stay as long as no rule of the
//! metric is removed or changed: then they are removed at once, and the remaining rules begin again.

use super::file::CHUNK;
use super::glob::Glob;
use super::keep::{Keeper, warn_of_copy};
use super::read::MAX_OPEN;
use super::rule::Rule;
use super::watch::Watch;
use super::{Entry, Read, Tails};
use crate::base::log;
use crate::base::sys::share_of_open_files;
use crate::model::store::{Group, Store};
use crate::settings::{LogFiles, LogRule, Tail};
use std::time::Instant;

/// The series of one name.
struct Metric {
    name: String,
    group: Group,
    /// None of the series exists yet.
    is_new: bool,
}

/// Merges entries for the same path.
fn by_path(logs: &[LogFiles]) -> Vec<LogFiles> {
    let mut all: Vec<LogFiles> = Vec::with_capacity(logs.len());
    for log in logs {
        match all.iter_mut().find(|known| known.path == log.path) {
            Some(known) => {
                known.rules.extend_from_slice(&log.rules);
                known.from_start |= log.from_start;
            }
            None => all.push(log.clone()),
        }
    }
    all
}

impl Tails {
    /// Applies a list of files; those that are followed already continue where they are. `labels` are added
    /// to every series without a label of that name.
    pub fn apply(
        &mut self,
        settings: &Tail,
        logs: &[LogFiles],
        labels: &[(String, String)],
        store: &mut Store,
        now: Instant,
    ) {
        self.complete(store, now);
        self.state.write_soon();
        self.write_state(now);
        let has_other_state = self.settings.state_file != settings.state_file
            || self.settings.memory_file != settings.memory_file;
        self.settings = settings.clone();
        self.most_open = share_of_open_files(MAX_OPEN);
        self.common.max_value_bytes = settings.max_value_bytes;
        self.common.max_series = settings.max_series;
        let has_other_labels = self.common.labels != labels;
        self.common.labels = labels.to_vec();
        let mut before = std::mem::take(&mut self.entries);
        let mut groups = self.keep_groups(&before, logs, has_other_labels, store);
        for settings in by_path(logs) {
            let at = before.iter().position(|entry| entry.settings.path == settings.path);
            let old = at.map(|at| before.swap_remove(at));
            let entry = self.make_entry(settings, old, &mut groups, store, now);
            self.entries.push(entry);
        }
        self.apply_state(has_other_state, now);
    }

    /// Keeps offsets according to the settings, or no longer if there are no files.
    fn apply_state(&mut self, has_other_state: bool, now: Instant) {
        if has_other_state || self.entries.is_empty() {
            self.state = Keeper::new(&self.settings);
            self.pending.clear();
        }
        self.state.set_period(&self.settings);
        if self.entries.is_empty() {
            (self.watch, self.buffer) = (Watch::default(), Vec::new());
            (self.poll, self.pause, self.backlog) = (None, None, None);
            return;
        }
        if has_other_state || self.buffer.is_empty() {
            warn_of_copy(&self.settings);
            self.read_state(now);
            self.state.change();
        }
        self.buffer.resize(CHUNK.max(self.settings.max_line_bytes + 1), 0);
        (self.poll, self.pause) = (Some(now), None);
    }

    /// Finds the groups of metrics whose rules are all unchanged, or more; others are removed with their series.
    fn keep_groups(
        &self,
        before: &[Entry],
        logs: &[LogFiles],
        is_all_new: bool,
        store: &mut Store,
    ) -> Vec<Metric> {
        let mut groups: Vec<Metric> = Vec::new();
        let mut over = Vec::new();
        let is_wanted = |old: &LogRule| logs.iter().any(|log| log.rules.contains(old));
        for rule in before.iter().flat_map(|entry| &entry.rules) {
            if is_all_new || !is_wanted(&rule.settings) {
                over.push(rule.group);
            }
            if !groups.iter().any(|metric| metric.group == rule.group) {
                let name = rule.settings.metric.clone();
                groups.push(Metric { name, group: rule.group, is_new: false });
            }
        }
        groups.retain(|metric| {
            let is_over = over.contains(&metric.group);
            if is_over {
                store.close_group(metric.group);
            }
            !is_over
        });
        groups
    }

    /// The entry for a path of the settings; `old` is that of the settings before.
    fn make_entry(
        &mut self,
        settings: LogFiles,
        old: Option<Entry>,
        groups: &mut Vec<Metric>,
        store: &mut Store,
        now: Instant,
    ) -> Entry {
        let new = || Entry {
            glob: Glob::new(&settings.path),
            settings: LogFiles::default(),
            rules: Vec::new(),
            files: Vec::new(),
            irregular: Vec::new(),
            passed: Vec::new(),
            is_new: true,
            read: Read::default(),
        };
        let mut entry = old.unwrap_or_else(new);
        let mut kept = std::mem::take(&mut entry.rules);
        for rule in &settings.rules {
            let (group, is_new) = group_of(groups, &rule.metric, store);
            let same = |old: &Rule| old.settings == *rule && !is_new;
            if let Some(at) = kept.iter().position(same) {
                entry.rules.push(kept.swap_remove(at));
                continue;
            }
            match Rule::new(rule, group) {
                Ok(mut made) => {
                    made.declare(&mut self.common, store, now);
                    entry.rules.push(made);
                }
                // The settings refuse it earlier.
                Err(error) => {
                    log::error("no pattern", &[("pattern", &rule.pattern), ("error", &error)]);
                }
            }
        }
        Entry { settings, irregular: Vec::new(), ..entry }
    }
}

/// The group of a metric, which may be new, and whether none of its series exists yet.
fn group_of(groups: &mut Vec<Metric>, name: &str, store: &mut Store) -> (Group, bool) {
    if let Some(known) = groups.iter().find(|metric| metric.name == name) {
        return (known.group, known.is_new);
    }
    let group = store.open_group();
    groups.push(Metric { name: name.to_owned(), group, is_new: true });
    (group, true)
}
