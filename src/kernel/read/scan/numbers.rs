//! Parsers for numbers in all forms that the kernel writes.

use crate::base::sys::digits;

/// An unsigned decimal integer; `None` for anything else, and if it exceeds `u64`.
pub fn uint(field: &[u8]) -> Option<u64> {
    if field.is_empty() {
        return None;
    }
    field.iter().try_fold(0u64, |n, b| match b {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add((b - b'0').into()),
        _ => None,
    })
}

/// A decimal integer that may be negative; `None` for anything else, and if it exceeds `i64`.
pub fn int(field: &[u8]) -> Option<i64> {
    match field {
        [b'-', digits @ ..] => 0i64.checked_sub_unsigned(uint(digits)?),
        digits => i64::try_from(uint(digits)?).ok(),
    }
}

/// An integer in hexadecimal digits of either case, with or without `0x` before them.
pub fn hex(field: &[u8]) -> Option<u64> {
    let digits = field.strip_prefix(b"0x").unwrap_or(field);
    radix(digits, 16)
}

/// An integer in octal digits.
pub fn octal(field: &[u8]) -> Option<u64> {
    radix(field, 8)
}

fn radix(digits: &[u8], radix: u8) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |n, byte| {
        let digit = match *byte {
            byte @ b'0'..=b'9' => byte - b'0',
            // A letter of either case; other characters do not become letters.
            byte => (byte | 0x20).checked_sub(b'a')?.checked_add(10)?,
        };
        let digit = Some(digit).filter(|digit| *digit < radix)?;
        n.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

/// A decimal such as `0.07` or `-3.50` in units of ten to the power of `-places`, at most nine;
/// `None` if it has more places, or is not a number.
pub fn decimal(field: &[u8], places: u8) -> Option<i64> {
    let (is_negative, digits) = match field {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let point = memchr::memchr(b'.', digits);
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    if fraction.len() > places.into() || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let mut number = uint(whole)?;
    for place in 0..places.into() {
        let digit = fraction.get(place).copied().unwrap_or(b'0');
        number = number.checked_mul(10)?.checked_add(uint(&[digit])?)?;
    }
    let number = i64::try_from(number).ok()?;
    Some(if is_negative { -number } else { number })
}

/// The numbers of a list of ascending ranges such as `1,3-5` (Documentation/core-api/cpu_hotplug.rst),
/// each once; `None` if it is not such a list, or has more than `most`.
pub fn list(text: &[u8], most: usize) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for range in text.split(|b| *b == b',').filter(|_| !text.is_empty()) {
        let mut ends = range.splitn(2, |b| *b == b'-').map(uint);
        let first = u32::try_from(ends.next()??).ok()?;
        let last = ends.next().map_or(Some(first), |last| u32::try_from(last?).ok())?;
        let in_order = numbers.last().is_none_or(|before| *before < first) && first <= last;
        if !in_order || (last - first) as usize >= most - numbers.len() {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// A right-aligned number in eight columns, as `digits::of` returns it.
#[inline(always)]
pub fn columns(text: &[u8; 8]) -> Option<u64> {
    // A blank becomes the digit 0, but lacks a bit that digits have.
    let text = u64::from_le_bytes(*text);
    let (eight, is_digit) = ((text | BLANKS) ^ digits::ZEROS, (text & BLANKS) / 16 * 0xff);
    let others = eight.wrapping_add(digits::ZEROS / b'0' as u64 * (0x80 - 10)) | eight;
    let is_number = others & (BLANKS << 3) == 0 && eight & !is_digit == 0;
    // No blank is after a digit.
    (is_number && is_digit > 0 && is_digit | (is_digit - 1) == u64::MAX).then_some(eight)
}

/// The bit that a digit has and a blank lacks.
const BLANKS: u64 = digits::ZEROS / b'0' as u64 * 0x10;
