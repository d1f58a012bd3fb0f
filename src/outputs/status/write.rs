//! Writes the status in its order.

use super::columns::{KEYS, Part};
use super::json::Json;
use super::sensors::Sensors;
use super::{Health, Status, devices, host};
use crate::base::clock::WallClock;
use crate::base::sys;
use crate::inputs::scrape::Targets;
use crate::kernel::gather::{Gather, Report};
use crate::model::metric::{Buffer, Value};
use crate::outputs::export::{ExportReport, Exports};
use std::time::{Duration, Instant};

/// The targets that the agent scrapes, and the exports.
type Peers<'a> = (&'a Targets, &'a Exports);

/// Tables that are shown as lists.
pub(super) const LISTS: [(&str, Part); 21] = [
    ("filesystems", Part::Filesystems),
    ("disks", Part::Disks),
    ("network", Part::Network),
    ("targets", Part::Targets),
    ("logs", Part::Logs),
    ("exports", Part::Exports),
    ("flash", Part::Flash),
    ("upses", Part::Upses),
    ("units", Part::Units),
    ("groups", Part::Groups),
    ("readings", Part::Readings),
    ("probes", Part::Probes),
    ("wifi", Part::Wifi),
    ("modems", Part::Modems),
    ("leases", Part::Leases),
    ("lines", Part::Lines),
    ("ports", Part::Ports),
    ("connections", Part::Connections),
    ("stalls", Part::Stalls),
    ("peaks", Part::Peaks),
    ("kernel_log", Part::KernelLog),
];

/// Tables of one row, which are objects.
const OBJECTS: [(&str, Part); 4] = [
    ("load", Part::Load),
    ("memory", Part::Memory),
    ("starts", Part::Starts),
    ("clock", Part::Clock),
];

impl Status {
    /// Writes everything that was read, the last failures of collectors and targets, and what is wrong. The
    /// sink took its scrape at `now`.
    pub fn write(
        &self,
        gather: &Gather,
        peers: Peers<'_>,
        health: &Health,
        now: Instant,
        out: &mut Buffer,
    ) {
        let mut json = Json::new(out);
        json.open(b"{");
        json.seconds_of("time", Some(WallClock::now().since_epoch()));
        json.seconds_of("monotonic", Some(gather.uptime(now)));
        json.text_of("health", health.word());
        self.write_agent(gather.uptime(now), &mut json);
        host::write(gather.root(), &mut json);
        self.write_cpu(&mut json);
        let left_out = self.sensors().write(&mut json) + self.left_out();
        for (name, part) in OBJECTS {
            json.inside(name, b"{");
            self.table(part).write_members(0, &mut json);
            json.close(b"}");
        }
        self.write_pushes(&mut json);
        for (name, part) in LISTS {
            json.inside(name, b"[");
            self.write_list(part, peers, now, &mut json);
            json.close(b"]");
        }
        self.write_collectors(gather.reports(), now, &mut json);
        json.inside("alerts", b"[");
        json.plain(self.alerts.bytes());
        json.close(b"]");
        health.write_lists(&mut json);
        json.number_of("left_out", Some(Value::Int(left_out)));
        json.close(b"}");
    }

    fn write_agent(&self, uptime: Duration, json: &mut Json<'_>) {
        json.inside("agent", b"{");
        json.text_of("version", env!("CARGO_PKG_VERSION").as_bytes());
        json.number_of("pid", Some(Value::Int(std::process::id().into())));
        json.seconds_of("uptime_seconds", Some(uptime));
        self.table(Part::Agent).write_members(0, json);
        json.inside("sandbox", b"{");
        for (part, in_force) in sys::sandboxed() {
            json.number_of(part, Some(Value::Int(in_force.into())));
        }
        json.close(b"}");
        json.close(b"}");
    }

    fn write_pushes(&self, json: &mut Json<'_>) {
        json.inside("pushes", b"{");
        self.table(Part::Pushes).write_members(0, json);
        json.inside("refused", b"{");
        self.table(Part::Refused).write_numbers(json);
        json.close(b"}");
        json.close(b"}");
    }

