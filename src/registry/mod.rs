//! Metrics of the program that uses this crate: counters, gauges and histograms, by name and labels.
//! A handle that is kept changes its number without a lock; a key that is known is found with one read
//! lock and no memory; everything is bounded. A registry writes itself to any sink.
//!
//! Limits are those of `store::Bounds`: 100 000 series (each bucket, quantile, sum and count of a
//! histogram or summary is one), 5 000 families, 32 labels of a series, names of 200 bytes and values
//! of 1024. What is beyond is refused: its handle works, and is shown nowhere. So is what has the name
//! of another kind of metric, or that of a part of a histogram. Refusals are counted by reason, in
//! `sysmetrics_registry_refused_total`, which is there when there are any.
//!
//! The hashes of keys of the facade `metrics` are not seeded: where somebody outside chooses values of
//! labels, he can make lookups slow, as slow as there may be series.

mod bins;
mod cell;
mod exemplar;
mod family;
mod histogram;
mod idle;
mod key;
mod name;
mod series;
mod shape;
mod shards;
mod sketch;
mod write;

pub use cell::{Counter, CounterCell, Gauge, GaugeCell};
pub use exemplar::MAX_RUNES;
pub use histogram::{Histogram, HistogramCell};
pub use idle::{Idle, MetricKindMask};
pub use key::Key;
pub use shape::{DEFAULT_QUANTILES, Matcher, Shape, Shapes};
pub use sketch::{MAX_WINDOWS, Window};
pub use write::families;

use crate::store::{Bounds, Reason};
use cell::Handle;
use family::{Families, Wish};
use key::Said;
use shards::Shards;
use std::fmt;
use std::hash::RandomState;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

/// So many keys may lead to one series; others are looked up the slow way each time.
const MAX_KEYS: usize = 8;

/// What is done to names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Units that are described become part of the name.
    pub units: bool,
    /// Counters end in `_total`.
    pub totals: bool,
}

/// What a registry is like.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How much is kept.
    pub bounds: Bounds,
    /// What histograms keep.
    pub shapes: Shapes,
    /// Labels of every series that has none of that name.
    pub labels: Vec<(String, String)>,
    /// What is done to names.
    pub naming: Naming,
    /// Which series are forgotten; otherwise all stay.
    pub idle: Option<Idle>,
    /// How names begin that are refused: they are another's on the same page.
    pub reserved: Vec<&'static str>,
}

/// All metrics of a program; clones are the same.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    options: Options,
    seed: RandomState,
    origin: Instant,
    shards: Shards,
    /// Locked before a shard is.
    families: RwLock<Families>,
    refused: [AtomicU64; Reason::ALL.len()],
    /// Observations that are no number.
    left_out: Arc<AtomicU64>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("series", &self.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// An empty one.
    pub fn new() -> Registry {
        Registry::with(Options::default())
    }

    /// An empty one that is like this.
    pub fn with(options: Options) -> Registry {
        Registry(Arc::new(Inner {
            options,
            seed: RandomState::new(),
            origin: Instant::now(),
            shards: Shards::default(),
            families: RwLock::default(),
            refused: [const { AtomicU64::new(0) }; Reason::ALL.len()],
            left_out: Arc::default(),
        }))
    }

    /// The counter of that name and labels, which starts at zero.
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        self.find(&Said { name, labels }, &Wish::Counter).unwrap_or_default()
    }

    /// The gauge of that name and labels, which starts at zero.
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        self.find(&Said { name, labels }, &Wish::Gauge).unwrap_or_default()
    }

    /// The histogram of that name and labels, or the summary, as the options say.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        self.observing(name, labels, None)
    }

    /// The same with buckets of these bounds; those of the first of a name hold.
    pub fn histogram_with_buckets(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        bounds: &[f64],
    ) -> Histogram {
        self.observing(name, labels, Some(&Shape::buckets(bounds)))
    }

    /// What the metric is, in a sentence. What is said first holds.
    pub fn describe(&self, name: &str, help: &str) {
        self.describe_with_unit(name, "", help);
    }

    /// The same; where the options say so the unit (`seconds`, `bytes`, …) becomes part of the name.
    pub fn describe_with_unit(&self, name: &str, unit: &str, help: &str) {
        let done = self.families_mut().describe(name, unit, help, &self.0.options);
        done.unwrap_or_else(|reason| self.refuse(reason));
    }

    /// The counter of a key; none if it is refused.
    pub fn counter_of(&self, key: &impl Key) -> Option<Counter> {
        self.find(key, &Wish::Counter)
    }

    /// The gauge of a key; none if it is refused.
    pub fn gauge_of(&self, key: &impl Key) -> Option<Gauge> {
        self.find(key, &Wish::Gauge)
    }

    /// The histogram or summary of a key; none if it is refused.
    pub fn histogram_of(&self, key: &impl Key) -> Option<Histogram> {
        self.find(key, &Wish::Histogram(None))
    }

    /// How many series there are; each bucket, quantile, sum and count of a histogram is one.
    pub fn len(&self) -> usize {
        self.families().lines
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many series were refused for this reason; for that of `Number`, observations.
    pub fn refused(&self, reason: Reason) -> u64 {
        let left_out = if reason == Reason::Number { self.0.left_out.load(Relaxed) } else { 0 };
        left_out + self.0.refused.get(reason as usize).map_or(0, |count| count.load(Relaxed))
    }

    /// What it is like.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    fn observing(&self, name: &str, labels: &[(&str, &str)], shape: Option<&Shape>) -> Histogram {
        let found = self.find(&Said { name, labels }, &Wish::Histogram(shape));
        let other = &self.0.options.shapes.other;
        found.unwrap_or_else(|| Histogram::new(shape.unwrap_or(other), Arc::default()))
    }

    #[inline]
    fn find<H: Handle>(&self, key: &impl Key, wish: &Wish<'_>) -> Option<H> {
        let hash = key.hash(&self.0.seed);
        self.0.shards.find(hash, key).or_else(|| self.make(hash, key, wish))
    }

    #[cold]
    fn make<H: Handle>(&self, hash: u64, key: &impl Key, wish: &Wish<'_>) -> Option<H> {
        let Inner { options, shards, left_out, .. } = &*self.0;
        let mut families = self.families_mut();
        match families.register(key, wish, options, left_out) {
            Err(reason) => {
                self.refuse(reason);
                None
            }
            Ok(entry) => {
                if entry.keys.len() < MAX_KEYS && shards.insert(hash, key, &entry.cell) {
                    entry.keys.push(hash);
                }
                H::of(&entry.cell).cloned()
            }
        }
    }

    fn refuse(&self, reason: Reason) {
        if let Some(count) = self.0.refused.get(reason as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn families(&self) -> RwLockReadGuard<'_, Families> {
        self.0.families.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn families_mut(&self) -> RwLockWriteGuard<'_, Families> {
        self.0.families.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.0.origin).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
