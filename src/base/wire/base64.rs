//! Base64, in headers and paths.

/// Decodes `text` from base64 (RFC 4648), with or without padding; `last` are the two characters in
/// which its alphabets differ.
pub fn base64(text: &str, last: [u8; 2]) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            byte => 62 + last.iter().position(|other| *other == byte)? as u8,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // A single character does not make a byte.
    (count < 6).then_some(out)
}
