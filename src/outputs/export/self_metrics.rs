//! Metrics about exports.

use super::Exports;
use super::destination::{Destination, MAX_MEMORY};
use super::tally::Tally;
use crate::base::clock::WallClock;
use crate::base::sys;
use crate::model::metric::{Family, Sink, Unit, Value, counter, families, gauge};
use crate::outputs::reasons::Reasons;
use std::time::{Duration, Instant};

const EXPORT: &[&str] = &["export"];
const REASON: &[&str] = &["export", "reason"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 18] = families![
    counter("export_frames_total",                   Unit::One,   "Frames that were taken, this one among them.",                        EXPORT).only_own(),
    counter("export_success_total",                  Unit::One,   "Requests with samples that arrived.",                                 EXPORT).only_own(),
    counter("export_samples_total",                  Unit::One,   "Samples that arrived.",                                               EXPORT).only_own(),
    counter("export_retried_total",                  Unit::One,   "Tries to send samples besides the first.",                            EXPORT).only_own(),
    counter("export_passed_frames_total",            Unit::One,   "Frames that went to the fallback instead.",                           EXPORT).only_own(),
    counter("export_requests_total",                 Unit::One,   "Tries to send samples.",                                              EXPORT).only_own(),
    counter("export_request_seconds_total",          Unit::Nanos, "Time that tries to send samples took.",                               EXPORT).only_own(),
    counter("export_sent_bytes_total",               Unit::One,   "Bytes of bodies that were sent, as they are on the wire.",            EXPORT).only_own(),
    counter("export_spool_synced_bytes_total",       Unit::One,   "Bytes of the spool that were forced to the disk.",                    EXPORT).only_own(),
    gauge(  "export_queue_frames",                   Unit::One,   "Frames that wait for the worker.",                                   EXPORT).only_own(),
    gauge(  "export_queue_bytes",                    Unit::One,   "Bytes of frames that wait in memory.",                                EXPORT).only_own(),
    gauge(  "export_spool_frames",                   Unit::One,   "Frames that did not arrive yet, in the spool or under way.",          EXPORT).only_own(),
    gauge(  "export_spool_bytes",                    Unit::One,   "Bytes of the spool on disk.",                                         EXPORT).only_own(),
    gauge(  "export_spool_failing",                  Unit::One,   "Whether the directory of the spool cannot be used.",                  EXPORT).only_own(),
    gauge(  "export_spool_age_seconds",              Unit::Millis,"Age of the oldest frame that waits.",                                 EXPORT).only_own(),
    gauge(  "export_last_success_timestamp_seconds", Unit::Millis,"When samples last arrived, in seconds since 1970.",                   EXPORT).only_own(),
    counter("export_failure_total",                  Unit::One,   "Tries to send samples that failed, by reason.",                       REASON).only_own(),
    counter("export_dropped_total",                  Unit::One,   "Samples that will not arrive, by reason.",                            REASON).only_own(),
];

/// The families about exports, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

/// A number of each destination; `None` means no sample.
type Of = fn(&Destination, &Tally) -> Option<u64>;

/// The value of each family with one sample per destination, in the order of the table.
const EACH: [Of; 16] = [
    |_, t| Some(t.taken),
    |_, t| Some(t.success),
    |_, t| Some(t.samples),
    |_, t| Some(t.retried),
    |_, t| Some(t.passed),
    |_, t| Some(t.requests),
    |_, t| Some(nanos(t.took)),
    |_, t| Some(t.sent_bytes),
    |_, t| Some(t.synced_before + t.spool.synced_bytes),
    |to, _| Some(to.waiting()),
    |_, t| t.is_open.then_some(t.spool.memory_bytes),
    |_, t| t.is_open.then_some(t.spool.frames + t.in_hand),
    |_, t| t.is_open.then_some(t.spool.disk_bytes),
    |_, t| t.is_open.then_some(u64::from(t.spool.trouble.is_some())),
    |_, t| age(t),
    |_, t| u64::try_from(t.last_success?.0.since_epoch().as_millis()).ok(),
];

impl Exports {
    /// Writes the metrics about exports.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        if self.destinations.is_empty() {
            return;
        }
        let all: Vec<_> = self.destinations.iter().map(|to| (to, to.tally().clone())).collect();
        for (family, of) in FAMILIES.iter().zip(EACH) {
            out.family(family);
            for (to, tally) in &all {
                if let Some(raw) = of(to, tally) {
                    out.sample(&[to.name().into()], family.value(raw));
                }
            }
        }
        let [.., failure, dropped] = &FAMILIES;
        type By = fn(&Tally) -> Reasons;
        let each: [(&Family<'_>, By); 2] =
            [(failure, |t| t.failed.clone()), (dropped, Tally::all_dropped)];
        for (family, by) in each {
            out.family(family);
            for (to, tally) in &all {
                for (reason, count) in by(tally) {
                    out.sample(&[to.name().into(), reason.into()], Value::Int(count));
                }
            }
        }
    }
}

/// The state of an export.
pub struct ExportReport<'a> {
    /// Since when nothing is accepted, and why.
    pub failing: Option<(Instant, &'a str)>,
    /// When something was last accepted.
    pub last_success: Option<Instant>,
    /// Whether its spool is open; the following fields are known only then.
    pub is_open: bool,
    /// Bytes of frames that wait, and the limit.
    pub bytes: [u64; 2],
    /// Whether they survive the process.
    pub is_on_disk: bool,
    /// Age of the oldest frame in milliseconds.
    pub age: Option<u64>,
}

impl Exports {
    /// Reports the state of the export of this name.
    pub fn report(&self, name: &[u8], now: Instant, write: &mut dyn FnMut(&ExportReport<'_>)) {
        let Some(to) = self.destinations.iter().find(|to| to.name().as_bytes() == name) else {
            return;
        };
        let tally = to.tally();
        let failing = tally.failing.as_ref().map(|(since, text)| (*since, &**text));
        let hanging = tally.busy.filter(|late| *late < now).map(|late| (late, super::HANGS));
        let spool = &tally.spool;
        let on_disk = to.plan().export.spool.as_ref().filter(|_| spool.trouble.is_none());
        let max_bytes = on_disk.map_or(MAX_MEMORY, |disk| disk.max_bytes);
        write(&ExportReport {
            failing: hanging.or(failing),
            last_success: tally.last_success.map(|(_, at)| at),
            is_open: tally.is_open,
            bytes: [spool.disk_bytes + spool.memory_bytes, max_bytes],
            is_on_disk: on_disk.is_some(),
            age: age(&tally),
        });
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The age in milliseconds. A frame from before this boot is as old as the wall clock shows, if
/// that is set.
fn age(tally: &Tally) -> Option<u64> {
    let Some(oldest) = tally.spool.oldest else { return tally.is_open.then_some(0) };
    if !tally.spool.is_of_earlier {
        return Some(sys::boot_millis().saturating_sub(oldest.since_boot));
    }
    let now = Some(WallClock::now()).filter(|now| now.is_plausible())?.since_epoch().as_millis();
    let then = oldest.boot_time?.checked_add_unsigned(oldest.since_boot)?;
    u64::try_from(now).ok()?.checked_sub(u64::try_from(then).ok()?)
}
