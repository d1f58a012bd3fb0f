//! Alerts: expressions over the samples of a scrape, and messages to those who want to hear of them.

use crate::gather::Gather;
use crate::metric::Sink;
use crate::settings::{Alert, Alerting};
use crate::store::Store;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// All rules.
#[derive(Default)]
pub struct Alerts {}

impl Alerts {
    /// Goes on with these rules; those that stay as they were keep their state.
    pub fn apply(&mut self, _: &Alerting, _: &[Alert], _: Instant) {}

    /// Ready when a courier told how a message went.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// When the rules are looked at again.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Looks at the rules when it is time.
    pub fn turn(&mut self, _: &mut Gather, _: &mut Store, _: Instant) {}

    /// Writes what is known about the alerts.
    pub fn write_self(&self, _: &mut dyn Sink) {}
}
