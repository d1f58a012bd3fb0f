//! Writes Protocol Buffers (protobuf.dev/programming-guides/encoding): fields one after the
//! other, straight into the buffer, no tree; `wire` reads them. Lengths and numbers are the shortest possible
//! varints: some parsers refuse others. A message in a message gets as many bytes for its length as the
//! writer estimates; if that is wrong, the content is moved.

pub use crate::base::wire::{Fields, Wire};

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;

/// Appends fields of a message.
pub struct Proto<'a> {
    out: &'a mut Vec<u8>,
    /// The position of each fixed64, if requested.
    words: Option<&'a mut Vec<u32>>,
}

/// A message whose length is not known yet.
#[must_use]
pub struct Open {
    /// Where its content starts.
    at: usize,
    /// The bytes reserved for its length.
    width: usize,
}

impl<'a> Proto<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Proto<'a> {
        Proto { out, words: None }
    }

    /// The same, and stores in `words` the position of each fixed64 and double.
    pub fn noting(out: &'a mut Vec<u8>, words: &'a mut Vec<u32>) -> Proto<'a> {
        Proto { out, words: Some(words) }
    }

    /// The number of bytes in the buffer.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// Truncates the buffer to an earlier length; no word may have been written since.
    pub fn take_back(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// An integer (int64 as its bits), a bool or an enum; also 0.
    pub fn varint(&mut self, field: u32, n: u64) {
        put_tag(self.out, field, VARINT);
        put_varint(self.out, n);
    }

    /// A fixed64, or an sfixed64 as its bits; also 0.
    pub fn fixed64(&mut self, field: u32, n: u64) {
        put_tag(self.out, field, FIXED64);
        self.word(n);
    }

    fn word(&mut self, n: u64) {
        if let Some(words) = &mut self.words {
            words.push(self.out.len() as u32);
        }
        self.out.extend_from_slice(&n.to_le_bytes());
    }

    /// A double; also 0.
    pub fn double(&mut self, field: u32, n: f64) {
        self.fixed64(field, n.to_bits());
    }

    /// Bytes, a string or a message that was written elsewhere; also an empty one.
    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
        put_tag(self.out, field, LENGTH);
        put_varint(self.out, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// Packed fixed64; nothing for an empty list.
    pub fn packed_fixed64(&mut self, field: u32, list: &[u64]) {
        if self.packed(field, list.len() * 8) {
            list.iter().for_each(|n| self.word(*n));
        }
    }

    /// Packed doubles; nothing for an empty list.
    pub fn packed_doubles(&mut self, field: u32, list: &[f64]) {
        if self.packed(field, list.len() * 8) {
            list.iter().for_each(|n| self.word(n.to_bits()));
        }
    }

    fn packed(&mut self, field: u32, length: usize) -> bool {
        if length > 0 {
            put_tag(self.out, field, LENGTH);
            put_varint(self.out, length as u64);
        }
        length > 0
    }

    /// Appends what `write` writes, as a message of about `guess` bytes.
    pub fn message(&mut self, field: u32, guess: usize, write: impl FnOnce(&mut Proto<'_>)) {
        let open = self.begin(field, guess);
        write(self);
        self.end(open);
    }

    /// Begins a message of about `guess` bytes; its fields come next.
    pub fn begin(&mut self, field: u32, guess: usize) -> Open {
        put_tag(self.out, field, LENGTH);
        let width = varint_len(guess as u64);
        self.out.extend((0..width).map(|_| 0));
        Open { at: self.out.len(), width }
    }

    /// Ends a message: messages end in the reverse order of their begin.
    pub fn end(&mut self, open: Open) {
        let Some(mut length) = self.out.len().checked_sub(open.at) else { return };
        let width = varint_len(length as u64);
        if width != open.width {
            self.shift(&open, width);
        }
        let start = open.at - open.width;
        for byte in self.out.iter_mut().skip(start).take(width) {
            *byte = length as u8 & 0x7f | if length > 0x7f { 0x80 } else { 0 };
            length >>= 7;
        }
    }

    /// Moves the content of a message to `width` bytes after the start of its length.
    #[cold]
    fn shift(&mut self, open: &Open, width: usize) {
        let (end, to) = (self.out.len(), open.at - open.width + width);
        if width > open.width {
            self.out.extend((open.width..width).map(|_| 0));
        }
        self.out.copy_within(open.at..end, to);
        self.out.truncate(to + (end - open.at));
        let words = self.words.iter_mut().flat_map(|words| words.iter_mut().rev());
        let moved = (to as u32).wrapping_sub(open.at as u32);
        let inside = words.take_while(|at| **at as usize >= open.at);
        inside.for_each(|at| *at = at.wrapping_add(moved));
    }
}

/// How many bytes a varint has.
fn varint_len(n: u64) -> usize {
    // 9/64 is a bit more than 1/7, and exact for all of 64 bits.
    ((64 - (n | 1).leading_zeros() as usize) * 9 + 64) / 64
}

fn put_tag(out: &mut Vec<u8>, field: u32, wire: u32) {
    put_varint(out, u64::from(field << 3 | wire));
}

/// Appends the shortest varint.
pub fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n > 0x7f {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[cfg(test)]
mod tests;
