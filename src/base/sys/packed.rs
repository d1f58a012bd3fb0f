//! Tables whose rows have no pointers: a table has one, to all texts of its rows, which lie together. A pointer in a
//! constant is written when the program is placed in memory; its page is then memory that no other process shares.
//! There are a thousand such rows, and most are never looked at. Rows lie apart from texts: a row is looked at in each
//! scrape, and a text hardly ever again.

use super::entry::{Entry, Raw, Single};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

/// A table of `N` rows.
#[repr(C)]
pub struct Packed<T, const N: usize> {
    /// INVARIANT: of a slice that lives for ever.
    texts: NonNull<u8>,
    rows: [Raw<T>; N],
}

// SAFETY: it is what a shared slice and rows without pointers are.
unsafe impl<T: Sync, const N: usize> Sync for Packed<T, N> {}

impl<T, const N: usize> Packed<T, N> {
    /// The rows.
    pub const fn rows(&'static self) -> &'static [Entry<'static, T>; N] {
        // SAFETY: `Entry` is transparent, and all of them are in a table, for as long.
        unsafe { &*ptr::from_ref(&self.rows).cast() }
    }
}

/// A table of `N` rows and its texts, of `M` bytes, not yet in their places.
pub struct Laid<T, const N: usize, const M: usize> {
    rows: [Raw<T>; N],
    /// For a static, which `table` takes.
    pub texts: [u8; M],
}

/// How many bytes the length of a list takes.
const LENGTH: usize = 2;

/// How many bytes the texts of these rows take. A text that several rows share is stored once.
#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
pub const fn room<T>(rows: &[Single<'_, T>]) -> usize {
    let (mut room, mut row) = (0, 0);
    while row < rows.len() {
        let texts = &rows[row].texts;
        room += texts.first().len();
        if first_with_second(rows, row) == row {
            room += texts.second().len();
        }
        if first_with_list(rows, row) == row {
            room += LENGTH + joined(texts.list().texts());
        }
        row += 1;
    }
    room
}

impl<T: Copy, const N: usize, const M: usize> Laid<T, N, M> {
    /// Packs these rows, of which there are `N`; `M` is their `room`.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    pub const fn of(given: &[Single<'_, T>]) -> Laid<T, N, M> {
        assert!(given.len() == N && N > 0, "a table has rows");
        let mut laid = Laid { rows: [given[0].raw; N], texts: [0; M] };
        let (mut row, mut end) = (0, 0);
        while row < N {
            let texts = &given[row].texts;
            let (first, second) = (texts.first(), texts.second());
            assert!(first.len() <= 255 && second.len() <= 255, "a text has at most 255 bytes");
            let back = offset_of!(Packed<T, N>, rows) + row * size_of::<Raw<T>>();
            let (lengths, data) = ([first.len() as u8, second.len() as u8], given[row].raw.data);
            let mut at = [laid.put(&[first], &mut end), 0, 0];
            let (like_second, like_list) =
                (first_with_second(given, row), first_with_list(given, row));
            if like_second == row {
                at[1] = laid.put(&[second], &mut end);
            } else {
                at[1] = laid.rows[like_second].at[1];
            }
            if like_list == row {
                let list = texts.list().texts();
                let [low, high] = (joined(list) as u16).to_le_bytes();
                (laid.texts[end], laid.texts[end + 1]) = (low, high);
                at[2] = end as u16;
                end += LENGTH;
                laid.put(list, &mut end);
            } else {
                at[2] = laid.rows[like_list].at[2];
            }
            laid.rows[row] = Raw { back: back as u16, at, lengths, data };
            row += 1;
        }
        assert!(end == M && M <= u16::MAX as usize, "a table's texts have at most 64 KiB");
        laid
    }

    /// Puts texts at `end`, with a zero between two, and moves `end` behind them; where they begin.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    const fn put(&mut self, texts: &[&str], end: &mut usize) -> u16 {
        let (start, mut text) = (*end, 0);
        while text < texts.len() {
            let (bytes, mut from) = (texts[text].as_bytes(), 0);
            // There are zeros everywhere so far.
            *end += (text > 0) as usize;
            while from < bytes.len() {
                self.texts[*end] = bytes[from];
                (*end, from) = (*end + 1, from + 1);
            }
            text += 1;
        }
        start as u16
    }

