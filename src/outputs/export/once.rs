//! Sends one frame to every destination, and ends: `--once`.

use super::apply::{boot, plans};
use super::delivery::Delivery;
use super::destination::bounds as spool_bounds;
use super::ending::Ending;
use super::plan::Plan;
use super::tally::Shared;
use super::tee::Tee;
use super::transport::{Transport, print};
use super::{Exports, Verdict, stdout};
use crate::base::clock::{BootTime, Timestamp};
use crate::base::log;
use crate::model::frame::{Frame, FrameBuilder, Wanted};
use crate::model::metric::Sink;
use crate::outputs::spool::Spool;
use crate::settings::Settings;
use crate::workers::Tls;
use std::io;
use std::time::Instant;

/// The error for samples that would get wrong times.
const NO_CLOCK: &str = "the wall clock is not set: set it first, or give the export a spool.dir";

/// Writes all samples once and sends them to every destination, or to standard output where there is
/// none. What cannot be sent waits on disk, if that is configured. Returns whether all accepted it.
///
/// # Errors
///
/// A step failed; the error names it.
pub fn once(settings: &Settings, write: &mut dyn FnMut(&mut dyn Sink)) -> io::Result<bool> {
    let moment = BootTime::default().moment();
    let labels = settings.custom.labels_of_own().to_vec();
    let ours = Exports { labels, dialect: settings.dialect, ..Exports::default() };
    let plans = plans(settings)?;
    let mut wanted: Vec<Wanted> = plans.iter().map(|(plan, _)| ours.wanted(plan)).collect();
    if plans.is_empty() {
        let (dialect, labels) = (ours.dialect, ours.labels);
        wanted.push(Wanted { dialect, labels, ..Wanted::default() });
    }
    let mut frames = record(wanted, moment, write);
    if plans.is_empty() {
        let boot_time = moment.boot_time.ok_or_else(|| io::Error::other(NO_CLOCK))?;
        let mut out = Vec::new();
        if let Some(frame) = frames.pop() {
            stdout::encode(&frame.view(boot_time), settings.once_format, &mut out);
        }
        return Ok(print(&out) == Verdict::Done);
    }
    let mut is_done = true;
    for ((plan, tls), frame) in plans.into_iter().zip(frames) {
        is_done &= send(plan, tls, frame);
    }
    Ok(is_done)
}

/// Makes one frame for all.
fn record(
    wanted: Vec<Wanted>,
    moment: Timestamp,
    write: &mut dyn FnMut(&mut dyn Sink),
) -> Vec<Frame> {
    let mut recorders: Vec<FrameBuilder> = wanted.into_iter().map(FrameBuilder::new).collect();
    recorders.iter_mut().for_each(|recorder| recorder.begin(moment));
    write(&mut Tee::new(recorders.iter_mut().collect()));
    recorders.iter_mut().map(FrameBuilder::finish).collect()
}

/// Returns whether all of it was accepted.
fn send(plan: Plan, tls: Option<Tls>, frame: Frame) -> bool {
    let bounds = spool_bounds(&plan, boot());
    let name = plan.export.name.clone();
    let Some(boot_time) = frame.moment.boot_time else {
        log::error("nothing is sent", &[("export", &name), ("error", &NO_CLOCK)]);
        store(&name, bounds, &[frame]);
        return false;
    };
    // The directory is not touched unless it is needed: a running agent may use it.
    let memory =
        Spool::open(crate::outputs::spool::Bounds { dir: None, ..bounds.clone() }, Instant::now());
    let tally = Shared::default();
    let transport = Transport::new(plan, tls);
    let mut delivery = Delivery::new(transport, memory, tally.clone(), None, Ending::new());
    let left = delivery.send_with_retries(frame, boot_time);
    if !left.is_empty() {
        store(&name, bounds, &left);
    }
    left.is_empty() && tally.lock().dropped.is_empty()
}

/// Writes what was not sent to the disk, if that is configured.
fn store(name: &str, bounds: crate::outputs::spool::Bounds, frames: &[Frame]) {
    if bounds.dir.is_none() {
        return log::error("samples are lost: there is no spool.dir", &[("export", &name)]);
    }
    let mut spool = Spool::open(bounds, Instant::now());
    frames.iter().rev().for_each(|frame| spool.push(frame, Instant::now()));
    spool.close(Instant::now());
    match spool.levels().trouble {
        Some(trouble) => {
            let fields: [log::Field<'_>; 2] = [("export", &name), ("error", &trouble)];
            log::error("samples are lost: they cannot wait on disk", &fields);
        }
        None => log::info("samples wait on disk for the agent", &[("export", &name)]),
    }
}
