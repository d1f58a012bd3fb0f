//! One series: 72 bytes and its labels as they are written at every scrape, which are also its
//! key.

use super::Amount;
use super::group::Group;
use crate::model::metric::{Histogram, Point, Summary, Value};

/// Bound of `time` for a series without a time of its own: its value is then when the sample was stored, in
/// milliseconds since the store was made, counted from `i64::MIN` on. Anything above is a time of its own.
const LAST_TAKEN: i64 = i64::MIN / 2;

/// The value of `time` for a sample that is stored `now`.
pub fn time_of(own: Option<i64>, now: u64) -> i64 {
    let taken = i64::MIN.saturating_add_unsigned(now).min(LAST_TAKEN);
    own.filter(|time| *time > LAST_TAKEN).unwrap_or(taken)
}

/// A series that lives for ever.
pub const NEVER: u64 = u64::MAX;

/// One series, or a slot that is free.
pub struct Series {
    pub text: Box<[u8]>,
    /// The sum of a histogram or summary.
    pub value: f64,
    pub time: i64,
    /// Milliseconds since the store was made.
    pub expires: u64,
    pub parts: Option<Box<Parts>>,
    /// `NONE` in a free slot; `next` is the next free one, then.
    pub family: u32,
    pub previous: u32,
    pub next: u32,
    pub hash: u32,
    /// The owner; a free slot has none.
    pub owner: Group,
    /// The generation of its owner in which it was last stored, and in the lowest bits whether it then had
    /// a type, and whether it was a line of a histogram or summary.
    pub stored: u32,
}

/// The parts besides the value.
pub enum Parts {
    /// How many observations were in each bucket of the family.
    Counts(Box<[u64]>),
    /// Counts, with bounds, or texts of them, that differ from those of the family.
    Buckets(Box<[f64]>, Box<[u64]>, Box<str>),
    /// Quantiles, the number of observations, and the texts of the quantiles.
    Quantiles(Box<[(f64, f64)]>, u64, Box<str>),
}

/// The buckets of a histogram's family: their bounds, and how these were written.
#[derive(Clone, Copy)]
pub struct Buckets<'a> {
    pub bounds: &'a [f64],
    /// With a comma after each; empty if they were not written by a source.
    pub texts: &'a str,
}

impl Parts {
    /// The parts of `point`, whose bounds were written as `texts`, in such a family; a number has none.
    pub fn of(point: Point<'_>, texts: &str, family: Buckets<'_>) -> Option<Parts> {
        match point {
            Point::Number(_) => None,
            Point::Histogram(h) if h.bounds == family.bounds && texts == family.texts => {
                Some(Parts::Counts(h.counts.into()))
            }
            Point::Histogram(h) => {
                Some(Parts::Buckets(h.bounds.into(), h.counts.into(), texts.into()))
            }
            Point::Summary(s) => Some(Parts::Quantiles(s.quantiles.into(), s.count, texts.into())),
        }
    }

    /// Sets the parts to those of `point` without allocating; false if the shapes differ.
    pub fn set(&mut self, point: Point<'_>, texts: &str, family: Buckets<'_>) -> bool {
        match (self, point) {
            (Parts::Counts(counts), Point::Histogram(h)) => {
                h.bounds == family.bounds && texts == family.texts && copy(counts, h.counts)
            }
            (Parts::Buckets(bounds, counts, own), Point::Histogram(h)) => {
                **bounds == *h.bounds && **own == *texts && copy(counts, h.counts)
            }
            (Parts::Quantiles(quantiles, count, own), Point::Summary(s)) => {
                let fits = **own == *texts && copy(quantiles, s.quantiles);
                *count = if fits { s.count } else { *count };
                fits
            }
            _ => false,
        }
    }

    /// Adds an observation, `times` times, in a family with buckets of these bounds.
    pub fn observe(&mut self, family: &[f64], value: f64, times: u64) {
        let (bounds, counts) = match self {
            Parts::Counts(counts) => (family, counts),
            Parts::Buckets(bounds, counts, _) => (&**bounds, counts),
            Parts::Quantiles(..) => return,
        };
        let at = bounds.partition_point(|bound| *bound < value);
        if let Some(count) = counts.get_mut(at) {
            *count = count.saturating_add(times);
        }
    }

    /// How many lines it has in the exposition.
    pub fn weight(&self) -> usize {
        2 + match self {
            Parts::Counts(counts) | Parts::Buckets(_, counts, _) => counts.len(),
            Parts::Quantiles(quantiles, ..) => quantiles.len(),
        }
    }

    /// Bytes of its own texts, besides those of its family.
    fn bytes(&self) -> usize {
        match self {
            Parts::Counts(_) => 0,
            Parts::Buckets(.., texts) | Parts::Quantiles(.., texts) => texts.len(),
        }
    }
}

/// The size of a series with these labels and parts.
pub fn amount(labels: &[u8], parts: Option<&Parts>) -> Amount {
    Amount {
        series: parts.map_or(1, Parts::weight),
        bytes: labels.len() + parts.map_or(0, Parts::bytes),
        families: 0,
    }
}

fn copy<T: Copy>(to: &mut [T], from: &[T]) -> bool {
    let is_as_long = to.len() == from.len();
    if is_as_long {
        to.copy_from_slice(from);
    }
    is_as_long
}

impl Series {
    /// The generation in which it was last stored.
    pub fn generation(&self) -> u32 {
        self.stored & !3
    }

    /// Whether it was a line of a histogram or summary when it was last stored.
    pub fn is_line(&self) -> bool {
        self.stored & 2 != 0
    }

    /// Whether it had a type when it was last stored.
    pub fn is_typed(&self) -> bool {
        self.stored & 1 == 1
    }

    /// The size of the series.
    pub fn amount(&self) -> Amount {
        amount(&self.text, self.parts.as_deref())
    }

    /// Its own time, in milliseconds since 1970, if it has one.
    pub fn own_time(&self) -> Option<i64> {
        Some(self.time).filter(|time| *time > LAST_TAKEN)
    }

    /// When it was last stored, in milliseconds since the store was made, if it has no time of its own.
    pub fn taken(&self) -> u64 {
        self.time.abs_diff(i64::MIN)
    }

    /// Whether it is a histogram or summary.
    pub fn is_whole(&self) -> bool {
        self.parts.is_some()
    }

    /// How the bounds of its buckets or its quantiles were written, in such a family.
    pub fn texts<'s>(&'s self, family: Buckets<'s>) -> &'s str {
        match self.parts.as_deref() {
            None => "",
            Some(Parts::Counts(_)) => family.texts,
            Some(Parts::Buckets(.., texts) | Parts::Quantiles(.., texts)) => texts,
        }
    }

    /// The series for sinks, in such a family.
    pub fn point<'s>(&'s self, family: Buckets<'s>) -> Point<'s> {
        let sum = self.value;
        match self.parts.as_deref() {
            None => Point::Number(Value::Float(sum)),
            Some(Parts::Counts(counts)) => {
                Point::Histogram(Histogram { bounds: family.bounds, counts, sum })
            }
            Some(Parts::Buckets(bounds, counts, _)) => {
                Point::Histogram(Histogram { bounds, counts, sum })
            }
            Some(Parts::Quantiles(quantiles, count, _)) => {
                Point::Summary(Summary { quantiles, sum, count: *count })
            }
        }
    }
}

/// The documented size is right.
#[cfg(test)]
#[test]
fn a_series_is_72_bytes() {
    assert!(size_of::<Series>() <= 72, "{}", size_of::<Series>());
}
