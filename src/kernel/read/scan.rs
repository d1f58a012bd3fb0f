//! Lines, fields and numbers of kernel text. Borrows, never allocates, never panics.

mod numbers;

use crate::base::sys::digits;
pub use numbers::{columns, decimal, hex, int, list, octal, uint};

/// The lines of `text`, without their newlines.
pub fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (line, rest) = split_line(text)?;
        text = rest;
        Some(line)
    })
}

/// The first line of `text`, without its newline, and what follows it.
#[inline(always)] // for every line
pub fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    Some((line, rest.get(1..).unwrap_or_default()))
}

/// The fields of one line: runs of bytes other than space and tab. Fields are short, so memchr would be
/// slower.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

/// The fields of `line`.
pub fn fields(line: &[u8]) -> Fields<'_> {
    Fields(line)
}

impl<'a> Fields<'a> {
    /// The rest of the line, with the blanks before it.
    #[inline(always)]
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next field as an unsigned decimal integer: `Some(None)` if it is not one or does not fit, `None`
    /// at the end of the line.
    #[inline(never)] // called from everywhere
    pub fn uint(&mut self) -> Option<Option<u64>> {
        self.0 = after_blanks(self.0);
        if let Some(nine) = self.0.first_chunk()
            && let Some((eight, count)) = short(nine)
        {
            self.0 = self.0.get(count..).unwrap_or_default();
            return Some(Some(digits::number(eight)));
        }
        let (number, rest) = any(self.0);
        self.0 = rest;
        number
    }

    /// The next fields, as many as `into` has room for, at most 32, each parsed as by `uint`; a field that is not a
    /// number does not change its element. Returns how many there were, and which of them are numbers, bit i for the
    /// i-th.
    pub fn uints(&mut self, into: &mut [u64]) -> (usize, u32) {
        let cells = self.cells(into);
        for (i, cell) in into.iter_mut().enumerate().take(cells.count) {
            if cells.digits >> i & 1 == 1 {
                *cell = digits::number(*cell);
            }
        }
        (cells.count, cells.known)
    }

    /// Like `uints`, without computing the numbers of up to eight digits.
    pub fn cells(&mut self, into: &mut [u64]) -> Cells {
        let (mut text, mut bit, mut others, mut digits) = (self.0, 1u64, 0, 0);
        for cell in into {
            // If there are two blanks between numbers, the first belongs to the number before.
            let nine = match text.first_chunk::<9>() {
                Some([b' ', ..]) => {
                    text = after_blanks(text);
                    text.first_chunk()
                }
                nine => nine,
            };
            if let Some(nine) = nine
                && let Some((eight, count)) = short(nine)
            {
                *cell = eight;
                digits |= bit;
                text = text.get(count + 1..).unwrap_or_default();
            } else if text.len() <= 8
                && let Some((eight, rest)) = last(after_blanks(text))
            {
                *cell = eight;
                digits |= bit;
                text = rest;
            } else if let (n, length @ 1..) = long(text) {
                *cell = n;
                text = text.get(length + 1..).unwrap_or_default();
            } else {
                let (number, rest) = any(text);
                text = rest;
                match number {
                    Some(Some(n)) => *cell = n,
                    Some(None) => others |= bit,
                    None => break,
                }
            }
            bit <<= 1;
        }
        self.0 = text;
        let known = (bit - 1) & !others;
        Cells { count: bit.trailing_zeros() as usize, known: known as u32, digits: digits as u32 }
    }
}

/// The number of nine to fifteen digits, followed by a blank, at the start of `text`, and its length; 0 if
/// there is no such number.
#[inline(never)]
fn long(text: &[u8]) -> (u64, usize) {
    if let Some((first, rest)) = text.split_first_chunk()
        && let Some(second) = rest.first_chunk()
        && let (high, 8) = digits::leading(first)
        && let (low, count @ 1..8) = digits::leading(second)
        && let Some(power) = POWERS.get(count)
        && is_blank(second, count)
    {
        return (digits::number(high) * power + digits::number(low), 8 + count);
    }
    (0, 0)
}

/// The next field of a line, parsed as by `Fields::uint`, and the text after it.
#[inline(never)]
fn any(text: &[u8]) -> (Option<Option<u64>>, &[u8]) {
    let text = after_blanks(text);
    match long(text) {
        (_, 0) => by_digit(text),
        (number, length) => (Some(Some(number)), text.get(length..).unwrap_or_default()),
    }
}

