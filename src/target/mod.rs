//! Other endpoints: each target has a courier that asks it and brings back its series.

use crate::metric::Sink;
use crate::settings::Scrape;
use crate::store::Store;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// All targets.
#[derive(Default)]
pub struct Targets {}

impl Targets {
    /// Goes on with these targets; those that stay as they were go on undisturbed. `labels` are on
    /// every series that has none of that name.
    pub fn apply(&mut self, _: &Scrape, _labels: &[(String, String)], _: &mut Store, _: Instant) {}

    /// Ready when a courier brought something back.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Takes what was brought back; at most a bounded amount a turn.
    pub fn turn(&mut self, _: &mut Store, _: Instant) {}

    /// Writes what is known about the targets.
    pub fn write_self(&self, _: &mut dyn Sink) {}
}
