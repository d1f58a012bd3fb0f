//! What one evaluation reads and writes, for all rules.

use super::notice::Notice;
use super::samples::ScrapeSamples;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The receivers of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every destination.
    All,
    /// Destinations that get a notice once, and then again at long intervals.
    People,
    /// Alertmanagers.
    Managers,
}

/// The input and output of an evaluation.
pub struct Evaluation<'a> {
    /// The time.
    pub now: Instant,
    /// The evaluation interval.
    pub interval: Duration,
    /// How often an alert that goes on is sent again.
    pub repeat: Duration,
    /// Whether there is an Alertmanager.
    pub has_managers: bool,
    /// The scrape.
    pub scraped: &'a ScrapeSamples,
    /// The number of counters whose growth is computed.
    pub rates: usize,
    /// Fingerprints of all alerts.
    pub fingerprints: &'a mut Vec<u64>,
    /// Notices to send.
    pub notices: &'a mut Vec<(Audience, Arc<Notice>)>,
    /// What exceeded a limit.
    pub left_out: &'a mut Dropped,
}

/// What exceeded a limit, since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dropped {
    /// Counters beyond the limit of those whose growth is computed.
    pub rates: u64,
    /// Alerts beyond the limit.
    pub alerts: u64,
    /// Alerts with the same labels as another.
    pub twins: u64,
}
