//! Exports: frames are sent as OTLP, Influx lines, remote write or lines on standard output. Each
//! destination has a worker, which encodes, sends, tries again, and keeps what could not be sent.

mod apply;
mod delivery;
mod destination;
mod ending;
#[cfg_attr(not(feature = "grpc"), path = "grpc/absent.rs")]
mod grpc;
pub mod influx;
mod kept;
mod once;
pub mod otlp;
mod plan;
mod post;
pub mod proto;
pub mod remote_write;
mod self_metrics;
pub mod stdout;
mod tally;
mod tee;
mod transport;
mod verdict;

pub use apply::{Prepared, check};
pub use once::once;
pub use self_metrics::{ExportReport, families};
pub use verdict::Verdict;

use crate::base::clock::{Boot, BootTime};
use crate::base::dialect::Dialect;
use crate::base::sys;
use crate::model::metric::{Sink, Source};
use destination::Destination;
use ending::Ending;
use std::time::{Duration, Instant};
use tee::Tee;

/// The part of the time for the end that is reserved for writing to the disk what could not be
/// sent, by the worker first, or without it.
const CLOSING: Duration = Duration::from_millis(500);
const SALVAGING: Duration = Duration::from_millis(200);

/// How long samples that are out of order are reported.
const LATE: Duration = Duration::from_secs(300);

/// The text about a thread that does not come back.
const HANGS: &str =
    "its thread does not come back: look at the file system of spool.dir, and at the resolver";

/// What is wrong with an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing has been accepted since then.
    Failing(Instant),
    /// The directory of the spool cannot be used.
    Spool,
    /// Its thread should have been back then.
    Hanging(Instant),
    /// Some samples are out of order; others are accepted.
    Late,
}

/// All destinations.
pub struct Exports {
    destinations: Vec<Destination>,
    /// Destinations that were removed from the settings, by name, while they send what waits: one that is added again
    /// is the successor.
    leaving: Vec<(String, Ending)>,
    boot_time: BootTime,
    boot: Option<Boot>,
    /// When this program started, in milliseconds since boot.
    start: u64,
    labels: Vec<(String, String)>,
    dialect: Dialect,
    /// No more frames are due.
    is_ending: bool,
}

impl Default for Exports {
    fn default() -> Exports {
        Exports {
            destinations: Vec::new(),
            leaving: Vec::new(),
            boot_time: BootTime::default(),
            boot: None,
            start: sys::boot_millis(),
            labels: Vec::new(),
            dialect: Dialect::default(),
            is_ending: false,
        }
    }
}

impl Exports {
    /// When a frame is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.destinations.iter().filter(|_| !self.is_ending).map(Destination::due).min()
    }

    /// Makes the frames that are due; `scrape` writes every sample.
    pub fn turn(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), now: Instant) {
        self.record(scrape, &|to| to.due() <= now);
        self.destinations.iter_mut().filter(|to| to.due() <= now).for_each(|to| {
            to.advance(now);
        });
    }

    /// Makes a frame for the destinations that `is_due` selects.
    fn record(
        &mut self,
        scrape: &mut dyn FnMut(&mut dyn Sink),
        is_due: &dyn Fn(&Destination) -> bool,
    ) {
        let moment = self.boot_time.moment();
        let mut due = Vec::new();
        for (at, to) in self.destinations.iter_mut().enumerate() {
            let recorder = if is_due(to) { to.begin(moment) } else { None };
            due.extend(recorder.map(|recorder| (at, recorder)));
        }
        let mut write = |out: &mut dyn Sink| {
            scrape(out);
            out.source(Source::Own);
            self.write_self_metrics(out);
        };
        match &mut *due {
            [(_, recorder)] => write(recorder),
            all => write(&mut Tee::new(all.iter_mut().map(|(_, recorder)| recorder).collect())),
        }
        for (at, recorder) in due {
            if let Some(to) = self.destinations.get_mut(at) {
                to.dispatch(recorder);
            }
        }
    }

    /// Makes a last frame. What waits is sent until shortly before `end`; nothing is due any more.
    pub fn begin_shutdown(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), end: Instant) {
        if self.destinations.is_empty() {
            return;
        }
        self.is_ending = true;
        self.record(scrape, &|_| true);
        let until = end.checked_sub(CLOSING).unwrap_or(end);
        self.destinations.iter().for_each(|to| to.end(until));
    }

    /// Waits for the workers until then.
    pub fn finish(&mut self, end: Instant) {
        let until = end.checked_sub(SALVAGING).unwrap_or(end);
        self.destinations.iter().for_each(|to| to.wait(until));
        self.destinations.clear();
    }

    /// Reports what is wrong with exports: the name of each, what, and why.
    pub fn troubles(&self, now: Instant, report: &mut dyn FnMut(&str, Trouble, &str)) {
        for to in &self.destinations {
            let tally = to.tally();
            if let Some((since, text)) = &tally.failing {
                report(to.name(), Trouble::Failing(*since), text);
            }
            if let Some(trouble) = &tally.spool.trouble {
                report(to.name(), Trouble::Spool, trouble);
            }
            if let Some(late) = tally.busy.filter(|late| *late < now) {
                report(to.name(), Trouble::Hanging(late), HANGS);
            }
            if let Some((_, text)) = tally.late.as_ref().filter(|(at, _)| now < *at + LATE) {
                report(to.name(), Trouble::Late, text);
            }
        }
    }
}
