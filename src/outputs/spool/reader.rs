//! How far the first segment was read.

use super::payload::Decoder;

/// How far the first segment was read.
pub struct Reader {
    pub number: u32,
    /// What its file holds.
    pub bytes: Vec<u8>,
    /// Where the first record begins that waits.
    pub at: usize,
    pub decoder: Decoder,
}
