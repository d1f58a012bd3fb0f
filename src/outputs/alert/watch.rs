//! The sink of the alerts: of everything in a scrape, it keeps the series that conditions select.
//! A family is looked up once, by its name; the samples of families that are not selected cost nothing.

use super::text::put_pair;
use crate::base::dialect::Dialect;
use crate::base::sys;
use crate::base::text::expr::{Matcher, Selector, Want};
use crate::model::metric::{Family, Histogram, Kind, Label, Labels, Point, Sink, Summary, Value};

/// The most series that are kept of one scrape, for all conditions together.
const MAX_SEEN: usize = 10_000;

/// One series that a condition selects.
#[derive(Clone, Copy, Debug)]
pub struct WatchedSeries {
    /// The index of the selector.
    pub selector: u32,
    /// Where its labels are in the text.
    pub labels: Span,
    /// The value of the sample.
    pub value: f64,
}

/// A range of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub u32, pub u32);

/// The series that were kept of a scrape; the memory is reused for the next.
#[derive(Default)]
pub struct ScrapeSamples {
    /// Labels in the form of series, one after the other.
    text: Vec<u8>,
    seen: Vec<WatchedSeries>,
    /// Which selectors have a series.
    has: Vec<bool>,
    /// The current family: its selectors, and its keys in the order of samples and by name.
    asked: Vec<(u32, Part)>,
    keys: Vec<String>,
    sorted: Vec<usize>,
    /// Series beyond the limit, since the start.
    pub left_out: u64,
}

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

impl ScrapeSamples {
    /// Forgets the scrape before.
    pub fn clear(&mut self) {
        self.text.clear();
        self.seen.clear();
    }

    /// Sorts the series by selector and by labels; of series that come
    /// twice the first is kept.
    pub fn sort(&mut self) {
        let text = &self.text;
        let key = |seen: &WatchedSeries| (seen.selector, slice(text, seen.labels));
        sys::sort(&mut self.seen, |a, b| key(a).cmp(&key(b)).then(a.labels.0.cmp(&b.labels.0)));
        self.seen.dedup_by(|later, earlier| key(later) == key(earlier));
    }

    /// Gives selectors of `absent` the value 1 if there is no series, and nothing otherwise. To be called
    /// after `sort`.
    pub fn turn_absent(&mut self, wanted: &[Selector]) {
        for (place, selector) in (0u32..).zip(wanted) {
            if selector.want != Want::Absent {
                continue;
            }
            let first = self.seen.partition_point(|seen| seen.selector < place);
            let count = self.of(place).len();
            if count > 0 {
                self.seen.drain(first..first + count);
                continue;
            }
            let start = self.text.len();
            for (name, value) in selector.absent_labels() {
                put_pair(&mut self.text, start, name.as_bytes(), value.as_bytes());
            }
            if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.text.len())) {
                let seen = WatchedSeries { selector: place, labels: Span(start, end), value: 1.0 };
                self.seen.insert(first, seen);
            }
        }
    }

    /// Whether the selector at this place has a series.
    pub fn has(&self, selector: u32) -> bool {
        self.has.get(selector as usize).copied().unwrap_or_default()
    }

    /// The series of this selector, sorted by labels.
    pub fn of(&self, selector: u32) -> &[WatchedSeries] {
        let start = self.seen.partition_point(|seen| seen.selector < selector);
        let end = self.seen.partition_point(|seen| seen.selector <= selector);
        self.seen.get(start..end).unwrap_or_default()
    }

    /// The labels at this range.
    pub fn labels(&self, span: Span) -> &[u8] {
        slice(&self.text, span)
    }

    /// Keeps a series whose labels are at the end of the text, from `start`.
    fn keep(&mut self, selector: u32, start: usize, value: f64) {
        // The first one is always kept: without it the selector has none.
        let has = self.has.get_mut(selector as usize);
        let is_first = has.is_some_and(|has| !std::mem::replace(has, true));
        let room = self.seen.len() < MAX_SEEN || is_first;
        match (room, u32::try_from(start), u32::try_from(self.text.len())) {
            (true, Ok(start), Ok(end)) => {
                self.seen.push(WatchedSeries { selector, labels: Span(start, end), value });
            }
            _ => {
                self.text.truncate(start);
                self.left_out += 1;
            }
        }
    }
}

fn slice(text: &[u8], Span(start, end): Span) -> &[u8] {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// The sink of one scrape.
pub struct Watch<'a> {
    dialect: Dialect,
    wanted: &'a [Selector],
    scraped: &'a mut ScrapeSamples,
}

