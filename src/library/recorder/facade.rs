//! The registry as a recorder of the facade `metrics`. Its keys contain their hashes, so that a
//! macro without a kept handle costs a read lock and a comparison.

use super::PrometheusHandle;
use crate::library::registry::{CounterCell, GaugeCell, HistogramCell, Key, Registry};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use std::hash::RandomState;

/// A recorder of the facade, which `counter!`, `gauge!` and `histogram!` use once it is installed.
#[derive(Debug)]
pub struct PrometheusRecorder {
    handle: PrometheusHandle,
}

impl PrometheusRecorder {
    pub(super) fn new(handle: PrometheusHandle) -> PrometheusRecorder {
        PrometheusRecorder { handle }
    }

    /// Returns a handle that renders its metrics.
    pub fn handle(&self) -> PrometheusHandle {
        self.handle.clone()
    }

    fn registry(&self) -> &Registry {
        self.handle.registry()
    }

    fn describe(&self, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        self.registry().describe_with_unit(key.as_str(), unit.map_or("", unit_name), help);
    }
}

/// The suffix of names for a unit: a count has none, and percentages are ratios.
fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "",
        Unit::Percent => "ratio",
        unit => unit.as_str(),
    }
}

impl Recorder for PrometheusRecorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn register_counter(&self, key: &metrics::Key, _: &Metadata<'_>) -> Counter {
        let counter = self.registry().counter_of(&Facade(key));
        counter.map_or(Counter::noop(), |counter| Counter::from_arc(counter.into_cell()))
    }

    fn register_gauge(&self, key: &metrics::Key, _: &Metadata<'_>) -> Gauge {
        let gauge = self.registry().gauge_of(&Facade(key));
        gauge.map_or(Gauge::noop(), |gauge| Gauge::from_arc(gauge.into_cell()))
    }

    fn register_histogram(&self, key: &metrics::Key, _: &Metadata<'_>) -> Histogram {
        let histogram = self.registry().histogram_of(&Facade(key));
        histogram.map_or(Histogram::noop(), |histogram| Histogram::from_arc(histogram.into_cell()))
    }
}

/// A key of the facade.
struct Facade<'a>(&'a metrics::Key);

impl Key for Facade<'_> {
    #[inline]
    fn hash(&self, _: &RandomState) -> u64 {
        self.0.get_hash()
    }

    #[inline]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[inline]
    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.labels().map(|label| (label.key(), label.value()))
    }
}

impl CounterFn for CounterCell {
    #[inline]
    fn increment(&self, value: u64) {
        CounterCell::increment(self, value);
    }

    #[inline]
    fn absolute(&self, value: u64) {
        CounterCell::absolute(self, value);
    }
}

impl GaugeFn for GaugeCell {
    #[inline]
    fn increment(&self, value: f64) {
        self.add(value);
    }

    #[inline]
    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    #[inline]
    fn set(&self, value: f64) {
        GaugeCell::set(self, value);
    }
}

impl HistogramFn for HistogramCell {
    #[inline]
    fn record(&self, value: f64) {
        HistogramCell::record(self, value);
    }

    #[inline]
    fn record_many(&self, value: f64, count: usize) {
        HistogramCell::record_many(self, value, count as u64);
    }
}
