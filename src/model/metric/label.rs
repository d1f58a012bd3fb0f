//! One label value. Most are short words that every text format writes as they are: such a word is
//! told apart once, and then written in one move as often as it comes, for each column of a device.

/// The longest word that is kept in one piece.
pub const WORD: usize = 16;

/// A short text without anything that a text format escapes: printable or not, it is ASCII without
/// `"`, `\` and newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    text: [u8; WORD],
    /// Beyond `WORD` if it is no such text.
    length: usize,
}

impl Word {
    /// What is known of `raw`.
    #[inline]
    pub const fn of(raw: &[u8]) -> Word {
        let (mut text, mut at) = ([0; WORD], 0);
        if raw.len() > WORD {
            return Word::NONE;
        }
        let mut rest = raw;
        while let [byte, after @ ..] = rest {
            if matches!(*byte, b'"' | b'\\' | b'\n' | 0x80..) {
                return Word::NONE;
            }
            #[allow(clippy::indexing_slicing)] // at < raw.len() <= WORD; get_mut is not const
            {
                text[at] = *byte;
            }
            at += 1;
            rest = after;
        }
        Word { text, length: at }
    }

    /// No such word.
    pub const NONE: Word = Word { text: [0; WORD], length: usize::MAX };
}

/// A label value as it is, any bytes, and as a word if it is one.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    raw: &'a [u8],
    word: Word,
}

impl<'a> Label<'a> {
    /// Of any bytes.
    #[inline]
    pub const fn of(raw: &'a [u8]) -> Label<'a> {
        Label { raw, word: Word::of(raw) }
    }

    /// Of bytes of which it is known what word they are.
    #[inline]
    pub fn known(raw: &'a [u8], word: Word) -> Label<'a> {
        Label { raw, word }
    }

    /// As it is.
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The word, in a block of its own, and its length; `None` if it must be looked at.
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
