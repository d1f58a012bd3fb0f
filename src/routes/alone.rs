//! The exporter alone, without the hub: no route takes a body, and nothing is to be done besides
//! answering. The twin of `intake` and `duties`.

use super::Service;
use crate::expose::Text;
use crate::http::{Request, Response};
use crate::metric::Family;
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
}

/// Nothing: there is nothing that could fail.
pub struct Prepared;

/// There are none.
pub(super) fn families() -> impl Iterator<Item = &'static Family<'static>> {
    std::iter::empty()
}

/// Nothing comes from elsewhere.
pub(super) fn write(_: &mut Hub, _: &str, _: &mut Text<'_>) {}

impl Service {
    /// No route wants a body.
    pub fn takes_body(&self, _: &Request<'_>) -> bool {
        false
    }

    /// No body is taken.
    pub fn body_limit(&self) -> usize {
        0
    }

    /// No client may send a body.
    pub fn admits(&mut self, _: &Request<'_>, _: bool, _: &mut Response) -> bool {
        false
    }

    /// No route wants a body.
    pub fn receive(&mut self, _: &Request<'_>, _: &[u8], _: Instant, _: &mut Response) {}

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

    /// There is nothing to wait for.
    pub fn wait_on(&self, _: &mut Vec<Ready>) {}

    /// There is nothing to do.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// There is nothing to do.
    pub fn turn(&mut self, _: &[Ready], _: Instant) {}

    /// There is nothing to end.
    pub fn begin_end(&mut self, _: Instant) {}

    /// There is nothing to end.
    pub fn finish(&mut self, _: Instant) {}
}
