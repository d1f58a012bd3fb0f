//! Histograms and summaries put together of their samples, by label set.

use super::family::Part;
use super::line::{Line, Pair, Span, number};
use super::{Labels, Read, Sample};
use crate::metric::{Histogram, Kind, Point, Summary};
use crate::store::{Index, NONE, Reason};
use std::hash::{BuildHasher, Hasher, RandomState};

/// What makes a number a count.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

/// One histogram or summary.
struct Whole {
    /// Its labels in `keys`, without `le` and `quantile`.
    key: Span,
    hash: u32,
    first: u32,
    last: u32,
    sum: Option<f64>,
    count: Option<f64>,
    time: Option<i64>,
    fault: Option<Reason>,
}

/// A bucket or quantile.
struct Cell {
    at: f64,
    value: f64,
    next: u32,
}

/// All of one family.
#[derive(Default)]
pub struct Parts {
    family: Option<u32>,
    hasher: RandomState,
    /// Labels as they stand in the text, one set after the other: `a="b",c="d",`.
    keys: Vec<u8>,
    pairs: Vec<Pair>,
    /// How many of `pairs` are before those of each whole one.
    wholes: Vec<(Whole, usize)>,
    index: Index,
    cells: Vec<Cell>,
    /// Those of the one that is put together.
    points: Vec<(f64, f64)>,
    bounds: Vec<f64>,
    counts: Vec<u64>,
}

impl Parts {
    /// Whose parts are at hand.
    pub fn family(&self) -> Option<u32> {
        self.family
    }

    pub fn clear(&mut self) {
        self.family = None;
        self.keys.clear();
        self.pairs.clear();
        self.cells.clear();
        let Parts { wholes, index, .. } = self;
        while let Some((last, _)) = wholes.last() {
            let hash_of = |at: u32| wholes.get(at as usize).map_or(0, |(whole, _)| whole.hash);
            index.remove(last.hash, wholes.len() as u32 - 1, hash_of);
            wholes.pop();
        }
    }

    /// One more sample of the family.
    pub fn add(&mut self, family: u32, part: Part, text: &[u8], pairs: &[Pair], line: &Line) {
        self.family = Some(family);
        let key: &[u8] = match part {
            Part::Bucket => b"le",
            Part::Quantile => b"quantile",
            Part::Sum | Part::Count | Part::Stray => b"",
        };
        let is_key = |pair: &&Pair| pair.name.of(text) == key;
        let at = pairs.iter().find(is_key).and_then(|pair| number(pair.value.of(text)));
        let Some(place) = self.find(key, text, pairs) else { return };
        let cell = self.cells.len() as u32;
        let Some((whole, _)) = self.wholes.get_mut(place) else { return };
        whole.time = line.time.or(whole.time);
        let before = match (part, at) {
            (Part::Sum, _) => whole.sum.replace(line.value),
            (Part::Count, _) => whole.count.replace(line.value),
            (Part::Bucket | Part::Quantile, Some(at)) => {
                self.cells.push(Cell { at, value: line.value, next: NONE });
                let last = std::mem::replace(&mut whole.last, cell);
                match self.cells.get_mut(last as usize) {
                    Some(last) => last.next = cell,
                    None => whole.first = cell,
                }
                None
            }
            _ => {
                whole.fault = Some(Reason::Buckets);
                None
            }
        };
        if before.is_some() {
            whole.fault = Some(Reason::Twice);
        }
    }

