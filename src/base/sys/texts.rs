//! Two texts and a list of texts in few bytes: a slice is a pointer and a length of a word, and these are short.

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
    /// Of texts, or of the bytes of all of them, with a zero between two.
    list: NonNull<u8>,
    /// From the lowest bit: 16 of the first text, 16 of the list, 16 of the second text, 16 of the bytes of all
    /// texts of the list if they are together.
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
        let list = if list.len() > MAX_LIST { &[] } else { list };
        let at = start(list.as_ptr().cast());
        Texts::of(first, second, at, (list.len() as u64) << 16)
    }

    /// The same of another list.
    #[inline(always)]
    pub const fn with(first: &'a str, second: &'a str, list: List<'a>) -> Texts<'a> {
        let List { joined, texts, left } = list;
        if !texts.is_empty() || joined.len() > MAX_TEXT || left > MAX_LIST {
            return Texts::new(first, second, texts);
        }
        let lengths = (left as u64) << 16 | (joined.len() as u64) << 48;
        Texts::of(first, second, start(joined.as_ptr()), lengths)
    }

    #[inline(always)]
    const fn of(first: &'a str, second: &'a str, list: NonNull<u8>, lengths: u64) -> Texts<'a> {
        let first = if first.len() > MAX_TEXT { "" } else { first };
        let second = if second.len() > MAX_TEXT { "" } else { second };
        let lengths = lengths | first.len() as u64 | (second.len() as u64) << 32;
        let (first, second) = (start(first.as_ptr()), start(second.as_ptr()));
        Texts { first, second, list, lengths, of: PhantomData }
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
    pub const fn list(&self) -> List<'a> {
        let left = (self.lengths >> 16) as u16 as usize;
        if self.lengths >> 48 != 0 {
            // SAFETY: see INVARIANT.
            return List {
                joined: unsafe { text(self.list, self.lengths >> 48) },
                texts: &[],
                left,
            };
        }
        // SAFETY: the same; then it was made of a slice of texts.
        let texts = unsafe { slice::from_raw_parts(self.list.as_ptr().cast(), left) };
        List { joined: "", texts, left }
    }

    /// The addresses of all three, and the lengths of the first and of the list: they identify rows of static tables.
    #[inline(always)]
    pub fn places(&self) -> ([usize; 3], u32) {
        let at = |text: NonNull<u8>| text.addr().get();
        ([at(self.first), at(self.list), at(self.second)], self.lengths as u32)
    }
}

/// Texts of a list, one after the other.
#[derive(Clone, Copy, Default)]
pub struct List<'a> {
    /// All that are left, with a zero between two, unless they are `texts`.
    joined: &'a str,
    texts: &'a [&'a str],
    left: usize,
}

impl<'a> List<'a> {
    /// These.
    pub const fn of(texts: &'a [&'a str]) -> List<'a> {
        List { joined: "", texts, left: texts.len() }
    }

    /// Those of which `joined` consists, with a zero between two.
    pub fn joined(joined: &'a str) -> List<'a> {
        let zeros = joined.bytes().filter(|byte| *byte == 0).count();
        List { joined, texts: &[], left: zeros + usize::from(!joined.is_empty()) }
    }

    /// Those of a list that was made of a slice.
    pub const fn texts(self) -> &'a [&'a str] {
        self.texts
    }

    /// The first half, and the second.
    pub fn halves(self) -> [List<'a>; 2] {
        let (mut second, left) = (self, self.left / 2);
        second.by_ref().take(left).for_each(drop);
        [List { left, ..self }, second]
    }
}

impl<'a> Iterator for List<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        if let Some((first, rest)) = self.texts.split_first() {
            self.texts = rest;
            return Some(first);
        }
        let end = self.joined.bytes().position(|byte| byte == 0).unwrap_or(self.joined.len());
        let first = self.joined.get(..end)?;
        self.joined = self.joined.get(end + 1..).unwrap_or_default();
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for List<'_> {}

const fn start(at: *const u8) -> NonNull<u8> {
    // SAFETY: all of them are those of references, which are never null.
    unsafe { NonNull::new_unchecked(at.cast_mut()) }
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

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl PartialEq for List<'_> {
    fn eq(&self, other: &List<'_>) -> bool {
        Iterator::eq(*self, *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        static ROW: Texts<'_> = Texts::new("näme", "One sentence.", &["a", "bc"]);
        assert_eq!((ROW.first(), ROW.second()), ("näme", "One sentence."));
        assert!(ROW.list().eq(["a", "bc"]));
        let empty = Texts::new("", "", &[]);
        assert_eq!((empty.first(), empty.second(), empty.list().len()), ("", "", 0));
        assert!(size_of::<Texts<'_>>() <= 32);
    }

    #[test]
    fn what_is_too_long_is_empty() {
        let (most, more) = ("x".repeat(MAX_TEXT), "x".repeat(MAX_TEXT + 1));
        let (whole, list) = (["k"; MAX_LIST], ["k"; MAX_LIST + 1]);
        let kept = Texts::new(&most, &most, &whole);
        assert_eq!((kept.first(), kept.second()), (&*most, &*most));
        assert!(kept.list().eq(whole));
        let cut = Texts::new(&more, &more, &list);
        assert_eq!((cut.first(), cut.second(), cut.list().len()), ("", "", 0));
        let ([first, list, second], _) = kept.places();
        assert_eq!([first, second], [most.as_ptr().addr(); 2]);
        assert_eq!(list, whole.as_ptr().addr());
        let part = Texts::new(&most[1..], &most, &whole).places();
        assert_ne!(part, kept.places());
    }

    #[test]
    fn a_list_is_a_slice_or_lies_together() {
        let joined = List::joined("a\0bc\0d\0ef");
        let slice = List::of(&["a", "bc", "d", "ef"]);
        for list in [joined, slice] {
            let texts = Texts::with("x", "y", list);
            assert_eq!((texts.first(), texts.second(), list.len()), ("x", "y", 4));
            assert!(texts.list().eq(["a", "bc", "d", "ef"]));
            let [first, second] = texts.list().halves();
            assert_eq!((first.len(), second.len()), (2, 2));
            assert!(first.eq(["a", "bc"]) && second.eq(["d", "ef"]));
        }
        assert_eq!(List::joined("").next(), None);
    }
}
