//! OpenTelemetry metrics (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`): protobuf and JSON,
//! straight into the buffer, no tree. What becomes of a family is in `model`: the compatibility
//! specification of OpenTelemetry for Prometheus.
//!
//! A view without points appends nothing: "senders SHOULD NOT create empty envelopes" (OTLP
//! specification). Who calls sends nothing then.

mod json;
mod judge;
mod model;
mod protobuf;
#[cfg(test)]
mod tests;
mod units;

pub use json::encode_json;
pub use judge::{judge, judge_grpc};
pub use protobuf::Writer;

/// The Content-Type of protobuf, and of JSON.
pub const PROTOBUF: &str = "application/x-protobuf";
/// See [`PROTOBUF`].
pub const JSON: &str = "application/json";

/// The instrumentation scope: who translated.
const SCOPE: &str = "sysmetrics";
/// Its version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The metadata under which the Prometheus type goes along.
const TYPE_KEY: &str = "prometheus.type";

/// `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`: the series ended.
const NO_RECORDED_VALUE: u64 = 1;
