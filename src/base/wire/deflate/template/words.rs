//! The words of a template, and the encoding of their steps.

/// Bytes of a word.
pub const WORD: usize = 8;

/// Flag of a step: the word equals the one at this distance before it.
pub const AGAIN: u32 = 1 << 31;

/// In a step: the number of written bytes of a word is above the count of bits before it.
pub const BITS: u32 = 27;

/// The word at `place`.
pub fn word(text: &[u8], place: usize) -> [u8; WORD] {
    text.get(place..).and_then(|text| text.first_chunk()).copied().unwrap_or_default()
}
