//! A metrics agent for small Linux boxes, and the library it is built from, which gives Rust programs an
//! endpoint for Prometheus, through the facade `metrics` or without it, and no runtime.
//!
//! # The library
//!
//! With the feature `recorder` (and `default-features = false`, unless the metrics of the box are wanted, too):
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
//!
//! // The same without the facade.
//! use sysmetrics::Registry;
//!
//! let registry = Registry::new();
//! let jobs = registry.counter("jobs_total", &[("queue", "mail")]);
//! let serving = registry.serve(([127, 0, 0, 1], 0))?;
//! jobs.inc(); // one atomic operation
//! println!("http://{}/metrics", serving.addresses()[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Names and behaviour are those of `metrics-exporter-prometheus`; the differences are in `recorder`.
//! What is named at the top of this crate and in `docs/library.md` is kept stable; everything else
//! is public for the program, its tests and its benchmarks, and changes with them.
//!
//! Registries, recorders and their pages work on any system. Listening and pushing need Linux
//! and do not exist elsewhere (`PrometheusBuilder::install`, `Registry::serve`, `Exporter`), nor do the
//! features `exporter`, `hub`, `gzip`, `tls`, `grpc` and `tiny_http`.
//!
//! # The program
//!
//! The modules are in the order of the data; each names only those before it. `tests/layers`
//! checks their order.

#[cfg(all(feature = "gzip", not(target_os = "linux")))]
compile_error!(
    "the features exporter, hub, gzip, tls, grpc and tiny_http of sysmetrics \
     need Linux. Elsewhere there is the library: default-features = false, features = [\"recorder\"]"
);

#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod base;
#[cfg(feature = "hub")]
#[doc(hidden)]
pub mod inputs;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod kernel;
#[cfg(feature = "recorder")]
mod library;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod outputs;
#[cfg(feature = "exporter")]
#[cfg_attr(not(feature = "hub"), path = "pipelines_off.rs")]
#[doc(hidden)]
pub mod pipelines;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod serve;
#[cfg(feature = "exporter")]
#[doc(hidden)]
pub mod settings;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod workers;

#[cfg(feature = "recorder")]
pub use library::*;
