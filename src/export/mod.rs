//! The ways out: frames leave as OTLP, Influx lines, remote write or lines on standard output. Each
//! destination has a courier, which encodes, sends, tries again, and keeps what could not be sent.

pub mod influx;
pub mod otlp;
pub mod proto;
pub mod remote_write;
pub mod stdout;
mod verdict;

pub use verdict::Verdict;

use crate::gather::Gather;
use crate::metric::{Family, Sink};
use crate::settings::Settings;
use std::io;
use std::time::{Duration, Instant};

/// All destinations.
#[derive(Default)]
pub struct Exports {}

/// What could have failed and did not.
pub struct Prepared {}

impl Exports {
    /// Reads the files that `settings` name; changes nothing.
    ///
    /// # Errors
    ///
    /// What failed is named.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        let _ = settings;
        Ok(Prepared {})
    }

    /// Goes on with other settings; what waits stays.
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings, now: Instant) {
        let _ = (prepared, settings, now);
    }

    /// When a frame is due.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Takes the frames that are due; `scrape` writes every sample there is.
    pub fn turn(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), now: Instant) {
        let _ = (scrape, now);
    }

    /// Takes a last frame and sends what waits, within `time`.
    pub fn finish(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), time: Duration) {
        let _ = (scrape, time);
    }

    /// Writes what is known about what goes out.
    pub fn write_self(&self, out: &mut dyn Sink) {
        let _ = out;
    }
}

/// The families about what goes out, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    [].iter()
}

/// One frame to every destination, or to standard output where there is none. Whether all took it.
///
/// # Errors
///
/// What failed is named.
pub fn once(settings: &Settings, gather: &mut Gather) -> io::Result<bool> {
    let _ = (settings, gather);
    Ok(true)
}
