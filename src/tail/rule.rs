//! One rule: which lines it is about, and what becomes of them in the store.
//!
//! A line is read as UTF-8; what is none becomes U+FFFD, and only in lines that may match. A rule that
//! neither takes a value nor a label from the line adds up its matches and tells the store once a
//! stretch.

use super::cost;
use super::count::Skip;
use super::lines;
use super::literal::{self, MAX_LITERALS};
use crate::log::{self, Field};
use crate::metric::{Kind, Labels};
use crate::settings::{LogRule, RuleKind};
use crate::store::{Change, DEFAULT_BUCKETS, Group, LabelSet, Offer, Reason, Store};
use memchr::memmem::Finder;
use regex_lite::{Captures, Match, Regex};
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// In which costly rules have their time.
const EACH: Duration = Duration::from_secs(1);

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
    /// Why lines were skipped, as far as it was said.
    skips_said: [bool; Skip::ALL.len()],
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
    /// Lines that rules were not held against.
    pub skipped: [u64; Skip::ALL.len()],
    /// How long costly rules took, since when.
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
    /// Counts a sample that is not taken.
    fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Whether costly rules had all their time of this second.
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

/// Where the lines are that a pattern matches.
pub struct Search {
    regex: Regex,
    /// One is in every line that matches; without any every line is tried.
    literals: Vec<Finder<'static>>,
    /// Whatever line has one matches.
    suffices: bool,
    /// Bytes of a line that the regular expression gets.
    most: usize,
    /// A match may depend on what follows it.
    looks_ahead: bool,
}

/// What of a line is looked at.
struct View<'a> {
    text: Cow<'a, str>,
    /// Where matches may begin; before it is what they may look at.
    from: usize,
    is_cut: bool,
}

impl View<'_> {
    /// Whether a match could be another in the whole line.
    fn is_open(&self, found: &Match<'_>, looks_ahead: bool) -> bool {
        let is_first = self.from > 0 && found.start() == self.from;
        is_first || self.is_cut && looks_ahead && found.end() == self.text.len()
    }
}

impl Search {
    /// # Errors
    ///
    /// The pattern is none.
    pub fn new(pattern: &str) -> Result<Search, regex_lite::Error> {
        let regex = Regex::new(pattern)?;
        let needed = literal::needed(pattern);
        let literals = needed.literals.iter().map(|text| Finder::new(text).into_owned());
        let most = cost::most_bytes(pattern, regex.captures_len());
        Ok(Search {
            regex,
            literals: literals.collect(),
            suffices: needed.suffices,
            most,
            looks_ahead: pattern.contains(['$', '\\']),
        })
    }

    /// What the regular expression gets of a line, around `at`.
    fn view<'a>(&self, line: &'a [u8], at: usize) -> View<'a> {
        if line.len() <= self.most {
            return View { text: text(line), from: 0, is_cut: false };
        }
        let start = at.saturating_sub(self.most / 2).min(line.len() - self.most);
        let part = text(line.get(start..start + self.most).unwrap_or_default());
        let before = part.chars().next().filter(|_| start > 0);
        let is_cut = start + self.most < line.len();
        View { from: before.map_or(0, char::len_utf8), text: part, is_cut }
    }

    /// Whether a line matches; `None` if it is too long to be known.
    fn matches(&self, line: &[u8], at: usize) -> Option<bool> {
        if self.suffices {
            return Some(true);
        }
        let view = self.view(line, at);
        if line.len() <= self.most {
            return Some(self.regex.is_match(&view.text));
        }
        let found = self.regex.find_at(&view.text, view.from);
        found.filter(|found| !view.is_open(found, self.looks_ahead)).map(|_| true)
    }

    /// Hands every line of `stretch` to `each` that may match, and where in it a text is.
    fn candidates(&self, stretch: &[u8], each: &mut dyn FnMut(&[u8], usize)) {
        if self.literals.is_empty() {
            let mut rest = stretch;
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                let (line, after) = rest.split_at(end);
                each(lines::text(line), 0);
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
            let line = stretch.get(first..end).unwrap_or_default();
            // Zero bytes are left out before it.
            let text = lines::text(line);
            let left_out = line.iter().take_while(|byte| **byte == 0).count();
            each(text, (at - first).saturating_sub(left_out));
            start = end;
            for (place, finder) in places.iter_mut().zip(&self.literals) {
                if *place < start {
                    *place = find(finder, start);
                }
            }
        }
    }

    /// How many lines of `stretch` match; those too long to be known are added to `skipped`.
    pub fn count(&self, stretch: &[u8], skipped: &mut u64) -> u64 {
        let mut count = 0;
        self.candidates(stretch, &mut |line, at| match self.matches(line, at) {
            Some(is_match) => count += u64::from(is_match),
            None => *skipped += 1,
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

    /// What can be known of its series before there is a line: a number of lines without labels from them
    /// is there at zero.
    pub fn declare(&mut self, common: &mut Common, store: &mut Store, now: Instant) {
        if !self.takes && self.said.kind == RuleKind::Counter {
            self.offer(None, Change::Add(0.0), common, store, now);
        }
    }

    /// Bytes of lines that it may get at a time.
    pub fn most_bytes(&self) -> usize {
        let is_matched = self.takes || !self.search.suffices;
        if is_matched { self.search.most } else { usize::MAX }
    }

    /// Takes what whole lines say. Returns how many matched.
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

    /// Counts lines that it was not held against, and says so once.
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
            log::warn(why.said().1, &fields);
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
