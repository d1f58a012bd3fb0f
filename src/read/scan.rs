//! Lines, fields and numbers of kernel text. Borrows, never allocates, never panics.

/// The lines of `text`, without their newlines.
pub fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let (line, rest) = text.split_at(end);
        text = rest.get(1..).unwrap_or_default();
        Some(line)
    })
}

/// The fields of one line: runs of bytes other than space and tab. A byte loop: fields are short,
/// where memchr loses.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

/// The fields of `line`.
pub fn fields(line: &[u8]) -> Fields<'_> {
    Fields(line)
}

impl<'a> Fields<'a> {
    #[inline(always)] // before every field
    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// The next field as an unsigned decimal integer: `Some(None)` if it is none that fits, `None`
    /// at the end of the line. One pass over the digits.
    #[inline]
    pub fn uint(&mut self) -> Option<Option<u64>> {
        self.skip_blanks();
        let (mut n, mut digits) = self.0.first_chunk().map_or((0, 0), leading_digits);
        let mut rest = self.0.get(digits..).unwrap_or_default();
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            n = n.wrapping_mul(10).wrapping_add((digit - b'0').into());
            digits += 1;
            rest = after;
        }
        if !matches!(rest, [] | [b' ' | b'\t', ..]) || digits >= 20 || digits == 0 {
            return self.next().map(uint);
        }
        self.0 = rest;
        Some(Some(n))
    }
}

/// The number that the digits at the start of `text` write, and how many they are: all at once in one
/// word, pairs, then fours, then eight.
#[inline(always)]
fn leading_digits(text: &[u8; 8]) -> (u64, usize) {
    const ONES: u64 = u64::MAX / 255;
    // A digit becomes its number; anything else is above 9.
    let numbers = u64::from_le_bytes(*text) ^ (ONES * u64::from(b'0'));
    let others = (numbers.wrapping_add(ONES * (0x80 - 10)) | numbers) & (ONES * 0x80);
    let digits = others.trailing_zeros() / 8;
    if digits == 0 {
        return (0, 0);
    }
    // The digits go to the end, behind zeros.
    let eight = numbers << (64 - 8 * digits);
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let low = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let high = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    (low.wrapping_add(high) >> 32, digits as usize)
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(self.0.len());
        let (field, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(field)
    }
}

/// An unsigned decimal integer; `None` for anything else, and for what exceeds `u64`.
pub fn uint(field: &[u8]) -> Option<u64> {
    if field.is_empty() {
        return None;
    }
    field.iter().try_fold(0u64, |n, b| match b {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add((b - b'0').into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_naive_twins_on_any_bytes() {
        let mut seed = 1u64;
        let mut next = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..50_000 {
            let text: Vec<u8> =
                (0..next(60)).map(|_| b" \t\n0123456789-x\xff\0"[next(17)]).collect();
            let naive = text.split(|b| *b == b'\n').map(<[u8]>::to_vec);
            let mut naive: Vec<_> = naive.collect();
            if naive.last().is_some_and(Vec::is_empty) {
                naive.pop();
            }
            assert_eq!(lines(&text).map(<[u8]>::to_vec).collect::<Vec<_>>(), naive);
            for line in lines(&text) {
                let words = line.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty());
                let words: Vec<_> = words.collect();
                assert_eq!(fields(line).collect::<Vec<_>>(), words);
                let mut by_number = fields(line);
                for word in words {
                    let naive = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok());
                    assert_eq!(by_number.uint(), Some(naive), "{:?}", word.escape_ascii());
                }
                assert_eq!(by_number.uint(), None);
            }
        }
    }

    #[test]
    fn reads_integers_up_to_the_last_and_no_further() {
        for (text, value) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("00000000000000000000007", Some(7)),
            ("-1", None),
            ("1.5", None),
            ("7x", None),
        ] {
            assert_eq!(fields(text.as_bytes()).uint(), Some(value), "{text}");
        }
    }
}
