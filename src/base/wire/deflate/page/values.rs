//! Finds the values of a page.

use crate::base::wire::deflate::template::planner::Span;

/// A longer text is not a value.
const MAX_VALUE: usize = 255;

/// The value that begins at `at`. It is short, so memchr would be slower.
#[inline(always)] // for every value
pub fn value(text: &[u8], at: usize) -> &[u8] {
    const ONES: u64 = u64::MAX / 255;
    let (rest, mut length) = (text.get(at..).unwrap_or_default(), 0);
    while let Some(word) = rest.get(length..).and_then(<[u8]>::first_chunk) {
        // The lowest byte that is a newline gets its highest bit.
        let others = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'\n'));
        let newline = others.wrapping_sub(ONES) & !others & (ONES * 0x80);
        length += (newline.trailing_zeros() / 8) as usize;
        if newline != 0 {
            return rest.get(..length).unwrap_or_default();
        }
    }
    let end = rest.iter().skip(length).position(|byte| *byte == b'\n');
    rest.get(..end.map_or(rest.len(), |end| length + end)).unwrap_or_default()
}

/// The spans of the values of a page: after the labels, or the name, to the end of the line.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_the_first_newline_wherever_it_stands() {
        for length in 0..40 {
            for end in 0..=length {
                let mut text = vec![b'\x8a'; length];
                text.iter_mut().skip(end).step_by(3).for_each(|byte| *byte = b'\n');
                text.iter_mut().skip(end + 1).step_by(3).for_each(|byte| *byte = b'\x0b');
                assert_eq!(value(&text, 0).len(), end);
                assert_eq!(value(&text, end.min(5)).len(), end - end.min(5));
            }
        }
        assert_eq!(value(b"1", 2), b"");
    }
}
