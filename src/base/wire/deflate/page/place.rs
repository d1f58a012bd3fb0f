//! One stretch of a page: replays its operations, and checks whether the text still fits them.

use crate::base::sys::is_same;
use crate::base::wire::deflate::bits::Bits;
use crate::base::wire::deflate::matches::{FARTHEST, Symbols};
use crate::base::wire::deflate::symbols::{Codes, Writer};

/// Marks an operation without repetition, and the shortest repetition of deflate.
pub const NONE: u16 = u16::MAX;
pub const SHORTEST: usize = 3;

/// A part of a stretch: bytes as they are, then a repetition.
pub struct Operation {
    pub literals: u8,
    /// Length of the repetition, less `SHORTEST`.
    pub length: u8,
    /// How many stretches before this one its source is, or `NONE`; and the offset in that one.
    pub back: u16,
    pub offset: u16,
}

/// A stretch in a page.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub text: &'a [u8],
    /// Offsets of this stretch and of those before it at least.
    pub starts: &'a [u32],
    pub index: usize,
}

impl Place<'_> {
    pub fn start(self) -> usize {
        self.starts.get(self.index).map_or(0, |start| *start as usize)
    }

    /// The offset of the source of a repetition.
    #[inline(always)]
    fn source(self, operation: &Operation) -> Option<usize> {
        let start = self.starts.get(self.index.wrapping_sub(operation.back.into()))?;
        Some(*start as usize + usize::from(operation.offset))
    }

    /// Passes the operations' symbols to `to`. False if a source is too far away.
    pub fn replay(self, operations: &[Operation], to: &mut dyn Symbols) -> bool {
        let mut at = self.start();
        for operation in operations {
            let literals = usize::from(operation.literals);
            to.literals(self.text.get(at..at + literals).unwrap_or_default());
            at += literals;
            if operation.back == NONE {
                continue;
            }
            let distance = self.source(operation).map_or(0, |source| at.wrapping_sub(source));
            if !(1..=FARTHEST).contains(&distance) {
                return false;
            }
            let length = SHORTEST + usize::from(operation.length);
            to.repetition(length, distance);
            at += length;
        }
        true
    }

    /// Compresses it into a `piece`; returns how many bits that is.
    pub fn deflate(
        self,
        operations: &[Operation],
        codes: &Codes,
        piece: &mut Vec<u8>,
    ) -> Option<u32> {
        piece.clear();
        let mut writer = Writer::within(codes, Bits::after(piece));
        let is_near = self.replay(operations, &mut writer);
        let bits = writer.end_piece();
        is_near.then_some(bits)
    }

    /// Whether it has these literals, and its repetitions equal their sources.
    #[inline(always)]
    pub fn has(self, operations: &[Operation], mut literals: &[u8]) -> bool {
        let mut at = self.start();
        for operation in operations {
            let count = usize::from(operation.literals);
            if count > 0 {
                let Some((own, rest)) = literals.split_at_checked(count) else { return false };
                let Some(here) = self.text.get(at..at + count) else { return false };
                if !is_same(here, own) {
                    return false;
                }
                (literals, at) = (rest, at + count);
            }
            if operation.back == NONE {
                continue;
            }
            let Some(source) = self.source(operation) else { return false };
            let length = SHORTEST + usize::from(operation.length);
            let Some(before) = self.text.get(source..source + length) else { return false };
            let Some(here) = self.text.get(at..at + length) else { return false };
            if !is_same(here, before) {
                return false;
            }
            at += length;
        }
        true
    }
}
