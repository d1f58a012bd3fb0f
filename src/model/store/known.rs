//! One family of the store.

use super::amount::Amount;
use super::group::Group;
use super::labels::{escaped, is_metric_name};
use super::series::Buckets;
use crate::model::metric::{Family, Kind, Row};
use std::cell::Cell;

/// One family of the store.
pub struct Known {
    pub name: Box<str>,
    pub help: Box<str>,
    pub kind: Kind,
    /// The bounds of a histogram's buckets; single series may have others.
    pub buckets: Box<[f64]>,
    /// How the bounds were written.
    pub(super) texts: Box<str>,
    /// The stamp of its numbers, if it is a family of histograms or summaries that also has numbers.
    pub lines: u32,
    /// The sort key of a name in UTF-8: its escaped form, and the name itself.
    pub(super) key: Option<Box<str>>,
    /// Some series of it has a label whose name is quoted.
    pub has_quoted: bool,
    /// Some number of it has a label `le` or `quantile` that is not a number.
    pub has_words: bool,
    /// Another family has the same name, once both are escaped.
    pub(super) is_shared: bool,
    /// Its series in the order in which they came.
    pub first: u32,
    pub last: u32,
    /// The owner of its first series, and how often the next series in the order has another owner.
    pub owner: Group,
    pub borders: u32,
    /// It stays without series.
    pub declared: bool,
    /// It was declared until the settings were read again.
    pub was_declared: bool,
    /// The account on which its size is counted.
    pub account: Group,
    /// Our own family of that name, or the one that Prometheus makes: its series are kept apart.
    pub ours: Option<&'static Family<'static>>,
    /// In which scrape its series were written after ours, and after which source.
    pub written: Cell<(u32, u32)>,
    pub(super) stamp: u32,
    pub(super) is_openmetrics_unknown: bool,
}

impl Known {
    /// Whether all its series are the group's, which may replace them.
    pub fn is_only_of(&self, group: Group) -> bool {
        self.owner == group && self.borders == 0 && group != Group::SHARED
    }

    /// Its size without its series.
    pub fn amount(&self) -> Amount {
        let bytes = self.name.len() + self.help.len() + self.texts.len();
        Amount { families: 1, bytes, series: 0 }
    }

    /// The bounds of a histogram's buckets; single series may have others.
    pub fn buckets(&self) -> Buckets<'_> {
        Buckets { bounds: &self.buckets, texts: &self.texts }
    }

    /// As sinks know families.
    pub fn row(&self) -> Row<'_> {
        let row = Family::made(self.kind, &self.name, &self.help, self.stamp);
        let row = if self.is_openmetrics_unknown { row.openmetrics_unknown() } else { row };
        row.foreign().to_escape(self.key.is_some() || self.has_quoted || self.is_shared)
    }

    /// The same for its numbers, if it is a family of histograms or summaries.
    pub fn row_of_lines(&self) -> Row<'_> {
        let row = self.row().of_kind(Kind::Untyped).stamped(self.lines);
        row.continuing()
    }

    /// The key by which families are sorted.
    pub(super) fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }
}

/// Whether samples of this type may be in a family of ours: of the same type, or untyped.
pub(super) fn fits(row: &Family<'_>, kind: Kind) -> bool {
    row.kind == kind || [row.kind, kind].contains(&Kind::Untyped)
}

/// Whether series of this name may be in a family of ours of that name: a name that equals ours only when it is
/// escaped is another family where it is not.
pub(super) fn may_join(row: &Family<'_>, name: &str) -> bool {
    row.kind == Kind::Untyped || is_metric_name(name.as_bytes())
}

/// The sort key of a name in UTF-8: families that have the same name once it is escaped are
/// adjacent.
pub(super) fn key_of(name: &str) -> impl Iterator<Item = u8> {
    escaped(name, ':').chain([0]).chain(name.bytes())
}
