//! One metric family, described by one row.

use super::{Unit, Value};
use crate::base::dialect::Dialect;
use crate::base::sys::{Entry, List, Single};

/// The type of a family's samples, for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were at most as large as each bound, their total number, and their sum.
    Histogram,
    /// Chosen quantiles of observations, their number and their sum.
    Summary,
    /// A number whose source does not give a type.
    Untyped,
}

/// One metric family, in 14 bytes: a table of a thousand rows is part of every binary. Its first text is
/// node_exporter's name without the prefix; behind it, if `split` is not 0, `|` and our own name. The second is one
/// sentence for people. The list is the label keys, in the order in which samples give the values; with `OWN_KEYS`
/// node_exporter's and then as many of ours.
pub type Family<'a> = Entry<'a, Traits>;

/// One that is in no table.
pub type Row<'a> = Single<'a, Traits>;

/// The properties of a family besides its texts.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// What the samples mean.
    pub kind: Kind,
    /// The length of node_exporter's name; 0 if ours is the same.
    pub(super) split: u8,
    /// Further properties, and in the highest bits the unit of the raw integer.
    pub(super) flags: u16,
}

/// The position of the unit in the flags.
pub(super) const UNIT: u32 = 12;

/// Only our own dialect has the family.
pub(super) const NATIVE_ONLY: u16 = 1;
/// Only node_exporter's has it.
pub(super) const NODE_ONLY: u16 = 2;
/// The label keys of the two dialects differ.
pub(super) const OWN_KEYS: u16 = 4;
/// The name is an established one (`process_*`) and has no dialect's prefix.
pub(super) const UNPREFIXED: u16 = 8;
/// Without `_total` this counter's name is another family's: OpenMetrics gets it whole, as `unknown`,
/// since there a counter's family is named without the suffix.
pub(super) const SHARES_STEM: u16 = 16;
/// It has no description: there is no HELP line, instead of an empty one.
pub(super) const UNDESCRIBED: u16 = 32;
/// Lines of the histograms or summaries of the family before: text puts them under its header.
pub(super) const CONTINUES: u16 = 64;
/// Other programs named it: a gauge stays one, whatever its name ends in.
pub(super) const FOREIGN: u16 = 128;
/// Some `le` or `quantile` is not a number: text gives it no type, as readers reject that in a typed family.
pub(super) const HAS_WORDS: u16 = 256;
/// Some name is in UTF-8, or is another's once that is escaped.
pub(super) const MUST_ESCAPE: u16 = 512;

/// node_exporter has nothing like it: its name has our own prefix in either dialect.
pub(super) const OWN_PREFIX: u16 = 1024;

impl<'a> Family<'a> {
    const fn is(&self, flag: u16) -> bool {
        self.data().flags & flag != 0
    }

    /// One sentence for people.
    pub fn help(&self) -> &'a str {
        self.second()
    }

    /// Whether these are lines of the family before.
    pub const fn continues(&self) -> bool {
        self.is(CONTINUES)
    }

    /// Whether other programs named it.
    pub const fn is_foreign(&self) -> bool {
        self.is(FOREIGN)
    }

    /// Whether some `le` or `quantile` is not a number.
    pub const fn has_words(&self) -> bool {
        self.is(HAS_WORDS)
    }

    /// Whether a name has to be escaped for readers without UTF-8 names.
    pub const fn must_escape(&self) -> bool {
        self.is(MUST_ESCAPE)
    }

    /// The unit of the raw integer.
    pub fn unit(&self) -> Unit {
        Unit::at(self.flags >> UNIT)
    }

    /// Whether its name has no prefix.
    pub const fn is_unprefixed(&self) -> bool {
        self.is(UNPREFIXED)
    }

    /// Whether OpenMetrics cannot name it as a counter.
    pub const fn is_openmetrics_unknown(&self) -> bool {
        self.is(SHARES_STEM)
    }

    /// Whether it has no description.
    pub const fn is_undescribed(&self) -> bool {
        self.is(UNDESCRIBED)
    }

    /// What distinguishes it besides its place.
    #[inline(always)]
    pub fn traits(&self) -> (Kind, u16) {
        (self.kind, self.flags)
    }

    /// Whether `dialect` has the family.
    #[inline(always)]
    pub fn is_in(&self, dialect: Dialect) -> bool {
        !self.is(if dialect == Dialect::Own { NODE_ONLY } else { NATIVE_ONLY })
    }

    /// Name without prefix and label keys in `dialect`; `None` where it has no such family.
    pub fn named(&self, dialect: Dialect) -> Option<(&'a str, List<'a>)> {
        let is_native = dialect == Dialect::Own;
        self.is_in(dialect).then(|| (self.name(is_native), self.keys(is_native)))
    }

    /// A name, whether the dialect has the family or not.
    fn name(&self, is_native: bool) -> &'a str {
        let (split, text) = (usize::from(self.split), self.first());
        if split == 0 {
            return text;
        }
        let name = if is_native { text.get(split + 1..) } else { text.get(..split) };
        name.unwrap_or_default()
    }

    fn keys(&self, is_native: bool) -> List<'a> {
        let keys = self.list();
        if !self.is(OWN_KEYS) {
            return keys;
        }
        let [node, own] = keys.halves();
        if is_native { own } else { node }
    }

    /// Name without prefix and label keys of the dialect that has it, our own if both have.
    pub fn names(&self) -> (&'a str, List<'a>) {
        let is_native = !self.is(NODE_ONLY);
        (self.name(is_native), self.keys(is_native))
    }

    /// The prefix of the name in `dialect`.
    pub fn prefix(&self, dialect: Dialect) -> &'static str {
        match self.flags & (UNPREFIXED | OWN_PREFIX) {
            0 => dialect.prefix(),
            OWN_PREFIX => Dialect::Own.prefix(),
            _ => "",
        }
    }

    /// The kernel's integer in base units.
    #[inline]
    pub fn value(&self, raw: u64) -> Value {
        self.unit().value(raw)
    }

    /// The kernel's integer in base units, for values that may be negative.
    pub fn signed(&self, raw: i64) -> Value {
        self.unit().signed(raw)
    }

    /// The factor of the kernel's integer, as in `Unit::scale`.
    pub fn scale(&self) -> Option<(u64, usize)> {
        self.unit().scale()
    }
}
