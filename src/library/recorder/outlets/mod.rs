//! What takes the metrics of a recorder out of the process: an endpoint for scrapes, or pushes to a
//! Pushgateway. Only Linux has either.

mod exporter;
mod install;
mod push;
pub mod serve;

pub use exporter::Exporter;
