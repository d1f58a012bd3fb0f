//! Texts in JSON (RFC 8259, section 7).

/// Hands `text` to `put` with its special characters escaped, without the quotation marks.
pub fn escaped(mut text: &[u8], put: &mut dyn FnMut(&[u8])) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    while let Some(at) = text.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)) {
        let (before, after) = text.split_at(at);
        put(before);
        let byte = after.first().copied().unwrap_or_default();
        match byte {
            b'"' | b'\\' => put(&[b'\\', byte]),
            _ => {
                let digit = HEX.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
                put(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
            }
        }
        text = after.get(1..).unwrap_or_default();
    }
    put(text);
}
