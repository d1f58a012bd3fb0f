//! The exporter alone, without the hub: nothing comes in or goes out. The twin of `duties`.

use super::Service;
use crate::expose::Text;
use crate::gather::Gather;
use crate::metric::{Family, Sink};
use crate::settings::Settings;
use crate::sys::Ready;
use std::io;
use std::time::Instant;

/// Nothing comes in or goes out.
pub struct Hub;

impl Hub {
    /// Nothing begins.
    pub fn new(_: Instant) -> Hub {
        Hub
    }

    /// There is nothing to do.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// There is nothing to do.
    pub fn turn(&self, _: &[Ready], _: &Gather, _: &dyn Fn(&mut dyn Sink), _: Instant) {}
}

/// Nothing: there is nothing that could fail.
pub struct Prepared;

/// There are none.
pub(super) fn families() -> impl Iterator<Item = &'static Family<'static>> {
    std::iter::empty()
}

/// What `ours` writes: nothing comes from elsewhere.
pub(super) fn write(_: &mut Hub, _: &str, ours: &mut dyn FnMut(&mut dyn Sink), out: &mut Text<'_>) {
    ours(out);
}

impl Service {
    /// Nothing is to be prepared.
    ///
    /// # Errors
    ///
    /// None.
    pub fn prepare(&self, _: &Settings) -> io::Result<Prepared> {
        Ok(Prepared)
    }

    /// Nothing was prepared.
    pub fn apply(&mut self, _: Prepared, _: &Settings) {}
}
