//! A sample from outside, and its effect on its series.

use super::amount::Amount;
use super::group::Group;
use crate::model::metric::{Kind, Labels, Point};
use std::time::Duration;

/// The effect on a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// Sets a number.
    Set(f64),
    /// Adds to a number.
    Add(f64),
    /// Adds these observations to a histogram.
    Observe(&'a [f64]),
    /// Adds an observation to a histogram, this many times.
    ObserveMany(f64, u64),
    /// Replaces a histogram or summary.
    Replace(Point<'a>),
    /// Like `Replace`, with how the bounds of its buckets, `+Inf` among them, or its quantiles were written,
    /// with a comma after each; then comes `=` and the count of a histogram if it differs
    /// from that of all buckets.
    ReplaceAs(Point<'a>, &'a str),
}

/// A sample from outside.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The whole name.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// One sentence for people; the one of the first sample of a family is kept.
    pub help: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
    /// Its effect on the series.
    pub change: Change<'a>,
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
    /// How long it lives without another sample; zero is for ever, or as long as its group keeps it.
    pub ttl: Duration,
    /// The owner of the series.
    pub group: Group,
    /// It is a line of a histogram or summary that is not kept as one.
    pub is_line: bool,
}

impl Offer<'_> {
    /// The size of its family, if that has to be made.
    pub fn of_family(&self) -> Amount {
        let texts = self.texts_of_family();
        Amount { families: 1, bytes: self.name.len() + self.help.len() + texts.len(), series: 0 }
    }

    /// How the bounds of its family's buckets are written.
    pub(super) fn texts_of_family(&self) -> &str {
        match self.change {
            Change::ReplaceAs(Point::Histogram(_), texts) => texts,
            _ => "",
        }
    }
}
