//! A row of a table: two texts, a list of texts, and data of fixed length. The texts of a table's row
//! lie together (`Packed`), those of a row by itself anywhere.

use super::texts::{List, Texts};
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::{fmt, slice, str};

/// The data of a row, and where its texts are among those of its table.
#[derive(Clone, Copy)]
pub(super) struct Raw<T> {
    /// How far before the row its table begins, with a pointer to the texts; 0 for what is by itself.
    pub back: u16,
    /// Where the first text begins, the second, and the list, which begins with its length in two bytes.
    pub at: [u16; 3],
    /// Of the first text and of the second.
    pub lengths: [u8; 2],
    pub data: T,
}

/// Two texts, a list of texts, and data: a row of a table, or the beginning of a `Single`.
///
/// INVARIANT: it is never moved or copied alone. Hence nothing gives one away but by reference.
#[repr(transparent)]
pub struct Entry<'a, T> {
    raw: Raw<T>,
    of: PhantomData<&'a str>,
}

impl<'a, T> Entry<'a, T> {
    /// The data besides the texts.
    #[inline(always)]
    pub const fn data(&self) -> &T {
        &self.raw.data
    }

    /// The first text.
    pub const fn first(&self) -> &'a str {
        match self.single() {
            Some(single) => single.texts.first(),
            None => self.text(self.raw.at[0], self.raw.lengths[0] as u16),
        }
    }

    /// The second text.
    pub const fn second(&self) -> &'a str {
        match self.single() {
            Some(single) => single.texts.second(),
            None => self.text(self.raw.at[1], self.raw.lengths[1] as u16),
        }
    }

    /// The list of texts.
    pub fn list(&self) -> List<'a> {
        if let Some(single) = self.single() {
            return single.texts.list();
        }
        let [.., at] = self.raw.at;
        let length = u16::from_le_bytes([self.byte(at), self.byte(at + 1)]);
        List::joined(self.text(at + 2, length))
    }

    /// Distinguishes entries whose texts were made at run time, perhaps at the address of earlier ones; 0 for rows of
    /// tables.
    pub fn stamp(&self) -> u32 {
        self.single().map_or(0, |single| single.stamp)
    }

    /// Whether it is a row of a table, which is always what it is.
    #[inline(always)]
    pub const fn is_in_table(&self) -> bool {
        self.raw.back != 0
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

    /// Whether that is its place. A row of a table is identified by one word, without lengths.
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
        // SAFETY: see INVARIANT; `Single::new` makes those that are in no table, and `Laid::table` no such.
        if self.is_in_table() { None } else { Some(unsafe { &*ptr::from_ref(self).cast() }) }
    }

    /// Where the texts of its table are.
    const fn texts(&self) -> NonNull<u8> {
        // SAFETY: see INVARIANT: `Laid::table` put the row into a table, which begins so far before it with that
        // pointer. The reference is to the row alone, but nobody ever writes the table (Tree Borrows allows that).
        unsafe { *ptr::from_ref(self).byte_sub(self.raw.back as usize).cast() }
    }

    const fn byte(&self, at: u16) -> u8 {
        // SAFETY: `Laid::of` put it there.
        unsafe { self.texts().add(at as usize).read() }
    }

    /// A text of a row of a table.
    const fn text(&self, at: u16, length: u16) -> &'a str {
        // SAFETY: `Laid::of` put this text there, and the texts live as long as the table.
        unsafe {
            let start = self.texts().add(at as usize).as_ptr();
            str::from_utf8_unchecked(slice::from_raw_parts(start, length as usize))
        }
    }
}

impl<T> Deref for Entry<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.data()
    }
}

impl<T: fmt::Debug> fmt::Debug for Entry<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.first(), self.second(), self.list(), self.data()).fmt(f)
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
    pub const fn new(texts: Texts<'a>, data: T, stamp: u32) -> Single<'a, T> {
        let raw = Raw { back: 0, at: [0; 3], lengths: [0; 2], data };
        Single { raw, stamp, texts }
    }

    /// The same with other data.
    #[inline(always)]
    pub const fn with_data(self, data: T) -> Single<'a, T>
    where
        T: Copy,
    {
        Single { raw: Raw { data, ..self.raw }, ..self }
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
