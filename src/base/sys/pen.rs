//! Writing short texts one after the other. musl's `memcpy` costs 13 ns for each small copy of run-time
//! length, as much as a whole sample, and slicing the room again for each piece costs as much once more: a
//! pen keeps its place as a pointer and writes with raw moves, after one check each.

mod lines;
mod places;

pub use lines::{LONG, LinePen};
pub use places::Places;
use std::marker::PhantomData;

/// Above this `memcpy` is as quick.
const SHORT: usize = 128;

/// What a processor moves at once.
pub const BLOCK: usize = 16;

/// How many blocks of a line's beginning are written at once.
pub const FOUR: usize = 4;

/// A position in a slice of bytes. A text that does not fit into the rest of it is not written.
pub struct Pen<'a> {
    /// INVARIANT: valid for writing `left` bytes.
    at: *mut u8,
    left: usize,
    room: PhantomData<&'a mut [u8]>,
}

impl<'a> Pen<'a> {
    /// Starts at the beginning of `room`.
    #[inline(always)]
    pub fn new(room: &'a mut [u8]) -> Pen<'a> {
        Pen { at: room.as_mut_ptr(), left: room.len(), room: PhantomData }
    }

    /// Bytes of room left.
    #[inline(always)]
    pub fn left(&self) -> usize {
        self.left
    }

    /// Writes `text`.
    #[inline(always)]
    pub fn put(&mut self, text: &[u8]) {
        let n = text.len();
        if n > self.left {
            return;
        }
        // SAFETY: `text` is valid for reading, and `at` for writing, `n` bytes; they do not overlap,
        // because `room` is borrowed mutably.
        unsafe {
            moves(text.as_ptr(), self.at, n);
            self.at = self.at.add(n);
        }
        self.left -= n;
    }

    /// Writes the first `n` bytes of `blocks`, in whole blocks: the bytes after `n` are written, too,
    /// and overwritten by the next call.
    #[inline(always)]
    pub fn put_blocks(&mut self, blocks: &[[u8; BLOCK]], n: usize) {
        let whole = blocks.len() * BLOCK;
        if self.left < whole || n > whole {
            return;
        }
        // SAFETY: `at` is valid for writing `whole` bytes, and n <= whole.
        unsafe {
            let (from, mut at) = (blocks.as_ptr().cast::<u8>(), 0);
            while at + 2 * BLOCK <= whole {
                let two = from.add(at).cast::<[u8; 2 * BLOCK]>().read();
                self.at.add(at).cast::<[u8; 2 * BLOCK]>().write(two);
                at += 2 * BLOCK;
            }
            if at < whole {
                let one = from.add(at).cast::<[u8; BLOCK]>().read();
                self.at.add(at).cast::<[u8; BLOCK]>().write(one);
            }
            self.at = self.at.add(n);
        }
        self.left -= n;
    }

    /// Writes all of `fixed`; the next call overwrites what follows its first `n` bytes.
    #[inline(always)]
    pub fn put_fixed<const N: usize>(&mut self, fixed: &[u8; N], n: usize) {
        if self.left < N || n > N {
            return;
        }
        // SAFETY: `at` is valid for writing N bytes, and n <= N.
        unsafe {
            self.at.cast::<[u8; N]>().write(*fixed);
            self.at = self.at.add(n);
        }
        self.left -= n;
    }

    /// Writes the lowest `n` (at most 8) bytes of `word`, the lowest first. The others are written
    /// after them, and overwritten by the next call.
    #[inline(always)]
    pub fn put_word(&mut self, word: u64, n: usize) {
        self.put_fixed(&word.to_le_bytes(), n);
    }
}

/// Copies `n` bytes in moves of fixed size, of which the last may overlap the one before.
///
/// # Safety
///
/// `from` is valid for reading and `to` for writing `n` bytes, and they do not overlap.
#[inline(always)]
unsafe fn moves(from: *const u8, to: *mut u8, n: usize) {
    // SAFETY: every move of N bytes starts at or after the start and N or more before the end.
    unsafe {
        if n > SHORT {
            to.copy_from_nonoverlapping(from, n);
        } else if n >= 16 {
            let mut at = 0;
            while at + 16 < n {
                to.add(at).cast::<[u8; 16]>().write(from.add(at).cast::<[u8; 16]>().read());
                at += 16;
            }
            to.add(n - 16).cast::<[u8; 16]>().write(from.add(n - 16).cast::<[u8; 16]>().read());
        } else if n >= 8 {
            to.cast::<[u8; 8]>().write(from.cast::<[u8; 8]>().read());
            to.add(n - 8).cast::<[u8; 8]>().write(from.add(n - 8).cast::<[u8; 8]>().read());
        } else if n >= 4 {
            to.cast::<[u8; 4]>().write(from.cast::<[u8; 4]>().read());
            to.add(n - 4).cast::<[u8; 4]>().write(from.add(n - 4).cast::<[u8; 4]>().read());
        } else if n > 0 {
            // The first, the middle and the last, which may be the same.
            to.write(from.read());
            to.add(n / 2).write(from.add(n / 2).read());
            to.add(n - 1).write(from.add(n - 1).read());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_every_length_exactly() {
        let text: Vec<u8> = (0..=255).collect();
        for n in 0..=text.len() {
            let mut room = vec![0xEE; n + 3];
            let mut pen = Pen::new(&mut room);
            pen.put(&text[..n]);
            assert_eq!(pen.left(), 3);
            pen.put(&text[..4]); // no room: nothing
            assert_eq!(pen.left(), 3);
            assert_eq!(room[..n], text[..n]);
            assert_eq!(room[n..], [0xEE; 3]);
        }
    }

    #[test]
    fn blocks_are_written_whole_and_count_in_part() {
        let blocks = [*b"0123456789abcdef", *b"ghijklmnopqrstuv"];
        for n in 0..=32 {
            let mut room = [0xEE; 40];
            let mut pen = Pen::new(&mut room);
            pen.put_blocks(&blocks, n);
            assert_eq!(pen.left(), 40 - n);
            pen.put(b"!");
            assert_eq!(room[..n], blocks.as_flattened()[..n]);
            assert_eq!(room[n], b'!');
        }
        let mut short = [0; 31];
        let mut pen = Pen::new(&mut short);
        pen.put_blocks(&blocks, 1);
        assert_eq!(pen.left(), 31);
    }

    #[test]
    fn words_are_written_as_far_as_they_count() {
        let mut room = [0xEE; 17];
        let mut pen = Pen::new(&mut room);
        pen.put_word(u64::from_le_bytes(*b"abcdefgh"), 3);
        pen.put_word(u64::from_le_bytes(*b"ABCDEFGH"), 8);
        pen.put_word(0, 2); // no room for a whole word
        assert_eq!(pen.left(), 6);
        assert_eq!(room[..11], *b"abcABCDEFGH");
    }
}
