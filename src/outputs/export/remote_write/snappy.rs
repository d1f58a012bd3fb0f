//! A block in the format of snappy (<https://github.com/google/snappy/blob/main/format_description.txt>):
//! the length, then its compressed pieces. The crate needs room for the worst case and fills
//! it; piece by piece that is only the room for one, and the result is the same.

use crate::outputs::export::proto::put_varint;
use snap::raw::{Encoder, max_compress_len};

/// The piece size of the crate, which also compresses each on its own.
const PIECE: usize = 1 << 16;

/// A compressor, with the room for a piece.
pub struct Snappy {
    encoder: Encoder,
    room: Vec<u8>,
}

impl Default for Snappy {
    fn default() -> Snappy {
        Snappy { encoder: Encoder::new(), room: Vec::new() }
    }
}

impl Snappy {
    /// Appends all of `plain`, compressed. Returns whether that is possible: its length must fit in 32 bits.
    pub fn append(&mut self, plain: &[u8], out: &mut Vec<u8>) -> bool {
        if u32::try_from(plain.len()).is_err() {
            return false;
        }
        let most = max_compress_len(plain.len().min(PIECE));
        if self.room.len() < most {
            // Not filled, but allocated again: pages that are not written use no memory then.
            self.room = vec![0; most];
        }
        let (start, mut is_done) = (out.len(), true);
        put_varint(out, plain.len() as u64);
        for piece in plain.chunks(PIECE) {
            let written = self.encoder.compress(piece, &mut self.room).unwrap_or(0);
            let head = (64 - (piece.len() as u64).leading_zeros() as usize).div_ceil(7);
            let body = self.room.get(head..written);
            is_done &= body.is_some();
            out.extend_from_slice(body.unwrap_or_default());
        }
        if !is_done {
            out.truncate(start);
        }
        is_done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_equals_that_of_the_crate() {
        let mut snappy = Snappy::default();
        for size in [0, 1, 20, 127, 128, 20_000, 65_535, 65_536, 65_537, 200_000, 70_000] {
            let plain: Vec<u8> =
                (0..size).map(|i: u32| (i.wrapping_mul(i) / 7) as u8 & 0x3f).collect();
            let mut out = b"before".to_vec();
            assert!(snappy.append(&plain, &mut out));
            let theirs = Encoder::new().compress_vec(&plain).unwrap();
            assert!(out.strip_prefix(b"before").unwrap() == theirs, "{size}");
        }
        assert!(snappy.room.len() <= max_compress_len(PIECE));
    }
}
