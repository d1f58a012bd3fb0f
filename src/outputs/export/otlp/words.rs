//! The words of eight bytes in a request: all that changes from frame to frame of the same series.

use super::model::{Buckets, Form, integer};
use crate::model::frame::{Reading, SeriesView};

/// Field numbers of the times of points, the value of numbers, and count and sum of histograms and summaries.
pub const START: u32 = 2;
pub const TIME: u32 = 3;
pub const DOUBLE: u32 = 4;
pub const INTEGER: u32 = 6;
pub const COUNT: u32 = 4;
pub const SUM: u32 = 5;

/// The kind of a word.
#[derive(Clone, Copy)]
pub enum Word {
    /// A field with a time that other points have as well.
    Steady(u32),
    /// A field with a number of its own.
    Own(u32),
    /// An element of a list.
    Listed,
}

impl Word {
    /// The number of the field.
    pub fn field(self) -> Option<u32> {
        match self {
            Word::Steady(field) | Word::Own(field) => Some(field),
            Word::Listed => None,
        }
    }
}

/// Hands each word of a point to `put`, in the order in which they are written. Ends where one is not
/// accepted, and returns whether all were.
pub fn words(form: Form, series: &SeriesView<'_>, put: &mut impl FnMut(Word, u64) -> bool) -> bool {
    let Some(reading) = form.reading(series) else { return true };
    let (start, time) = form.times(series);
    let of_time = if series.def.is_timed { Word::Own(TIME) } else { Word::Steady(TIME) };
    if start > 0 && !put(Word::Steady(START), start) || !put(of_time, time) {
        return false;
    }
    match reading {
        _ if series.is_stale => true,
        Reading::Number(value) => match integer(value) {
            Some(n) => put(Word::Own(INTEGER), n as u64),
            None => put(Word::Own(DOUBLE), value.as_f64().to_bits()),
        },
        Reading::Histogram(h) => {
            let buckets = Buckets::of(&h);
            let bounds = buckets.bounds.iter().map(|bound| bound.to_bits());
            put(Word::Own(COUNT), buckets.count)
                && put(Word::Own(SUM), h.sum.to_bits())
                && buckets.counts.iter().copied().chain(bounds).all(|word| put(Word::Listed, word))
        }
        Reading::Summary(s) => {
            put(Word::Own(COUNT), s.count)
                && put(Word::Own(SUM), s.sum.to_bits())
                && s.iter()
                    .all(|(q, v)| put(Word::Own(1), q.to_bits()) && put(Word::Own(2), v.to_bits()))
        }
    }
}
