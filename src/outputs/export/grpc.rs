//! OTLP over gRPC.

use super::post::{MAX_ANSWER, Post, is_worth_gzip};
use super::{Verdict, otlp};
use crate::settings::Export;
use crate::workers::{Grpc, GrpcAnswer, GrpcCall, Tls};
use std::time::Instant;

/// The gRPC method.
const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Codes of gRPC for missing or rejected credentials.
const PERMISSION_DENIED: u32 = 7;
const UNAUTHENTICATED: u32 = 16;

/// A client, whose connection is kept.
pub struct GrpcClient(Grpc);

impl GrpcClient {
    /// A client without a connection.
    pub fn new(tls: Option<Tls>) -> GrpcClient {
        GrpcClient(tls.map(Grpc::new).unwrap_or_default())
    }

    /// Calls with `body` as the message; returns what the answer means, and the bytes that were sent.
    pub fn call(
        &mut self,
        export: &Export,
        post: &mut Post,
        body: &[u8],
        deadline: Instant,
    ) -> (Verdict, usize) {
        let gzip = export.gzip && is_worth_gzip(body.len());
        let mut answer = self.call_once(post, body, gzip, deadline);
        let is_refused = |code: u32| matches!(code, PERMISSION_DENIED | UNAUTHENTICATED);
        if answer.as_ref().is_ok_and(|answer| is_refused(answer.code)) && post.refresh(export) {
            answer = self.call_once(post, body, gzip, deadline);
        }
        let verdict = match answer {
            Err(verdict) => verdict,
            Ok(answer) => {
                otlp::judge_grpc(answer.code, &answer.message, &answer.details, &answer.body)
            }
        };
        (verdict, self.0.sent())
    }

    /// Header names are in lower case in gRPC.
    fn call_once(
        &mut self,
        post: &Post,
        body: &[u8],
        gzip: bool,
        deadline: Instant,
    ) -> Result<GrpcAnswer, Verdict> {
        let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
        let headers: Vec<_> = post.headers.iter().map(lower).collect();
        let (url, max_body) = (&post.url, MAX_ANSWER);
        let call =
            GrpcCall { url, path: METHOD, headers: &headers, body, gzip, deadline, max_body };
        self.0.call(&call).map_err(|failure| Verdict::Again(failure.reason, failure.text, None))
    }
}
