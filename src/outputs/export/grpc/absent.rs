//! Replaces gRPC in a build without it: the settings allow no such export.

use crate::outputs::export::Verdict;
use crate::outputs::export::post::Post;
use crate::settings::Export;
use crate::workers::Tls;
use std::time::Instant;

/// An empty client.
pub struct GrpcClient;

impl GrpcClient {
    /// Returns the only value.
    pub fn new(_: Option<Tls>) -> GrpcClient {
        GrpcClient
    }

    /// Never called.
    pub fn call(&self, _: &Export, _: &Post, _: &[u8], _: Instant) -> (Verdict, usize) {
        (Verdict::Never("endpoint", "this build has no gRPC".to_owned()), 0)
    }
}
