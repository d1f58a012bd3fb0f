//! One metric family: a row holds all there is to know about it.

use super::{Unit, Value};
use crate::base::dialect::Dialect;
use crate::base::sys::{Entry, List, Single};

/// What a family's samples mean to whoever reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were at most as large as each bound, all, and their sum.
    Histogram,
    /// Chosen quantiles of observations, their number and their sum.
    Summary,
    /// A number of which its source does not say more.
    Untyped,
}

/// One metric family, in 14 bytes: a table of a thousand rows is part of every binary. Its first text is
/// node_exporter's name without the prefix; behind it, if `split` is not 0, `|` and our own name. The second is one
/// sentence for people. The list is the label keys, in the order in which samples give the values; with `OWN_KEYS`
/// node_exporter's and then as many of ours.
pub type Family<'a> = Entry<'a, Traits>;

/// One that is in no table.
pub type Row<'a> = Single<'a, Traits>;

/// What is said of a family besides its texts.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// What the samples mean.
    pub kind: Kind,
    /// How long node_exporter's name is; 0 if ours is the same.
    pub(super) split: u8,
    /// What else is said of it, and in the highest bits what the raw integer counts.
    pub(super) flags: u16,
}

/// Where the unit lies among the flags, as its place here.
pub(super) const UNIT: u32 = 12;

/// Only our own dialect has the family.
pub(super) const NATIVE_ONLY: u16 = 1;
/// Only node_exporter's has it.
pub(super) const NODE_ONLY: u16 = 2;
/// The label keys of the two dialects differ.
pub(super) const OWN_KEYS: u16 = 4;
/// The name is the field's standard (`process_*`) and takes no dialect's prefix.
pub(super) const UNPREFIXED: u16 = 8;
/// Without `_total` this counter's name is another family's: OpenMetrics gets it whole, as `unknown`,
/// since there a counter's family is named without the suffix.
pub(super) const SHARES_STEM: u16 = 16;
/// Nobody said what it is: it has no HELP line, in place of an empty one.
pub(super) const UNDESCRIBED: u16 = 32;
/// Lines of the histograms or summaries of the family before: text puts them under its header.
pub(super) const CONTINUES: u16 = 64;
/// Others named it so: a gauge stays one, whatever its name ends in.
pub(super) const FOREIGN: u16 = 128;
/// Some `le` or `quantile` is no number: text gives it no type, as readers stop at that under one.
pub(super) const HAS_WORDS: u16 = 256;
/// Some name is in UTF-8, or is another's once that is escaped.
pub(super) const MUST_ESCAPE: u16 = 512;

/// node_exporter has nothing like it: its name takes our own prefix in either dialect.
pub(super) const OWN_PREFIX: u16 = 1024;

impl<'a> Family<'a> {
    const fn is(&self, flag: u16) -> bool {
        self.said().flags & flag != 0
    }

    /// One sentence for people.
    pub fn help(&self) -> &'a str {
        self.second()
    }

    /// Whether these are lines of the family before.
    pub const fn continues(&self) -> bool {
        self.is(CONTINUES)
    }

    /// Whether others named it.
    pub const fn is_foreign(&self) -> bool {
        self.is(FOREIGN)
    }

    /// Whether some `le` or `quantile` is no number.
    pub const fn has_words(&self) -> bool {
        self.is(HAS_WORDS)
    }

    /// Whether a name is to be escaped where UTF-8 is not read.
    pub const fn must_escape(&self) -> bool {
        self.is(MUST_ESCAPE)
    }

    /// What the raw integer counts.
    pub fn unit(&self) -> Unit {
        Unit::at(self.flags >> UNIT)
    }

    /// Whether its name takes no prefix.
    pub const fn is_unprefixed(&self) -> bool {
        self.is(UNPREFIXED)
    }

    /// Whether OpenMetrics cannot name it as a counter.
    pub const fn is_openmetrics_unknown(&self) -> bool {
        self.is(SHARES_STEM)
    }

    /// Whether nobody said what it is.
    pub const fn is_undescribed(&self) -> bool {
        self.is(UNDESCRIBED)
    }

    /// What tells it apart besides its place.
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

    /// What stands before the name in `dialect`.
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

    /// The same for what may be below zero.
    pub fn signed(&self, raw: i64) -> Value {
        self.unit().signed(raw)
    }

    /// What the kernel's integer is multiplied by, as `Unit::scale` says.
    pub fn scale(&self) -> Option<(u64, usize)> {
        self.unit().scale()
    }
}
