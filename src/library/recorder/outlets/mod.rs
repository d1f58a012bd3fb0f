//! Exports the metrics of a recorder: an endpoint for scrapes, or pushes to a
//! Pushgateway. Both exist only on Linux.

mod exporter;
mod install;
mod push;
pub mod serve;

pub use exporter::Exporter;
