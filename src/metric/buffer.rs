//! A growing byte buffer for rendering. musl's `memcpy` costs 13 ns for each small copy of run-time
//! length, as much as a whole sample here: short texts are copied by overlapping chunks of fixed
//! size instead, which compile to plain moves.
//!
//! INVARIANT: `len <= bytes.len()`. What lies beyond `len` is room that was initialised before and
//! is written over.

/// Room is added in steps of this many bytes, and doubles when that is more.
const STEP: usize = 4096;

/// Bytes being rendered, kept from one scrape to the next.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// What was written so far.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// What was written so far, to be patched in place.
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

    /// Forgets everything after the first `len` bytes; the memory stays.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets everything and gives back memory beyond `most` bytes.
    pub fn reset(&mut self, most: usize) {
        self.len = 0;
        if self.bytes.len() > most {
            self.bytes = Vec::new();
        }
    }

    /// Leaves `n` bytes of undefined (but initialised) content, to be patched later.
    pub fn skip(&mut self, n: usize) {
        self.room(n);
        self.len += n;
    }

    /// At least `n` writable bytes after what was written; `advance` makes them part of it.
    #[inline]
    pub fn room(&mut self, n: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < n {
            self.grow(n);
        }
        self.bytes.get_mut(self.len..).unwrap_or_default()
    }

    /// The first `n` bytes of the room have been written.
    #[inline]
    pub fn advance(&mut self, n: usize) {
        debug_assert!(self.len + n <= self.bytes.len());
        self.len = (self.len + n).min(self.bytes.len());
    }

    /// Appends `text`.
    #[inline]
    pub fn put(&mut self, text: &[u8]) {
        let n = copy(self.room(text.len()), text);
        self.len += n;
    }

    /// Appends every part.
    pub fn put_all(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.put(part);
        }
    }

    #[cold]
    fn grow(&mut self, n: usize) {
        let more = (self.bytes.len()).max(n).max(STEP);
        self.bytes.resize(self.bytes.len() + more, 0);
    }
}

/// Copies `from` to the start of `to` and returns its length; copies nothing if there is no room.
#[inline(always)]
pub fn copy(to: &mut [u8], from: &[u8]) -> usize {
    let n = from.len();
    let Some(to) = to.get_mut(..n) else { return 0 };
    if n > 128 {
        to.copy_from_slice(from);
    } else if n >= 16 {
        let mut at = 0;
        while at + 16 <= n {
            chunk::<16>(to, from, at);
            at += 16;
        }
        chunk::<16>(to, from, n - 16);
    } else if n >= 8 {
        chunk::<8>(to, from, 0);
        chunk::<8>(to, from, n - 8);
    } else if n >= 4 {
        chunk::<4>(to, from, 0);
        chunk::<4>(to, from, n - 4);
    } else {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
    n
}

#[inline(always)]
fn chunk<const N: usize>(to: &mut [u8], from: &[u8], at: usize) {
    let from = from.get(at..).and_then(|f| f.first_chunk::<N>());
    if let (Some(to), Some(from)) = (to.get_mut(at..).and_then(|t| t.first_chunk_mut::<N>()), from)
    {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_length_exactly() {
        let from: Vec<u8> = (0..=255).collect();
        for n in 0..=from.len() {
            let mut to = vec![0xEE; n + 3];
            assert_eq!(copy(&mut to, &from[..n]), n);
            assert_eq!(to[..n], from[..n]);
            assert_eq!(to[n..], [0xEE; 3]);
        }
        assert_eq!(copy(&mut [0; 3], &from[..4]), 0);
    }

    #[test]
    fn grows_truncates_and_keeps_its_memory() {
        let mut b = Buffer::default();
        for _ in 0..10_000 {
            b.put_all(&[b"hello ", b"world"]);
        }
        assert_eq!(b.len(), 110_000);
        b.truncate(5);
        assert_eq!(b.bytes(), b"hello");
        b.skip(2);
        b.put(b"!");
        assert_eq!(b.len(), 8);
        b.reset(100);
        assert!(b.is_empty());
        assert_eq!(b.bytes.len(), 0);
    }
}
