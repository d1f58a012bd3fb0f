//! Groups of processes, and the processes that use most: `/proc/PID/stat` of each (proc_pid_stat(5)), whose name
//! in parentheses has up to 15 bytes. Off by default: a process costs some 10 µs at each reading.
//!
//! Groups are the named parts of a pattern, such as `(?P<web>^nginx$|^php-fpm)|(?P<db>^postgres)`. It is matched
//! against the process's name, or with an option its command line, once in the life of a process and again when it
//! changes its name. Processes that match nothing are in the group `other`. CPU time of a group counts from the first
//! reading, which includes what its processes used before; processes that end stay counted.
//!
//! The processes that used most of a CPU since the last reading, and those with the most resident memory, are
//! shown one by one, five of each by default, and the rest added up as `other`. Memory that processes share
//! counts for each of them.
//!
//! Processes are read once in `interval`; a scrape in between shows the same figures, and
//! `process_groups_age_seconds` is the age of the figures. A process that used no CPU time and kept its memory at two
//! readings in a row is read at each fourth only: changes then show up to three readings later. With `hidepid` only
//! some processes are visible.

mod groups;
mod top;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::base::sys;
use crate::base::text::pattern::Pattern;
use crate::model::metric::{
    Decimal, Family, Label, Sink, Unit::*, Value, counter, families, gauge,
};
use crate::settings::{CollectorOption, Subject, count, duration, pattern, switch};
use groups::{Groups, OTHER};
use std::time::{Duration, Instant};
use top::Top;

const DIRECTORY: &str = "/proc";

const GROUP: &[&str] = &["group"];
const PROCESS: &[&str] = &["process", "pid"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 7] = families![
    gauge(  "process_group_processes",         One,    "Processes of the group.",                               GROUP).own_prefix(),
    gauge(  "process_group_threads",           One,    "Threads of the group.",                                 GROUP).own_prefix(),
    counter("process_group_cpu_seconds_total", Ticks,  "CPU time of the group.",                                &["group", "mode"]).own_prefix(),
    gauge(  "process_group_resident_bytes",    Pages,  "Resident memory of the group's processes.",             GROUP).own_prefix(),
    gauge(  "process_top_cpu_ratio",           Micros, "CPU time a second of those who used most.",             PROCESS).own_prefix(),
    gauge(  "process_top_resident_bytes",      Pages,  "Resident memory of those who have most.",               PROCESS).own_prefix(),
    gauge(  "process_groups_age_seconds",      Millis, "Time since the processes were read.",                   &[]).own_prefix(),
];

static GROUPS: CollectorOption<Option<Pattern>> =
    pattern("groups", "groups of processes, each a named part: (?P<web>nginx)|(?P<db>postgres)");
static CMDLINE: CollectorOption<bool> =
    switch("cmdline", "look for groups in command lines, not in names");
static TOP: CollectorOption<u64> =
    count("top", [0, 50], "how many processes are shown one by one").default("5");
static INTERVAL: CollectorOption<Duration> =
    duration("interval", [1000, 3_600_000], "how often processes are read").default("60s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "process_groups",
        node_name: "",
        on: false,
        help: "groups of processes and those that use most, from /proc/PID",
        options: &[&GROUPS.row, &CMDLINE.row, &TOP.row, &INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let most = usize::try_from(settings.get(&TOP)).unwrap_or_default();
    Box::new(ProcessGroups {
        interval: settings.get(&INTERVAL),
        groups: Groups::new(settings.get(&GROUPS).and_then(|p| p.regex()), settings.get(&CMDLINE)),
        busiest: Top::new(most),
        largest: Top::new(most),
        read_at: None,
        counted_at: None,
        has_busiest: false,
        result: Ok(()),
    })
}

struct ProcessGroups {
    interval: Duration,
    groups: Groups,
    /// By millionths of a CPU, and by pages.
    busiest: Top,
    largest: Top,
    read_at: Option<Instant>,
    /// The last reading that had a result.
    counted_at: Option<Instant>,
    /// Whether there was a reading before.
    has_busiest: bool,
    result: Result<(), KeptError>,
}

impl ProcessGroups {
    fn read(&mut self, scrape: &mut Scrape<'_>) -> Result<(), Error> {
        let Scrape { files, errors, now, .. } = scrape;
        self.read_at = Some(*now);
        let walk = files.processes(false, &mut |error| errors.record(error))?;
        let was_read = self.counted_at.is_some();
        self.busiest.begin();
        self.largest.begin();
        let ProcessGroups { groups, busiest, largest, .. } = self;
        groups.begin(self.counted_at.unwrap_or(*now));
        self.counted_at = Some(*now);
        for process in walk.processes() {
            let Some(usage) = process.usage else {
                let pid = Decimal::of(process.pid);
                errors.refuse(DIRECTORY, "times and memory of a process", pid.as_bytes());
                groups.keep(process.pid);
                continue;
            };
            let (ticks, since) = groups.add(process, &usage, walk.dir(), *now);
            let nanos = since.as_nanos() * u128::from(sys::user_hz());
            let micros = (u128::from(ticks) * 1_000_000_000_000_000).checked_div(nanos);
            busiest.add(process, u64::try_from(micros.unwrap_or(0)).unwrap_or(u64::MAX));
            largest.add(process, usage.pages);
        }
        groups.end();
        self.has_busiest = was_read;
        Ok(())
    }

    fn write(&self, out: &mut dyn Sink) {
        let [processes, threads, cpu, resident, busiest, largest, _] = &FAMILIES;
        for (family, number) in [(processes, 0), (threads, 1)] {
            out.family(family);
            for (name, group) in self.groups.named() {
                let number = if number == 0 { group.processes } else { group.threads };
                out.sample(&[name.into()], family.value(number));
            }
        }
        out.family(cpu);
        for (name, group) in self.groups.named() {
            for (mode, ticks) in ["user", "system"].into_iter().zip(group.ticks) {
                out.sample(&[name.into(), mode.into()], cpu.value(ticks));
            }
        }
        out.family(resident);
        for (name, group) in self.groups.named() {
            out.sample(&[name.into()], resident.value(group.pages));
        }
        out.family(busiest);
        if self.has_busiest {
            write_top(&self.busiest, busiest, out);
        }
        out.family(largest);
        write_top(&self.largest, largest, out);
    }
}

/// Writes the first ones that have a value, and the rest.
fn write_top(top: &Top, family: &Family<'_>, out: &mut dyn Sink) {
    for (process, amount) in top.first() {
        let pid = Decimal::of(process.pid);
        let labels = [Label::of(process.name()), Label::of(pid.as_bytes())];
        out.sample(&labels, family.value(amount));
    }
    out.sample(&[OTHER.into(), "".into()], family.value(top.rest()));
}

impl Collector for ProcessGroups {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let age = |then| scrape.now.saturating_duration_since(then);
        if self.read_at.map(age).is_none_or(|age| age >= self.interval) {
            self.result = self.read(scrape).map_err(KeptError::from);
        }
        self.result?;
        self.write(out);
        let [.., family] = &FAMILIES;
        let age = self.read_at.map(|then| scrape.now.saturating_duration_since(then));
        let millis = age.unwrap_or_default().as_millis();
        out.single(family, Value::Milli(u64::try_from(millis).unwrap_or(u64::MAX)));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
