//! Histograms: a counter for each bucket and a sum, or a sketch for quantiles. Their
//! memory is that of their buckets, however much is observed. The number of observations is
//! the total of the buckets, so that a scrape in the middle of an observation shows nothing
//! inconsistent; the sum may lag behind the buckets.
//!
//! A NaN is left out and counted: a sum with a NaN would be useless.

use super::atomic::add;
use super::exemplar::{Exemplar, Exemplars};
use super::shape::Shape;
use super::sketch::{Sketch, Snapshot};
use crate::base::clock::WallClock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// Up to this many bounds are searched linearly, without branches; more by bisection.
const FEW: usize = 32;

/// The state of a histogram.
#[derive(Debug)]
pub struct HistogramCell {
    values: Values,
    /// The number of NaNs, of all histograms of the registry.
    left_out: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Values {
    Buckets(Buckets),
    Sketch(Box<Sketch>, Arc<[f64]>),
}

#[derive(Debug)]
struct Buckets {
    bounds: Arc<[f64]>,
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    exemplars: OnceLock<Exemplars>,
}

impl Buckets {
    #[inline]
    fn place(&self, value: f64) -> usize {
        if self.bounds.len() <= FEW {
            return self.bounds.iter().map(|bound| usize::from(*bound < value)).sum();
        }
        self.bounds.partition_point(|bound| *bound < value)
    }

    #[inline]
    fn add(&self, value: f64, times: u64) {
        if let Some(count) = self.counts.get(self.place(value)) {
            count.fetch_add(times, Relaxed);
            add(&self.sum, value * times as f64);
        }
    }
}

impl HistogramCell {
    fn new(shape: &Shape, left_out: Arc<AtomicU64>) -> HistogramCell {
        let values = match shape {
            Shape::Buckets(bounds) => Values::Buckets(Buckets {
                bounds: Arc::clone(bounds),
                counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
                sum: AtomicU64::new(0),
                exemplars: OnceLock::new(),
            }),
            Shape::Quantiles(quantiles, window) => {
                Values::Sketch(Box::new(Sketch::new(*window)), Arc::clone(quantiles))
            }
        };
        HistogramCell { values, left_out }
    }

    /// Adds one observation.
    #[inline]
    pub fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    /// Adds the same observation several times.
    #[inline]
    pub fn record_many(&self, value: f64, times: u64) {
        if times == 0 {
            return;
        }
        if value.is_nan() {
            self.left_out.fetch_add(times, Relaxed);
            return;
        }
        match &self.values {
            Values::Buckets(buckets) => buckets.add(value, times),
            Values::Sketch(sketch, _) => sketch.add(value, times),
        }
    }

    /// Returns false if the labels are not valid for an exemplar; the observation counts all the same. A
    /// summary has no exemplars.
    fn exemplify(&self, value: f64, labels: &[(&str, &str)]) -> bool {
        self.record(value);
        let Values::Buckets(buckets) = &self.values else { return false };
        let time = i64::try_from(WallClock::now().since_epoch().as_millis()).unwrap_or(i64::MAX);
        let make = || Exemplars::new(buckets.counts.len());
        let place = buckets.place(value);
        !value.is_nan() && buckets.exemplars.get_or_init(make).set(place, labels, value, time)
    }

    /// The number of observations.
    pub fn count(&self) -> u64 {
        match &self.values {
            Values::Buckets(buckets) => {
                buckets.counts.iter().map(|count| count.load(Relaxed)).sum()
            }
            Values::Sketch(sketch, _) => sketch.count(),
        }
    }

    /// Reads the state, with `counts` as a buffer for the buckets.
    pub(super) fn read<'c>(&'c self, counts: &'c mut Vec<u64>, now: u64) -> Reading<'c> {
        match &self.values {
            Values::Sketch(sketch, quantiles) => Reading::Summary(sketch.snapshot(quantiles, now)),
            Values::Buckets(buckets) => {
                counts.clear();
                counts.extend(buckets.counts.iter().map(|count| count.load(Relaxed)));
                Reading::Buckets {
                    bounds: &buckets.bounds,
                    counts,
                    sum: f64::from_bits(buckets.sum.load(Relaxed)),
                    exemplars: buckets.exemplars.get().map(Exemplars::copy),
                }
            }
        }
    }
}

/// The state of a histogram as it is read.
pub enum Reading<'c> {
    Buckets {
        bounds: &'c [f64],
        counts: &'c [u64],
        sum: f64,
        exemplars: Option<Vec<Option<Exemplar>>>,
    },
    Summary(Snapshot),
}

/// A handle of a histogram or a summary; clones share the state.
#[derive(Clone, Debug)]
pub struct Histogram(pub(super) Arc<HistogramCell>);

impl Histogram {
    pub(super) fn new(shape: &Shape, left_out: Arc<AtomicU64>) -> Histogram {
        Histogram(Arc::new(HistogramCell::new(shape, left_out)))
    }

    /// Adds one observation. A NaN is left out.
    #[inline]
    pub fn record(&self, value: f64) {
        self.0.record(value);
    }

    /// Adds the same observation several times.
    #[inline]
    pub fn record_many(&self, value: f64, times: u64) {
        self.0.record_many(value, times);
    }

    /// Adds one observation, which OpenMetrics shows with its bucket until another takes its place, with
    /// the labels of its trace, for example. Returns false if they cannot be shown, being too long (128 characters,
    /// names and values together), or invalid, or if this is a summary.
    pub fn record_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) -> bool {
        self.0.exemplify(value, labels)
    }

    /// Returns the number of observations.
    pub fn count(&self) -> u64 {
        self.0.count()
    }

    /// Returns the cell, for code that makes other handles of it.
    pub fn into_cell(self) -> Arc<HistogramCell> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::registry::sketch::Window;

    fn cell(shape: &Shape) -> HistogramCell {
        HistogramCell::new(shape, Arc::default())
    }

    #[test]
    fn buckets_are_those_of_a_naive_twin() {
        let mut seed = 7u64;
        for n in [1, 2, 11, FEW, FEW + 1, 100] {
            let bounds: Arc<[f64]> = (0..n).map(|bound| bound as f64).collect();
            let cell = cell(&Shape::Buckets(Arc::clone(&bounds)));
            let (mut twin, mut sum) = (vec![0u64; n + 1], 0.0);
            for i in 0..1000u64 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let value = (seed >> 40) as f64 % 220.0 / 2.0 - 5.0;
                let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(n);
                twin[bucket] += i % 3;
                sum += value * (i % 3) as f64;
                cell.record_many(value, i % 3);
            }
            let mut counts = Vec::new();
            let Reading::Buckets { counts, sum: found, .. } = cell.read(&mut counts, 0) else {
                panic!()
            };
            assert_eq!((counts, found), (&twin[..], sum));
            assert_eq!(cell.count(), twin.iter().sum::<u64>());
        }
    }

    #[test]
    fn nans_are_left_out_and_infinities_are_not() {
        for shape in
            [Shape::Buckets([1.0].into()), Shape::Quantiles([0.5].into(), Window::default())]
        {
            let cell = cell(&shape);
            cell.record(f64::NAN);
            cell.record_many(f64::NAN, 3);
            cell.record(f64::INFINITY);
            assert_eq!((cell.count(), cell.left_out.load(Relaxed)), (1, 4));
        }
    }
}
