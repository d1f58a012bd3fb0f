//! One rule: which lines it matches, and how they change the store.
//!
//! A rule that takes neither a value nor a label from the line adds up its matches and updates the store
//! once per stretch.

use super::cost;
use super::count::Skip;
use super::search::Search;
use super::series::{Common, RuleSeries};
use crate::base::float::float;
use crate::base::log::{self, Field};
use crate::model::store::{Change, Group, Reason, Store};
use crate::settings::{LogRule, RuleKind};
use regex_lite::Captures;
use std::time::Instant;

/// A rule that lines are matched against.
pub struct Rule {
    /// The rule as in the settings.
    pub settings: LogRule,
    /// The group of its series.
    pub group: Group,
    search: Search,
    /// A label or the value comes from the line.
    takes: bool,
    /// The hashes of the labels of its series, sorted.
    series: Vec<u64>,
    /// Reasons for skipping lines that were already logged.
    skips_logged: [bool; Skip::ALL.len()],
}

impl Rule {
    /// # Errors
    ///
    /// The pattern is not a valid regular expression.
    pub fn new(settings: &LogRule, group: Group) -> Result<Rule, regex_lite::Error> {
        let takes =
            settings.value.is_some() || settings.labels.iter().any(|(_, text)| text.contains('$'));
        let search = Search::new(&settings.pattern)?;
        Ok(Rule {
            settings: settings.clone(),
            group,
            search,
            takes,
            series: Vec::new(),
            skips_logged: [false; Skip::ALL.len()],
        })
    }

    /// Whether every line is tried.
    pub fn is_slow(&self) -> bool {
        self.search.literals.is_empty()
    }

    /// Declares the series that are known before there is a line: a number of lines without labels from them
    /// starts at zero.
    pub fn declare(&mut self, common: &mut Common, store: &mut Store, now: Instant) {
        if !self.takes && self.settings.kind == RuleKind::Counter {
            self.offer(None, Change::Add(0.0), common, store, now);
        }
    }

    /// Bytes of lines that the rule may get at a time.
    pub fn most_bytes(&self) -> usize {
        let is_matched = self.takes || !self.search.suffices;
        if is_matched { self.search.most } else { usize::MAX }
    }

    /// Applies whole lines. Returns how many matched.
    pub fn take(
        &mut self,
        stretch: &[u8],
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) -> u64 {
        if !cost::is_costly(self.most_bytes()) {
            return self.match_lines(stretch, common, store, now);
        }
        if common.is_spent(now) {
            let mut count = 0;
            self.search.candidates(stretch, &mut |_, _| count += 1);
            self.skip(Skip::Busy, count, common);
            return 0;
        }
        let start = Instant::now();
        let count = self.match_lines(stretch, common, store, now);
        common.spend(start.elapsed());
        count
    }

    /// Counts lines that were not matched, and logs that once.
    fn skip(&mut self, why: Skip, count: u64, common: &mut Common) {
        if let Some(skipped) = common.skipped.get_mut(why as usize) {
            *skipped += count;
        }
        let logged = self.skips_logged.get_mut(why as usize);
        if let Some(is_logged) = logged.filter(|logged| count > 0 && !**logged) {
            *is_logged = true;
            let fields: [Field<'_>; 3] = [
                ("metric", &self.settings.metric),
                ("pattern", &self.settings.pattern),
                ("matched_bytes", &self.search.most),
            ];
            log::warn(why.text().1, &fields);
        }
    }

    fn match_lines(
        &mut self,
        stretch: &[u8],
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) -> u64 {
        let mut skipped = 0;
        let count = if self.takes {
            self.take_values(stretch, &mut skipped, common, store, now)
        } else {
            self.search.count(stretch, &mut skipped)
        };
        if !self.takes && count > 0 {
            self.offer(None, Change::Add(count as f64), common, store, now);
        }
        if skipped > 0 {
            self.skip(Skip::Long, skipped, common);
        }
        count
    }

    /// Takes a value or labels of each line that matches. Returns how many did.
    fn take_values(
        &mut self,
        stretch: &[u8],
        skipped: &mut u64,
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) -> u64 {
        let Rule { settings, group, search, series, .. } = self;
        let mut count = 0;
        search.candidates(stretch, &mut |line, at| {
            let view = search.view(line, at);
            let found = search.regex.captures_at(&view.text, view.from);
            let is_known = |found: &Captures<'_>| {
                found.get(0).is_some_and(|whole| !view.is_open(&whole, true))
            };
            let Some(found) = found.filter(is_known) else {
                *skipped += u64::from(line.len() > search.most);
                return;
            };
            count += 1;
            let Some(change) = change_of(settings, &found, &mut common.text) else {
                return common.refuse(Reason::Number);
            };
            let made = RuleSeries { settings, group: *group, series };
            made.offer(Some(&found), change, common, store, now);
        });
        count
    }

    fn offer(
        &mut self,
        found: Option<&Captures<'_>>,
        change: Change<'_>,
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) {
        let made =
            RuleSeries { settings: &self.settings, group: self.group, series: &mut self.series };
        made.offer(found, change, common, store, now);
    }
}

/// What a match changes; `None` if its value is no number. `text` is a buffer.
fn change_of<'a>(
    settings: &LogRule,
    found: &Captures<'_>,
    text: &mut String,
) -> Option<Change<'a>> {
    let Some(template) = &settings.value else {
        return Some(match settings.kind {
            RuleKind::Counter | RuleKind::Gauge => Change::Add(1.0),
            RuleKind::Histogram => Change::ObserveMany(1.0, 1),
        });
    };
    text.clear();
    found.expand(template, text);
    let value = float(text.trim()).filter(|value| value.is_finite())?;
    Some(match settings.kind {
        RuleKind::Counter => Change::Add(value),
        RuleKind::Gauge => Change::Set(value),
        RuleKind::Histogram => Change::ObserveMany(value, 1),
    })
}
