//! One sample's line. What stands between the label values is made once for a family; a label value is
//! looked at for bytes that need care while it is copied, eight at a time. One that does takes the
//! slow way.

use crate::metric::{Buffer, Value};
use crate::sys::Pen;

/// The parts of a line between its label values: `name{key0="`, `",key1="`, …, `"} `.
#[derive(Default)]
pub struct Line {
    /// All parts, one after the other.
    text: Buffer,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Line {
    /// Starts a family: its whole name and its label keys.
    pub fn set(&mut self, name: &[&str; 3], keys: &[&str]) {
        self.text.truncate(0);
        self.ends.clear();
        self.text.put_all(name.map(str::as_bytes));
        let mut before: &[u8] = b"{";
        for key in keys {
            self.text.put_all([before, key.as_bytes(), b"=\""]);
            self.ends.push(self.text.len());
            before = b"\",";
        }
        self.text.put(if keys.is_empty() { b" " } else { b"\"} " });
        self.ends.push(self.text.len());
    }

    /// How many label values a sample has.
    pub fn keys(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    /// Appends a sample to `out`. False, and nothing appended, if a label value needs care.
    #[inline]
    pub fn write(&self, labels: &[&[u8]], value: Value, out: &mut Buffer) -> bool {
        let lengths = labels.iter().map(|l| l.len()).sum::<usize>();
        let mut pen = Pen::new(out.room(self.text.len() + lengths + Value::ROOM + 1));
        let room = pen.left();
        let (text, mut start) = (self.text.bytes(), 0);
        for (label, &end) in labels.iter().zip(&self.ends) {
            pen.put(text.get(start..end).unwrap_or_default());
            if !put_plain(&mut pen, label) {
                return false;
            }
            start = end;
        }
        pen.put(text.get(start..).unwrap_or_default());
        value.write(&mut pen);
        pen.put(b"\n");
        let written = room - pen.left();
        out.advance(written);
        true
    }

    /// The slow way: `escape` appends each label value.
    #[cold]
    pub fn write_with(
        &self,
        labels: &[&[u8]],
        value: Value,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) {
        let mut start = 0;
        let mut labels = labels.iter();
        for &end in &self.ends {
            out.put(self.text.bytes().get(start..end).unwrap_or_default());
            start = end;
            if let Some(label) = labels.next() {
                escape(out, label);
            }
        }
        out.put_value(value);
        out.put(b"\n");
    }
}

/// Writes `label`; false if it is not plain. `pen` has room for a word more.
#[inline(always)]
fn put_plain(pen: &mut Pen<'_>, label: &[u8]) -> bool {
    let (mut odd, mut rest) = (0, label);
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        odd |= oddities(word);
        pen.put_word(word, 8);
        rest = after;
    }
    let last = word(rest);
    pen.put_word(last, rest.len());
    odd | oddities(last) == 0
}

/// Up to seven bytes as one word, the rest of it zero.
#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    let shift = 8 * bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (shift - 32);
    }
    // One to three: the first, the middle and the last, which may be one another.
    let ([first, ..], [.., last]) = (bytes, bytes) else { return 0 };
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    let at_middle = 8 * (bytes.len() / 2);
    u64::from(*first) | u64::from(middle) << at_middle | u64::from(*last) << (shift - 8)
}

/// Whether `text` is ASCII without `"`, `\\` and newlines.
#[inline]
pub fn is_plain(text: &[u8]) -> bool {
    let (mut odd, mut rest) = (0, text);
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        odd |= oddities(u64::from_le_bytes(*chunk));
        rest = after;
    }
    odd | oddities(word(rest)) == 0
}

/// Nonzero if one of the eight bytes is `"`, `\\`, a newline or not ASCII.
#[inline(always)]
fn oddities(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let is = |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    // A byte that is not ASCII may hide one to its left from `is`, and is odd itself.
    (word | is(b'"') | is(b'\\') | is(b'\n')) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plainness_agrees_with_a_naive_twin() {
        for byte in 0..=255u8 {
            for len in 1..20 {
                for at in 0..len {
                    let mut label = vec![b'a'; len];
                    label[at] = byte;
                    let naive = !matches!(byte, b'"' | b'\\' | b'\n' | 0x80..);
                    assert_eq!(is_plain(&label), naive, "{byte:#x} at {at} of {len}");
                    let mut to = [0; 32];
                    assert_eq!(put_plain(&mut Pen::new(&mut to), &label), naive);
                    assert!(!naive || to[..len] == label);
                }
            }
        }
        assert!(is_plain(b""));
    }

    #[test]
    fn parts_of_every_length_are_copied() {
        let mut line = Line::default();
        for n in 1..140 {
            let (name, key) = ("n".repeat(n), "k".repeat(140 - n));
            line.set(&[&name, "", ""], &[&key, "mode"]);
            let mut out = Buffer::default();
            let labels: &[&[u8]] = &[b"0", b"user_long_value"];
            assert!(line.write(labels, Value::Centi(150), &mut out));
            let naive = format!("{name}{{{key}=\"0\",mode=\"user_long_value\"}} 1.50\n");
            assert_eq!(out.bytes(), naive.as_bytes());
            line.write_with(&[b"0", b"user_long_value"], Value::Centi(150), &mut out, Buffer::put);
            assert_eq!(out.bytes(), [&*naive, &*naive].concat().as_bytes());
        }
    }
}
