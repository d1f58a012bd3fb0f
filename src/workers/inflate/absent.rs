//! In the place of gzip in a build without it: answers are asked for as they are.

use crate::base::wire::Fault;

/// How an answer's body may be packed (Accept-Encoding).
pub const ACCEPTED: &str = "identity";

/// There is nothing that it could undo.
pub fn gunzip(_: &[u8], _: usize) -> Result<Vec<u8>, Fault> {
    Err(Fault::Malformed)
}
