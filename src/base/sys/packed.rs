//! Tables whose texts lie behind their rows, so that a row has no pointer but says how far away its texts are.
//! A pointer in a constant is written when the program is placed in memory; its page is then memory that no other
//! process shares. There are a thousand such rows, and most are never looked at.

use super::entry::{Entry, Raw, Single};
use std::ptr;

/// A table of `N` rows, whose texts take `M` bytes.
#[repr(C)]
pub struct Packed<T, const N: usize, const M: usize> {
    rows: [Raw<T>; N],
    texts: [u8; M],
}

/// How many bytes the texts of these rows take. What several rows say is there once.
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
            room += joined(texts.list().texts());
        }
        row += 1;
    }
    room
}

impl<T: Copy, const N: usize, const M: usize> Packed<T, N, M> {
    /// Those rows, of which there are `N`; `M` is what `room` says of them.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    pub const fn of(given: &[Single<'_, T>]) -> Packed<T, N, M> {
        assert!(given.len() == N && N > 0, "a table has rows");
        let mut packed = Packed { rows: [given[0].raw; N], texts: [0; M] };
        let (mut row, mut end) = (0, 0);
        while row < N {
            let texts = &given[row].texts;
            packed.rows[row].said = given[row].raw.said;
            end = packed.put(row, 0, &[texts.first()], end);
            let (second, list) = (first_with_second(given, row), first_with_list(given, row));
            if second == row {
                end = packed.put(row, 1, &[texts.second()], end);
            } else {
                packed.share(row, 1, second);
            }
            if list == row {
                end = packed.put(row, 2, texts.list().texts(), end);
            } else {
                packed.share(row, 2, list);
            }
            row += 1;
        }
        packed
    }

    /// Puts a text of a row, or all of its list, at `end`; where that ends.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    const fn put(&mut self, row: usize, which: usize, texts: &[&str], end: usize) -> usize {
        let (length, at) = (joined(texts), (N - row) * size_of::<Raw<T>>() + end);
        let most = if which < 2 { u8::MAX as usize } else { u16::MAX as usize };
        assert!(length <= most, "a text is longer than 255 bytes");
        assert!(at <= u16::MAX as usize, "a table is larger than 64 KiB");
        self.rows[row].at[which] = at as u16;
        self.rows[row].measure(which, length);
        let (mut to, mut text) = (end, 0);
        while text < texts.len() {
            let (bytes, mut from) = (texts[text].as_bytes(), 0);
            // Between two there is a zero, as there is everywhere so far.
            to += (text > 0) as usize;
            while from < bytes.len() {
                self.texts[to] = bytes[from];
                (to, from) = (to + 1, from + 1);
            }
            text += 1;
        }
        to
    }

    /// What `row` says there is what `earlier` says, which is farther from it.
    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    const fn share(&mut self, row: usize, which: usize, earlier: usize) {
        let nearer = ((row - earlier) * size_of::<Raw<T>>()) as u16;
        self.rows[row].at[which] = self.rows[earlier].at[which] - nearer;
        let length = self.rows[earlier].length(which);
        self.rows[row].measure(which, length);
    }

    /// The rows.
    pub const fn rows(&'static self) -> &'static [Entry<'static, T>; N] {
        // SAFETY: `Entry` is transparent, and the texts are behind all of them, for as long.
        unsafe { &*ptr::from_ref(self).cast() }
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
    static TABLE: Packed<u32, { GIVEN.len() }, { room(GIVEN) }> = Packed::of(GIVEN);

    #[test]
    fn a_table_says_what_its_rows_said() {
        for (row, given) in TABLE.rows().iter().zip(GIVEN) {
            assert_eq!(format!("{row:?}"), format!("{given:?}"));
            assert_eq!((row.first(), row.second()), (given.first(), given.second()));
            assert!(row.list().eq(given.list()));
            assert_eq!((row.said(), row.stamp()), (given.said(), 0));
        }
    }

    #[test]
    fn what_is_said_twice_is_there_once() {
        let [first, second, third, _] = TABLE.rows();
        assert!(ptr::eq(first.second(), second.second()));
        let [list, shared] = [first, third].map(|row| row.list().next().map(str::as_ptr));
        assert_eq!(list, shared);
        assert_eq!(TABLE.texts.len(), "näme".len() + 13 + 4 + 5 + 5 + 6 + 5 + 1);
        assert!(size_of_val(first) <= 16);
    }
}
