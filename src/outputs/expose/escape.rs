//! Help texts and label values as they may stand in a text.

use crate::model::metric::Buffer;

/// Appends `text` as a label value, or as a help text where `quotes` stay.
#[cold]
pub fn escape(out: &mut Buffer, text: &[u8], quotes: bool) {
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
