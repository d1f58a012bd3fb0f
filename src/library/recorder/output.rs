//! How a builder exports the metrics of a recorder: as an endpoint for scrapes, or by
//! pushes to a Pushgateway.

use super::PrometheusHandle;
use super::network::Network;
use crate::base::address::Listen;

/// The default port.
const PORT: u16 = 9000;

/// Pushes what a handle renders, for ever.
pub type Pushing = Box<dyn FnOnce(&PrometheusHandle) + Send>;

/// The kind of export.
pub enum Transport {
    Listen(Listen),
    /// Only created on request, so that a program that listens links no HTTP client.
    Push(Pushing),
}

/// The configured export.
pub struct Output {
    pub transport: Transport,
    /// Networks of clients that are allowed; empty allows all.
    pub allowed: Vec<Network>,
    /// Clients that prefer OpenMetrics get it.
    pub has_openmetrics: bool,
}

impl Default for Output {
    fn default() -> Output {
        let transport = Transport::Listen(Listen::Tcp("0.0.0.0".to_owned(), PORT));
        Output { transport, allowed: Vec::new(), has_openmetrics: false }
    }
}
