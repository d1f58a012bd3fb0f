//! The request in protobuf. Field numbers are those of metrics.proto, common.proto, resource.proto and
//! metrics_service.proto. A point of one number, of which most requests are made, is measured first
//! and then written in a few moves.

use super::model::{Buckets, Form, Meaning, integer};
use super::{NO_RECORDED_VALUE, SCOPE, TYPE_KEY, VERSION};
use crate::export::proto::{Proto, put_text, put_varint, varint_len};
use crate::frame::{FamilyView, Quantiles, Reading, SeriesView, View};
use crate::metric::{Histogram, Value};

/// Guesses of lengths: some hundred points, many points, one point, a few words.
const REQUEST: usize = 20_000;
const MANY: usize = 1_000;
const ONE: usize = 127;

/// The longest length of one byte.
const BYTE: usize = 0x7f;

/// Besides key and value: tag and length of the pair, of its key, of its value, of the text in that.
const PAIR: usize = 8;

/// Tag and content of a fixed64.
const WORD: usize = 9;

/// Where each kind of point has its attributes and its flags.
const NUMBER: (u32, u32) = (7, 8);
const HISTOGRAM: (u32, u32) = (9, 10);
const SUMMARY: (u32, u32) = (7, 8);

/// Appends one request in protobuf; nothing if there is no point. `resource` are attributes. Tells how
/// many samples were left out, as they do not fit their kind.
pub fn encode(view: &View<'_>, resource: &[(String, String)], out: &mut Vec<u8>) -> u64 {
    let (start, mut left_out) = (out.len(), 0);
    let mut proto = Proto::new(out);
    let request = proto.begin(1, REQUEST);
    proto.message(1, MANY, |p| resource.iter().for_each(|(k, v)| pair(p, 1, k, v)));
    let scope = proto.begin(2, REQUEST);
    proto.message(1, ONE, |p| {
        p.bytes(1, SCOPE.as_bytes());
        p.bytes(2, VERSION.as_bytes());
    });
    let mut is_empty = true;
    for family in view.families() {
        is_empty &= !metric(&mut proto, &family, &mut left_out);
    }
    proto.end(scope);
    proto.end(request);
    if is_empty {
        out.truncate(start);
    }
    left_out
}

/// Whether it has a point, and is written. Adds to `left_out` what has none.
fn metric(proto: &mut Proto<'_>, family: &FamilyView<'_>, left_out: &mut u64) -> bool {
    let (def, meaning) = (family.def, Meaning::of(&family.def));
    let start = proto.out().len();
    let guess = if family.series().nth(1).is_some() { MANY } else { ONE };
    let metric = proto.begin(2, MANY);
    proto.bytes(1, def.name.as_bytes());
    for (field, text) in [(2, def.help), (3, meaning.unit)] {
        if !text.is_empty() {
            proto.bytes(field, text.as_bytes());
        }
    }
    let data = proto.begin(
        match meaning.form {
            Form::Gauge => 5,
            Form::Sum => 7,
            Form::Histogram => 9,
            Form::Summary => 11,
        },
        guess,
    );
    let mut is_empty = true;
    for series in family.series() {
        let is_written = point(proto, &meaning, &series);
        is_empty &= !is_written;
        *left_out += u64::from(!is_written);
    }
    if matches!(meaning.form, Form::Sum | Form::Histogram) {
        proto.varint(2, meaning.temporality);
    }
    if meaning.is_monotonic {
        proto.varint(3, 1);
    }
    proto.end(data);
    pair(proto, 12, TYPE_KEY, meaning.kind);
    proto.end(metric);
    if is_empty {
        proto.out().truncate(start);
    }
    !is_empty
}