/// Like `any`, for the end of a line, for a longer number, and for a field that is not a number.
#[inline(never)]
fn by_digit(text: &[u8]) -> (Option<Option<u64>>, &[u8]) {
    let (mut n, mut digits, mut rest) = (0u64, 0, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        n = n.wrapping_mul(10).wrapping_add((digit - b'0').into());
        digits += 1;
        rest = after;
    }
    if !matches!(rest, [] | [b' ' | b'\t', ..]) || digits >= 20 || digits == 0 {
        let mut fields = fields(text);
        let number = fields.next().map(uint);
        return (number, fields.rest());
    }
    (Some(Some(n)), rest)
}

/// The result of reading a line: the first `count` fields, of which those in `known`, bit i for the i-th, are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    pub count: usize,
    pub known: u32,
    /// Those of the numbers that are stored as digits, as by `digits::of`.
    pub digits: u32,
}

/// One to eight digits, followed by a blank, at the start of a text, and how many there are.
#[inline(always)] // for every number
fn short(text: &[u8; 9]) -> Option<(u64, usize)> {
    let (eight, count) = digits::leading(text.first_chunk()?);
    let end = *text.get(count)?;
    if count == 0 || end != b' ' && end != b'\t' {
        return None;
    }
    Some((eight, count))
}

/// Like `short`, at the end of a line, where there need not be a blank.
#[inline(never)]
fn last(text: &[u8]) -> Option<(u64, &[u8])> {
    // Bytes after the text are not digits.
    let word = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        _ if text.len() > 8 => return None, // not the end
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << (8 * (text.len() - 4))
        }
        _ => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let (eight, count) = digits::leading(&word.to_le_bytes());
    let (_, rest) = text.split_at_checked(count).filter(|_| count > 0)?;
    matches!(rest, [] | [b' ' | b'\t', ..]).then_some((eight, rest))
}

/// The text after the spaces and tabs at its start, eight at a time.
#[inline(always)] // before every field
fn after_blanks(mut text: &[u8]) -> &[u8] {
    if let [b' ', b'!'..=b'~', ..] = text {
        return text.get(1..).unwrap_or_default();
    }
    while let Some(word) = text.first_chunk() {
        let others = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b' '; 8]);
        let spaces = (others.trailing_zeros() / 8) as usize;
        text = text.get(spaces..).unwrap_or_default();
        if spaces < 8 {
            break;
        }
    }
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// The factor of the eight digits in front of this many others.
const POWERS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Whether the byte at `at`, which is below 8, is a space or a tab.
#[inline(always)]
fn is_blank(text: &[u8; 8], at: usize) -> bool {
    matches!((u64::from_le_bytes(*text) >> (8 * (at & 7))) as u8, b' ' | b'\t')
}

/// How many bytes precede the first space or tab, eight at a time.
#[inline(always)] // for every field
fn field_end(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let mut end = 0;
    while let Some(word) = text.get(end..).and_then(<[u8]>::first_chunk) {
        // The lowest byte that is not greater than a space gets its highest bit.
        let numbers = u64::from_le_bytes(*word);
        let low = numbers.wrapping_sub(ONES * 0x21) & !numbers & (ONES * 0x80);
        if low == 0 {
            end += 8;
            continue;
        }
        let at = (low.trailing_zeros() / 8) as usize;
        if is_blank(word, at) {
            return end + at;
        }
        end += at + 1;
    }
    let rest = text.get(end..).unwrap_or_default();
    end + rest.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(rest.len())
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = after_blanks(self.0);
        if text.is_empty() {
            self.0 = text;
            return None;
        }
        let (field, rest) = text.split_at(field_end(text));
        self.0 = rest;
        Some(field)
    }
}

/// `bytes` as a text, to match with texts; empty if they are not UTF-8. A match with byte strings is compiled
/// to a comparison for each byte.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// `key` and the text after the colon of a line `key: value`, both without blanks around them.
pub fn keyed(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = line.split_at(memchr::memchr(b':', line)?);
    Some((key.trim_ascii(), value.get(1..)?.trim_ascii()))
}

#[cfg(test)]
mod tests;
