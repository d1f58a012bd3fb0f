//! Metrics of the program that uses this crate: counters, gauges and histograms, by name and labels.
//! A handle that is kept changes its value without a lock; a key that is known is found with one read
//! lock and no allocation; everything is bounded. A registry writes itself to any sink.
//!
//! Limits are those of [`Bounds`](crate::Bounds): 100 000 series (each bucket, quantile, sum and count of a
//! histogram or summary is one), 5 000 families, 32 labels of a series, names of 200 bytes and values
//! of 1024. What exceeds them is refused: its handle works, but is not exposed. So is a metric that has the name
//! of another kind of metric, or that of a part of a histogram. Refusals are counted by reason, in
//! `sysmetrics_registry_refused_total`, which exists once there are any; of each reason the first
//! eight keys are logged. A key that was refused is remembered, and found as quickly as others.
//!
//! Pages and threads that register series do not wait for each other: a page reads what is new a piece
//! at a time, then sorts and writes it alone.
//!
//! The hashes of keys of the facade `metrics` are not seeded: an outsider who chooses values of
//! labels can make lookups slow, as slow as the limit of series allows.

mod atomic;
mod bins;
mod catalog;
mod cell;
mod exemplar;
mod families;
mod family;
mod histogram;
mod identity;
mod idle;
mod index;
mod key;
mod name;
mod options;
mod page;
mod series;
mod setup;
mod shape;
mod shards;
mod sketch;
mod write;

pub use cell::{Counter, CounterCell, Gauge, GaugeCell};
pub use exemplar::MAX_RUNES;
pub use histogram::{Histogram, HistogramCell};
pub use key::Key;
pub use options::{Idle, MetricKindMask, Naming, Options};
pub use shape::{DEFAULT_QUANTILES, Matcher, Shape, Shapes};
pub use sketch::{MAX_WINDOWS, Window};
pub use write::families;

use crate::base::log;
use crate::model::store::Reason;
use catalog::Catalog;
use cell::Cell;
use family::MetricRequest;
use key::{BorrowedKey, StoredKey};
use page::Page;
use setup::Setup;
use shards::Shards;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The number of refused keys that are logged for each reason.
const MAX_LOGGED: u32 = 8;

