//! Log files: followed through rotation, matched line by line, a bounded amount a turn.

use crate::metric::Sink;
use crate::settings::{LogFiles, Tail};
use crate::store::Store;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// All log files.
#[derive(Default)]
pub struct Tails {}

impl Tails {
    /// Goes on with these files; those that are followed already go on where they are. `labels` are
    /// on every series that has none of that name.
    pub fn apply(
        &mut self,
        _: &Tail,
        _: &[LogFiles],
        _labels: &[(String, String)],
        _: &mut Store,
        _: Instant,
    ) {
    }

    /// Ready when a file changed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// When there is something to do without a file having changed.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Reads on, a bounded amount. `is_ready` tells whether the descriptor was.
    pub fn turn(&mut self, _is_ready: bool, _: &mut Store, _: Instant) {}

    /// Keeps how far the files were read, before the program ends.
    pub fn finish(&mut self) {}

    /// Writes what is known about the files.
    pub fn write_self(&self, _: &mut dyn Sink) {}
}