    /// Writes the objects of a list, with members that no column has.
    fn write_list(
        &self,
        part: Part,
        (targets, exports): Peers<'_>,
        now: Instant,
        json: &mut Json<'_>,
    ) {
        self.table(part).write_rows(json, &mut |table, row, json| match part {
            Part::Disks => {
                let is_partition = devices::is_partition(table, row);
                json.truth_of("is_partition", Some(is_partition));
            }
            Part::Network => {
                devices::write_up(table, row, json);
                self.addresses.write(row, json);
            }
            Part::Targets => write_failure(targets, table.key(row), now, json),
            Part::Exports => {
                let [name, ..] = table.key(row);
                exports.report(name, now, &mut |report| write_export(report, now, json));
            }
            _ => {}
        });
    }

    fn write_cpu(&self, json: &mut Json<'_>) {
        let cpu = self.table(Part::Cpu);
        json.inside("cpu", b"{");
        cpu.write_members(0, json);
        self.cores.write(cpu.number_of(0, "count"), json);
        json.close(b"}");
    }

    fn write_collectors(
        &self,
        reports: impl Iterator<Item = Report>,
        now: Instant,
        json: &mut Json<'_>,
    ) {
        let errors = self.table(Part::ReadErrors);
        json.inside("collectors", b"[");
        for report in reports {
            json.open(b"{");
            json.text_of("name", report.name.as_bytes());
            let is_known = report.ran.is_some() && !report.is_unsupported();
            json.truth_of("success", is_known.then_some(report.success));
            json.seconds_of("seconds", report.ran.map(|_| report.took));
            json.seconds_of("age_seconds", report.ran.map(|at| age(at, now)));
            json.number_of("errors", Some(Value::Int(report.errors)));
            json.inside("read_errors", b"{");
            for row in 0..errors.len() {
                let [collector, errno, ..] = errors.key(row);
                if collector == report.name.as_bytes() {
                    json.key(errno);
                    json.number(errors.number_of(row, "errors"));
                }
            }
            json.close(b"}");
            let error = report.error.map(|(error, at)| (error.text(), at));
            write_last_error(error.as_ref().map(|(text, at)| (&**text, *at)), now, json);
            json.close(b"}");
        }
        json.close(b"]");
    }

    fn sensors(&self) -> Sensors<'_> {
        Sensors {
            chips: self.table(Part::Chips),
            labels: self.table(Part::Sensors),
            temperatures: self.table(Part::Temperatures),
            zones: self.table(Part::Zones),
        }
    }
}

fn write_last_error(error: Option<(&str, Instant)>, now: Instant, json: &mut Json<'_>) {
    match error {
        Some((text, _)) => json.text_of("last_error", text.as_bytes()),
        None => json.number_of("last_error", None),
    }
    json.seconds_of("last_error_age_seconds", error.map(|(_, at)| age(at, now)));
}

fn age(at: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(at)
}

fn write_failure(targets: &Targets, key: [&[u8]; KEYS], now: Instant, json: &mut Json<'_>) {
    let [target, ..] = key;
    let failure = targets.failures().find(|(name, ..)| name.as_bytes() == target);
    write_last_error(failure.map(|(_, _, text, at)| (text, at)), now, json);
}

fn write_export(report: &ExportReport<'_>, now: Instant, json: &mut Json<'_>) {
    match report.failing {
        Some((_, text)) => json.text_of("error", text.as_bytes()),
        None => json.number_of("error", None),
    }
    json.seconds_of("failing_seconds", report.failing.map(|(since, _)| age(since, now)));
    json.seconds_of("last_success_age_seconds", report.last_success.map(|at| age(at, now)));
    if !report.is_open {
        return json.number_of("spool", None);
    }
    json.inside("spool", b"{");
    for (name, bytes) in ["bytes", "max_bytes"].into_iter().zip(report.bytes) {
        json.number_of(name, Some(Value::Int(bytes)));
    }
    json.truth_of("on_disk", Some(report.is_on_disk));
    json.number_of("oldest_age_seconds", report.age.map(Value::Milli));
    json.close(b"}");
}
