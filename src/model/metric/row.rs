//! Constructors of families: rows of static tables, and families whose texts are found at run time.

use super::family::{
    CONTINUES, FOREIGN, HAS_WORDS, MUST_ESCAPE, NATIVE_ONLY, NODE_ONLY, OWN_KEYS, OWN_PREFIX,
    SHARES_STEM, UNDESCRIBED, UNIT, UNPREFIXED,
};
use super::{Family, Kind, Row, Traits, Unit};
use crate::base::sys::Texts;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A stamp that no family has yet.
pub fn fresh_stamp() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Relaxed).wrapping_add(1)
}

/// A table of families: `families![gauge(…), counter(…)]` is a `&'static [Family; 2]`. What the rows say is packed
/// while it is compiled; they see no name of this block but `ROWS`.
macro_rules! families {
    ($($rows:tt)*) => {{
        const ROWS: &[$crate::model::metric::Row<'_>] = &[$($rows)*];
        {
            use $crate::base::sys::{Laid, Packed, room};
            use $crate::model::metric::Traits;
            const LAID: Laid<Traits, { ROWS.len() }, { room(ROWS) }> = Laid::of(ROWS);
            static TEXTS: [u8; LAID.texts.len()] = LAID.texts;
            static TABLE: Packed<Traits, { ROWS.len() }> = LAID.table(&TEXTS);
            TABLE.rows()
        }
    }};
}
pub(crate) use families;

#[inline(always)]
const fn row<'a>(
    kind: Kind,
    text: &'a str,
    unit: Unit,
    help: &'a str,
    keys: &'a [&'a str],
) -> Row<'a> {
    let data = Traits { kind, split: 0, flags: (unit as u16) << UNIT };
    Row::new(Texts::new(text, help, keys), data, 0)
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
        if ends_with(family.first(), name, family.data().split) {
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
) -> Row<'a> {
    row(Kind::Counter, name, unit, help, labels).parted()
}

/// A row of a collector's table: a gauge.
pub const fn gauge<'a>(name: &'a str, unit: Unit, help: &'a str, labels: &'a [&'a str]) -> Row<'a> {
    row(Kind::Gauge, name, unit, help, labels).parted()
}

/// A row of a collector's table: a number whose type the kernel does not define.
pub const fn untyped<'a>(
    name: &'a str,
    unit: Unit,
    help: &'a str,
    labels: &'a [&'a str],
) -> Row<'a> {
    row(Kind::Untyped, name, unit, help, labels).parted()
}

impl<'a> Family<'a> {
    /// One of other programs, with its whole name; its series bring their labels.
    pub const fn made(kind: Kind, name: &'a str, help: &'a str, stamp: u32) -> Row<'a> {
        row(kind, name, Unit::One, help, &[]).unprefixed().stamped(stamp)
    }

    /// Made at run time from texts of the kernel's; the name may have two parts.
    pub fn dynamic(kind: Kind, unit: Unit, name: &'a str, help: &'a str, stamp: u32) -> Row<'a> {
        let split = memchr::memchr(b'|', name.as_bytes()).map_or(0, |at| at as u8);
        Family::dynamic_at(kind, unit, (name, split), help, stamp)
    }

    /// The same of a name of which it is known where its second part is, 0 if there is none.
    #[inline(always)] // for every sample of such a family
    pub const fn dynamic_at(
        kind: Kind,
        unit: Unit,
        (name, split): (&'a str, u8),
        help: &'a str,
        stamp: u32,
    ) -> Row<'a> {
        row(kind, name, unit, help, &[]).split_at(split).stamped(stamp)
    }

    /// The same by itself.
    #[inline(always)]
    fn row(&self) -> Row<'a> {
        let texts = Texts::with(self.first(), self.second(), self.list());
        Row::new(texts, *self.data(), self.stamp())
    }

    /// The same with these label keys.
    pub fn keyed(&self, keys: &'a [&'a str]) -> Row<'a> {
        let texts = Texts::new(self.first(), self.second(), keys);
        Row::new(texts, *self.data(), self.stamp())
    }

    /// The same of another kind.
    pub fn of_kind(&self, kind: Kind) -> Row<'a> {
        self.row().of_kind(kind)
    }
}

