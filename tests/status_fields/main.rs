//! CPUs, sensors, file systems, disks, interfaces and exports in `/api/status`, and `/api/series`, of the real
//! binary.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front drives no pipelines
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod agent;
mod machine;
mod series;
mod support;
