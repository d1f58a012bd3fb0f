//! Builds a histogram or summary from the samples that belong to it.

use super::bound::as_go;
use super::line::Span;
use crate::base::sys;
use crate::model::metric::{Decimal, Histogram, Point, Summary};
use crate::model::store::NONE;

/// The largest count: above it not every whole number is a double.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

/// One histogram or summary.
pub struct Whole {
    /// The index of its family.
    pub family: u32,
    pub(super) is_summary: bool,
    /// Its labels in `keys`, without `le` and `quantile`.
    pub(super) key: Span,
    /// The index in `pairs` of its first label.
    pub(super) pairs: usize,
    pub(super) hash: u32,
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) sum: Option<f64>,
    pub(super) count: Option<f64>,
    /// Some bucket is `+Inf`.
    pub(super) has_inf: bool,
    pub(super) time: Option<i64>,
    /// It was handed on.
    pub(super) is_done: bool,
}

impl Whole {
    /// A new one without parts; its labels begin at `pairs`.
    pub(super) fn begin(of: (u32, bool), key: Span, pairs: usize, hash: u32) -> Whole {
        Whole {
            family: of.0,
            is_summary: of.1,
            key,
            pairs,
            hash,
            first: NONE,
            last: NONE,
            sum: None,
            count: None,
            has_inf: false,
            time: None,
            is_done: false,
        }
    }
}

/// A bucket or quantile.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) at: f64,
    pub(super) value: f64,
    /// The bound or quantile as it is in the text.
    pub(super) text: Span,
    pub(super) next: u32,
}

/// Collects the buckets or quantiles of one, in order, each once: the first counts. Returns how many were left out.
pub(super) fn pick(whole: &Whole, cells: &[Cell], picked: &mut Vec<Cell>) -> usize {
    picked.clear();
    let mut next = whole.first;
    while let Some(cell) = cells.get(next as usize) {
        // The index among them, in case they have to be sorted.
        picked.push(Cell { next, ..*cell });
        next = cell.next;
    }
    if picked.is_sorted_by(|a, b| a.at < b.at) {
        return 0;
    }
    sys::sort(picked, |a, b| a.at.total_cmp(&b.at).then(a.next.cmp(&b.next)));
    let before = picked.len();
    picked.dedup_by(|b, a| a.at.to_bits() == b.at.to_bits());
    before - picked.len()
}

pub(super) fn summary<'a>(
    whole: &Whole,
    picked: &[Cell],
    points: &'a mut Vec<(f64, f64)>,
) -> Option<Point<'a>> {
    points.clear();
    points.extend(picked.iter().map(|cell| (cell.at, cell.value)));
    let (sum, count) = (whole.sum?, count(whole.count?)?);
    let ascends = |pair: &[(f64, f64)]| matches!(pair, [a, b] if a.0 < b.0);
    let is_one =
        points.windows(2).all(ascends) && points.iter().all(|(at, _)| (0.0..=1.0).contains(at));
    is_one.then_some(Point::Summary(Summary { quantiles: points, sum, count }))
}

/// Turns cumulative buckets into single ones. The count is returned if it is not the sum
/// of all buckets.
pub(super) fn histogram<'a>(
    whole: &Whole,
    picked: &[Cell],
    bounds: &'a mut Vec<f64>,
    counts: &'a mut Vec<u64>,
) -> Option<(Point<'a>, Option<u64>)> {
    bounds.clear();
    counts.clear();
    let (sum, all) = (whole.sum?, count(whole.count?)?);
    let mut before = 0;
    for cell in picked {
        let up_to = count(cell.value)?;
        counts.push(up_to.checked_sub(before)?);
        before = up_to;
        bounds.push(cell.at);
    }
    let ascends = |pair: &[f64]| matches!(pair, [a, b] if a < b);
    let is_one = bounds.windows(2).all(ascends) && bounds.pop() == Some(f64::INFINITY);
    // A program that counts while it is read may report another count.
    let count = (before != all).then_some(all);
    is_one.then_some((Point::Histogram(Histogram { bounds, counts, sum }), count))
}

/// The number as a count, if it can be one.
fn count(value: f64) -> Option<u64> {
    ((0.0..=MAX_COUNT).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

/// How the bounds or quantiles, and a count that differs from that of the buckets, are written in the text.
pub(super) fn put_texts(
    cells: &[Cell],
    count: Option<u64>,
    as_pushgateway: bool,
    text: &[u8],
    to: &mut Vec<u8>,
) {
    to.clear();
    for cell in cells {
        match cell.text.of(text) {
            b"" => to.extend_from_slice(b"+Inf"),
            bound if as_pushgateway => as_go(bound, to),
            bound => to.extend_from_slice(bound),
        }
        to.push(b',');
    }
    if let Some(count) = count {
        to.push(b'=');
        to.extend_from_slice(Decimal::of(count).as_bytes());
    }
}
