//! A growing byte buffer for rendering.
//!
//! INVARIANT: `len <= bytes.len()`. The bytes beyond `len` are room that was initialised before and
//! is overwritten.

use super::Value;
use crate::base::sys::{BLOCK, Pen};

/// Room is added in steps of this many bytes, and doubles when that is more.
const STEP: usize = 512;

/// From here on it grows by an eighth, so that little of a page's room is unused.
const LARGE: usize = 32 << 10;

/// A buffer that outgrows `SMALL` bytes is that of a page: this much is reserved at once, so that
/// it is not copied while it grows. Memory is used only for what is written.
const PAGE: usize = 128 << 10;
const SMALL: usize = 8 << 10;

/// Bytes being rendered, kept from one scrape to the next.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// A buffer that goes on after `bytes`.
    pub fn after(bytes: Vec<u8>) -> Buffer {
        let len = bytes.len();
        Buffer { bytes, len }
    }

    /// Returns the bytes written, and gives up the buffer.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }

    /// The bytes written so far.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The bytes written so far, to be patched in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops everything after the first `len` bytes; the memory stays.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Drops everything and frees memory beyond `most` bytes.
    pub fn reset(&mut self, most: usize) {
        self.len = 0;
        if self.bytes.len() > most {
            self.bytes = Vec::new();
        }
    }

    /// Skips `n` bytes of undefined (but initialised) content, to be patched later.
    pub fn skip(&mut self, n: usize) {
        self.room(n);
        self.len += n;
    }

    /// At least `n` writable bytes after the written ones; `advance` adds them.
    #[inline(always)] // for every sample
    pub fn room(&mut self, n: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < n {
            self.grow(n);
        }
        match self.bytes.get_mut(self.len..) {
            Some(room) => room,
            None => none(),
        }
    }

    /// Adds the first `n` bytes of the room, which have been written.
    #[inline(always)]
    pub fn advance(&mut self, n: usize) {
        debug_assert!(self.len + n <= self.bytes.len());
        self.len = (self.len + n).min(self.bytes.len());
    }

    /// Appends `text`. It is not inlined, as it is called from everywhere: code that writes line after
    /// line uses `put_all`.
    #[inline(never)]
    pub fn put(&mut self, text: &[u8]) {
        Pen::new(self.room(text.len())).put(text);
        self.len += text.len();
    }

    /// Appends the first `n` bytes of `blocks`.
    #[inline(always)] // for every family
    pub fn put_blocks(&mut self, blocks: &[[u8; BLOCK]], n: usize) {
        Pen::new(self.room(size_of_val(blocks))).put_blocks(blocks, n);
        self.advance(n);
    }

    /// Appends a number; not inlined, like `put`.
    #[inline(never)]
    pub fn put_value(&mut self, value: Value) {
        let pen = Pen::new(self.room(Value::ROOM));
        let room = pen.left();
        let written = room - value.write(pen).left();
        self.advance(written);
    }

    /// Appends every part.
    #[inline]
    pub fn put_all<const N: usize>(&mut self, parts: [&[u8]; N]) {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut pen = Pen::new(self.room(length));
        for part in &parts {
            pen.put(part);
        }
        self.advance(length);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, n: usize) {
        let length = self.bytes.len();
        let more = if length < LARGE { length } else { length / 8 };
        if (SMALL..PAGE).contains(&length) {
            self.bytes.reserve_exact(PAGE - length);
        }
        self.bytes.resize(length + more.max(n).max(STEP), 0);
    }
}

/// An empty slice, for a case that never happens: inlined it would become a conditional move, which costs more.
#[cold]
#[inline(never)]
fn none<'a>() -> &'a mut [u8] {
    &mut []
}

impl Value {
    /// The float that its text parses to: an integer of this size is not exact as a float.
    #[cold]
    pub(super) fn through_text(self) -> f64 {
        let mut text = Buffer::default();
        text.put_value(self);
        str::from_utf8(text.bytes()).ok().and_then(crate::base::float::float).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_truncates_and_keeps_its_memory() {
        let mut b = Buffer::default();
        for _ in 0..10_000 {
            b.put_all([b"hello ", b"world"]);
        }
        assert_eq!(b.len(), 110_000);
        b.truncate(5);
        assert_eq!(b.bytes(), b"hello");
        b.skip(2);
        b.put(b"!");
        {
            let mut after = Buffer::after(b"so far".to_vec());
            after.put(b", and on");
            assert_eq!(after.into_bytes(), b"so far, and on");
        }
        assert_eq!(b.len(), 8);
        b.reset(100);
        assert!(b.is_empty());
        assert_eq!(b.bytes.len(), 0);
    }
}
