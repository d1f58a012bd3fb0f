//! Tables whose texts lie behind their rows, so that a row has no pointer but says how far away its texts are.
//! A pointer in a constant is written when the program is placed in memory; its page is then memory that no other
//! process shares. There are a thousand such rows, and most are never looked at.

use super::texts::{List, Texts};
use std::marker::PhantomData;
use std::ops::Deref;
use std::{fmt, ptr, slice, str};

/// What is said in a row, and how far behind the row its texts begin.
#[derive(Clone, Copy)]
struct Raw<T> {
    /// Where the first text begins is 0 for what is by itself.
    at: [u16; 3],
    /// Of the first text, of the second, and of all texts of the list.
    lengths: [u8; 2],
    list: u16,
    said: T,
}

impl<T> Raw<T> {
    #[expect(clippy::indexing_slicing, reason = "with a constant")]
    const fn length(&self, which: usize) -> usize {
        if which < 2 { self.lengths[which] as usize } else { self.list as usize }
    }

    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    const fn measure(&mut self, which: usize, length: usize) {
        if which < 2 {
            self.lengths[which] = length as u8;
        } else {
            self.list = length as u16;
        }
    }
}

/// Two texts, a list of texts, and what else is said: a row of a table, or the beginning of a `Single`.
///
/// INVARIANT: it is never moved or copied alone. Hence nothing gives one away but by reference.
#[repr(transparent)]
pub struct Entry<'a, T> {
    raw: Raw<T>,
    of: PhantomData<&'a str>,
}

impl<'a, T> Entry<'a, T> {
    /// What is said besides the texts.
    #[inline(always)]
    pub const fn said(&self) -> &T {
        &self.raw.said
    }

    /// The first text.
    pub const fn first(&self) -> &'a str {
        match self.single() {
            Some(single) => single.texts.first(),
            None => self.text(0),
        }
    }

    /// The second text.
    pub const fn second(&self) -> &'a str {
        match self.single() {
            Some(single) => single.texts.second(),
            None => self.text(1),
        }
    }

    /// The list of texts.
    pub fn list(&self) -> List<'a> {
        match self.single() {
            Some(single) => single.texts.list(),
            None => List::joined(self.text(2)),
        }
    }

    /// What tells those apart whose texts were made at run time, perhaps where others were before; 0 for rows of
    /// tables.
    pub fn stamp(&self) -> u32 {
        self.single().map_or(0, |single| single.stamp)
    }

    /// Where it is, or its texts are if it is by itself: no other is there that has its stamp.
    #[inline(always)]
    pub fn place(&self) -> Place {
        match self.single() {
            Some(single) => {
                let (at, lengths) = single.texts.places();
                Place { at, rest: u64::from(lengths) << 32 | u64::from(single.stamp) }
            }
            None => Place { at: [ptr::from_ref(self).addr(), 0, 0], rest: 0 },
        }
    }

    #[inline(always)]
    const fn single(&self) -> Option<&Single<'a, T>> {
        let [first, ..] = self.raw.at;
        // SAFETY: see INVARIANT; `Single::new` makes those that begin nowhere, and `Packed::of` no such.
        if first == 0 { Some(unsafe { &*ptr::from_ref(self).cast() }) } else { None }
    }

    /// A text of a row of a table, or all of its list.
    #[expect(clippy::indexing_slicing, reason = "with a constant")]
    const fn text(&self, which: usize) -> &'a str {
        let (at, length) = (self.raw.at[which] as usize, self.raw.length(which));
        // SAFETY: see INVARIANT: `Packed::of` put this text there, into the same static. The reference is to one row
        // of it, but so is the memory to which it leads: no one else ever writes it (Tree Borrows allows that).
        unsafe {
            let start = ptr::from_ref(self).cast::<u8>().add(at);
            str::from_utf8_unchecked(slice::from_raw_parts(start, length))
        }
    }
}

impl<T> Deref for Entry<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.said()
    }
}

impl<T: fmt::Debug> fmt::Debug for Entry<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.first(), self.second(), self.list(), self.said()).fmt(f)
    }
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Place {
    at: [usize; 3],
    rest: u64,
}

impl PartialEq for Place {
    /// Word by word: as slices they would be compared by a call.
    #[inline(always)]
    fn eq(&self, other: &Place) -> bool {
        let ([a, b, c], [d, e, f]) = (self.at, other.at);
        a == d && b == e && c == f && self.rest == other.rest
    }
}

/// An entry by itself, wherever its texts are.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Single<'a, T> {
    raw: Raw<T>,
    stamp: u32,
    texts: Texts<'a>,
}

impl<'a, T> Single<'a, T> {
    /// Of these texts.
    #[inline(always)] // for every sample of a family that is made at run time
    pub const fn new(texts: Texts<'a>, said: T, stamp: u32) -> Single<'a, T> {
        let raw = Raw { at: [0; 3], lengths: [0; 2], list: 0, said };
        Single { raw, stamp, texts }
    }

    /// The same, of which this is said.
    #[inline(always)]
    pub const fn saying(self, said: T) -> Single<'a, T>
    where
        T: Copy,
    {
        Single { raw: Raw { said, ..self.raw }, ..self }
    }

    /// The same with this stamp.
    #[inline(always)]
    pub const fn stamped(self, stamp: u32) -> Single<'a, T>
    where
        T: Copy,
    {
        Single { stamp, ..self }
    }

    /// As an entry.
    #[inline(always)]
    pub const fn entry(&self) -> &Entry<'a, T> {
        // SAFETY: an `Entry` is what a `Single` begins with, and is seen as such.
        unsafe { &*ptr::from_ref(self).cast() }
    }
}

impl<'a, T> Deref for Single<'a, T> {
    type Target = Entry<'a, T>;

    #[inline(always)]
    fn deref(&self) -> &Entry<'a, T> {
        self.entry()
    }
}

impl<T: fmt::Debug> fmt::Debug for Single<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry().fmt(f)
    }
}

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
        assert!(ptr::eq(first.text(2), third.text(2)));
        assert_eq!(TABLE.texts.len(), "näme".len() + 13 + 4 + 5 + 5 + 6 + 5 + 1);
        assert!(size_of_val(first) <= 16);
    }

    #[test]
    fn places_tell_entries_apart() {
        let [first, second, ..] = TABLE.rows();
        assert_eq!(first.place(), first.place());
        assert_ne!(first.place(), second.place());
        let text = String::from("xyz");
        let single = |text, stamp| Single::new(Texts::new(text, "", &[]), 0_u32, stamp).place();
        assert_eq!(single(&text, 1), single(&text, 1));
        assert_ne!(single(&text, 1), single(&text, 2));
        assert_ne!(single(&text, 1), single(&text[..2], 1));
    }
}
