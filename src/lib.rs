//! A metrics agent for small Linux boxes, and what it is made of: a library that gives Rust programs an
//! endpoint for Prometheus, through the facade `metrics` or without it, and no runtime.
//!
//! # The library
//!
//! With the feature `recorder` (and `default-features = false`, unless the box is to speak, too):
//!
#![cfg_attr(feature = "recorder", doc = "```")]
#![cfg_attr(not(feature = "recorder"), doc = "```ignore")]
//! use sysmetrics::PrometheusBuilder;
//!
//! // `install()` listens on port 9000; here is nothing but what renders the page.
//! let handle = PrometheusBuilder::new().install_recorder()?;
//!
//! metrics::describe_counter!("jobs_total", "Jobs done, by queue.");
//! metrics::counter!("jobs_total", "queue" => "mail").increment(1);
//! metrics::histogram!("job_duration_seconds").record(0.3);
//!
//! let page = handle.render();
//! assert!(page.contains("jobs_total{queue=\"mail\"} 1\n"));
//! assert!(page.contains("job_duration_seconds_bucket{le=\"0.5\"} 1\n"));
//! # Ok::<(), sysmetrics::BuildError>(())
//! ```
//!
//! The same without the facade:
//!
#![cfg_attr(feature = "recorder", doc = "```")]
#![cfg_attr(not(feature = "recorder"), doc = "```ignore")]
//! use sysmetrics::Registry;
//!
//! let registry = Registry::new();
//! let jobs = registry.counter("jobs_total", &[("queue", "mail")]);
//! let serving = registry.serve(([127, 0, 0, 1], 0))?;
//! jobs.inc(); // one atomic operation
//! println!("http://{}/metrics", serving.addresses()[0]);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Names and behaviour are those of `metrics-exporter-prometheus`; what differs is said in `recorder`.
//! What is named at the top of this crate and in `docs/library.md` is kept stable; everything else
//! is public so that the program, its tests and its benchmarks are made of it, and changes with them.
//!
//! Registries, recorders and their pages work on any system. What listens and what pushes needs Linux
//! and is not there elsewhere (`PrometheusBuilder::install`, `Registry::serve`, `Exporter`), nor are the
//! features `exporter`, `hub`, `gzip`, `tls`, `grpc` and `tiny_http`.
//!
//! # The program
//!
//! Each module names only those of lower rank; `tests/layers.rs` has their order.

#[cfg(all(feature = "gzip", not(target_os = "linux")))]
compile_error!(
    "the features exporter, hub, gzip, tls, grpc and tiny_http of sysmetrics \
     need Linux. Elsewhere there is the library: default-features = false, features = [\"recorder\"]"
);

#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod alert;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod clock;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod collect;
#[cfg(all(any(feature = "hub", feature = "recorder"), target_os = "linux"))]
#[doc(hidden)]
pub mod courier;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod error;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod event;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod export;
#[doc(hidden)]
pub mod expose;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod frame;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod gather;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod http;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod hub;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod ingest;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod listen;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod metric;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod read;
#[cfg(feature = "recorder")]
pub mod recorder;
#[cfg(feature = "recorder")]
pub mod registry;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod routes;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod settings;
// A library has no settings, only words that they have, too.
#[cfg(not(feature = "exporter"))]
#[path = "settings/basic.rs"]
#[doc(hidden)]
pub mod settings;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod spool;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod status;
#[cfg(any(feature = "hub", feature = "recorder"))]
#[doc(hidden)]
pub mod store;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod sys;
// A registry and its pages need little of the system.
#[cfg(not(target_os = "linux"))]
#[path = "sys/portable.rs"]
#[doc(hidden)]
pub mod sys;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod tail;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod target;
#[cfg(feature = "tiny_http")]
#[doc(hidden)]
pub mod tiny;
#[doc(hidden)]
pub mod wire;

#[cfg(feature = "recorder")]
pub use expose::Format;
#[cfg(all(feature = "recorder", target_os = "linux"))]
pub use recorder::Exporter;
#[cfg(all(feature = "recorder", target_os = "linux"))]
pub use recorder::serve::Serving;
#[cfg(feature = "recorder")]
pub use recorder::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
#[cfg(feature = "recorder")]
pub use registry::{
    Counter, Gauge, Histogram, Idle, Matcher, MetricKindMask, Naming, Options, Registry, Shape,
    Shapes, Window,
};
#[cfg(feature = "recorder")]
pub use store::{Bounds, Reason};
