//! How many decimal places a number has. The end of a line is two words, written in one
//! move each: the digits before the point, and the point, the fraction and the end of the line.

use super::Pen;
use crate::base::sys::digits::{self, BLOCK, ZEROS};

/// A text of up to eight bytes, the first in the lowest, and how many there are.
pub(super) type Piece = (u64, usize);

/// A number of decimal places.
///
/// INVARIANT: no piece is longer than eight bytes.
#[derive(Debug)]
pub struct Places {
    /// The bytes of eight digits that are after the point.
    fraction: u64,
    /// The lowest bit of the digit before it, which is written even if it is 0.
    last: u64,
    /// How many digits are before the point, and how many bits they are.
    whole: usize,
    bits: u32,
    /// The point before and the line's end after a fraction, and their length.
    around: u64,
    length: usize,
}

/// All values of `of`: as many places as a word has room for.
static ALL: [Places; 7] = [
    Places::new(0),
    Places::new(1),
    Places::new(2),
    Places::new(3),
    Places::new(4),
    Places::new(5),
    Places::new(6),
];

/// The end of a line.
const END: Piece = (b'\n' as u64, 1);

impl Places {
    const fn new(places: usize) -> Places {
        let whole = 8 - places;
        let bits = 8 * whole as u32;
        Places {
            fraction: if places == 0 { 0 } else { u64::MAX << bits },
            last: 1 << (bits - 8),
            whole,
            // Without places there is never a fraction that is shifted.
            bits: bits % u64::BITS,
            around: b'.' as u64 | (b'\n' as u64) << (8 * (places + 1)),
            length: places + 2,
        }
    }

    /// The entry for `places`; `None` from seven on.
    #[inline(always)]
    pub fn of(places: usize) -> Option<&'static Places> {
        ALL.get(places)
    }

    /// Writes `n` divided by ten to the power of the places, and the end of the line; a fraction of 0 is left
    /// out. `pen` has room for all of it.
    #[inline(always)] // for most samples
    pub fn write_line<'a>(&self, mut pen: Pen<'a>, n: u64) -> Pen<'a> {
        if n >= BLOCK {
            return self.write(pen, n, 1);
        }
        let digits = if n < 10 { n << 56 } else { digits::of(n) };
        let [(whole, of_whole), (rest, of_rest)] = self.line(digits);
        pen.put_word(whole, of_whole);
        pen.put_word(rest, of_rest);
        pen
    }

    /// Like `write_line`, with the first `end` bytes (0 or 1) of the end of the line.
    #[inline(never)]
    pub fn write<'a>(&self, mut pen: Pen<'a>, n: u64, end: usize) -> Pen<'a> {
        let high = n / BLOCK;
        if high >= BLOCK {
            return self.write_longest(pen, n, end);
        }
        let low = digits::of(n % BLOCK);
        let [whole, (rest, length)] = if high == 0 {
            self.line(low)
        } else {
            let (text, length) = high_piece(high);
            pen.put_word(text, length);
            self.low(low)
        };
        pen.put_word(whole.0, whole.1);
        pen.put_word(rest, length - 1 + end);
        pen
    }

    /// Like `write`, for more than sixteen digits.
    #[cold]
    #[inline(never)]
    fn write_longest<'a>(&self, pen: Pen<'a>, n: u64, end: usize) -> Pen<'a> {
        let [places, ..] = &ALL;
        let mut pen = places.write(pen, n / BLOCK, 0);
        let [whole, (rest, length)] = self.low(digits::of(n % BLOCK));
        pen.put_word(whole.0, whole.1);
        pen.put_word(rest, length - 1 + end);
        pen
    }

    /// The text of a number of up to eight digits, as `digits::of` has them, and the end of its line.
    #[inline(always)] // for most samples
    pub(super) fn line(&self, digits: u64) -> [Piece; 2] {
        let zeros = (digits | self.last).trailing_zeros() & 56;
        [((digits | ZEROS) >> zeros, self.whole - zeros as usize / 8), self.rest(digits)]
    }

    /// The last two of the three pieces of a number of nine to sixteen digits, of its last eight.
    #[inline(always)]
    pub(super) fn low(&self, digits: u64) -> [Piece; 2] {
        [(digits | ZEROS, self.whole), self.rest(digits)]
    }

    /// The text after the digits before the point.
    #[inline(always)]
    fn rest(&self, digits: u64) -> Piece {
        if digits & self.fraction == 0 {
            return END;
        }
        ((digits | ZEROS) >> self.bits << 8 | self.around, self.length)
    }
}

/// The first of the three pieces of a number of nine to sixteen digits: all before the last eight.
#[inline(always)]
pub(super) fn high_piece(high: u64) -> Piece {
    let digits = if high < 10_000 { digits::of_four(high) } else { digits::of(high) };
    let zeros = (digits | 1 << 56).trailing_zeros() & 56;
    ((digits | ZEROS) >> zeros, 8 - zeros as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 48;

    #[test]
    fn lines_end_like_those_of_a_naive_twin() {
        let mut n = 1u64;
        for i in 0..200_000u64 {
            n = n.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let power = 10u64.pow((i / 64 % 5) as u32);
            let n = (n >> (i % 64)) / power * power;
            for count in 0..7 {
                let per = 10u64.pow(count as u32);
                let expected = match n % per {
                    0 => format!("{}\n", n / per),
                    rest => format!("{}.{rest:0count$}\n", n / per),
                };
                let places = Places::of(count).unwrap();
                let mut room = [0; ROOM];
                let left = places.write_line(Pen::new(&mut room), n).left();
                assert_eq!(room[..ROOM - left], *expected.as_bytes());
                let left = places.write(Pen::new(&mut room), n, 0).left();
                assert_eq!(room[..ROOM - left], expected.as_bytes()[..expected.len() - 1]);
            }
        }
        assert!(Places::of(7).is_none());
    }
}
