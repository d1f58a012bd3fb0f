//! What is said in a row of a table: two texts, a list of texts, and something of fixed length. The texts of a table's
//! row lie behind the table (`Packed`), those of a row by itself anywhere.

use super::texts::{List, Texts};
use std::marker::PhantomData;
use std::ops::Deref;
use std::{fmt, ptr, slice, str};

/// What is said in a row, and how far behind the row its texts begin.
#[derive(Clone, Copy)]
pub(super) struct Raw<T> {
    /// Where the first text begins is 0 for what is by itself.
    pub at: [u16; 3],
    /// Of the first text, of the second, and of all texts of the list.
    pub lengths: [u8; 2],
    pub list: u16,
    pub said: T,
}

impl<T> Raw<T> {
    #[expect(clippy::indexing_slicing, reason = "with a constant")]
    pub const fn length(&self, which: usize) -> usize {
        if which < 2 { self.lengths[which] as usize } else { self.list as usize }
    }

    #[expect(clippy::indexing_slicing, reason = "while it is compiled")]
    pub const fn measure(&mut self, which: usize, length: usize) {
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

    /// Whether that is its place. A row of a table is told by one word, and by no lengths.
    #[inline(always)]
    pub fn is_at(&self, place: &Place) -> bool {
        let [at, ..] = place.at;
        match self.single() {
            Some(_) => self.place() == *place,
            None => at == ptr::from_ref(self).addr() && place.rest == 0,
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
    pub(super) raw: Raw<T>,
    stamp: u32,
    pub(super) texts: Texts<'a>,
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

#[cfg(test)]
mod tests {
    use super::super::packed::{Packed, room};
    use super::*;

    const GIVEN: &[Single<'_, u32>] = &[
        Single::new(Texts::new("one", "", &[]), 7, 0),
        Single::new(Texts::new("two", "", &[]), 8, 0),
    ];
    static TABLE: Packed<u32, { GIVEN.len() }, { room(GIVEN) }> = Packed::of(GIVEN);

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
    }
}
