//! How a family is mapped (compatibility/prometheus_and_openmetrics.md): a counter is a monotonic
//! sum, a gauge and an untyped family a gauge, info a sum that is not monotonic, histogram and summary
//! stay what they are. The type is sent as metadata `prometheus.type`.

use super::units;
use crate::model::frame::{FamilyDef, Reading, SeriesView};
use crate::model::metric::{Histogram, Kind, Value};
use std::borrow::Cow;

/// `AggregationTemporality`: since the previous point.
const DELTA: u64 = 1;
/// `AggregationTemporality`: since the start.
const CUMULATIVE: u64 = 2;

const NANOS_A_MILLI: u64 = 1_000_000;

/// The kind of a metric's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `Gauge`
    Gauge,
    /// `Sum`
    Sum,
    /// `Histogram`
    Histogram,
    /// `Summary`
    Summary,
}

/// The mapping of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricShape {
    /// The kind of its data.
    pub form: Form,
    /// Whether it only grows.
    pub is_monotonic: bool,
    /// `AggregationTemporality`, of sums and histograms.
    pub temporality: u64,
    /// Its type in Prometheus.
    pub kind: &'static str,
    /// The unit in UCUM; may be empty.
    pub unit: &'static str,
}

impl Form {
    /// The form of a family.
    pub fn of(def: &FamilyDef<'_>) -> Form {
        match def.kind {
            Kind::Counter => Form::Sum,
            Kind::Gauge if is_info(def) => Form::Sum,
            Kind::Gauge | Kind::Untyped => Form::Gauge,
            Kind::Histogram => Form::Histogram,
            Kind::Summary => Form::Summary,
        }
    }

    /// The value of a series of the family; `None` if it does not fit.
    pub fn reading<'a>(self, series: &SeriesView<'a>) -> Option<Reading<'a>> {
        let reading = series.reading()?;
        let fits = match (&reading, self) {
            (Reading::Number(_), form) => matches!(form, Form::Gauge | Form::Sum),
            (Reading::Histogram(_), form) => form == Form::Histogram,
            (Reading::Summary(_), form) => form == Form::Summary,
        };
        fits.then_some(reading)
    }

    /// The start time of a point and its time, in nanoseconds since 1970. The first is 0,
    /// unknown, for gauges, and where it is not before the second: that would be "reset at an unknown
    /// time", and receivers treat such a point as zero.
    pub fn times(self, series: &SeriesView<'_>) -> (u64, u64) {
        let (start, time) = (series.start(), series.time());
        let is_known = self != Form::Gauge && start < time;
        (if is_known { nanos(start) } else { 0 }, nanos(time))
    }
}

impl MetricShape {
    /// The mapping of a family.
    pub fn of(def: &FamilyDef<'_>) -> MetricShape {
        let kind = match def.kind {
            Kind::Counter => "counter",
            Kind::Gauge if is_info(def) => "info",
            Kind::Gauge => "gauge",
            Kind::Untyped => "unknown",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
        };
        let is_monotonic = def.kind == Kind::Counter;
        let is_delta = def.is_delta && kind != "info";
        let temporality = if is_delta { DELTA } else { CUMULATIVE };
        let (form, unit) = (Form::of(def), units::of(def.name));
        MetricShape { form, is_monotonic, temporality, kind, unit }
    }
}

fn is_info(def: &FamilyDef<'_>) -> bool {
    def.name.ends_with("_info")
}

fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or_default().saturating_mul(NANOS_A_MILLI)
}

/// The number as an integer, if OTLP has room for it.
pub fn integer(value: Value) -> Option<i64> {
    match value {
        Value::Int(n) => i64::try_from(n).ok(),
        _ => None,
    }
}

/// The buckets of a histogram in the form of OTLP: no bound is +Inf.
pub struct Buckets<'a> {
    /// The bounds, ascending.
    pub bounds: &'a [f64],
    /// The count of each bucket, one more than there are bounds.
    pub counts: Cow<'a, [u64]>,
    /// The total count.
    pub count: u64,
}

impl<'a> Buckets<'a> {
    /// The buckets of a histogram.
    pub fn of(histogram: &Histogram<'a>) -> Buckets<'a> {
        let (mut bounds, mut counts) = (histogram.bounds, Cow::Borrowed(histogram.counts));
        let count = counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        while let Some((&f64::INFINITY, rest)) = bounds.split_last() {
            bounds = rest;
            counts = joined(&counts).into();
        }
        Buckets { bounds, counts, count }
    }
}

/// The counts with the last two added up.
fn joined(counts: &[u64]) -> Vec<u64> {
    let mut counts = counts.to_vec();
    let beyond = counts.pop().unwrap_or_default();
    if let Some(last) = counts.last_mut() {
        *last = last.saturating_add(beyond);
    }
    counts
}
