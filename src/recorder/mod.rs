//! The library face: what a Rust program counts, for Prometheus.

pub mod serve;
