//! Exports against real receivers: VictoriaMetrics, InfluxDB and Prometheus of Debian, newer ones unpacked by
//! `.ci/peers.sh`, and a collector that uses the official OpenTelemetry packages. `make e2e` runs it; a missing
//! receiver fails it.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // the reference front drives no exports
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the receivers

#[path = "../common/mod.rs"]
mod common;

mod arrives;
mod collector;
mod frames;
mod late;
mod link;
mod lost;
mod moods;
mod peers;
mod rows;
