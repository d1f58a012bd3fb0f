//! Constructors of families: rows of static tables, and families whose texts are found at run time.

use super::family::{
    CONTINUES, FOREIGN, HAS_WORDS, MUST_ESCAPE, NATIVE_ONLY, NODE_ONLY, OWN_KEYS, OWN_PREFIX,
    SHARES_STEM, UNDESCRIBED, UNIT, UNPREFIXED,
};
use super::{Family, Kind, Unit};
use crate::base::sys::Texts;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A stamp that no family has yet.
pub fn fresh_stamp() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Relaxed).wrapping_add(1)
}

#[inline(always)]
const fn row<'a>(
    kind: Kind,
    text: &'a str,
    unit: Unit,
    help: &'a str,
    keys: &'a [&'a str],
) -> Family<'a> {
    let texts = Texts::new(text, help, keys);
    Family { texts, stamp: 0, kind, split: 0, flags: (unit as u16) << UNIT }
}

/// The position of `|` before our own name, for a name of two parts.
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

/// The row of a table whose own name is `name`. It is for constants: an unknown name does not compile.
#[expect(clippy::panic, reason = "while it is compiled")]
pub const fn named(mut table: &'static [Family<'static>], name: &str) -> &'static Family<'static> {
    while let [family, rest @ ..] = table {
        if ends_with(family.texts.first(), name, family.split) {
            return family;
        }
        table = rest;
    }
    panic!("no family of this table has the name")
}

/// Whether `text` is `name`, or ends in it after the `|` at `split`.
const fn ends_with(text: &str, name: &str, split: u8) -> bool {
    let before = if split == 0 { 0 } else { split as usize + 1 };
    let (mut text, mut name) = (text.as_bytes(), name.as_bytes());
    if text.len() != before + name.len() {
        return false;
    }
    while let ([rest_of_text @ .., a], [rest_of_name @ .., b]) = (text, name) {
        if *a != *b {
            return false;
        }
        (text, name) = (rest_of_text, rest_of_name);
    }
    true
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

/// A row of a collector's table: a number whose type the kernel does not define.
pub const fn untyped<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Family<'a> {
    row(Kind::Untyped, name, unit, help, labels).parted()
}

impl<'a> Family<'a> {
    /// A family of another program, with its whole name; its series bring their labels.
    pub const fn made(kind: Kind, name: &'a str, help: &'a str, stamp: u32) -> Family<'a> {
        row(kind, name, Unit::One, help, &[]).unprefixed().stamped(stamp)
    }

    /// A family made at run time from texts of the kernel; the name may have two parts.
    pub fn dynamic(kind: Kind, unit: Unit, name: &'a str, help: &'a str, stamp: u32) -> Family<'a> {
        let split = memchr::memchr(b'|', name.as_bytes()).map_or(0, |at| at as u8);
        Family::dynamic_at(kind, unit, (name, split), help, stamp)
    }

    /// Like `dynamic`, with the position of the name's second part, 0 if there is none.
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
        self.split = split_of(self.texts.first());
        self
    }

    const fn flagged(mut self, flag: u16) -> Family<'a> {
        self.flags |= flag;
        self
    }

    /// The keys are node_exporter's and then the same number of our own.
    pub const fn own_keys(self) -> Family<'a> {
        self.flagged(OWN_KEYS)
    }

    /// Sets the label keys.
    pub const fn keyed(mut self, keys: &'a [&'a str]) -> Family<'a> {
        self.texts = Texts::new(self.texts.first(), self.texts.second(), keys);
        self
    }

    /// Sets the type.
    pub const fn of_kind(mut self, kind: Kind) -> Family<'a> {
        self.kind = kind;
        self
    }

    /// Marks it as only in our own dialect.
    pub const fn only_own(self) -> Family<'a> {
        self.flagged(NATIVE_ONLY)
    }

    /// Marks it as only in node_exporter's dialect.
    pub const fn only_node(self) -> Family<'a> {
        self.flagged(NODE_ONLY)
    }

    /// Marks its name as an established one without prefix.
    pub const fn unprefixed(self) -> Family<'a> {
        self.flagged(UNPREFIXED)
    }

    /// Marks it as unknown to node_exporter: it has our own prefix in either dialect.
    pub const fn own_prefix(self) -> Family<'a> {
        self.flagged(OWN_PREFIX)
    }

    /// Marks it as a counter whose name without `_total` is another family's.
    pub const fn openmetrics_unknown(self) -> Family<'a> {
        self.flagged(SHARES_STEM)
    }

    /// Marks it as having no description.
    pub const fn undescribed(self) -> Family<'a> {
        self.flagged(UNDESCRIBED)
    }

    /// Marks it as lines of the family before.
    pub const fn continuing(self) -> Family<'a> {
        self.flagged(CONTINUES)
    }

    /// Marks it as named by other programs.
    pub const fn foreign(self) -> Family<'a> {
        self.flagged(FOREIGN)
    }

    /// Sets whether some `le` or `quantile` is not a number.
    pub const fn with_words(self, has_words: bool) -> Family<'a> {
        if has_words { self.flagged(HAS_WORDS) } else { self }
    }

    /// Sets whether some name has to be escaped for readers without UTF-8 names.
    pub const fn to_escape(self, must_escape: bool) -> Family<'a> {
        if must_escape { self.flagged(MUST_ESCAPE) } else { self }
    }

    /// Sets the stamp of a family made at run time.
    pub const fn stamped(mut self, stamp: u32) -> Family<'a> {
        self.stamp = stamp;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;

    #[test]
    fn a_row_is_small_and_knows_both_dialects() {
        assert!(size_of::<Family<'_>>() <= 40);
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

    /// By its own name alone, and as a whole.
    #[test]
    fn a_row_is_found_by_its_name_while_it_is_compiled() {
        static TABLE: [Family<'_>; 4] = [
            gauge("theirs|ours", Unit::One, "A.", &[]),
            gauge("our", Unit::One, "B.", &[]),
            gauge("ours_too", Unit::One, "C.", &[]),
            gauge("theirs", Unit::One, "D.", &[]),
        ];
        const FOUND: [&Family<'_>; 4] = [
            named(&TABLE, "ours"),
            named(&TABLE, "our"),
            named(&TABLE, "ours_too"),
            named(&TABLE, "theirs"),
        ];
        assert!(FOUND.iter().zip(&TABLE).all(|(found, row)| std::ptr::eq(*found, row)));
    }

    #[test]
    fn every_unit_comes_back_whatever_else_is_said() {
        for unit in (0..16).map(Unit::at) {
            let all = gauge("x", unit, "X.", &[]).foreign().with_words(true).to_escape(true);
            assert_eq!((all.unit(), all.undescribed().continuing().unit()), (unit, unit));
            assert!(all.is_foreign() && all.has_words() && all.must_escape() && !all.continues());
        }
    }
}
