//! The texts of a row of a static table, in few bytes: a slice is a pointer and a length of a word each, and these are
//! short. Hundreds of rows are part of every binary, and of the memory that no other process shares: the loader writes
//! to their pages (relocations).

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::{slice, str};

/// How many bytes a text, and how many texts a list may have. Anything longer becomes empty.
const MAX_TEXT: usize = u16::MAX as usize;
const MAX_LIST: usize = u8::MAX as usize;

/// Two texts and a list of texts: 32 bytes, where slices are 48.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// INVARIANT: the three are those of slices that live for `'a`, with the lengths in `lengths`; texts are UTF-8.
    first: NonNull<u8>,
    second: NonNull<u8>,
    list: NonNull<&'a str>,
    /// From the lowest bit: 16 of the first text, 16 of the list, 16 of the second text.
    lengths: u64,
    of: PhantomData<&'a str>,
}

// SAFETY: it is equal to three shared slices of texts.
unsafe impl Send for Texts<'_> {}
// SAFETY: as above.
unsafe impl Sync for Texts<'_> {}

impl<'a> Texts<'a> {
    #[inline(always)] // for every sample of a family that is made at run time
    pub const fn new(first: &'a str, second: &'a str, list: &'a [&'a str]) -> Texts<'a> {
        let first = if first.len() > MAX_TEXT { "" } else { first };
        let second = if second.len() > MAX_TEXT { "" } else { second };
        let list = if list.len() > MAX_LIST { &[] } else { list };
        let lengths = first.len() as u64 | (list.len() as u64) << 16 | (second.len() as u64) << 32;
        Texts {
            first: start(first),
            second: start(second),
            list: start_of(list),
            lengths,
            of: PhantomData,
        }
    }

    #[inline(always)]
    pub const fn first(&self) -> &'a str {
        // SAFETY: see INVARIANT.
        unsafe { text(self.first, self.lengths) }
    }

    #[inline(always)]
    pub const fn second(&self) -> &'a str {
        // SAFETY: see INVARIANT.
        unsafe { text(self.second, self.lengths >> 32) }
    }

    #[inline(always)]
    pub const fn list(&self) -> &'a [&'a str] {
        let length = (self.lengths >> 16) as u16;
        // SAFETY: see INVARIANT.
        unsafe { slice::from_raw_parts(self.list.as_ptr(), length as usize) }
    }

    /// The addresses of all three, and the lengths of the first and of the list: they identify rows of static tables.
    #[inline(always)]
    pub fn places(&self) -> [usize; 4] {
        let (first, second) = (self.first.addr().get(), self.second.addr().get());
        [first, self.list.addr().get(), second, self.lengths as usize]
    }
}

const fn start(text: &str) -> NonNull<u8> {
    // SAFETY: a reference is never null.
    unsafe { NonNull::new_unchecked(text.as_ptr().cast_mut()) }
}

const fn start_of<'a>(list: &'a [&'a str]) -> NonNull<&'a str> {
    // SAFETY: a reference is never null.
    unsafe { NonNull::new_unchecked(list.as_ptr().cast_mut()) }
}

/// # Safety
///
/// `at`, and the lowest 16 bits of `length`, are of a text that lives for `'a`.
#[inline(always)]
const unsafe fn text<'a>(at: NonNull<u8>, length: u64) -> &'a str {
    // SAFETY: the caller guarantees it.
    unsafe { str::from_utf8_unchecked(slice::from_raw_parts(at.as_ptr(), length as u16 as usize)) }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.first(), self.second(), self.list()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        static ROW: Texts<'_> = Texts::new("näme", "One sentence.", &["a", "bc"]);
        assert_eq!(
            (ROW.first(), ROW.second(), ROW.list()),
            ("näme", "One sentence.", &["a", "bc"][..])
        );
        let empty = Texts::new("", "", &[]);
        assert_eq!((empty.first(), empty.second(), empty.list()), ("", "", &[][..]));
        assert!(size_of::<Texts<'_>>() <= 32);
    }

    #[test]
    fn what_is_too_long_is_empty() {
        let (most, more) = ("x".repeat(MAX_TEXT), "x".repeat(MAX_TEXT + 1));
        let (whole, list) = (["k"; MAX_LIST], ["k"; MAX_LIST + 1]);
        let kept = Texts::new(&most, &most, &whole);
        assert_eq!((kept.first(), kept.second(), kept.list()), (&*most, &*most, &whole[..]));
        let cut = Texts::new(&more, &more, &list);
        assert_eq!((cut.first(), cut.second(), cut.list()), ("", "", &[][..]));
        let [first, list, second, _] = kept.places();
        assert_eq!([first, second], [most.as_ptr().addr(); 2]);
        assert_eq!(list, whole.as_ptr().addr());
        let part = Texts::new(&most[1..], &most, &whole).places();
        assert_ne!(part, kept.places());
    }
}
