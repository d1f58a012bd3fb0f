//! A body that is wanted, while it comes.

use crate::base::wire::{self, Chunks};
use crate::serve::http::Refusal;

/// A body that is wanted, and the head that it belongs to.
pub struct Intake {
    /// As it came.
    pub head: Vec<u8>,
    /// What came so far.
    pub body: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) limit: usize,
}

/// How the end of a body is told.
pub enum Framing {
    /// So many bytes are to come.
    Sized(usize),
    Chunked(Chunks),
}

impl Intake {
    /// Takes what came. Tells how much of it, and whether the body is whole.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        match &mut self.framing {
            Framing::Sized(left) => {
                let n = bytes.len().min(*left);
                self.body.extend_from_slice(bytes.get(..n).unwrap_or_default());
                *left -= n;
                Ok((n, *left == 0))
            }
            Framing::Chunked(chunks) => match chunks.feed(bytes, &mut self.body, self.limit) {
                // No body is wanted, but an empty one is none.
                Err(wire::Fault::TooLarge) if self.limit == 0 => Err(Refusal::Chunked),
                fed => Ok(fed?),
            },
        }
    }
}
