//! The sink of the alerts: of everything in a scrape, it keeps the series that conditions select.
//! A family is looked up once, by its name; the samples of families that are not selected cost nothing.

use super::samples::ScrapeSamples;
use super::text::put_pair;
use crate::base::dialect::Dialect;
use crate::base::sys;
use crate::base::text::expr::{Matcher, Selector};
use crate::model::metric::{Family, Histogram, Kind, Label, Labels, Point, Sink, Summary, Value};

/// The part of a family that is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Series with the family's own name.
    Whole,
    Bucket,
    Sum,
    Count,
}

/// The suffixes of the parts of a histogram.
const PARTS: [(&str, Part); 4] =
    [("", Part::Whole), ("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)];

/// The current family; the memory is reused for the next.
#[derive(Default)]
pub struct WatchedFamily {
    /// The selectors of parts of it.
    selectors: Vec<(u32, Part)>,
    /// Its keys in the order of samples.
    keys: Vec<String>,
    /// The indices of its keys by name.
    sorted: Vec<usize>,
}

/// The sink of one scrape.
pub struct Watch<'a> {
    dialect: Dialect,
    wanted: &'a [Selector],
    family: &'a mut WatchedFamily,
    scraped: &'a mut ScrapeSamples,
}

impl<'a> Watch<'a> {
    /// A sink that keeps selected series in `scraped`.
    pub fn new(
        dialect: Dialect,
        wanted: &'a [Selector],
        family: &'a mut WatchedFamily,
        scraped: &'a mut ScrapeSamples,
    ) -> Watch<'a> {
        family.selectors.clear();
        scraped.begin(wanted.len());
        Watch { dialect, wanted, family, scraped }
    }

    fn selector(&self, at: usize) -> Option<(u32, Part, &'a Selector)> {
        let (place, part) = *self.family.selectors.get(at)?;
        Some((place, part, self.wanted.get(place as usize)?))
    }

    /// Keeps one series that brings its labels, perhaps with an extra label.
    fn put_series(&mut self, at: usize, labels: Labels<'_>, more: (&str, f64), value: f64) {
        let Some((place, _, selector)) = self.selector(at) else { return };
        let (key, bound) = more;
        let bound = if key.is_empty() { String::new() } else { super::text::number(bound) };
        let takes = |matcher: &Matcher| {
            if matcher.label == key {
                return matcher.takes(bound.as_bytes());
            }
            let found = labels.pairs().find(|(name, _)| *name == matcher.label.as_bytes());
            matcher.takes(&found.map(|(_, value)| value).unwrap_or_default())
        };
        if !selector.matchers.iter().all(takes) {
            return;
        }
        let text = self.scraped.text();
        let start = text.len();
        if key.is_empty() {
            text.extend_from_slice(labels.text());
        } else {
            let mut more = Some((key.as_bytes(), bound.as_bytes()));
            for (name, value) in labels.pairs() {
                if let Some((key, bound)) = more.take_if(|(key, _)| *key < &*name) {
                    put_pair(text, start, key, bound);
                }
                put_pair(text, start, &name, &value);
            }
            if let Some((key, bound)) = more {
                put_pair(text, start, key, bound);
            }
        }
        self.scraped.push(place, start, value);
    }

    fn histogram(&mut self, at: usize, part: Part, labels: Labels<'_>, of: &Histogram<'_>) {
        let count = |counts: &[u64]| counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        match part {
            Part::Whole => {}
            Part::Sum => self.put_series(at, labels, NONE, of.sum),
            Part::Count => self.put_series(at, labels, NONE, count(of.counts) as f64),
            Part::Bucket => {
                let bounds = of.bounds.iter().copied().chain([f64::INFINITY]);
                for (place, bound) in bounds.enumerate() {
                    let within = count(of.counts.get(..=place).unwrap_or(of.counts));
                    self.put_series(at, labels, ("le", bound), within as f64);
                }
            }
        }
    }

    fn summary(&mut self, at: usize, part: Part, labels: Labels<'_>, of: &Summary<'_>) {
        match part {
            Part::Bucket => {}
            Part::Sum => self.put_series(at, labels, NONE, of.sum),
            Part::Count => self.put_series(at, labels, NONE, of.count as f64),
            Part::Whole => {
                for (quantile, value) in of.quantiles {
                    self.put_series(at, labels, ("quantile", *quantile), *value);
                }
            }
        }
    }
}

/// The value for no extra label.
const NONE: (&str, f64) = ("", 0.0);

/// The part of the family that a selector of this name means; it may omit the dialect's prefix.
fn part(wanted: &str, prefix: &str, name: &str, kind: Kind) -> Option<Part> {
    let rest = wanted.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(name));
    let suffix = rest.or_else(|| wanted.strip_prefix(name))?;
    let (_, part) = PARTS.into_iter().find(|(word, _)| *word == suffix)?;
    (part == Part::Whole || matches!(kind, Kind::Histogram | Kind::Summary)).then_some(part)
}

impl Sink for Watch<'_> {
    fn family(&mut self, family: &Family<'_>) {
        let watched = &mut *self.family;
        watched.selectors.clear();
        let Some((name, keys)) = family.named(self.dialect) else { return };
        let prefix = family.prefix(self.dialect);
        for (place, selector) in (0u32..).zip(self.wanted) {
            if let Some(part) = part(&selector.name, prefix, name, family.kind) {
                watched.selectors.push((place, part));
            }
        }
        if watched.selectors.is_empty() {
            return;
        }
        if watched.keys.len() < keys.len() {
            watched.keys.resize(keys.len(), String::new());
        }
        // Keys beyond those of this family keep their memory, and are empty.
        watched.keys.iter_mut().for_each(String::clear);
        for (kept, key) in watched.keys.iter_mut().zip(keys) {
            kept.push_str(key);
        }
        watched.sorted.clear();
        watched.sorted.extend(0..keys.len());
        let keys = &watched.keys;
        sys::sort(&mut watched.sorted, |a, b| keys.get(*a).cmp(&keys.get(*b)));
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        for at in 0..self.family.selectors.len() {
            let Some((place, _, selector)) = self.selector(at) else { return };
            let keys = &self.family.keys;
            let takes = |matcher: &Matcher| {
                let column = keys.iter().position(|key| *key == matcher.label);
                let label = column.and_then(|column| labels.get(column));
                matcher.takes(label.map_or(b"", |label| label.raw()))
            };
            if !selector.matchers.iter().all(takes) {
                continue;
            }
            let text = self.scraped.text();
            let start = text.len();
            for column in &self.family.sorted {
                if let (Some(key), Some(label)) = (keys.get(*column), labels.get(*column)) {
                    put_pair(text, start, key.as_bytes(), label.raw());
                }
            }
            self.scraped.push(place, start, value.as_f64());
        }
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, _: Option<i64>) {
        for at in 0..self.family.selectors.len() {
            let Some((_, part, _)) = self.selector(at) else { return };
            match (&point, part) {
                (Point::Number(value), Part::Whole) => {
                    self.put_series(at, labels, NONE, value.as_f64());
                }
                (Point::Number(_), _) => {}
                (Point::Histogram(of), part) => self.histogram(at, part, labels, of),
                (Point::Summary(of), part) => self.summary(at, part, labels, of),
            }
        }
    }

    fn mark(&self) -> usize {
        self.scraped.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.scraped.truncate(mark);
        self.family.selectors.clear();
    }
}

#[cfg(test)]
mod tests;
