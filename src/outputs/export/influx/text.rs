//! Names and tags in the line protocol. A backslash is literal unless one of `, =` or a space
//! follows: only those are escaped, and a name that ends in a backslash would swallow the next character.

use crate::model::metric::Buffer;

/// Names with a special meaning in the database: it refuses points that have them.
const RESERVED: [&str; 3] = ["time", "_field", "_measurement"];

/// Whether the text is written unchanged.
#[inline]
pub fn is_plain(text: &str) -> bool {
    let is_odd = |b: &u8| matches!(b, b'\\' | b',' | b'=' | ..=b' ');
    // The shortest reserved name has four bytes; most keys begin with other letters.
    let is_reserved = || matches!(text.as_bytes().first(), Some(b't' | b'_')) && reserved(text);
    !text.is_empty() && !text.as_bytes().iter().any(is_odd) && !is_reserved()
}

fn reserved(text: &str) -> bool {
    RESERVED.contains(&text)
}

/// The text without characters that must not be at the end.
fn trimmed(text: &str) -> &str {
    text.trim_end_matches('\\')
}

/// Appends the name of a measurement. A name that starts with `#` would be a comment.
pub fn measurement(out: &mut Buffer, name: &str) {
    let name = trimmed(name);
    let rest = name.strip_prefix('#').unwrap_or(name);
    if rest.len() < name.len() {
        out.put(b"_");
    }
    put(out, rest, b", ");
}

/// Appends a tag; one without key or value is left out.
#[cold]
pub fn tag(out: &mut Buffer, key: &str, value: &str) {
    if !trimmed(key).is_empty() && !trimmed(value).is_empty() {
        out.put(b",");
        escaped(out, key);
        out.put(b"=");
        put(out, trimmed(value), b",= ");
    }
}

/// Appends the key of a tag or a field.
pub fn escaped(out: &mut Buffer, key: &str) {
    put(out, trimmed(key), b",= ");
    if reserved(trimmed(key)) {
        out.put(b"_");
    }
}

fn put(out: &mut Buffer, text: &str, special: &[u8]) {
    for byte in text.bytes() {
        // Newlines end lines, and some readers treat other control characters as blanks.
        let byte = if byte < b' ' { b' ' } else { byte };
        if special.contains(&byte) {
            out.put(b"\\");
        }
        out.put(&[byte]);
    }
}