    /// The table, whose texts are `texts`, which are its own.
    pub const fn table(self, texts: &'static [u8; M]) -> Packed<T, N> {
        assert!(N * size_of::<Raw<T>>() < u16::MAX as usize, "a table has at most 64 KiB");
        // SAFETY: a reference is never null.
        let texts = unsafe { NonNull::new_unchecked(texts.as_ptr().cast_mut()) };
        Packed { texts, rows: self.rows }
    }
}

/// How many bytes these texts take with a zero between two.
#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
const fn joined(texts: &[&str]) -> usize {
    let (mut length, mut text) = (texts.len().saturating_sub(1), 0);
    while text < texts.len() {
        length += texts[text].len();
        text += 1;
    }
    length
}

/// The first row that has the second text of `row`.
#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
const fn first_with_second<T>(rows: &[Single<'_, T>], row: usize) -> usize {
    let mut first = 0;
    while !is_equal(rows[first].texts.second(), rows[row].texts.second()) {
        first += 1;
    }
    first
}

/// The first row that has the list of `row`.
#[expect(clippy::indexing_slicing, reason = "while it is compiled")]
const fn first_with_list<T>(rows: &[Single<'_, T>], row: usize) -> usize {
    let (list, mut first) = (rows[row].texts.list().texts(), 0);
    loop {
        let (other, mut text) = (rows[first].texts.list().texts(), 0);
        while text < list.len() && text < other.len() && is_equal(list[text], other[text]) {
            text += 1;
        }
        if text == list.len() && text == other.len() {
            return first;
        }
        first += 1;
    }
}

const fn is_equal(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    while let ([a, rest @ ..], [b, rest_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest, rest_of_other);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sys::Texts;

    const GIVEN: &[Single<'_, u32>] = &[
        Single::new(Texts::new("näme", "One sentence.", &["a", "bc"]), 7, 0),
        Single::new(Texts::new("other", "One sentence.", &[]), 8, 0),
        Single::new(Texts::new("third", "", &["a", "bc"]), 9, 0),
        Single::new(Texts::new("fourth", "Else.", &["a"]), 10, 0),
    ];
    const LAID: Laid<u32, { GIVEN.len() }, { room(GIVEN) }> = Laid::of(GIVEN);
    static TEXTS: [u8; LAID.texts.len()] = LAID.texts;
    static TABLE: Packed<u32, { GIVEN.len() }> = LAID.table(&TEXTS);

    #[test]
    fn a_packed_table_has_the_values_of_its_rows() {
        for (row, given) in TABLE.rows().iter().zip(GIVEN) {
            assert_eq!(format!("{row:?}"), format!("{given:?}"));
            assert_eq!((row.first(), row.second()), (given.first(), given.second()));
            assert!(row.list().eq(given.list()));
            assert_eq!((row.data(), row.stamp()), (given.data(), 0));
        }
    }

    #[test]
    fn duplicates_are_shown_once() {
        let [first, second, third, _] = TABLE.rows();
        assert!(ptr::eq(first.second(), second.second()));
        let [list, shared] = [first, third].map(|row| row.list().next().map(str::as_ptr));
        assert_eq!(list, shared);
        assert_eq!(TEXTS.len(), "näme".len() + 13 + (2 + 4) + 5 + 2 + 5 + 6 + 5 + (2 + 1));
        assert!(size_of_val(first) <= 16);
    }

    #[test]
    fn places_tell_entries_apart() {
        let [first, second, ..] = TABLE.rows();
        assert_eq!(first.place(), first.place());
        assert_ne!(first.place(), second.place());
        assert!(first.is_at(&first.place()) && !first.is_at(&second.place()));
        let text = String::from("xyz");
        let single = |text, stamp| Single::new(Texts::new(text, "", &[]), 0_u32, stamp).place();
        assert_eq!(single(&text, 1), single(&text, 1));
        assert_ne!(single(&text, 1), single(&text, 2));
        assert_ne!(single(&text, 1), single(&text[..2], 1));
        let entry = Single::new(Texts::new(&text, "", &[]), 0_u32, 1);
        assert!(entry.is_at(&entry.place()) && !entry.is_at(&entry.stamped(2).place()));
        assert!(first.is_in_table() && !entry.is_in_table());
    }
}
