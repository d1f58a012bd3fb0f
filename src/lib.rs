//! A metrics agent for small Linux boxes: reads `/proc` and serves it to Prometheus.
//!
//! Each module names only those of lower rank; `tests/layers.rs` has their order.

pub mod app;
pub mod clock;
pub mod collect;
pub mod error;
pub mod event;
pub mod expose;
pub mod gather;
pub mod http;
#[cfg(feature = "hub")]
pub mod ingest;
pub mod listen;
pub mod log;
pub mod metric;
pub mod read;
pub mod routes;
pub mod settings;
#[cfg(feature = "hub")]
pub mod store;
pub mod sys;
#[cfg(feature = "tiny_http")]
pub mod tiny;
