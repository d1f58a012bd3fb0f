//! How the metrics of a recorder leave the process, as its builder says it: an endpoint for scrapes, or
//! pushes to a Pushgateway.

use super::PrometheusHandle;
use super::network::Network;
use crate::base::address::Listen;

/// The port that is listened on where nobody names another.
const PORT: u16 = 9000;

/// Pushes what a handle renders, for ever.
pub type Pushing = Box<dyn FnOnce(&PrometheusHandle) + Send>;

/// What was asked for.
pub enum Way {
    Listen(Listen),
    /// Made only by who asks for it: a program that listens links no client.
    Push(Pushing),
}

/// What takes metrics out of the process.
pub struct Output {
    pub way: Way,
    /// Networks of clients that are let in; all if there is none.
    pub allowed: Vec<Network>,
    /// Clients that prefer OpenMetrics get it.
    pub has_openmetrics: bool,
}

impl Default for Output {
    fn default() -> Output {
        let way = Way::Listen(Listen::Tcp("0.0.0.0".to_owned(), PORT));
        Output { way, allowed: Vec::new(), has_openmetrics: false }
    }
}
