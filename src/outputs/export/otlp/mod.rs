//! OpenTelemetry metrics (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`): protobuf and JSON,
//! straight into the buffer, no tree. How a family is mapped is in `model`: the compatibility
//! specification of OpenTelemetry for Prometheus.
//!
//! A view without points appends nothing: "senders SHOULD NOT create empty envelopes" (OTLP
//! specification). Then the caller sends nothing.

mod json;
mod judge;
mod model;
mod protobuf;
#[cfg(test)]
mod tests;
mod units;
mod words;

pub use json::encode_json;
pub use judge::{judge, judge_grpc};
pub use protobuf::Writer;

/// The Content-Type of protobuf, and of JSON.
pub const PROTOBUF: &str = "application/x-protobuf";
/// See [`PROTOBUF`].
pub const JSON: &str = "application/json";

/// The instrumentation scope.
const SCOPE: &str = "sysmetrics";
/// The version of the scope.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The metadata key of the Prometheus type.
const TYPE_KEY: &str = "prometheus.type";

/// `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`: the series has ended.
const NO_RECORDED_VALUE: u64 = 1;