    /// The one with these labels but `key`; it may be new.
    fn find(&mut self, key: &[u8], text: &[u8], pairs: &[Pair]) -> Option<usize> {
        let (start, first) = (self.keys.len(), self.pairs.len());
        for pair in pairs.iter().filter(|pair| pair.name.of(text) != key) {
            let from = self.keys.len();
            self.keys.extend_from_slice(pair.name.of(text));
            let middle = self.keys.len();
            self.keys.extend_from_slice(b"=\"");
            self.keys.extend_from_slice(pair.value.of(text));
            let end = self.keys.len();
            self.keys.extend_from_slice(b"\",");
            let (name, value) = (Span::new(from, middle), Span::new(middle + 2, end));
            self.pairs.push(Pair { name, value });
        }
        let span = Span::new(start, self.keys.len());
        let labels = span.of(&self.keys);
        let is =
            |at: usize| self.wholes.get(at).is_some_and(|(w, _)| w.key.of(&self.keys) == labels);
        let mut hash = 0;
        let last = self.wholes.len().wrapping_sub(1);
        let found = if is(last) {
            Some(last)
        } else {
            let mut hasher = self.hasher.build_hasher();
            hasher.write(labels);
            hash = hasher.finish() as u32;
            self.index.find(hash, |at| is(at as usize)).map(|at| at as usize)
        };
        if found.is_some() {
            self.keys.truncate(start);
            self.pairs.truncate(first);
            return found;
        }
        let place = self.wholes.len();
        let (sum, count, time, fault) = (None, None, None, None);
        let whole = Whole { key: span, hash, first: NONE, last: NONE, sum, count, time, fault };
        self.wholes.push((whole, first));
        let wholes = &self.wholes;
        let hash_of = |at: u32| wholes.get(at as usize).map_or(0, |(whole, _)| whole.hash);
        self.index.insert(hash, place as u32, hash_of);
        Some(place)
    }

    /// Hands every one on and forgets them.
    pub fn flush(
        &mut self,
        is_summary: bool,
        name: &str,
        help: &str,
        each: &mut dyn FnMut(Read<'_>),
    ) {
        for at in 0..self.wholes.len() {
            self.collect(at);
            let Some((whole, first)) = self.wholes.get(at) else { continue };
            let next = self.wholes.get(at + 1).map_or(self.pairs.len(), |(_, first)| *first);
            let pairs = self.pairs.get(*first..next).unwrap_or_default();
            let labels = Labels { text: &self.keys, pairs };
            let time = whole.time;
            let point = match whole.fault {
                Some(reason) => Err(reason),
                None if is_summary => summary(whole, &self.points),
                None => histogram(whole, &self.points, &mut self.bounds, &mut self.counts),
            };
            let kind = if is_summary { Kind::Summary } else { Kind::Histogram };
            let read = point.map(|point| Sample { name, kind, help, labels, point, time });
            each(read.map_err(|reason| (name, reason)));
        }
        self.clear();
    }

    /// The buckets or quantiles of one, in order.
    fn collect(&mut self, at: usize) {
        self.points.clear();
        let mut next = self.wholes.get(at).map_or(NONE, |(whole, _)| whole.first);
        while let Some(cell) = self.cells.get(next as usize) {
            self.points.push((cell.at, cell.value));
            next = cell.next;
        }
        if !self.points.is_sorted_by(|a, b| a.0 <= b.0) {
            self.points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        }
    }
}

fn summary<'a>(whole: &Whole, points: &'a [(f64, f64)]) -> Result<Point<'a>, Reason> {
    let ascends = |pair: &[(f64, f64)]| matches!(pair, [a, b] if a.0 < b.0);
    let count = whole.count.and_then(count).ok_or(Reason::Buckets)?;
    if !points.windows(2).all(ascends) || points.iter().any(|(at, _)| !(0.0..=1.0).contains(at)) {
        return Err(Reason::Buckets);
    }
    let sum = whole.sum.unwrap_or(f64::NAN);
    Ok(Point::Summary(Summary { quantiles: points, sum, count }))
}

/// Buckets that count up become buckets of their own.
fn histogram<'a>(
    whole: &Whole,
    points: &[(f64, f64)],
    bounds: &'a mut Vec<f64>,
    counts: &'a mut Vec<u64>,
) -> Result<Point<'a>, Reason> {
    bounds.clear();
    counts.clear();
    let mut before = 0;
    for (bound, value) in points {
        let up_to = count(*value).ok_or(Reason::Buckets)?;
        counts.push(up_to.checked_sub(before).ok_or(Reason::Buckets)?);
        before = up_to;
        bounds.push(*bound);
    }
    let ascends = |pair: &[f64]| matches!(pair, [a, b] if a < b);
    if bounds.iter().any(|b| b.is_nan())
        || !bounds.windows(2).all(ascends)
        || bounds.pop() != Some(f64::INFINITY)
    {
        return Err(Reason::Buckets);
    }
    let sum = whole.sum.unwrap_or(f64::NAN);
    Ok(Point::Histogram(Histogram { bounds, counts, sum }))
}

/// The number, if something can be there so many times.
fn count(value: f64) -> Option<u64> {
    ((0.0..=MAX_COUNT).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}
