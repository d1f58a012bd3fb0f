//! statsd lines over UDP.

use crate::metric::Sink;
use crate::settings;
use crate::store::Store;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// Receives statsd lines.
#[derive(Default)]
pub struct Statsd {}

/// A socket that is bound.
pub struct Bound {}

impl Statsd {
    /// Binds what `settings` say, unless it is bound already.
    ///
    /// # Errors
    ///
    /// The address is not to be had; it is named.
    pub fn prepare(&self, _: &settings::Statsd) -> io::Result<Bound> {
        Ok(Bound {})
    }

    /// Goes on with what was prepared.
    pub fn apply(&mut self, _: Bound) {}

    /// Ready when a datagram is there.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Takes what was received; at most a bounded amount a turn.
    pub fn turn(&mut self, _: &mut Store, _: Instant) {}

    /// Writes what is known about the lines.
    pub fn write_self(&self, _: &mut dyn Sink) {}
}
