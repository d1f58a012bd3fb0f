//! A metrics agent for small Linux boxes: reads `/proc` and serves it to Prometheus.
//!
//! Each module names only those of lower rank; `tests/layers.rs` has their order.

#[cfg(feature = "hub")]
pub mod alert;
#[cfg(feature = "exporter")]
pub mod app;
pub mod clock;
#[cfg(feature = "exporter")]
pub mod collect;
#[cfg(any(feature = "hub", feature = "recorder"))]
pub mod courier;
#[cfg(feature = "exporter")]
pub mod error;
pub mod event;
#[cfg(feature = "hub")]
pub mod export;
pub mod expose;
#[cfg(feature = "hub")]
pub mod frame;
#[cfg(feature = "exporter")]
pub mod gather;
pub mod http;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "hub")]
pub mod ingest;
pub mod listen;
pub mod log;
pub mod metric;
#[cfg(feature = "exporter")]
pub mod read;
#[cfg(feature = "recorder")]
pub mod recorder;
#[cfg(feature = "recorder")]
pub mod registry;
#[cfg(feature = "exporter")]
pub mod routes;
#[cfg(feature = "exporter")]
pub mod settings;
// A library has no settings, only words that they have, too.
#[cfg(not(feature = "exporter"))]
#[path = "settings/basic.rs"]
pub mod settings;
#[cfg(feature = "hub")]
pub mod spool;
#[cfg(feature = "hub")]
pub mod status;
#[cfg(any(feature = "hub", feature = "recorder"))]
pub mod store;
pub mod sys;
#[cfg(feature = "hub")]
pub mod tail;
#[cfg(feature = "hub")]
pub mod target;
#[cfg(feature = "tiny_http")]
pub mod tiny;
pub mod wire;

#[cfg(feature = "recorder")]
pub use expose::Format;
#[cfg(feature = "recorder")]
pub use recorder::serve::Serving;
#[cfg(feature = "recorder")]
pub use recorder::{BuildError, Exporter, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
#[cfg(feature = "recorder")]
pub use registry::{Counter, Gauge, Histogram, Matcher, MetricKindMask, Registry};
