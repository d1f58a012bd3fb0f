//! The rest of a response that a client did not read at once.

use std::sync::Arc;

/// The unread rest of a response. Clients with the same response share its body.
pub struct Unsent {
    pub(super) head: Vec<u8>,
    pub(super) page: Arc<Vec<u8>>,
    /// Bytes of the page that were sent.
    pub(super) taken: usize,
    /// Whether some were sent after the first part that the kernel buffered.
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

    /// Records that `count` bytes were sent. Returns whether these were the last.
    pub fn advance(&mut self, count: usize) -> bool {
        self.is_read |= count > 0;
        if self.head.is_empty() {
            self.taken += count;
        } else {
            self.head.drain(..count.min(self.head.len()));
        }
        self.bytes().is_empty()
    }

    /// Whether the client reads it at all, as far as is known.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Its share of the bytes.
    pub fn share(&self) -> usize {
        self.head.len() + self.page.len() / Arc::strong_count(&self.page).max(1)
    }
}
