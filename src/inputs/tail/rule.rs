//! One rule: which lines it matches, and how they change the store.
//!
//! A rule that takes neither a value nor a label from the line adds up its matches and updates the store
//! once per stretch.

use super::cost;
use super::count::Skip;
use super::search::Search;
use crate::base::log::{self, Field};
use crate::model::metric::{Kind, Labels};
use crate::model::store::{Change, DEFAULT_BUCKETS, Group, LabelSet, Offer, Reason, Store};
use crate::settings::{LogRule, RuleKind};
use regex_lite::Captures;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// The period in which costly rules have their time.
const EACH: Duration = Duration::from_secs(1);

/// A rule that lines are matched against.
pub struct Rule {
    /// The rule as in the settings.
    pub said: LogRule,
    /// The group of its series.
    pub group: Group,
    search: Search,
    /// A label or the value comes from the line.
    takes: bool,
    /// The hashes of the labels of its series, sorted.
    series: Vec<u64>,
    /// Reasons for skipping lines that were already logged.
    skips_said: [bool; Skip::ALL.len()],
}

/// State that all rules share.
pub struct Common {
    /// Labels that are added to every series without a label of that name.
    pub labels: Vec<(String, String)>,
    /// The most bytes of a label's value.
    pub max_value_bytes: usize,
    /// The most series of one rule.
    pub max_series: usize,
    /// Samples that the store or a bound refused.
    pub refused: [u64; Reason::ALL.len()],
    /// Lines that rules were not matched against.
    pub skipped: [u64; Skip::ALL.len()],
    /// The start of the current second, and how long costly rules took in it.
    spent: Option<(Instant, Duration)>,
    hasher: RandomState,
    set: LabelSet,
    text: String,
}

impl Default for Common {
    fn default() -> Common {
        Common {
            labels: Vec::new(),
            max_value_bytes: 0,
            max_series: 0,
            refused: [0; Reason::ALL.len()],
            skipped: [0; Skip::ALL.len()],
            spent: None,
            hasher: RandomState::new(),
            set: LabelSet::default(),
            text: String::new(),
        }
    }
}

impl Common {
    /// Counts a sample that is refused.
    fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Whether costly rules have used all their time of this second.
    fn is_spent(&mut self, now: Instant) -> bool {
        match self.spent {
            Some((since, spent)) if now < since + EACH => spent >= cost::SECOND,
            _ => {
                self.spent = Some((now, Duration::ZERO));
                false
            }
        }
    }

    fn spend(&mut self, time: Duration) {
        if let Some((_, spent)) = &mut self.spent {
            *spent += time;
        }
    }
}

impl Rule {
    /// # Errors
    ///
    /// The pattern is not a valid regular expression.
    pub fn new(said: &LogRule, group: Group) -> Result<Rule, regex_lite::Error> {
        let takes = said.value.is_some() || said.labels.iter().any(|(_, text)| text.contains('$'));
        let search = Search::new(&said.pattern)?;
        Ok(Rule {
            said: said.clone(),
            group,
            search,
            takes,
            series: Vec::new(),
            skips_said: [false; Skip::ALL.len()],
        })
    }

    /// Whether every line is tried.
    pub fn is_slow(&self) -> bool {
        self.search.literals.is_empty()
    }

    /// Declares the series that are known before there is a line: a number of lines without labels from them
    /// starts at zero.
    pub fn declare(&mut self, common: &mut Common, store: &mut Store, now: Instant) {
        if !self.takes && self.said.kind == RuleKind::Counter {
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
        let said = self.skips_said.get_mut(why as usize).filter(|said| count > 0 && !**said);
        if let Some(said) = said {
            *said = true;
            let fields: [Field<'_>; 3] = [
                ("metric", &self.said.metric),
                ("pattern", &self.said.pattern),
                ("looks_at_bytes", &self.search.most),
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

    fn take_values(
        &mut self,
        stretch: &[u8],
        skipped: &mut u64,
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) -> u64 {
        let Rule { said, group, search, series, .. } = self;
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
            let value = match &said.value {
                None => Some(1.0),
                Some(template) => {
                    common.text.clear();
                    found.expand(template, &mut common.text);
                    crate::base::float::float(common.text.trim()).filter(|value| value.is_finite())
                }
            };
            let Some(value) = value else { return common.refuse(Reason::Number) };
            let change = match said.kind {
                RuleKind::Counter => Change::Add(value),
                RuleKind::Gauge if said.value.is_none() => Change::Add(value),
                RuleKind::Gauge => Change::Set(value),
                RuleKind::Histogram => Change::ObserveMany(value, 1),
            };
            let made = RuleSeries { said, group: *group, series };
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
        let made = RuleSeries { said: &self.said, group: self.group, series: &mut self.series };
        made.offer(found, change, common, store, now);
    }
}

/// The part of a rule that makes its series.
struct RuleSeries<'a> {
    said: &'a LogRule,
    group: Group,
    series: &'a mut Vec<u64>,
}

impl RuleSeries<'_> {
    fn offer(
        self,
        found: Option<&Captures<'_>>,
        change: Change<'_>,
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) {
        let Common { labels, max_value_bytes, set, text, hasher, max_series, .. } = common;
        let most = (*max_value_bytes).min(store.bounds().value_bytes);
        set.clear();
        for (name, template) in &self.said.labels {
            text.clear();
            match found {
                Some(found) => found.expand(template, text),
                None => text.push_str(template),
            }
            set.add(name, cut(text, most));
        }
        for (name, value) in labels {
            set.add_missing(name, value);
        }
        let reserved = if self.said.kind == RuleKind::Histogram { BOUND } else { "" };
        let done = set.render(store.bounds(), reserved).and_then(|labels| {
            let hash = hasher.hash_one(labels.text());
            match self.series.binary_search(&hash) {
                Ok(_) => self.add(labels, change, store, now),
                Err(_) if self.series.len() >= *max_series => Err(Reason::Series),
                Err(at) => {
                    let done = self.add(labels, change, store, now);
                    if done.is_ok() {
                        self.series.insert(at, hash);
                    }
                    done
                }
            }
        });
        if let Err(reason) = done {
            common.refuse(reason);
        }
    }

    fn add(
        &self,
        labels: Labels<'_>,
        change: Change<'_>,
        store: &mut Store,
        now: Instant,
    ) -> Result<(), Reason> {
        let kind = match self.said.kind {
            RuleKind::Counter => Kind::Counter,
            RuleKind::Gauge => Kind::Gauge,
            RuleKind::Histogram => Kind::Histogram,
        };
        let (name, help) = (&*self.said.metric, &*self.said.help);
        let (time, ttl) = (None, Duration::ZERO);
        let offer = Offer { name, kind, help, labels, change, time, ttl, group: self.group };
        match (kind, &*self.said.buckets) {
            (Kind::Histogram, []) => store.declare(&offer, &DEFAULT_BUCKETS, now),
            (Kind::Histogram, buckets) => store.declare(&offer, buckets, now),
            _ => store.take(&offer, now),
        }
    }
}

/// The start of `text`, at most `most` bytes of whole characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_between_characters() {
        assert_eq!(cut("aéb", 10), "aéb");
        assert_eq!(cut("aéb", 3), "aé");
        assert_eq!(cut("aéb", 2), "a");
        assert_eq!(cut("é", 1), "");
        assert_eq!(cut("", 0), "");
    }
}
