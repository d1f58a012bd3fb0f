//! The values: a counter is one atomic integer, a gauge one atomic float. A program that keeps a
//! handle changes it without a lock and without the registry.

use super::Histogram;
use super::atomic::add;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The value of a counter.
#[derive(Debug, Default)]
pub struct CounterCell {
    value: AtomicU64,
    /// It was set to the value that it has, which the value does not show. Read where series expire.
    touched: AtomicBool,
}

impl CounterCell {
    /// Adds to the counter; beyond 2^64 it starts again from zero, as Prometheus expects of counters.
    #[inline]
    pub fn increment(&self, by: u64) {
        self.value.fetch_add(by, Relaxed);
    }

    /// Raises the counter to at least this value.
    #[inline]
    pub fn absolute(&self, value: u64) {
        self.value.fetch_max(value, Relaxed);
        self.touched.store(true, Relaxed);
    }

    /// Returns the value.
    pub fn get(&self) -> u64 {
        self.value.load(Relaxed)
    }

    fn take_mark(&self) -> (bool, u64) {
        (self.touched.swap(false, Relaxed), self.get())
    }
}

/// The value of a gauge.
#[derive(Debug, Default)]
pub struct GaugeCell {
    bits: AtomicU64,
    touched: AtomicBool,
}

impl GaugeCell {
    /// Sets the gauge.
    #[inline]
    pub fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Relaxed);
        self.touched.store(true, Relaxed);
    }

    /// Adds to the gauge.
    #[inline]
    pub fn add(&self, value: f64) {
        add(&self.bits, value);
        self.touched.store(true, Relaxed);
    }

    /// Returns the value.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.load(Relaxed))
    }

    fn take_mark(&self) -> (bool, u64) {
        (self.touched.swap(false, Relaxed), self.bits.load(Relaxed))
    }
}

/// A handle of a counter; clones share the value.
#[derive(Clone, Debug, Default)]
pub struct Counter(pub(super) Arc<CounterCell>);

impl Counter {
    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.0.increment(1);
    }

    /// Adds `by`.
    #[inline]
    pub fn increment(&self, by: u64) {
        self.0.increment(by);
    }

    /// Raises the counter to at least this value, for values counted elsewhere, which several threads may read.
    #[inline]
    pub fn absolute(&self, value: u64) {
        self.0.absolute(value);
    }

    /// Returns the value.
    pub fn get(&self) -> u64 {
        self.0.get()
    }

    /// Returns the cell, for code that makes other handles of it.
    pub fn into_cell(self) -> Arc<CounterCell> {
        self.0
    }
}

/// A handle of a gauge; clones share the value.
#[derive(Clone, Debug, Default)]
pub struct Gauge(pub(super) Arc<GaugeCell>);

impl Gauge {
    /// Sets the gauge.
    #[inline]
    pub fn set(&self, value: f64) {
        self.0.set(value);
    }

    /// Adds to the gauge.
    #[inline]
    pub fn increment(&self, by: f64) {
        self.0.add(by);
    }

    /// Subtracts from the gauge.
    #[inline]
    pub fn decrement(&self, by: f64) {
        self.0.add(-by);
    }

    /// Returns the value.
    pub fn get(&self) -> f64 {
        self.0.get()
    }

    /// Returns the cell, for code that makes other handles of it.
    pub fn into_cell(self) -> Arc<GaugeCell> {
        self.0
    }
}

/// The kind of cell that is requested for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Counter,
    Gauge,
    /// Histogram or summary.
    Histogram,
}

/// The cell of a series.
#[derive(Clone, Debug)]
pub enum Cell {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

impl Cell {
    /// Whether both are the same cell.
    pub fn is(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Counter(one), Cell::Counter(other)) => Arc::ptr_eq(&one.0, &other.0),
            (Cell::Gauge(one), Cell::Gauge(other)) => Arc::ptr_eq(&one.0, &other.0),
            (Cell::Histogram(one), Cell::Histogram(other)) => Arc::ptr_eq(&one.0, &other.0),
            _ => false,
        }
    }

    /// The kind of the cell.
    #[inline]
    pub fn sort(&self) -> Sort {
        match self {
            Cell::Counter(_) => Sort::Counter,
            Cell::Gauge(_) => Sort::Gauge,
            Cell::Histogram(_) => Sort::Histogram,
        }
    }

    /// The number of holders: kept handles, and the registry.
    pub fn holders(&self) -> usize {
        match self {
            Cell::Counter(counter) => Arc::strong_count(&counter.0),
            Cell::Gauge(gauge) => Arc::strong_count(&gauge.0),
            Cell::Histogram(histogram) => Arc::strong_count(&histogram.0),
        }
    }

    /// Whether it was updated since the last call in a way that its mark does not show, and its mark.
    pub fn take_mark(&self) -> (bool, u64) {
        match self {
            Cell::Counter(counter) => counter.0.take_mark(),
            Cell::Gauge(gauge) => gauge.0.take_mark(),
            Cell::Histogram(histogram) => (false, histogram.count()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_grow_and_gauges_go_both_ways() {
        let counter = Counter::default();
        counter.inc();
        counter.clone().increment(6);
        counter.absolute(5);
        assert_eq!(counter.get(), 7);
        counter.absolute(9);
        assert_eq!(counter.get(), 9);
        let gauge = Gauge::default();
        gauge.set(2.5);
        gauge.increment(1.25);
        gauge.clone().decrement(0.5);
        assert_eq!(gauge.get(), 3.25);
    }

    #[test]
    fn marks_show_also_updates_to_the_same_value() {
        let (counter, gauge) = (Counter::default(), Gauge::default());
        let (one, other) = (Cell::Counter(counter.clone()), Cell::Gauge(gauge.clone()));
        assert_eq!((one.take_mark(), other.take_mark()), ((false, 0), (false, 0)));
        counter.inc();
        gauge.set(0.0);
        assert_eq!((one.take_mark(), other.take_mark()), ((false, 1), (true, 0)));
        counter.absolute(1);
        assert_eq!((one.take_mark(), other.take_mark()), ((true, 1), (false, 0)));
        assert_eq!((one.holders(), other.holders()), (2, 2));
    }
}