/// Whether there is one.
fn point(proto: &mut Proto<'_>, meaning: &Meaning, series: &SeriesView<'_>) -> bool {
    let Some(reading) = meaning.reading(series) else { return false };
    let times = meaning.times(series);
    match reading {
        Reading::Number(value) => number(proto, series, times, value),
        Reading::Histogram(h) => {
            let open = proto.begin(1, MANY);
            if common(proto, series, times, HISTOGRAM) {
                histogram(proto, &h);
            }
            proto.end(open);
        }
        Reading::Summary(s) => {
            let open = proto.begin(1, MANY);
            if common(proto, series, times, SUMMARY) {
                summary(proto, &s);
            }
            proto.end(open);
        }
    }
    true
}

fn number(proto: &mut Proto<'_>, series: &SeriesView<'_>, times: (u64, u64), value: Value) {
    let pairs: usize = series.labels().map(|(k, v)| pair_len(k, v)).sum();
    let words = usize::from(times.0 > 0) + 1 + usize::from(!series.is_stale);
    let length = pairs + words * WORD + if series.is_stale { 2 } else { 0 };
    let out = proto.out();
    // Room for the whole point, its tag and its length.
    out.reserve(length + 16);
    out.push(1 << 3 | 2);
    put_varint(out, length as u64);
    if common(proto, series, times, NUMBER) {
        match integer(value) {
            Some(n) => proto.fixed64(6, n as u64),
            None => proto.double(4, value.as_f64()),
        }
    }
}

/// What points have in common; whether a value follows.
fn common(
    proto: &mut Proto<'_>,
    series: &SeriesView<'_>,
    (start, time): (u64, u64),
    (attributes, flags): (u32, u32),
) -> bool {
    for (key, value) in series.labels() {
        pair(proto, attributes, key, value);
    }
    if start > 0 {
        proto.fixed64(2, start);
    }
    proto.fixed64(3, time);
    if series.is_stale {
        proto.varint(flags, NO_RECORDED_VALUE);
    }
    !series.is_stale
}

fn histogram(proto: &mut Proto<'_>, histogram: &Histogram<'_>) {
    let buckets = Buckets::of(histogram);
    proto.fixed64(4, buckets.count);
    proto.double(5, histogram.sum);
    proto.packed_fixed64(6, &buckets.counts);
    proto.packed_doubles(7, buckets.bounds);
}

fn summary(proto: &mut Proto<'_>, summary: &Quantiles<'_>) {
    proto.fixed64(4, summary.count);
    proto.double(5, summary.sum);
    for (quantile, value) in summary.iter() {
        proto.message(6, ONE, |p| {
            p.double(1, quantile);
            p.double(2, value);
        });
    }
}

/// The bytes of a pair, whose field number is below 16.
#[inline]
fn pair_len(key: &str, value: &str) -> usize {
    let length = key.len() + value.len() + PAIR;
    if length - 2 <= BYTE {
        return length;
    }
    let text = 1 + varint_len(value.len() as u64) + value.len();
    let any = 1 + varint_len(text as u64) + text;
    let inner = 1 + varint_len(key.len() as u64) + key.len() + any;
    1 + varint_len(inner as u64) + inner
}

/// A `KeyValue` of two texts. Of a field number of 16 or more the tag is not one byte.
#[inline]
fn pair(proto: &mut Proto<'_>, field: u32, key: &str, value: &str) {
    let length = key.len() + value.len() + PAIR - 2;
    if length > BYTE {
        return long_pair(proto, field, key, value);
    }
    let out = proto.out();
    out.reserve(length + 2);
    out.extend_from_slice(&[(field << 3) as u8 | 2, length as u8, 0x0a, key.len() as u8]);
    put_text(out, key.as_bytes());
    out.extend_from_slice(&[0x12, value.len() as u8 + 2, 0x0a, value.len() as u8]);
    put_text(out, value.as_bytes());
}

#[cold]
fn long_pair(proto: &mut Proto<'_>, field: u32, key: &str, value: &str) {
    proto.message(field, key.len() + value.len() + PAIR, |p| {
        p.bytes(1, key.as_bytes());
        p.message(2, value.len() + 2, |p| p.bytes(1, value.as_bytes()));
    });
}
