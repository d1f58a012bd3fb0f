//! A metrics agent for small Linux boxes: reads `/proc` and serves it to Prometheus.
//!
//! Each module names only those of lower rank; `tests/layers.rs` has their order.

#[cfg(feature = "hub")]
pub mod alert;
pub mod app;
pub mod clock;
pub mod collect;
#[cfg(feature = "hub")]
pub mod courier;
pub mod error;
pub mod event;
#[cfg(feature = "hub")]
pub mod export;
pub mod expose;
#[cfg(feature = "hub")]
pub mod frame;
pub mod gather;
pub mod http;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "hub")]
pub mod ingest;
pub mod listen;
pub mod log;
pub mod metric;
pub mod read;
#[cfg(feature = "recorder")]
pub mod registry;
pub mod routes;
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
