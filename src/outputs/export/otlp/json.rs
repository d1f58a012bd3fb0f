//! The request in JSON (proto3's mapping, with the deviations of the OTLP specification): names in
//! lowerCamelCase, integers of 64 bits as texts, enums as numbers, numbers that are not finite as "NaN",
//! "Infinity", "-Infinity".

use super::model::{Buckets, Form, MetricShape, integer};
use super::{SCOPE, TYPE_KEY, VERSION};
use crate::model::frame::{FamilyView, Reading, SeriesView, View};
use crate::model::metric::{Decimal, Value};
use crate::outputs::json_text::escaped;

/// Appends one request in JSON; nothing if there is no point. `resource` are attributes. Returns how many
/// samples were left out, as they do not fit their kind.
pub fn encode_json(view: &View<'_>, resource: &[(String, String)], out: &mut Vec<u8>) -> u64 {
    let (start, mut left_out) = (out.len(), 0);
    put(out, r#"{"resourceMetrics":[{"resource":{"attributes":"#);
    pairs(out, resource.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    put(out, r#"},"scopeMetrics":[{"scope":{"name":"#);
    text(out, SCOPE);
    put(out, r#","version":"#);
    text(out, VERSION);
    put(out, r#"},"metrics":["#);
    let mut is_empty = true;
    for family in view.families() {
        is_empty &= !metric(out, &family, &mut left_out);
    }
    put(out, "]}]}]}");
    if is_empty {
        out.truncate(start);
    }
    left_out
}

/// Writes a metric; returns whether it has a point. Adds to `left_out` the samples without one.
fn metric(out: &mut Vec<u8>, family: &FamilyView<'_>, left_out: &mut u64) -> bool {
    let (def, meaning) = (family.def, MetricShape::of(&family.def));
    let start = out.len();
    comma(out);
    put(out, r#"{"name":"#);
    text(out, def.name);
    for (name, value) in [(r#","description":"#, def.help), (r#","unit":"#, meaning.unit)] {
        if !value.is_empty() {
            put(out, name);
            text(out, value);
        }
    }
    put(out, r#","metadata":"#);
    pairs(out, [(TYPE_KEY, meaning.kind)].into_iter());
    begin_data(out, &meaning);
    let mut is_empty = true;
    for series in family.series() {
        let is_written = point(out, &meaning, &series);
        is_empty &= !is_written;
        *left_out += u64::from(!is_written);
    }
    put(out, "]}}");
    if is_empty {
        out.truncate(start);
    }
    !is_empty
}

/// Writes the data of a metric up to its points.
fn begin_data(out: &mut Vec<u8>, meaning: &MetricShape) {
    put(
        out,
        match meaning.form {
            Form::Gauge => r#","gauge":{"#,
            Form::Sum => r#","sum":{"#,
            Form::Histogram => r#","histogram":{"#,
            Form::Summary => r#","summary":{"#,
        },
    );
    if matches!(meaning.form, Form::Sum | Form::Histogram) {
        put(out, r#""aggregationTemporality":"#);
        out.extend_from_slice(Decimal::of(meaning.temporality).as_bytes());
        put(out, ",");
    }
    if meaning.is_monotonic {
        put(out, r#""isMonotonic":true,"#);
    }
    put(out, r#""dataPoints":["#);
}

/// Writes a point; returns whether there is one.
fn point(out: &mut Vec<u8>, meaning: &MetricShape, series: &SeriesView<'_>) -> bool {
    let Some(reading) = meaning.form.reading(series) else { return false };
    comma(out);
    put(out, r#"{"attributes":"#);
    pairs(out, series.labels());
    let (start, time) = meaning.form.times(series);
    if start > 0 {
        member(out, r#","startTimeUnixNano":"#, start);
    }
    member(out, r#","timeUnixNano":"#, time);
    if series.is_stale {
        put(out, r#","flags":1"#);
    } else {
        value(out, &reading);
    }
    put(out, "}");
    true
}

fn value(out: &mut Vec<u8>, reading: &Reading<'_>) {
    match reading {
        Reading::Number(value) => number(out, *value),
        Reading::Histogram(histogram) => {
            let buckets = Buckets::of(histogram);
            member(out, r#","count":"#, buckets.count);
            put(out, r#","sum":"#);
            double(out, histogram.sum);
            put(out, r#","bucketCounts":["#);
            for count in buckets.counts.iter() {
                comma(out);
                member(out, "", *count);
            }
            put(out, r#"],"explicitBounds":["#);
            for bound in buckets.bounds {
                comma(out);
                double(out, *bound);
            }
            put(out, "]");
        }
        Reading::Summary(summary) => {
            member(out, r#","count":"#, summary.count);
            put(out, r#","sum":"#);
            double(out, summary.sum);
            put(out, r#","quantileValues":["#);
            for (quantile, value) in summary.iter() {
                comma(out);
                put(out, r#"{"quantile":"#);
                double(out, quantile);
                put(out, r#","value":"#);
                double(out, value);
                put(out, "}");
            }
            put(out, "]");
        }
    }
}

fn number(out: &mut Vec<u8>, value: Value) {
    match integer(value) {
        Some(n) => member(out, r#","asInt":"#, n.unsigned_abs()),
        None => {
            put(out, r#","asDouble":"#);
            double(out, value.as_f64());
        }
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends a comma after a value.
fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
}

/// Writes `name`, and an integer of 64 bits.
fn member(out: &mut Vec<u8>, name: &str, n: u64) {
    put(out, name);
    out.push(b'"');
    out.extend_from_slice(Decimal::of(n).as_bytes());
    out.push(b'"');
}

fn double(out: &mut Vec<u8>, n: f64) {
    match n {
        f64::INFINITY => put(out, r#""Infinity""#),
        f64::NEG_INFINITY => put(out, r#""-Infinity""#),
        n if n.is_nan() => put(out, r#""NaN""#),
        n => put(out, zmij::Buffer::new().format_finite(n)),
    }
}

/// Writes a list of `KeyValue`.
fn pairs<'a>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    put(out, "[");
    for (key, value) in pairs {
        comma(out);
        put(out, r#"{"key":"#);
        text(out, key);
        put(out, r#","value":{"stringValue":"#);
        text(out, value);
        put(out, "}}");
    }
    put(out, "]");
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(text.as_bytes(), &mut |part| out.extend_from_slice(part));
    out.push(b'"');
}
