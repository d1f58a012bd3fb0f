//! Which samples of a scrape are shown, and where.

pub use super::rows::{Form, KEYS, Part};

use super::rows::ROWS;
use crate::base::sys::{Entry, Laid, Packed, Single, Texts, room};
use crate::model::metric::{Family, Label};

/// A family by our own name, its key in the table that it is in, and how it is shown.
pub type Column = Entry<'static, Shown>;

/// Which table a family is in, and its form.
#[derive(Clone, Copy)]
pub struct Shown {
    part: Part,
    pub form: Form,
}

/// All rows, without pointers.
static COLUMNS: &[Column] = {
    const SINGLES: [Single<'_, Shown>; ROWS.len()] = singles();
    const LAID: Laid<Shown, { ROWS.len() }, { room(&SINGLES) }> = Laid::of(&SINGLES);
    static TEXTS: [u8; LAID.texts.len()] = LAID.texts;
    static TABLE: Packed<Shown, { ROWS.len() }> = LAID.table(&TEXTS);
    TABLE.rows()
};

#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
const fn singles() -> [Single<'static, Shown>; ROWS.len()] {
    let none = Shown { part: Part::Agent, form: Form::Number };
    let (mut singles, mut at) = ([Single::new(Texts::new("", "", &[]), none, 0); ROWS.len()], 0);
    while at < ROWS.len() {
        let (family, part, key, form) = ROWS[at];
        singles[at] = Single::new(Texts::new(family, key, &[]), Shown { part, form }, 0);
        at += 1;
    }
    singles
}

/// The columns of a part.
pub fn columns(part: Part) -> &'static [Column] {
    let is_its = |column: &Column| column.part == part;
    let first = COLUMNS.iter().position(is_its).unwrap_or(COLUMNS.len());
    let rest = COLUMNS.get(first..).unwrap_or_default();
    let count = rest.iter().take_while(|column| is_its(column)).count();
    rest.get(..count).unwrap_or_default()
}

/// The place of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub part: Part,
    /// The index of the family among those of its part.
    column: u8,
    pub form: Form,
    /// The indices of the labels that distinguish rows; `NO_LABEL` where there is none of that name.
    keys: [u8; KEYS],
    /// The index of the label that is the cell of a text.
    text: u8,
}

/// An index beyond all labels.
const NO_LABEL: u8 = u8::MAX;

impl Place {
    /// The place of the samples of `family`, if they are shown.
    pub fn of(family: &Family<'_>) -> Option<Place> {
        let (name, labels) = family.names();
        let at = COLUMNS.iter().position(|column| column.first() == name)?;
        let column = COLUMNS.get(at)?;
        let (key, Shown { part, form }) = (column.second(), *column.data());
        let column = columns(part).iter().position(|other| other.second() == key)?;
        let place = |wanted: &str| {
            let at = { labels }.position(|label| label == wanted);
            at.and_then(|at| u8::try_from(at).ok()).unwrap_or(NO_LABEL)
        };
        let mut keys = [NO_LABEL; KEYS];
        for (to, (label, _)) in keys.iter_mut().zip(part.labels()) {
            *to = place(label);
        }
        Some(Place { part, column: u8::try_from(column).ok()?, form, keys, text: place(key) })
    }

    /// The index of the column among those of its part.
    pub fn column(&self) -> usize {
        self.column.into()
    }

    /// The row key of a sample with these label values.
    #[inline]
    pub fn row<'a>(&self, labels: &[Label<'a>]) -> [&'a [u8]; KEYS] {
        self.keys.map(|at| labels.get(usize::from(at)).map_or(&b""[..], Label::raw))
    }

    /// The text of a sample with these label values.
    pub fn text<'a>(&self, labels: &[Label<'a>]) -> &'a [u8] {
        labels.get(usize::from(self.text)).map_or(b"", Label::raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_a_part_and_of_a_key_stand_together() {
        for (at, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, at);
            let all = COLUMNS.iter().filter(|column| column.part == part).count();
            assert!(all > 0 && all == columns(part).len(), "{part:?}");
            let mut keys: Vec<_> = columns(part).iter().map(|column| column.second()).collect();
            keys.dedup();
            assert!(keys.iter().all(|key| keys.iter().filter(|k| *k == key).count() == 1));
            assert!(part.labels().len() <= KEYS);
        }
    }
}
