//! One rule: which lines it is about, and what becomes of them in the store.
//!
//! A line is read as UTF-8; what is none becomes U+FFFD, and only in lines that may match. A rule that
//! neither takes a value nor a label from the line adds up its matches and tells the store once a
//! stretch.

use super::lines;
use super::literal::{self, MAX_LITERALS};
use crate::metric::{Kind, Labels};
use crate::settings::{LogRule, RuleKind};
use crate::store::{Change, DEFAULT_BUCKETS, Group, LabelSet, Offer, Reason, Store};
use memchr::memmem::Finder;
use regex_lite::{Captures, Regex};
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// A rule that lines are held against.
pub struct Rule {
    /// As it was said.
    pub said: LogRule,
    /// Whose its series are.
    pub group: Group,
    search: Search,
    /// A label or the value comes from the line.
    takes: bool,
    /// The hashes of the labels of its series, sorted.
    series: Vec<u64>,
}

/// What all rules share.
pub struct Common {
    /// On every series that has none of that name.
    pub labels: Vec<(String, String)>,
    /// Bytes of a label's value.
    pub max_value_bytes: usize,
    /// Series of one rule.
    pub max_series: usize,
    /// Samples that the store or a bound refused.
    pub refused: [u64; Reason::ALL.len()],
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
            hasher: RandomState::new(),
            set: LabelSet::default(),
            text: String::new(),
        }
    }
}

impl Common {
    /// Counts a sample that is not taken.
    fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }
}

/// Where the lines are that a pattern matches.
pub struct Search {
    regex: Regex,
    /// One is in every line that matches; without any every line is tried.
    literals: Vec<Finder<'static>>,
    /// Whatever line has one matches.
    suffices: bool,
}

impl Search {
    /// # Errors
    ///
    /// The pattern is none.
    pub fn new(pattern: &str) -> Result<Search, regex_lite::Error> {
        let regex = Regex::new(pattern)?;
        let needed = literal::needed(pattern);
        let literals = needed.literals.iter().map(|text| Finder::new(text).into_owned());
        Ok(Search { regex, literals: literals.collect(), suffices: needed.suffices })
    }

    /// Hands every line of `stretch` to `each` that may match.
    fn candidates(&self, stretch: &[u8], mut each: impl FnMut(&[u8])) {
        if self.literals.is_empty() {
            let mut rest = stretch;
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                let (line, after) = rest.split_at(end);
                each(lines::text(line));
                rest = after;
            }
            return;
        }
        // Where each text is found next, beyond the stretch if nowhere.
        let find = |finder: &Finder<'_>, from: usize| {
            let found = stretch.get(from..).and_then(|rest| finder.find(rest));
            found.map_or(usize::MAX, |at| from + at)
        };
        let mut places = [usize::MAX; MAX_LITERALS];
        for (place, finder) in places.iter_mut().zip(&self.literals) {
            *place = find(finder, 0);
        }
        let mut start = 0;
        while let Some(at) = places.iter().copied().min().filter(|at| *at < stretch.len()) {
            let before = stretch.get(start..at).unwrap_or_default();
            let first = memchr::memrchr(b'\n', before).map_or(start, |newline| start + newline + 1);
            let behind = stretch.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', behind).map_or(stretch.len(), |end| at + end + 1);
            each(lines::text(stretch.get(first..end).unwrap_or_default()));
            start = end;
            for (place, finder) in places.iter_mut().zip(&self.literals) {
                if *place < start {
                    *place = find(finder, start);
                }
            }
        }
    }

    /// How many lines of `stretch` match.
    pub fn count(&self, stretch: &[u8]) -> u64 {
        let mut count = 0;
        self.candidates(stretch, |line| {
            count += u64::from(self.suffices || self.regex.is_match(&text(line)));
        });
        count
    }
}

/// A line as text.
fn text(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

impl Rule {
    /// # Errors
    ///
    /// The pattern is none.
    pub fn new(said: &LogRule, group: Group) -> Result<Rule, regex_lite::Error> {
        let takes = said.value.is_some() || said.labels.iter().any(|(_, text)| text.contains('$'));
        let search = Search::new(&said.pattern)?;
        Ok(Rule { said: said.clone(), group, search, takes, series: Vec::new() })
    }

    /// Whether every line is tried.
    pub fn is_slow(&self) -> bool {
        self.search.literals.is_empty()
    }

    /// What can be known of its series before there is a line: a number of lines without labels from them
    /// is there at zero.
    pub fn declare(&mut self, common: &mut Common, store: &mut Store, now: Instant) {
        if !self.takes && self.said.kind == RuleKind::Counter {
            self.offer(None, Change::Add(0.0), common, store, now);
        }
    }

    /// Takes what whole lines say. Returns how many matched.
    pub fn take(
        &mut self,
        stretch: &[u8],
        common: &mut Common,
        store: &mut Store,
        now: Instant,
    ) -> u64 {
        if !self.takes {
            let count = self.search.count(stretch);
            if count > 0 {
                self.offer(None, Change::Add(count as f64), common, store, now);
            }
            return count;
        }
        let Rule { said, group, search, series, .. } = self;
        let mut count = 0;
        search.candidates(stretch, |line| {
            let line = text(line);
            let Some(found) = search.regex.captures(&line) else { return };
            count += 1;
            let value = match &said.value {
                None => Some(1.0),
                Some(template) => {
                    common.text.clear();
                    found.expand(template, &mut common.text);
                    crate::sys::float(common.text.trim()).filter(|value| value.is_finite())
                }
            };
            let Some(value) = value else { return common.refuse(Reason::Number) };
            let change = match said.kind {
                RuleKind::Counter => Change::Add(value),
                RuleKind::Gauge if said.value.is_none() => Change::Add(value),
                RuleKind::Gauge => Change::Set(value),
                RuleKind::Histogram => Change::ObserveMany(value, 1),
            };
            let made = Made { said, group: *group, series };
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
        let made = Made { said: &self.said, group: self.group, series: &mut self.series };
        made.offer(found, change, common, store, now);
    }
}

/// What of a rule is about its series.
struct Made<'a> {
    said: &'a LogRule,
    group: Group,
    series: &'a mut Vec<u64>,
}

impl Made<'_> {
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
                Ok(_) => self.give(labels, change, store, now),
                Err(_) if self.series.len() >= *max_series => Err(Reason::Series),
                Err(at) => {
                    let done = self.give(labels, change, store, now);
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

    fn give(
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
#[path = "rule_tests.rs"]
mod tests;
