//! OpenTelemetry metrics (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`): protobuf and JSON.

use super::Verdict;
use crate::courier::Answer;
use crate::frame::View;

/// The Content-Type of protobuf, and of JSON.
pub const PROTOBUF: &str = "application/x-protobuf";
/// See [`PROTOBUF`].
pub const JSON: &str = "application/json";

/// Appends one request in protobuf. `resource` are attributes.
pub fn encode(view: &View<'_>, resource: &[(String, String)], out: &mut Vec<u8>) {
    let _ = (view, resource, out);
}

/// Appends one request in JSON.
pub fn encode_json(view: &View<'_>, resource: &[(String, String)], out: &mut Vec<u8>) {
    let _ = (view, resource, out);
}

/// What an answer over HTTP means.
pub fn judge(answer: &Answer) -> Verdict {
    let _ = answer;
    Verdict::Done
}

/// What the end of a call over gRPC means: its status, its message, the details of the status
/// (`google.rpc.Status`), and the body of the answer without its frame.
pub fn judge_grpc(code: u32, message: &str, details: &[u8], body: &[u8]) -> Verdict {
    let _ = (code, message, details, body);
    Verdict::Done
}
