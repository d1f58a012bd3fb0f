//! The series that the matches of a rule change, and what all rules share.

use super::cost;
use super::count::Skip;
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
    /// A buffer for what a template becomes.
    pub text: String,
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
    pub fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Whether costly rules have used all their time of this second.
    pub fn is_spent(&mut self, now: Instant) -> bool {
        match self.spent {
            Some((since, spent)) if now < since + EACH => spent >= cost::SECOND,
            _ => {
                self.spent = Some((now, Duration::ZERO));
                false
            }
        }
    }

    pub fn spend(&mut self, time: Duration) {
        if let Some((_, spent)) = &mut self.spent {
            *spent += time;
        }
    }
}

/// The part of a rule that makes its series.
pub struct RuleSeries<'a> {
    pub settings: &'a LogRule,
    pub group: Group,
    /// The hashes of the labels of its series, sorted.
    pub series: &'a mut Vec<u64>,
}

impl RuleSeries<'_> {
    /// Changes the series for a match, or counts why not.
    pub fn offer(
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
        for (name, template) in &self.settings.labels {
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
        let reserved = if self.settings.kind == RuleKind::Histogram { BOUND } else { "" };
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
        let kind = match self.settings.kind {
            RuleKind::Counter => Kind::Counter,
            RuleKind::Gauge => Kind::Gauge,
            RuleKind::Histogram => Kind::Histogram,
        };
        let (name, help) = (&*self.settings.metric, &*self.settings.help);
        let (time, ttl) = (None, Duration::ZERO);
        let offer = Offer {
            name,
            kind,
            help,
            labels,
            change,
            time,
            ttl,
            group: self.group,
            is_line: false,
        };
        match (kind, &*self.settings.buckets) {
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
