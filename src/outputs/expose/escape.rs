//! Escapes help texts and label values.

use crate::model::metric::{Buffer, is_plain};

/// Appends `text` as a label value, or as a help text where `quotes` stay.
#[cold]
pub fn escape(out: &mut Buffer, text: &[u8], quotes: bool) {
    let (words, rest) = text.as_chunks();
    let is_word = |word: &[u8; 8]| is_plain(u64::from_le_bytes(*word));
    let is_byte = |byte: &u8| is_plain((*byte).into());
    if words.iter().all(is_word) && rest.iter().all(is_byte) {
        return out.put(text);
    }
    for chunk in text.utf8_chunks() {
        let mut plain = chunk.valid().as_bytes();
        while let Some(at) = plain.iter().position(|b| matches!(b, b'\\' | b'\n' | b'"')) {
            let (before, after) = plain.split_at(at);
            out.put(before);
            out.put(match after.first() {
                Some(b'\n') => b"\\n",
                Some(b'\\') => b"\\\\",
                _ if quotes => b"\\\"",
                _ => b"\"",
            });
            plain = after.get(1..).unwrap_or_default();
        }
        out.put(plain);
        if !chunk.invalid().is_empty() {
            out.put("\u{FFFD}".as_bytes());
        }
    }
}