/// All metrics of a program; clones share them.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    setup: Setup,
    origin: Instant,
    shards: Shards,
    /// Locked before a shard is, and only for a moment.
    catalog: Mutex<Catalog>,
    /// Locked while a page is written, and before the catalog is.
    page: Mutex<Page>,
    refused: [AtomicU64; Reason::ALL.len()],
    /// The number of refused keys that were logged.
    logged: [AtomicU32; Reason::ALL.len()],
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
    /// An empty registry.
    pub fn new() -> Registry {
        Registry::with(Options::default())
    }

    /// An empty registry with these options.
    pub fn with(options: Options) -> Registry {
        Registry(Arc::new(Inner {
            setup: Setup::new(options),
            origin: Instant::now(),
            shards: Shards::default(),
            catalog: Mutex::default(),
            page: Mutex::default(),
            refused: [const { AtomicU64::new(0) }; Reason::ALL.len()],
            logged: [const { AtomicU32::new(0) }; Reason::ALL.len()],
        }))
    }

    /// The counter with this name and labels, which starts at zero.
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        match self.find(&BorrowedKey { name, labels }, &MetricRequest::Counter) {
            (Cell::Counter(counter), _) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge with this name and labels, which starts at zero.
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        match self.find(&BorrowedKey { name, labels }, &MetricRequest::Gauge) {
            (Cell::Gauge(gauge), _) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram with this name and labels, or the summary, depending on the options.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        self.observing(name, labels, None)
    }

    /// The same with buckets of these bounds; the first bounds of a name count.
    pub fn histogram_with_buckets(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        bounds: &[f64],
    ) -> Histogram {
        self.observing(name, labels, Some(&Shape::buckets(bounds)))
    }

    /// Describes a metric in a sentence. The first description counts.
    pub fn describe(&self, name: &str, help: &str) {
        self.describe_with_unit(name, "", help);
    }

    /// The same; if the options say so the unit (`seconds`, `bytes`, …) becomes part of the name.
    pub fn describe_with_unit(&self, name: &str, unit: &str, help: &str) {
        let mut catalog = self.catalog();
        match catalog.families.describe(name, unit, help, &self.0.setup) {
            Ok(false) => {}
            // A name that was taken may be free.
            Ok(true) => self.0.shards.forget_refused(),
            Err(reason) => self.refuse(reason),
        }
    }

    /// The counter of a key; `None` if it is refused.
    pub fn counter_of(&self, key: &impl Key) -> Option<Counter> {
        match self.find(key, &MetricRequest::Counter) {
            (Cell::Counter(counter), None) => Some(counter),
            _ => None,
        }
    }

    /// The gauge of a key; `None` if it is refused.
    pub fn gauge_of(&self, key: &impl Key) -> Option<Gauge> {
        match self.find(key, &MetricRequest::Gauge) {
            (Cell::Gauge(gauge), None) => Some(gauge),
            _ => None,
        }
    }

    /// The histogram or summary of a key; `None` if it is refused.
    pub fn histogram_of(&self, key: &impl Key) -> Option<Histogram> {
        match self.find(key, &MetricRequest::Histogram(None)) {
            (Cell::Histogram(histogram), None) => Some(histogram),
            _ => None,
        }
    }

    /// The number of series; each bucket, quantile, sum and count of a histogram is one.
    pub fn len(&self) -> usize {
        self.catalog().lines
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a series was refused for this reason; for that of `Number`, observations.
    pub fn refused(&self, reason: Reason) -> u64 {
        let left_out = &self.0.setup.left_out;
        let left_out = if reason == Reason::Number { left_out.load(Relaxed) } else { 0 };
        left_out + self.0.refused.get(reason as usize).map_or(0, |count| count.load(Relaxed))
    }

    /// The options of the registry.
    pub fn options(&self) -> &Options {
        &self.0.setup.options
    }

    fn observing(&self, name: &str, labels: &[(&str, &str)], shape: Option<&Shape>) -> Histogram {
        match self.find(&BorrowedKey { name, labels }, &MetricRequest::Histogram(shape)) {
            (Cell::Histogram(histogram), _) => histogram,
            _ => Histogram::new(&Shape::buckets(&[]), Arc::default()),
        }
    }

    /// The cell of a key, which is of the requested kind; and why it is not exposed, if it is not.
    fn find(&self, key: &impl Key, request: &MetricRequest<'_>) -> (Cell, Option<Reason>) {
        let hash = key.hash(&self.0.setup.state);
        let Some((cell, refused)) = self.0.shards.find(hash, key, request.sort()) else {
            let mut catalog = self.catalog();
            catalog.set_key(key);
            return self.register(catalog, hash, request);
        };
        if let Some(reason) = refused {
            self.refuse(reason);
        }
        (cell, refused)
    }

    /// The same for the key that was set in the catalog.
    #[cold]
    fn register(
        &self,
        mut catalog: MutexGuard<'_, Catalog>,
        hash: u64,
        request: &MetricRequest<'_>,
    ) -> (Cell, Option<Reason>) {
        let Inner { setup, shards, .. } = &*self.0;
        match catalog.register(request, setup) {
            Ok(found) => {
                let cell = found.cell;
                // Another thread may have requested the same at the same time.
                let is_known =
                    || !found.is_new && shards.knows(hash, catalog.key(), request.sort());
                if let Some(key) = found.key.filter(|_| !is_known()) {
                    catalog.remember(found.place, hash, setup.options.idle.is_some());
                    shards.insert(hash, key, cell.clone());
                }
                (cell, None)
            }
            Err(reason) => {
                let cell = request.hidden_cell();
                let key = StoredKey::of(catalog.key());
                // Before the catalog is released, as another thread may then forget what was refused.
                let is_first = !shards.knows(hash, key.text(), request.sort())
                    && shards.refuse(hash, key.clone(), cell.clone(), reason);
                drop(catalog);
                self.refuse(reason);
                if is_first {
                    self.log_refusal(identity::name_of(key.text()), reason);
                }
                (cell, Some(reason))
            }
        }
    }

    /// Logs what is refused, the first few of each reason.
    fn log_refusal(&self, name: &str, reason: Reason) {
        let logged =
            self.0.logged.get(reason as usize).map_or(MAX_LOGGED, |n| n.fetch_add(1, Relaxed));
        if logged < MAX_LOGGED {
            let (word, why) = reason.text();
            let fields: [log::Field<'_>; 3] = [("metric", &name), ("reason", &word), ("why", &why)];
            log::warn("a series is refused and shown nowhere", &fields);
        }
    }

    fn refuse(&self, reason: Reason) {
        if let Some(count) = self.0.refused.get(reason as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.0.origin).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
