//! In the place of gzip in a build without it: answers stay as they are.

use super::response::Response;

/// No compressor.
#[derive(Default)]
pub struct Gzip;

impl Gzip {
    /// Nothing is worth it.
    pub fn apply(&mut self, _: &mut Response) {}
}