impl<'a> Watch<'a> {
    /// A sink that keeps selected series in `scraped`.
    pub fn new(
        dialect: Dialect,
        wanted: &'a [Selector],
        scraped: &'a mut ScrapeSamples,
    ) -> Watch<'a> {
        scraped.clear();
        scraped.asked.clear();
        scraped.has.clear();
        scraped.has.resize(wanted.len(), false);
        Watch { dialect, wanted, scraped }
    }

    fn selector(&self, at: usize) -> Option<(u32, Part, &'a Selector)> {
        let (place, part) = *self.scraped.asked.get(at)?;
        Some((place, part, self.wanted.get(place as usize)?))
    }

    /// Keeps one series that brings its labels, perhaps with an extra label.
    fn labelled_one(&mut self, at: usize, labels: Labels<'_>, more: (&str, f64), value: f64) {
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
        let text = &mut self.scraped.text;
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
        self.scraped.keep(place, start, value);
    }

    fn histogram(&mut self, at: usize, part: Part, labels: Labels<'_>, of: &Histogram<'_>) {
        let count = |counts: &[u64]| counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        match part {
            Part::Whole => {}
            Part::Sum => self.labelled_one(at, labels, NONE, of.sum),
            Part::Count => self.labelled_one(at, labels, NONE, count(of.counts) as f64),
            Part::Bucket => {
                let bounds = of.bounds.iter().copied().chain([f64::INFINITY]);
                for (place, bound) in bounds.enumerate() {
                    let within = count(of.counts.get(..=place).unwrap_or(of.counts));
                    self.labelled_one(at, labels, ("le", bound), within as f64);
                }
            }
        }
    }

    fn summary(&mut self, at: usize, part: Part, labels: Labels<'_>, of: &Summary<'_>) {
        match part {
            Part::Bucket => {}
            Part::Sum => self.labelled_one(at, labels, NONE, of.sum),
            Part::Count => self.labelled_one(at, labels, NONE, of.count as f64),
            Part::Whole => {
                for (quantile, value) in of.quantiles {
                    self.labelled_one(at, labels, ("quantile", *quantile), *value);
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
        let scraped = &mut *self.scraped;
        scraped.asked.clear();
        let Some((name, keys)) = family.named(self.dialect) else { return };
        let prefix = family.prefix(self.dialect);
        for (place, selector) in (0u32..).zip(self.wanted) {
            if let Some(part) = part(&selector.name, prefix, name, family.kind) {
                scraped.asked.push((place, part));
            }
        }
        if scraped.asked.is_empty() {
            return;
        }
        if scraped.keys.len() < keys.len() {
            scraped.keys.resize(keys.len(), String::new());
        }
        // Keys beyond those of this family keep their memory, and are empty.
        scraped.keys.iter_mut().for_each(String::clear);
        for (kept, key) in scraped.keys.iter_mut().zip(keys) {
            kept.push_str(key);
        }
        scraped.sorted.clear();
        scraped.sorted.extend(0..keys.len());
        let keys = &scraped.keys;
        sys::sort(&mut scraped.sorted, |a, b| keys.get(*a).cmp(&keys.get(*b)));
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        for at in 0..self.scraped.asked.len() {
            let Some((place, _, selector)) = self.selector(at) else { return };
            let keys = &self.scraped.keys;
            let takes = |matcher: &Matcher| {
                let column = keys.iter().position(|key| *key == matcher.label);
                let label = column.and_then(|column| labels.get(column));
                matcher.takes(label.map_or(b"", |label| label.raw()))
            };
            if !selector.matchers.iter().all(takes) {
                continue;
            }
            let scraped = &mut *self.scraped;
            let start = scraped.text.len();
            for column in &scraped.sorted {
                if let (Some(key), Some(label)) = (scraped.keys.get(*column), labels.get(*column)) {
                    put_pair(&mut scraped.text, start, key.as_bytes(), label.raw());
                }
            }
            scraped.keep(place, start, value.as_f64());
        }
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, _: Option<i64>) {
        for at in 0..self.scraped.asked.len() {
            let Some((_, part, _)) = self.selector(at) else { return };
            match (&point, part) {
                (Point::Number(value), Part::Whole) => {
                    self.labelled_one(at, labels, NONE, value.as_f64());
                }
                (Point::Number(_), _) => {}
                (Point::Histogram(of), part) => self.histogram(at, part, labels, of),
                (Point::Summary(of), part) => self.summary(at, part, labels, of),
            }
        }
    }

    fn mark(&self) -> usize {
        self.scraped.seen.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.scraped.seen.truncate(mark);
        let ScrapeSamples { seen, has, .. } = &mut *self.scraped;
        has.fill(false);
        for seen in seen {
            has.get_mut(seen.selector as usize).into_iter().for_each(|has| *has = true);
        }
        let end = self.scraped.seen.last().map_or(0, |seen| seen.labels.1);
        self.scraped.text.truncate(end as usize);
        self.scraped.asked.clear();
    }
}

#[cfg(test)]
mod tests;
