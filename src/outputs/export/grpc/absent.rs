//! In the place of gRPC in a build without it: the settings allow no such export.

use crate::outputs::export::Verdict;
use crate::outputs::export::post::Post;
use crate::settings::Export;
use crate::workers::Tls;
use std::time::Instant;

/// Nothing is called.
pub struct Caller;

impl Caller {
    /// There is nothing to connect.
    pub fn new(_: Option<Tls>) -> Caller {
        Caller
    }

    /// Nobody is called.
    pub fn call(&self, _: &Export, _: &Post, _: &[u8], _: Instant) -> (Verdict, usize) {
        (Verdict::Never("endpoint", "this build has no gRPC".to_owned()), 0)
    }
}
