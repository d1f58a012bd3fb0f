//! Writing the lines of a column: all begin with the same text, followed by one word and a number. The lengths of the
//! pieces are checked once, not for each line.

use super::places::{Places, high_piece};
use super::{BLOCK, FOUR};
use crate::base::sys::digits;
use std::marker::PhantomData;

/// The text after the last label.
const CLOSE: &[u8; 4] = b"\"} \0";
const CLOSED: usize = 3;

/// How many bytes a piece of a number has at most.
const PIECE: usize = size_of::<u64>();

/// Bytes of a line after its beginning: its own word, the end of the labels, and three pieces of a number.
const REST: usize = BLOCK + CLOSE.len() + 3 * PIECE;

/// Marks a word as a number, and not its digits.
pub const LONG: u64 = 1 << 63;

/// A position in a slice of bytes, and the common parts of its lines.
pub struct LinePen<'a> {
    /// INVARIANT: both together have at least `length` bytes.
    first: &'a [[u8; BLOCK]; FOUR],
    more: &'a [[u8; BLOCK]],
    length: usize,
    places: &'a Places,
    start: *mut u8,
    /// INVARIANT: valid for writing all blocks and REST, if its address is at most `last`.
    at: *mut u8,
    last: usize,
    room: PhantomData<&'a mut [u8]>,
}

impl<'a> LinePen<'a> {
    /// Starts at the beginning of `room`, for lines that begin with the first `length` bytes of `blocks`, all of which
    /// are written, and whose numbers have these `places`; `None` if the blocks are too few, or less than four, or if
    /// there is no room for one line.
    #[inline(always)]
    pub fn new(
        room: &'a mut [u8],
        (blocks, length): (&'a [[u8; BLOCK]], usize),
        places: &'a Places,
    ) -> Option<LinePen<'a>> {
        let (first, more) = blocks.split_first_chunk()?;
        if length > size_of_val(blocks) {
            return None;
        }
        let (start, whole) = (room.as_mut_ptr(), LinePen::room_for(blocks));
        let last = start.addr() + room.len().checked_sub(whole)?;
        Some(LinePen { first, more, length, places, start, at: start, last, room: PhantomData })
    }

    /// Room for a line that begins with these blocks.
    #[inline(always)]
    pub fn room_for(blocks: &[[u8; BLOCK]]) -> usize {
        size_of_val(blocks) + REST
    }

    /// How many bytes were written.
    #[inline(always)]
    pub fn written(&self) -> usize {
        self.at.addr() - self.start.addr()
    }

    /// Writes a line with the first `n` bytes of `word`, and a number: its digits, as `digits::of` has them, or, with
    /// the highest bit set, the number itself, which has nine to sixteen digits. Returns `false` and writes nothing if
    /// there is no room, or no such word.
    #[inline(always)]
    pub fn put(&mut self, (word, n): (&[u8; BLOCK], usize), number: u64) -> bool {
        if self.at.addr() > self.last || n > BLOCK {
            return false;
        }
        // SAFETY: `at` is valid for writing all blocks, then BLOCK bytes, those of CLOSE, and three times PIECE.
        // `length` is at most that of the blocks, n is at most BLOCK, CLOSED is below the length of CLOSE, and the
        // pieces of a number are at most PIECE long: each begins where there is room for it and for those after it.
        unsafe {
            self.at.cast::<[[u8; BLOCK]; FOUR]>().write(*self.first);
            for (i, block) in self.more.iter().enumerate() {
                self.at.cast::<[u8; BLOCK]>().add(FOUR + i).write(*block);
            }
            let at = self.at.add(self.length);
            at.cast::<[u8; BLOCK]>().write(*word);
            let at = at.add(n);
            at.cast::<[u8; CLOSE.len()]>().write(*CLOSE);
            let mut at = at.add(CLOSED);
            let [whole, rest] = if number & LONG == 0 {
                self.places.line(number)
            } else {
                let number = number & !LONG;
                let (high, low) = (number / digits::BLOCK, number % digits::BLOCK);
                let (text, length) = high_piece(high);
                at.cast::<[u8; PIECE]>().write(text.to_le_bytes());
                at = at.add(length);
                self.places.low(digits::of(low))
            };
            at.cast::<[u8; PIECE]>().write(whole.0.to_le_bytes());
            let at = at.add(whole.1);
            at.cast::<[u8; PIECE]>().write(rest.0.to_le_bytes());
            self.at = at.add(rest.1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_pieces() {
        let blocks: [[u8; BLOCK]; 6] = std::array::from_fn(|i| [b'0' + i as u8; BLOCK]);
        let word = b"ABCDEFGHIJKLMNOP";
        for (head, n, places) in [(0usize, 0, 0), (1, 16, 3), (64, 3, 1), (65, 9, 6), (96, 1, 2)] {
            for number in [0, 1, 7_000_000, 12_345_678, 100_000_000, 1_234_567_890_123_456] {
                let blocks = &blocks[..FOUR.max(head.div_ceil(BLOCK))];
                let exact = size_of_val(blocks) + REST;
                let mut room = vec![0xEE; exact];
                let places_of = Places::of(places).unwrap();
                let mut pen = LinePen::new(&mut room, (blocks, head), places_of).unwrap();
                let digits_of =
                    if number < digits::BLOCK { digits::of(number) } else { number | LONG };
                assert!(!pen.put((word, 17), digits_of), "no such word");
                assert!(pen.put((word, n), digits_of));
                assert!(!pen.put((word, n), digits_of), "no room for another");
                let per = 10u64.pow(places as u32);
                let number = match number % per {
                    0 => (number / per).to_string(),
                    rest => format!("{}.{rest:0places$}", number / per),
                };
                let head = &blocks.as_flattened()[..head];
                let expected = [head, &word[..n], b"\"} ", number.as_bytes(), b"\n"].concat();
                assert_eq!(pen.written(), expected.len());
                assert_eq!(room[..expected.len()], expected);
                assert_eq!(exact, LinePen::room_for(blocks));
                let beginning = (blocks, head.len());
                assert!(LinePen::new(&mut room[1..], beginning, places_of).is_none(), "no room");
            }
        }
        let places = Places::of(0).unwrap();
        let mut room = [0; 999];
        assert!(LinePen::new(&mut room, (&blocks, 97), places).is_none());
        assert!(LinePen::new(&mut room, (&blocks[..3], 1), places).is_none());
    }
}
