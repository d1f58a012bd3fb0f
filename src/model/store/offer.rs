//! What comes in: a sample, and what becomes of its series.

use super::amount::Amount;
use super::group::Group;
use crate::model::metric::{Kind, Labels, Point};
use std::time::Duration;

/// What becomes of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// A number is this one.
    Set(f64),
    /// A number is so much more.
    Add(f64),
    /// A histogram has seen these.
    Observe(&'a [f64]),
    /// A histogram has seen this so many times.
    ObserveMany(f64, u64),
    /// A histogram or summary is this one.
    Replace(Point<'a>),
    /// The same; the bounds of its buckets, `+Inf` among them, or its quantiles were written like
    /// this, with a comma behind each; then comes `=` and the count of a histogram if it is another
    /// than that of all buckets.
    ReplaceAs(Point<'a>, &'a str),
}

/// A sample from outside.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The whole name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// One sentence for people; that of the first sample of a family is kept.
    pub help: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
    /// What becomes of it.
    pub change: Change<'a>,
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
    /// How long it lives without another; zero is for ever, or as long as its group wants it.
    pub ttl: Duration,
    /// Who brings it.
    pub group: Group,
}

impl Offer<'_> {
    /// What its family takes, if there is none yet.
    pub fn of_family(&self) -> Amount {
        let texts = self.texts_of_family();
        Amount { families: 1, bytes: self.name.len() + self.help.len() + texts.len(), series: 0 }
    }

    /// How the bounds of the buckets are written that its family has.
    pub(super) fn texts_of_family(&self) -> &str {
        match self.change {
            Change::ReplaceAs(Point::Histogram(_), texts) => texts,
            _ => "",
        }
    }
}
