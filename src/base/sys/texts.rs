//! The texts of one row of a table, in 32 bytes: three slices take 48. Tables of the program have more than a
//! thousand such rows, and each of their pages is written at the start, when addresses are put in.

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::{slice, str};

/// What a length here can be.
const MAX: usize = u16::MAX as usize;

/// A name, a sentence, and keys. What is longer than a length can say is cut.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// INVARIANT: each points to as many bytes of UTF-8, or keys, as its length says, borrowed for `'a`.
    name: NonNull<u8>,
    help: NonNull<u8>,
    keys: NonNull<&'a str>,
    lengths: [u16; 3],
    borrowed: PhantomData<&'a str>,
}

// SAFETY: it is three shared references to what is `Sync`.
unsafe impl Send for Texts<'_> {}
// SAFETY: the same.
unsafe impl Sync for Texts<'_> {}

impl<'a> Texts<'a> {
    /// The texts of a row.
    pub const fn new(name: &'a str, help: &'a str, keys: &'a [&'a str]) -> Texts<'a> {
        let count = if keys.len() < MAX { keys.len() } else { MAX };
        Texts {
            name: start(name.as_ptr()),
            help: start(help.as_ptr()),
            keys: start(keys.as_ptr()),
            lengths: [length(name), length(help), count as u16],
            borrowed: PhantomData,
        }
    }

    /// The name.
    #[inline(always)]
    pub const fn name(&self) -> &'a str {
        text(self.name, self.lengths[0])
    }

    /// The sentence.
    #[inline(always)]
    pub const fn help(&self) -> &'a str {
        text(self.help, self.lengths[1])
    }

    /// The keys.
    #[inline(always)]
    pub const fn keys(&self) -> &'a [&'a str] {
        // SAFETY: the invariant.
        unsafe { slice::from_raw_parts(self.keys.as_ptr(), self.lengths[2] as usize) }
    }

    /// The same with other keys.
    pub const fn keyed(self, keys: &'a [&'a str]) -> Texts<'a> {
        Texts::new(self.name(), self.help(), keys)
    }
}

const fn start<T>(slice: *const T) -> NonNull<T> {
    // SAFETY: no slice is at 0.
    unsafe { NonNull::new_unchecked(slice.cast_mut()) }
}

/// How much of `text` is kept: all, or whole characters.
const fn length(text: &str) -> u16 {
    let mut length = if text.len() < MAX { text.len() } else { MAX };
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    length as u16
}

/// What lies at `start`; INVARIANT: so many bytes of UTF-8, borrowed for `'a`.
#[inline(always)]
const fn text<'a>(start: NonNull<u8>, length: u16) -> &'a str {
    // SAFETY: the invariant.
    unsafe { str::from_utf8_unchecked(slice::from_raw_parts(start.as_ptr(), length as usize)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_and_what_is_too_long_is_cut() {
        let texts = Texts::new("name", "Help.", &["a", "b"]);
        assert_eq!((texts.name(), texts.help(), texts.keys()), ("name", "Help.", &["a", "b"][..]));
        let texts = texts.keyed(&[]);
        assert_eq!((texts.name(), texts.help(), texts.keys()), ("name", "Help.", &[][..]));
        let long = "ä".repeat(MAX);
        assert_eq!(Texts::new(&long, &long, &[]).help().len(), MAX - 1);
        assert!(size_of::<Texts<'_>>() <= 32);
    }
}