impl<'a> Row<'a> {
    /// The same of another kind.
    pub const fn of_kind(self, kind: Kind) -> Row<'a> {
        let Traits { split, flags, .. } = *self.entry().data();
        self.with_data(Traits { kind, split, flags })
    }

    const fn parted(self) -> Row<'a> {
        let split = split_of(self.entry().first());
        self.split_at(split)
    }

    #[inline(always)]
    const fn split_at(self, split: u8) -> Row<'a> {
        let Traits { kind, flags, .. } = *self.entry().data();
        self.with_data(Traits { kind, split, flags })
    }

    const fn flagged(self, flag: u16) -> Row<'a> {
        let Traits { kind, split, flags } = *self.entry().data();
        self.with_data(Traits { kind, split, flags: flags | flag })
    }

    /// The keys are node_exporter's and then as many of our own.
    pub const fn own_keys(self) -> Row<'a> {
        self.flagged(OWN_KEYS)
    }

    /// Only our own dialect has it.
    pub const fn only_own(self) -> Row<'a> {
        self.flagged(NATIVE_ONLY)
    }

    /// Only node_exporter's dialect has it.
    pub const fn only_node(self) -> Row<'a> {
        self.flagged(NODE_ONLY)
    }

    /// A standard name that takes no prefix.
    pub const fn unprefixed(self) -> Row<'a> {
        self.flagged(UNPREFIXED)
    }

    /// node_exporter has nothing like it: it has our own prefix in either dialect.
    pub const fn own_prefix(self) -> Row<'a> {
        self.flagged(OWN_PREFIX)
    }

    /// A counter whose name without `_total` is another family's.
    pub const fn openmetrics_unknown(self) -> Row<'a> {
        self.flagged(SHARES_STEM)
    }

    /// A family without a description.
    pub const fn undescribed(self) -> Row<'a> {
        self.flagged(UNDESCRIBED)
    }

    /// Lines of the family before.
    pub const fn continuing(self) -> Row<'a> {
        self.flagged(CONTINUES)
    }

    /// Others named it.
    pub const fn foreign(self) -> Row<'a> {
        self.flagged(FOREIGN)
    }

    /// Some `le` or `quantile` is no number, if so.
    pub const fn with_words(self, has_words: bool) -> Row<'a> {
        if has_words { self.flagged(HAS_WORDS) } else { self }
    }

    /// Some name is to be escaped where UTF-8 is not read, if so.
    pub const fn to_escape(self, must_escape: bool) -> Row<'a> {
        if must_escape { self.flagged(MUST_ESCAPE) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::base::sys::List;

    #[test]
    fn a_row_is_small_and_knows_both_dialects() {
        assert!(size_of::<Family<'_>>() <= 14);
        let both = gauge("errs|errors", Unit::One, "E.", &["device", "interface"]).own_keys();
        assert_eq!(both.named(Dialect::Node), Some(("errs", List::of(&["device"]))));
        assert_eq!(both.named(Dialect::Own), Some(("errors", List::of(&["interface"]))));
        let one = counter("a_total", Unit::One, "A.", &["k"]);
        assert_eq!(one.named(Dialect::Own), one.named(Dialect::Node));
        assert_eq!(one.only_own().named(Dialect::Node), None);
        assert_eq!(one.only_node().named(Dialect::Own), None);
        assert_eq!(one.only_node().names(), ("a_total", List::of(&["k"])));
        assert_eq!([one.prefix(Dialect::Own), one.prefix(Dialect::Node)], ["sysmetrics_", "node_"]);
        let ours = one.own_prefix();
        assert_eq!(ours.named(Dialect::Node), Some(("a_total", List::of(&["k"]))));
        assert_eq!([Dialect::Own, Dialect::Node].map(|d| ours.prefix(d)), ["sysmetrics_"; 2]);
        let foreign = Family::made(Kind::Gauge, "a|b", "", 7);
        assert_eq!(
            foreign.named(Dialect::Own),
            Some(("a|b", List::of(&[]))),
            "others' names stay whole"
        );
    }

    /// By its own name alone, and as a whole.
    #[test]
    fn a_row_is_found_by_its_name_while_it_is_compiled() {
        static TABLE: &[Family<'_>; 4] = families![
            gauge("theirs|ours", Unit::One, "A.", &[]),
            gauge("our", Unit::One, "B.", &[]),
            gauge("ours_too", Unit::One, "C.", &[]),
            gauge("theirs", Unit::One, "D.", &[]),
        ];
        const FOUND: [&Family<'_>; 4] = [
            named(TABLE, "ours"),
            named(TABLE, "our"),
            named(TABLE, "ours_too"),
            named(TABLE, "theirs"),
        ];
        assert!(FOUND.iter().zip(TABLE).all(|(found, row)| std::ptr::eq(*found, row)));
    }

    #[test]
    fn every_unit_is_read_back_with_any_flags() {
        for unit in (0..16).map(Unit::at) {
            let all = gauge("x", unit, "X.", &[]).foreign().with_words(true).to_escape(true);
            assert_eq!((all.unit(), all.undescribed().continuing().unit()), (unit, unit));
            assert!(all.is_foreign() && all.has_words() && all.must_escape() && !all.continues());
        }
    }
}
