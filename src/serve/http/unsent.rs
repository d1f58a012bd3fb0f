//! What is left of an answer that a client did not take at once.

use std::sync::Arc;

/// What a client has yet to take of an answer. Those who got the same hold its body together.
pub struct Unsent {
    pub(super) head: Vec<u8>,
    pub(super) page: Arc<Vec<u8>>,
    /// Bytes of the page that were taken.
    pub(super) taken: usize,
    /// Some were taken since the first that the kernel took.
    pub(super) is_read: bool,
}

impl Unsent {
    /// The next bytes.
    pub fn bytes(&self) -> &[u8] {
        match self.head.as_slice() {
            [] => self.page.get(self.taken..).unwrap_or_default(),
            head => head,
        }
    }

    /// So many of them were taken. Whether these were the last.
    pub fn advance(&mut self, count: usize) -> bool {
        self.is_read |= count > 0;
        if self.head.is_empty() {
            self.taken += count;
        } else {
            self.head.drain(..count.min(self.head.len()));
        }
        self.bytes().is_empty()
    }

    /// Whether the client takes it at all, as far as is known.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Its share of the bytes.
    pub fn share(&self) -> usize {
        self.head.len() + self.page.len() / Arc::strong_count(&self.page).max(1)
    }
}
