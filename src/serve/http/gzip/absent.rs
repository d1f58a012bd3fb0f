//! Replaces gzip in a build without it: responses stay uncompressed.

use super::response::Response;

/// No compressor.
#[derive(Default)]
pub struct Gzip;

impl Gzip {
    /// Never compresses.
    pub fn apply(&mut self, _: &mut Response) {}
}
