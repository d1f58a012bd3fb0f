//! One metric family: a row holds all there is to know about it.

use super::Value;
use crate::settings::Dialect;
use crate::sys;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What a family's samples mean to whoever reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were at most as large as each bound, all, and their sum.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    Histogram,
    /// Chosen quantiles of observations, their number and their sum.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    Summary,
    /// A number of which its source does not say more.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    Untyped,
}

/// What the kernel's integer counts, hence how it becomes a base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things; also bytes and seconds that the kernel already gives as such.
    One,
    /// Sectors of 512 bytes, whatever the device says.
    Sectors,
    /// Units of 1024 bytes ("kB" in the kernel's texts).
    Kibibytes,
    /// Clock ticks of the kernel's texts (USER_HZ).
    Ticks,
    /// Milliseconds.
    Millis,
    /// Nanoseconds.
    Nanos,
}

/// Which dialects have the family, and how our own names it where that differs.
#[derive(Clone, Copy, Debug)]
pub enum Own<'a> {
    /// The same name and labels in both.
    Same,
    /// Another name or other label keys, in the same order.
    As {
        /// Without the prefix.
        name: &'a str,
        /// Label keys.
        labels: &'a [&'a str],
    },
    /// Only our own dialect has it.
    Only,
    /// Only node_exporter's has it.
    Absent,
}

/// One metric family.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// node_exporter's name without the prefix; `own` says where ours differs.
    pub name: &'a str,
    /// What the samples mean.
    pub kind: Kind,
    /// What the raw integer counts.
    pub unit: Unit,
    /// One sentence for people.
    pub help: &'a str,
    /// Label keys, in the order in which samples give the values.
    pub labels: &'a [&'a str],
    /// Which dialects have it.
    pub own: Own<'a>,
    /// The name is the field's standard (`process_*`) and takes no dialect's prefix.
    pub bare: bool,
    /// Without `_total` this counter's name is another family's: OpenMetrics gets it whole, as
    /// `unknown`, since there a counter's family is named without the suffix.
    pub shares_stem: bool,
    /// Lines of the histograms or summaries of the family before: text puts them under its header.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub continues: bool,
    /// Others named it so: a gauge stays one, whatever its name ends in.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub is_foreign: bool,
    /// Some `le` or `quantile` is no number: text gives it no type, as readers stop at that under one.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub has_words: bool,
    /// Some name is in UTF-8, or is another's once that is escaped.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub must_escape: bool,
    /// Nobody said what it is: it has no HELP line, in place of an empty one.
    #[cfg(feature = "recorder")]
    pub is_undescribed: bool,
    /// Tells families apart whose texts were made at run time, perhaps where others were before; 0
    /// for the rows of static tables.
    pub stamp: u32,
}

/// A stamp that no family bears yet.
pub fn fresh_stamp() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Relaxed).wrapping_add(1)
}

const fn row<'a>(
    kind: Kind,
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    Family {
        name,
        kind,
        unit,
        help,
        labels,
        own: Own::Same,
        bare: false,
        shares_stem: false,
        #[cfg(any(feature = "hub", feature = "recorder"))]
        continues: false,
        #[cfg(any(feature = "hub", feature = "recorder"))]
        is_foreign: false,
        #[cfg(any(feature = "hub", feature = "recorder"))]
        has_words: false,
        #[cfg(any(feature = "hub", feature = "recorder"))]
        must_escape: false,
        #[cfg(feature = "recorder")]
        is_undescribed: false,
        stamp: 0,
    }
}

/// A row of a collector's table: a counter.
pub const fn counter<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Counter, name, unit, help, labels)
}

/// A row of a collector's table: a gauge.
pub const fn gauge<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Gauge, name, unit, help, labels)
}

impl<'a> Family<'a> {
    /// One of other programs, with its whole name; its series bring their labels.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub const fn made(kind: Kind, name: &'a str, help: &'a str, stamp: u32) -> Family<'a> {
        row(kind, name, Unit::One, help, &[]).bare().stamped(stamp)
    }

    /// In our own dialect the family goes by another name, under the same labels.
    pub const fn own_as(mut self, name: &'a str) -> Family<'a> {
        self.own = Own::As { name, labels: self.labels };
        self
    }

    /// In our own dialect the labels have other keys.
    pub const fn own_labels(mut self, labels: &'a [&'a str]) -> Family<'a> {
        self.own = match self.own {
            Own::As { name, .. } => Own::As { name, labels },
            _ => Own::As { name: self.name, labels },
        };
        self
    }

    /// Only our own dialect has it.
    pub const fn only_own(mut self) -> Family<'a> {
        self.own = Own::Only;
        self
    }

    /// Only node_exporter's dialect has it.
    pub const fn only_node(mut self) -> Family<'a> {
        self.own = Own::Absent;
        self
    }

    /// A standard name that takes no prefix.
    pub const fn bare(mut self) -> Family<'a> {
        self.bare = true;
        self
    }

    /// A counter whose name without `_total` is another family's.
    pub const fn sharing_stem(mut self) -> Family<'a> {
        self.shares_stem = true;
        self
    }

    /// Lines of the family before.
    #[cfg(any(feature = "hub", feature = "recorder"))]
    pub const fn continuing(mut self) -> Family<'a> {
        self.continues = true;
        self
    }

    /// Nobody said what it is.
    #[cfg(feature = "recorder")]
    pub const fn undescribed(mut self) -> Family<'a> {
        self.is_undescribed = true;
        self
    }

    /// Made at run time.
    pub const fn stamped(mut self, stamp: u32) -> Family<'a> {
        self.stamp = stamp;
        self
    }

    /// Name without prefix and label keys in `dialect`; `None` where it has no such family.
    #[inline(always)]
    pub fn named(&self, dialect: Dialect) -> Option<(&'a str, &'a [&'a str])> {
        match (dialect, self.own) {
            (Dialect::Own, Own::As { name, labels }) => Some((name, labels)),
            (Dialect::Own, Own::Absent) | (Dialect::Node, Own::Only) => None,
            _ => Some((self.name, self.labels)),
        }
    }

    /// What stands before the name in `dialect`.
    pub fn prefix(&self, dialect: Dialect) -> &'static str {
        if self.bare { "" } else { dialect.prefix() }
    }

    /// The kernel's integer in base units.
    #[inline]
    pub fn value(&self, raw: u64) -> Value {
        match self.unit {
            Unit::One => Value::Int(raw),
            Unit::Sectors => Value::times(raw, 512),
            Unit::Kibibytes => Value::times(raw, 1024),
            Unit::Ticks => Value::ticks(raw, sys::user_hz()),
            Unit::Millis => Value::Milli(raw),
            Unit::Nanos => Value::Nano(raw),
        }
    }
}
