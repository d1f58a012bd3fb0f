//! The words of a template, and what is kept of each.

/// Bytes of a word.
pub const WORD: usize = 8;

/// On a step: the word is the one that stands so far before it.
pub const AGAIN: u32 = 1 << 31;

/// In a step: how many bytes of a word are written lies above the count of bits before it.
pub const BITS: u32 = 27;

/// The word at `place`.
pub fn word(text: &[u8], place: usize) -> [u8; WORD] {
    text.get(place..).and_then(|text| text.first_chunk()).copied().unwrap_or_default()
}
