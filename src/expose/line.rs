//! One sample's line. What stands between the label values is made once for a family; a label value is
//! looked at for bytes that need care while it is copied, eight at a time. One that does takes the
//! slow way.

use super::Format;
use crate::metric::{Buffer, Family, Kind, Value};
use crate::settings::Dialect;
use crate::sys::Pen;
use std::ops::Range;

/// What is known of the families, in the order in which they come, from one scrape to the next: the
/// same come at every scrape, and making a header costs as much as several samples.
#[derive(Default)]
pub struct Lines {
    known: Vec<Line>,
    at: usize,
    style: Option<(Dialect, Format)>,
}

impl Lines {
    /// A scrape begins.
    pub fn begin(&mut self, dialect: Dialect, format: Format) {
        self.at = 0;
        if self.style != Some((dialect, format)) {
            self.style = Some((dialect, format));
            self.known.clear();
        }
    }

    /// The line of the next family, made by `make` if another stood here before.
    #[inline]
    pub fn next(&mut self, family: &Family<'_>, name: &str, make: impl FnOnce(&mut Line)) -> &Line {
        let at = self.at;
        self.at += 1;
        if self.known.get(at).is_none_or(|line| !line.is_of(family, name)) {
            self.known.truncate(at);
            let mut line = Line::default();
            make(&mut line);
            line.id = Id::of(family);
            self.known.push(line);
        }
        self.current()
    }

    /// The line of the family at hand.
    #[inline]
    pub fn current(&self) -> &Line {
        static NONE: Line = Line {
            id: Id::NONE,
            header: Buffer::EMPTY,
            text: Buffer::EMPTY,
            name: 0..0,
            ends: Vec::new(),
        };
        self.at.checked_sub(1).and_then(|at| self.known.get(at)).unwrap_or(&NONE)
    }
}

/// What must be the same for a family to be the same, besides its name. Texts that are told apart by
/// their place only are tables of the program, or come with a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    kind: Kind,
    help: (usize, usize),
    labels: (usize, usize),
}

impl Id {
    const NONE: Id = Id { kind: Kind::Gauge, help: (0, 0), labels: (0, 0) };

    fn of(family: &Family<'_>) -> Id {
        let (help, labels) = (family.help, family.labels);
        let help = (help.as_ptr().addr(), help.len());
        Id { kind: family.kind, help, labels: (labels.as_ptr().addr(), labels.len()) }
    }
}

/// A family's header, and the parts of its lines between the label values: `name{key0="`, `",key1="`,
/// …, `"} `.
#[derive(Default)]
pub struct Line {
    id: Id,
    /// HELP and TYPE.
    pub header: Buffer,
    /// All parts, one after the other.
    text: Buffer,
    /// Where in `text` the name without its prefix is.
    name: Range<usize>,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl Default for Id {
    fn default() -> Id {
        Id::NONE
    }
}

impl Line {
    /// Makes the parts: prefix, name and suffix, and the label keys.
    pub fn set(&mut self, [prefix, name, suffix]: [&str; 3], keys: &[&str]) {
        self.text.put_all([prefix.as_bytes(), name.as_bytes(), suffix.as_bytes()]);
        self.name = prefix.len()..prefix.len() + name.len();
        let mut before: &[u8] = b"{";
        for key in keys {
            self.text.put_all([before, key.as_bytes(), b"=\""]);
            self.ends.push(self.text.len());
            before = b"\",";
        }
        self.text.put(if keys.is_empty() { b" " } else { b"\"} " });
        self.ends.push(self.text.len());
        self.text.shrink();
    }

    fn is_of(&self, family: &Family<'_>, name: &str) -> bool {
        let known = self.text.bytes().get(self.name.clone()).unwrap_or_default();
        self.id == Id::of(family) && same(known, name.as_bytes())
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
    let last = word_of(rest);
    pen.put_word(last, rest.len());
    odd | oddities(last) == 0
}

/// Equality, eight bytes at a time.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let word = |chunk: &[u8; 8]| u64::from_le_bytes(*chunk);
    a.len() == b.len()
        && rest_a.len() == rest_b.len()
        && word_of(rest_a) == word_of(rest_b)
        && a.iter().zip(b).all(|(a, b)| word(a) == word(b))
}

/// Up to seven bytes as one word, the rest of it zero.
#[inline(always)]
fn word_of(bytes: &[u8]) -> u64 {
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
                    let mut to = [0; 32];
                    let plain = put_plain(&mut Pen::new(&mut to), &label);
                    assert_eq!(plain, naive, "{byte:#x} at {at} of {len}");
                    assert!(!naive || to[..len] == label);
                }
            }
        }
    }

    #[test]
    fn equality_agrees_with_a_naive_twin() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for i in 0..20 {
            for j in 0..20 {
                let (a, b) = (&text[..i], &text[..j]);
                assert_eq!(same(a, b), a == b);
                let mut other = a.to_vec();
                if let Some(byte) = other.get_mut(j) {
                    *byte = b'!';
                    assert!(!same(a, &other));
                }
            }
        }
    }

    #[test]
    fn a_family_that_changed_is_made_anew() {
        let mut lines = Lines::default();
        let (one, two) = (String::from("one"), String::from("two"));
        let mut made = |name: &str, style, expect: bool| {
            lines.begin(Dialect::Own, style);
            let family = crate::metric::gauge(name, crate::metric::Unit::One, "Help.", &[]);
            let mut anew = false;
            let line = lines.next(&family, name, |line| {
                anew = true;
                line.set(["p_", name, ""], &[]);
            });
            assert_eq!(line.text.bytes(), format!("p_{name} ").as_bytes());
            assert_eq!(anew, expect, "{name}");
        };
        made(&one, Format::Prometheus, true);
        made(&one, Format::Prometheus, false);
        made(&two, Format::Prometheus, true);
        made(&two, Format::OpenMetrics, true);
        made(&two, Format::OpenMetrics, false);
    }

    #[test]
    fn parts_of_every_length_are_copied() {
        for n in 1..140 {
            let mut line = Line::default();
            let (name, key) = ("n".repeat(n), "k".repeat(140 - n));
            line.set([&name, "", ""], &[&key, "mode"]);
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
