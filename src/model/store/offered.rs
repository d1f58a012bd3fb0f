//! The content of a sample: its type, value and buckets in its family.

use super::known::Known;
use super::labels::is_word;
use super::series::{Buckets, Parts};
use super::{Change, DEFAULT_BUCKETS, Group, Offer, Reason};
use crate::base::float::float;
use crate::model::metric::{Kind, Labels, Point};

/// The buckets of a family that `offer` makes.
pub(super) fn fresh_buckets<'a>(offer: &Offer<'a>) -> Buckets<'a> {
    match (offer.change, replaced(offer)) {
        (_, Some((Point::Histogram(h), texts))) => Buckets { bounds: h.bounds, texts },
        (Change::Observe(_) | Change::ObserveMany(..), _) => DEFAULT,
        _ => NO_BUCKETS,
    }
}

/// The parts of a new series, in a family with these buckets.
pub(super) fn fresh_parts(offer: &Offer<'_>, family: Buckets<'_>) -> Option<Parts> {
    match offer.change {
        Change::Replace(point) => Parts::of(point, "", family),
        Change::ReplaceAs(point, texts) => Parts::of(point, texts, family),
        Change::Observe(_) | Change::ObserveMany(..) => {
            Some(Parts::Counts(vec![0; family.bounds.len() + 1].into()))
        }
        Change::Set(_) | Change::Add(_) => None,
    }
}

/// The buckets of a family without any, and the default.
pub(super) const NO_BUCKETS: Buckets<'static> = Buckets { bounds: &[], texts: "" };
pub(super) const DEFAULT: Buckets<'static> = Buckets { bounds: &DEFAULT_BUCKETS, texts: "" };

/// The point that replaces a whole series, and how its bounds were written.
pub(super) fn replaced<'a>(offer: &Offer<'a>) -> Option<(Point<'a>, &'a str)> {
    match offer.change {
        Change::Replace(point) => Some((point, "")),
        Change::ReplaceAs(point, texts) => Some((point, texts)),
        _ => None,
    }
}

/// Whether it is a sample of a histogram or summary.
pub(super) fn is_whole(offer: &Offer<'_>) -> bool {
    !matches!(offer.change, Change::Set(_) | Change::Add(_))
}

/// The labels without the one of this key, or with another value for it, and the number of its old value.
pub(super) fn edited(
    labels: Labels<'_>,
    key: &[u8],
    value: Option<&[u8]>,
) -> (Vec<u8>, Option<f64>) {
    let (mut text, mut number, mut more) = (Vec::new(), None, value);
    let mut put = |key: &[u8], value: &[u8]| {
        let quote: &[u8] = if is_word(key, b"_") { b"" } else { b"\"" };
        let comma: &[u8] = if text.is_empty() { b"" } else { b"," };
        for part in [comma, quote, key, quote, b"=\"", value, b"\""] {
            text.extend_from_slice(part);
        }
    };
    for (label, old) in labels.raw_pairs() {
        if label == key {
            number = str::from_utf8(old).ok().and_then(float);
            continue;
        }
        if let Some(value) = more.take_if(|_| is_word(label, b"_") && label > key) {
            put(key, value);
        }
        put(label, old);
    }
    if let Some(value) = more {
        put(key, value);
    }
    (text, number)
}

pub(super) fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Gauge | Kind::Untyped)
}

/// Whether the family accepts such samples: the first type wins, and sources that relay metrics of others
/// may give a number another type, or bring one where others of them have histograms. A family of
/// ours keeps its type, and also accepts untyped samples.
pub(super) fn takes(family: &Known, offer: &Offer<'_>) -> bool {
    let is_relayed = offer.group != Group::SHARED && is_number(offer.kind);
    let is_typed = family.ours.is_some_and(|row| row.kind != Kind::Untyped);
    let is_vague = offer.kind == Kind::Untyped || !is_typed;
    let is_near = offer.kind == Kind::Untyped || family.owner != Group::SHARED;
    family.kind == offer.kind || is_relayed && is_vague && (is_near || is_number(family.kind))
}

/// The type of a sample in its family.
pub(super) fn kind_in(family: Option<&Known>, offer: &Offer<'_>) -> Kind {
    let of_family = family.map_or(offer.kind, |family| family.kind);
    if is_number(offer.kind) && !is_number(of_family) { offer.kind } else { of_family }
}

/// The value of a series of this type after `offer`.
pub(super) fn next_value(offer: &Offer<'_>, kind: Kind, old: f64) -> Result<f64, Reason> {
    let whole = replaced(offer).map(|(point, _)| point);
    let value = match (whole, offer.change, kind) {
        (Some(Point::Histogram(histogram)), _, Kind::Histogram) => {
            judge_buckets(histogram.bounds, histogram.counts)?;
            histogram.sum
        }
        (Some(Point::Summary(summary)), _, Kind::Summary) => summary.sum,
        (_, Change::Observe(values), Kind::Histogram) => old + values.iter().sum::<f64>(),
        (_, Change::ObserveMany(value, times), Kind::Histogram) => old + value * times as f64,
        (_, Change::Set(value), kind) if is_number(kind) => value,
        (_, Change::Add(more), Kind::Counter) if more < 0.0 => return Err(Reason::Negative),
        (_, Change::Add(more), kind) if is_number(kind) => old + more,
        _ => return Err(Reason::Number),
    };
    // A value that others computed may be NaN, or a counter below zero: Prometheus keeps both.
    let is_said = whole.is_some() || matches!(offer.change, Change::Set(_));
    if is_said && offer.group != Group::SHARED {
        return Ok(value);
    }
    if !value.is_finite() {
        return Err(Reason::Number);
    }
    if kind == Kind::Counter && value < 0.0 {
        return Err(Reason::Negative);
    }
    Ok(value)
}

/// Checks the buckets of a histogram.
pub(super) fn judge_buckets(bounds: &[f64], counts: &[u64]) -> Result<(), Reason> {
    let ascends = |pair: &[f64]| matches!(pair, [a, b] if a < b);
    let is_one = counts.len() == bounds.len() + 1 && bounds.windows(2).all(ascends);
    let is_sound = is_one && !bounds.iter().any(|b| b.is_nan() || *b == f64::INFINITY);
    if is_sound { Ok(()) } else { Err(Reason::Buckets) }
}
