//! Where the values of a page stand.

use crate::base::wire::deflate::template::planner::Span;

/// A longer value is none.
const MAX_VALUE: usize = 255;

/// The value that begins `at` there.
pub fn value(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default()
}

/// Where the values of a page stand: behind the labels, or the name, to the end of the line.
pub fn values(text: &[u8]) -> Vec<Span> {
    let (mut spans, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let name = line.iter().position(|byte| matches!(byte, b' ' | b'{')).unwrap_or(line.len());
        let (_, rest) = line.split_at(name);
        let labels = rest.windows(2).position(|end| end == b"} ").map_or(1, |end| end + 2);
        let value = name + if rest.starts_with(b"{") { labels } else { 1 };
        let length = line.len().saturating_sub(value + 1);
        let is_sample = line.first() != Some(&b'#') && line.ends_with(b"\n");
        if is_sample && (1..=MAX_VALUE).contains(&length) {
            spans.push(Span { at: (at + value) as u32, length: length as u8, is_steady: false });
        }
        at += line.len();
    }
    spans
}
