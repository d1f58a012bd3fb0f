//! One label value. Most are short words that every text format writes as they are: such a word is
//! checked once, and then written in one move each time, for each column of a device.

/// The longest word that is stored in one block.
pub const WORD: usize = 16;

/// A short text without characters that a text format escapes: printable or not, it is ASCII without
/// `"`, `\` and newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    text: [u8; WORD],
    /// Beyond `WORD` if it is not such a text.
    length: usize,
}

impl Word {
    /// Checks `raw`.
    #[inline]
    pub const fn of(raw: &[u8]) -> Word {
        let length = raw.len();
        if length > WORD {
            return Word::NONE;
        }
        let (low, high) = match (raw.first_chunk::<8>(), raw.last_chunk::<8>()) {
            (Some(first), Some(_)) if length == 8 => (u64::from_le_bytes(*first), 0),
            (Some(first), Some(last)) => {
                (u64::from_le_bytes(*first), u64::from_le_bytes(*last) >> (8 * (WORD - length)))
            }
            _ => (short(raw), 0),
        };
        if !is_plain(low) || !is_plain(high) {
            return Word::NONE;
        }
        Word { text: ((high as u128) << 64 | low as u128).to_le_bytes(), length }
    }

    /// Its block, and its length, which is more than `WORD` if the text has to be checked for escapes.
    #[inline(always)]
    pub fn block(&self) -> (&[u8; WORD], usize) {
        (&self.text, self.length)
    }

    /// The word as a label value.
    #[inline]
    pub fn label(&self) -> Label<'_> {
        Label::known(self.text.get(..self.length).unwrap_or_default(), *self)
    }

    /// Not a word.
    pub const NONE: Word = Word { text: [0; WORD], length: usize::MAX };
}

/// Fewer than eight bytes in one word, the first in its lowest byte.
const fn short(raw: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (raw.first_chunk::<4>(), raw.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return first as u64 | (last as u64) << (8 * (raw.len() - 4));
    }
    let [first, middle, last] = match raw {
        [] => [0, 0, 0],
        [one] => [*one, 0, 0],
        [one, two] => [*one, *two, 0],
        [one, two, three, ..] => [*one, *two, *three],
    };
    first as u64 | (middle as u64) << 8 | (last as u64) << 16
}

/// Whether no text format escapes one of these eight bytes.
#[inline(always)]
pub const fn is_plain(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    // Without carry from byte to byte, as no byte has its highest bit: that is set where a byte
    // differs from the escaped one.
    const fn others(eight: u64, escaped: u8) -> u64 {
        (eight ^ (ONES * escaped as u64)) + (HIGH - ONES)
    }
    eight & HIGH == 0
        && others(eight, b'"') & others(eight, b'\\') & others(eight, b'\n') & HIGH == HIGH
}

/// A label value, any bytes, and its word if it is one.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    raw: &'a [u8],
    word: Word,
}

impl<'a> Label<'a> {
    /// A label value of any bytes.
    #[inline]
    pub const fn of(raw: &'a [u8]) -> Label<'a> {
        Label { raw, word: Word::of(raw) }
    }

    /// A label value whose word is known.
    #[inline]
    pub fn known(raw: &'a [u8], word: Word) -> Label<'a> {
        Label { raw, word }
    }

    /// The bytes as they are.
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The block of the word, and its length; `None` if the text has to be checked for escapes.
    #[inline(always)]
    pub fn word(&self) -> Option<(&[u8; WORD], usize)> {
        (self.word.length <= WORD).then_some((&self.word.text, self.word.length))
    }
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Label<'a> {
        Label::of(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Label<'a> {
    fn from(raw: &'a [u8]) -> Label<'a> {
        Label::of(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_short_and_plain() {
        for byte in 0..=255u8 {
            for len in 0..20 {
                for at in 0..len.max(1) {
                    let mut raw = vec![b'a'; len];
                    if let Some(here) = raw.get_mut(at) {
                        *here = byte;
                    }
                    let plain = len == 0 || !matches!(byte, b'"' | b'\\' | b'\n' | 0x80..);
                    let label = Label::of(&raw);
                    assert_eq!(label.raw(), raw);
                    match label.word() {
                        Some((text, n)) => {
                            assert!(plain && len <= WORD);
                            assert_eq!(text[..n], raw[..]);
                        }
                        None => assert!(!plain || len > WORD, "{byte:#x} at {at} of {len}"),
                    }
                }
            }
        }
    }
}
