//! One metric family: a row holds all there is to know about it.

use super::Value;
use crate::base::dialect::Dialect;
use crate::base::sys;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

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

/// What the kernel's integer counts, hence how it becomes a base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things; also bytes and seconds that the kernel already gives as such.
    One,
    /// Sectors of 512 bytes, whatever the device says.
    Sectors,
    /// Pages of memory, as large as the kernel says.
    Pages,
    /// Units of 1024 bytes ("kB" in the kernel's texts).
    Kibibytes,
    /// Clock ticks of the kernel's texts (USER_HZ).
    Ticks,
    /// Tenths.
    Deci,
    /// Hundredths; also per cent, which become a ratio.
    Centi,
    /// Thousandths, such as milliseconds and millidegrees.
    Millis,
    /// Millionths, such as microvolts.
    Micros,
    /// Billionths, such as nanoseconds.
    Nanos,
    /// Tens.
    Deca,
    /// Hundreds.
    Hecto,
    /// Thousands, such as kilohertz.
    Kilo,
    /// Millions, such as megabits.
    Mega,
    /// Billions.
    Giga,
}

/// One metric family, in 56 bytes: a table of several hundred rows is part of every binary.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// node_exporter's name without the prefix; behind it, if `split` is not 0, `|` and our own name.
    text: &'a str,
    /// One sentence for people.
    pub help: &'a str,
    /// Label keys, in the order in which samples give the values; with `OWN_KEYS` node_exporter's and
    /// then as many of ours.
    keys: &'a [&'a str],
    /// Tells families apart whose texts were made at run time, perhaps where others were before; 0
    /// for the rows of static tables.
    pub stamp: u32,
    /// What the samples mean.
    pub kind: Kind,
    /// How long node_exporter's name is; 0 if ours is the same.
    split: u8,
    /// What else is said of it, and in the highest bits what the raw integer counts.
    flags: u16,
}

/// Where the unit lies among the flags, as its place here.
const UNIT: u32 = 12;
#[rustfmt::skip]
const UNITS: [Unit; 16] = [
    Unit::One, Unit::Sectors, Unit::Pages, Unit::Kibibytes, Unit::Ticks, Unit::Deci, Unit::Centi, Unit::Millis,
    Unit::Micros, Unit::Nanos, Unit::Deca, Unit::Hecto, Unit::Kilo, Unit::Mega, Unit::Giga, Unit::One,
];

/// Only our own dialect has the family.
const NATIVE_ONLY: u16 = 1;
/// Only node_exporter's has it.
const NODE_ONLY: u16 = 2;
/// The label keys of the two dialects differ.
const OWN_KEYS: u16 = 4;
/// The name is the field's standard (`process_*`) and takes no dialect's prefix.
const UNPREFIXED: u16 = 8;
/// Without `_total` this counter's name is another family's: OpenMetrics gets it whole, as `unknown`,
/// since there a counter's family is named without the suffix.
const SHARES_STEM: u16 = 16;
/// Nobody said what it is: it has no HELP line, in place of an empty one.
const UNDESCRIBED: u16 = 32;
/// Lines of the histograms or summaries of the family before: text puts them under its header.
const CONTINUES: u16 = 64;
/// Others named it so: a gauge stays one, whatever its name ends in.
const FOREIGN: u16 = 128;
/// Some `le` or `quantile` is no number: text gives it no type, as readers stop at that under one.
const HAS_WORDS: u16 = 256;
/// Some name is in UTF-8, or is another's once that is escaped.
const MUST_ESCAPE: u16 = 512;

/// node_exporter has nothing like it: its name takes our own prefix in either dialect.
const OWN_PREFIX: u16 = 1024;

/// A stamp that no family bears yet.
pub fn fresh_stamp() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Relaxed).wrapping_add(1)
}

const fn row<'a>(
    kind: Kind,
    text: &'a str,
    unit: Unit,
    help: &'a str,
    keys: &'a [&'a str],
) -> Family<'a> {
    Family { text, help, keys, stamp: 0, kind, split: 0, flags: (unit as u16) << UNIT }
}

/// Where our own name begins, for a name of two parts.
const fn split_of(text: &str) -> u8 {
    let (mut rest, mut at) = (text.as_bytes(), 0u8);
    while let [byte, after @ ..] = rest {
        if *byte == b'|' {
            return at;
        }
        (rest, at) = (after, at.wrapping_add(1));
    }
    0
}

/// A row of a collector's table: a counter.
pub const fn counter<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Counter, name, unit, help, labels).parted()
}

/// A row of a collector's table: a gauge.
pub const fn gauge<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Gauge, name, unit, help, labels).parted()
}

/// A row of a collector's table: a number of which the kernel does not say more.
pub const fn untyped<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Untyped, name, unit, help, labels).parted()
}

