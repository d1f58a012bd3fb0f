//! A request's body that is used, while it is received.

use crate::base::wire::{self, Chunks};
use crate::serve::http::Refusal;

/// A body that is used, and the head that it belongs to.
pub struct Intake {
    /// The head as it came.
    pub head: Vec<u8>,
    /// The bytes received so far.
    pub body: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) limit: usize,
}

/// How the end of a body is found.
pub enum Framing {
    /// This many bytes are to come.
    Sized(usize),
    Chunked(Chunks),
}

impl Intake {
    /// Reads received bytes. Returns how many were consumed, and whether the body is complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        match &mut self.framing {
            Framing::Sized(left) => {
                let n = bytes.len().min(*left);
                self.body.extend_from_slice(bytes.get(..n).unwrap_or_default());
                *left -= n;
                Ok((n, *left == 0))
            }
            Framing::Chunked(chunks) => match chunks.feed(bytes, &mut self.body, self.limit) {
                // Only an empty body is allowed.
                Err(wire::Fault::TooLarge) if self.limit == 0 => Err(Refusal::Chunked),
                fed => Ok(fed?),
            },
        }
    }
}
