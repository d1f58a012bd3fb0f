//! Rows in a compact form: all texts of a table in one, and for each row the lengths of its own. A
//! reference to a text is 16 bytes, and the loader writes such bytes (relocations), into pages that no
//! other process shares. Three of them in each of two hundred rows were a good part of the program.

use super::option::{Names, TableRow, Traits};
use crate::settings::types::{Kind, Settings, Value};

/// One row; its texts are key, default and help.
#[derive(Clone, Copy)]
struct Held {
    set: fn(&mut Settings, &Value),
    names: &'static Names,
    kind: Kind,
    traits: Traits,
    /// The offset of its texts.
    start: u16,
    key: u8,
    default: u8,
    help: u16,
}

/// The rows of a table, and their texts.
pub struct Table<const ROWS: usize> {
    rows: [Held; ROWS],
    text: &'static [u8],
}

/// A table of any size.
#[derive(Clone, Copy)]
pub struct Rows {
    rows: &'static [Held],
    text: &'static [u8],
}

/// The number of bytes of the rows' texts.
pub const fn length(mut rows: &[TableRow]) -> usize {
    let mut sum = 0;
    while let [row, rest @ ..] = rows {
        sum += row.key.len() + row.default.len() + row.help.len();
        rows = rest;
    }
    sum
}

/// All texts of rows. They are outside the table: it has references, and texts need no relocation.
#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
pub const fn texts<const LENGTH: usize>(mut rows: &[TableRow]) -> [u8; LENGTH] {
    let (mut all, mut at) = ([0; LENGTH], 0);
    while let [row, rest @ ..] = rows {
        let texts = [row.key.as_bytes(), row.default.as_bytes(), row.help.as_bytes()];
        let mut n = 0;
        while n < texts.len() {
            let mut text = texts[n];
            while let [byte, after @ ..] = text {
                all[at] = *byte;
                (at, text) = (at + 1, after);
            }
            n += 1;
        }
        rows = rest;
    }
    all
}

impl<const ROWS: usize> Table<ROWS> {
    /// Builds the table of a static: a text that is too long does not compile.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    pub const fn of(rows: &[TableRow], text: &'static [u8]) -> Table<ROWS> {
        const NONE: Held = {
            let TableRow { set, names, kind, traits, .. } = TableRow::new("", Kind::Switch, "", "");
            Held { set, names, kind, traits, start: 0, key: 0, default: 0, help: 0 }
        };
        let (short, long) = (u8::MAX as usize, u16::MAX as usize);
        assert!(rows.len() == ROWS && length(rows) == text.len() && text.len() <= long);
        let mut held = [NONE; ROWS];
        let (mut start, mut n) = (0, 0);
        while n < ROWS {
            let TableRow { key, kind, default, help, set, names, traits } = rows[n];
            assert!(key.len() <= short && default.len() <= short);
            let (key, default, help) = (key.len() as u8, default.len() as u8, help.len() as u16);
            held[n] = Held { set, names, kind, traits, start, key, default, help };
            start += key as u16 + default as u16 + help;
            n += 1;
        }
        Table { rows: held, text }
    }

    pub const fn rows(&'static self) -> Rows {
        Rows { rows: &self.rows, text: self.text }
    }
}

impl Rows {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows.
    pub fn iter(self) -> impl Iterator<Item = TableRow> {
        self.rows.iter().map(move |held| {
            let Held { set, names, kind, traits, start, key, default, help } = *held;
            let mut rest = self.text.get(start.into()..).unwrap_or_default();
            let mut text = |length: usize| {
                let (text, after) = rest.split_at_checked(length).unwrap_or_default();
                rest = after;
                str::from_utf8(text).unwrap_or_default()
            };
            let [key, default, help] = [key.into(), default.into(), help.into()].map(&mut text);
            TableRow { key, kind, default, help, set, names, traits }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_they_were() {
        const ROWS: &[TableRow] = &[
            TableRow::new("a", Kind::Count(1, 2), "", "Größe."),
            TableRow::new("", Kind::Switch, "true", "").required(),
            TableRow::new("c", Kind::Text, "d", "E."),
        ];
        static TABLE: Table<{ ROWS.len() }> = Table::of(ROWS, &texts::<{ length(ROWS) }>(ROWS));
        let rows: Vec<TableRow> = TABLE.rows().iter().collect();
        assert_eq!(rows.len(), TABLE.rows().len());
        for (row, of) in rows.iter().zip(ROWS) {
            let is = (row.key, row.default, row.help, row.kind, row.traits.required);
            assert_eq!(is, (of.key, of.default, of.help, of.kind, of.traits.required));
        }
        assert!(size_of::<Held>() * 3 < size_of::<TableRow>() * 2);
    }
}