impl<'a> Family<'a> {
    /// One of other programs, with its whole name; its series bring their labels.
    pub const fn made(kind: Kind, name: &'a str, help: &'a str, stamp: u32) -> Family<'a> {
        row(kind, name, Unit::One, help, &[]).unprefixed().stamped(stamp)
    }

    /// Made at run time from texts of the kernel's; the name may have two parts.
    pub fn dynamic(kind: Kind, unit: Unit, name: &'a str, help: &'a str, stamp: u32) -> Family<'a> {
        let split = memchr::memchr(b'|', name.as_bytes()).map_or(0, |at| at as u8);
        Family::dynamic_at(kind, unit, (name, split), help, stamp)
    }

    /// The same of a name of which it is known where its second part is, 0 if there is none.
    pub const fn dynamic_at(
        kind: Kind,
        unit: Unit,
        (name, split): (&'a str, u8),
        help: &'a str,
        stamp: u32,
    ) -> Family<'a> {
        Family { split, ..row(kind, name, unit, help, &[]).stamped(stamp) }
    }

    const fn parted(mut self) -> Family<'a> {
        self.split = split_of(self.text);
        self
    }

    const fn flagged(mut self, flag: u16) -> Family<'a> {
        self.flags |= flag;
        self
    }

    const fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// The keys are node_exporter's and then as many of our own.
    pub const fn own_keys(self) -> Family<'a> {
        self.flagged(OWN_KEYS)
    }

    /// The same with these label keys.
    pub const fn keyed(mut self, keys: &'a [&'a str]) -> Family<'a> {
        self.keys = keys;
        self
    }

    /// The same of another kind.
    pub const fn of_kind(mut self, kind: Kind) -> Family<'a> {
        self.kind = kind;
        self
    }

    /// Only our own dialect has it.
    pub const fn only_own(self) -> Family<'a> {
        self.flagged(NATIVE_ONLY)
    }

    /// Only node_exporter's dialect has it.
    pub const fn only_node(self) -> Family<'a> {
        self.flagged(NODE_ONLY)
    }

    /// A standard name that takes no prefix.
    pub const fn unprefixed(self) -> Family<'a> {
        self.flagged(UNPREFIXED)
    }

    /// node_exporter has nothing like it: it has our own prefix in either dialect.
    pub const fn own_prefix(self) -> Family<'a> {
        self.flagged(OWN_PREFIX)
    }

    /// A counter whose name without `_total` is another family's.
    pub const fn openmetrics_unknown(self) -> Family<'a> {
        self.flagged(SHARES_STEM)
    }

    /// Lines of the family before.
    pub const fn continuing(self) -> Family<'a> {
        self.flagged(CONTINUES)
    }

    /// Others named it.
    pub const fn foreign(self) -> Family<'a> {
        self.flagged(FOREIGN)
    }

    /// Some `le` or `quantile` is no number, if so.
    pub const fn with_words(self, has_words: bool) -> Family<'a> {
        if has_words { self.flagged(HAS_WORDS) } else { self }
    }

    /// Some name is to be escaped where UTF-8 is not read, if so.
    pub const fn to_escape(self, must_escape: bool) -> Family<'a> {
        if must_escape { self.flagged(MUST_ESCAPE) } else { self }
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
        UNITS.get(usize::from(self.flags >> UNIT)).copied().unwrap_or(Unit::One)
    }

    /// Nobody said what it is.
    pub const fn undescribed(self) -> Family<'a> {
        self.flagged(UNDESCRIBED)
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

    /// Where its texts are, and how long they are: what tells rows of static tables apart.
    #[inline(always)]
    pub fn places(&self) -> [usize; 5] {
        let (text, keys) = (self.text, self.keys);
        let help = self.help.as_ptr().addr();
        [text.as_ptr().addr(), text.len(), keys.as_ptr().addr(), keys.len(), help]
    }

    /// What else tells it apart: its stamp, and what is said of it.
    #[inline(always)]
    pub fn traits(&self) -> (u32, Kind, u16) {
        (self.stamp, self.kind, self.flags)
    }

    /// Made at run time.
    pub const fn stamped(mut self, stamp: u32) -> Family<'a> {
        self.stamp = stamp;
        self
    }

    /// Whether `dialect` has the family.
    #[inline(always)]
    pub fn is_in(&self, dialect: Dialect) -> bool {
        !self.is(if dialect == Dialect::Own { NODE_ONLY } else { NATIVE_ONLY })
    }

    /// Name without prefix and label keys in `dialect`; `None` where it has no such family.
    pub fn named(&self, dialect: Dialect) -> Option<(&'a str, &'a [&'a str])> {
        let is_native = dialect == Dialect::Own;
        self.is_in(dialect).then(|| (self.name(is_native), self.keys(is_native)))
    }

    /// A name, whether the dialect has the family or not.
    fn name(&self, is_native: bool) -> &'a str {
        let split = usize::from(self.split);
        if split == 0 {
            return self.text;
        }
        let name = if is_native { self.text.get(split + 1..) } else { self.text.get(..split) };
        name.unwrap_or_default()
    }

    fn keys(&self, is_native: bool) -> &'a [&'a str] {
        if !self.is(OWN_KEYS) {
            return self.keys;
        }
        let (node, own) = self.keys.split_at(self.keys.len() / 2);
        if is_native { own } else { node }
    }

    /// Name without prefix and label keys of the dialect that has it, our own if both have.
    pub fn names(&self) -> (&'a str, &'a [&'a str]) {
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
        match self.unit() {
            Unit::One => Value::Int(raw),
            Unit::Sectors => Value::times(raw, 512),
            Unit::Pages => Value::times(raw, u32::try_from(sys::page_size()).unwrap_or(4096)),
            Unit::Kibibytes => Value::times(raw, 1024),
            Unit::Ticks => Value::ticks(raw, sys::user_hz()),
            Unit::Deci => Value::Fixed(raw, 1),
            Unit::Centi => Value::Centi(raw),
            Unit::Millis => Value::Milli(raw),
            Unit::Micros => Value::Fixed(raw, 6),
            Unit::Nanos => Value::Nano(raw),
            Unit::Deca => Value::times(raw, 10),
            Unit::Hecto => Value::times(raw, 100),
            Unit::Kilo => Value::times(raw, 1000),
            Unit::Mega => Value::times(raw, 1_000_000),
            Unit::Giga => Value::times(raw, 1_000_000_000),
        }
    }

    /// The kernel's integer is to be multiplied by the first, and divided by ten to the power of the
    /// second, which is below 8. `None` where that is not all.
    pub fn scale(&self) -> Option<(u64, usize)> {
        match self.unit() {
            Unit::One => return Some((1, 0)),
            Unit::Millis => return Some((1, 3)),
            Unit::Sectors => return Some((512, 0)),
            _ => {}
        }
        match self.value(1) {
            Value::Int(factor) => Some((factor, 0)),
            Value::Centi(1) => Some((1, 2)),
            Value::Milli(1) => Some((1, 3)),
            Value::Fixed(1, places @ ..8) => Some((1, usize::from(places))),
            _ => None,
        }
    }

    /// The same for what may be below zero.
    pub fn signed(&self, raw: i64) -> Value {
        match (raw < 0, self.value(raw.unsigned_abs())) {
            (false, value) => value,
            (true, Value::Int(n)) => Value::Minus(n, 0),
            (true, Value::Centi(n)) => Value::Minus(n, 2),
            (true, Value::Milli(n)) => Value::Minus(n, 3),
            (true, Value::Nano(n)) => Value::Minus(n, 9),
            (true, Value::Fixed(n, places)) => Value::Minus(n, places),
            // Beyond what any kernel's integer means.
            (true, Value::Times(n, size)) => Value::Minus(n.saturating_mul(size.into()), 0),
            (true, Value::Float(n)) => Value::Float(-n),
            (true, value @ Value::Minus(..)) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small_and_knows_both_dialects() {
        assert!(size_of::<Family<'_>>() <= 56);
        let both = gauge("errs|errors", Unit::One, "E.", &["device", "interface"]).own_keys();
        assert_eq!(both.named(Dialect::Node), Some(("errs", &["device"][..])));
        assert_eq!(both.named(Dialect::Own), Some(("errors", &["interface"][..])));
        let one = counter("a_total", Unit::One, "A.", &["k"]);
        assert_eq!(one.named(Dialect::Own), one.named(Dialect::Node));
        assert_eq!(one.only_own().named(Dialect::Node), None);
        assert_eq!(one.only_node().named(Dialect::Own), None);
        assert_eq!(one.only_node().names(), ("a_total", &["k"][..]));
        assert_eq!([one.prefix(Dialect::Own), one.prefix(Dialect::Node)], ["sysmetrics_", "node_"]);
        let ours = one.own_prefix();
        assert_eq!(ours.named(Dialect::Node), Some(("a_total", &["k"][..])));
        assert_eq!([Dialect::Own, Dialect::Node].map(|d| ours.prefix(d)), ["sysmetrics_"; 2]);
        let foreign = Family::made(Kind::Gauge, "a|b", "", 7);
        assert_eq!(foreign.named(Dialect::Own), Some(("a|b", &[][..])), "others' names stay whole");
    }

    #[test]
    fn every_unit_comes_back_whatever_else_is_said() {
        for unit in UNITS {
            let all = gauge("x", unit, "X.", &[]).foreign().with_words(true).to_escape(true);
            assert_eq!((all.unit(), all.undescribed().continuing().unit()), (unit, unit));
            assert!(all.is_foreign() && all.has_words() && all.must_escape() && !all.continues());
        }
    }

    #[test]
    fn below_zero_every_unit_is_the_negative_of_above() {
        for unit in [
            Unit::One,
            Unit::Sectors,
            Unit::Pages,
            Unit::Kibibytes,
            Unit::Ticks,
            Unit::Deci,
            Unit::Centi,
            Unit::Millis,
            Unit::Micros,
            Unit::Nanos,
            Unit::Deca,
            Unit::Hecto,
            Unit::Kilo,
            Unit::Mega,
            Unit::Giga,
        ] {
            let family = gauge("x", unit, "X.", &[]);
            for raw in [0, 7, 12_345, i64::MAX] {
                assert!(family.signed(raw) == family.value(raw.unsigned_abs()), "{unit:?}");
                assert!(
                    raw == i64::MAX || family.signed(-raw).as_f64() == -family.signed(raw).as_f64()
                );
            }
        }
    }
}
