//! CPU time by mode: `/proc/stat`, a line `cpuN` for each CPU that is online: user, nice, system,
//! idle, iowait, irq, softirq, steal (2.6.11), guest (2.6.24), guest_nice (2.6.33), in clock ticks
//! (Documentation/filesystems/proc.rst, section 1.8). Guest time is part of user and nice. A column
//! that the kernel lacks is left out.
//!
//! The kernel's idle and iowait are estimates that can step back a little. They start again from 0 when a CPU
//! is plugged in again. So each value is held at its highest until idle falls by three seconds.
//!
//! node_exporter's dialect also has the following, from `/sys/devices/system/cpu`
//! (Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/admin-guide/cputopology.rst):
//! - `cpuN/thermal_throttle/core_throttle_count`, `package_throttle_count`: how often the hardware
//!   slowed down because of heat (x86, 2.6.30), once for each core and package;
//! - `isolated`: the CPUs that the scheduler keeps clear (4.2);
//! - `cpuN/online`, on machines on which CPU 0 can be switched off.
//!
//! With info, or a pattern for flags or bugs, makes and models come from `/proc/cpuinfo`.
//!
//! Only the throttle counts are read at every scrape; the rest is read again when CPUs come or go.

mod frequency;
mod info;
mod topology;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Rows, Sink, Unit, Value, Word, counter, families, gauge};
use crate::settings::{
    CollectorOption, CollectorSettings, Dialect, Subject, pattern, switch, system_switch,
};
pub use frequency::Frequencies;
use info::Info;
use topology::Topology;

const PATH: &str = "/proc/stat";
const EXPECTED: &str = "cpu and an ascending number, then at least four integers";

/// Columns of a line, in order; the first eight are modes, the last two guest time.
const COLUMNS: usize = 10;
const IDLE: usize = 3;
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];

/// Seconds by which idle falls when a CPU was plugged in again.
const REPLUGGED: u64 = 3;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 10] = families![
    counter("cpu_seconds_total",       Unit::Ticks, "Seconds the CPU spent in each mode.",                   &["cpu", "mode"]),
    counter("cpu_guest_seconds_total", Unit::Ticks, "Seconds the CPU spent in guests, also in user and nice.", &["cpu", "mode"]),
    gauge(  "cpu_count",               Unit::One,   "CPUs that are online.",                                 &[]).only_own(),
    counter("cpu_core_throttles_total",    Unit::One, "Times the core was slowed down because of heat.",     &["package", "core"]).only_node(),
    counter("cpu_package_throttles_total", Unit::One, "Times the package was slowed down because of heat.",  &["package"]).only_node(),
    gauge(  "cpu_isolated",                Unit::One, "1 for a CPU that the scheduler keeps clear.",          &["cpu"]).only_node(),
    gauge(  "cpu_online",                  Unit::One, "Whether the CPU is online.",                          &["cpu"]).only_node(),
    gauge(  "cpu_info",                    Unit::One, "Always 1; the labels are make and model of the CPU.", info::KEYS),
    gauge(  "cpu_flag_info",               Unit::One, "Always 1; the label is a flag of the first CPU.",     &["flag"]),
    gauge(  "cpu_bug_info",                Unit::One, "Always 1; the label is a bug of the first CPU.",      &["bug"]),
];

static GUEST: CollectorOption<bool> = switch("guest", "the time spent in guests, too")
    .flags(&["collector.cpu.guest"])
    .default("true");

static INFO: CollectorOption<bool> =
    switch("info", "makes and models of the CPUs, too").flags(&["collector.cpu.info"]);
static FLAGS_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("info_flags_include", "flags of the CPU that are shown")
        .flags(&["collector.cpu.info.flags-include"]);
static BUGS_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("info_bugs_include", "bugs of the CPU that are shown")
        .flags(&["collector.cpu.info.bugs-include"]);

static SYSTEM: CollectorOption<bool> =
    system_switch("collect_cpu", "The collector cpu; [collectors] takes precedence.");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cpu",
        node_name: "cpu",
        on: true,
        help: "CPU time by mode, from /proc/stat",
        options: &[&GUEST.row, &INFO.row, &FLAGS_INCLUDE.row, &BUGS_INCLUDE.row, &SYSTEM.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let patterns = [settings.get(&FLAGS_INCLUDE), settings.get(&BUGS_INCLUDE)];
    Box::new(Cpu {
        file: setup.files.whole(PATH),
        cpus: Vec::new(),
        before: Vec::new(),
        replugged: REPLUGGED * sys::user_hz(),
        modes: rows(&MODES),
        guest_modes: rows(if settings.get(&GUEST) { &GUEST_MODES } else { &[] }),
        topology: (setup.dialect == Dialect::Node).then(|| Topology::new(setup.root)),
        info: has_info(settings).then(|| Info::new(setup.root, patterns)),
    })
}

/// A row for each mode.
fn rows(modes: &[&str]) -> Rows {
    let mut rows = Rows::default();
    modes.iter().for_each(|mode| rows.push(mode.as_bytes(), &[], 1, 0));
    rows
}

/// Whether info is enabled, by its option or by a pattern.
fn has_info(settings: &CollectorSettings) -> bool {
    let patterns = [&FLAGS_INCLUDE, &BUGS_INCLUDE];
    settings.get(&INFO) || patterns.iter().any(|pattern| settings.get(pattern).is_some())
}

struct Cpu {
    file: FileId,
    cpus: Vec<Line>,
    /// The lines of the last scrape that had any.
    before: Vec<Line>,
    /// `REPLUGGED` in ticks.
    replugged: u64,
    modes: Rows,
    /// Empty where guests are not shown.
    guest_modes: Rows,
    /// What only node_exporter's dialect shows.
    topology: Option<Topology>,
    info: Option<Info>,
}

/// One CPU's line.
#[derive(Clone, Copy)]
struct Line {
    number: u32,
    /// The number as it is written in the file.
    name: Word,
    columns: usize,
    ticks: [u64; COLUMNS],
}

impl Collector for Cpu {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        // A scrape without CPUs must not replace the held values.
        if !self.cpus.is_empty() {
            std::mem::swap(&mut self.cpus, &mut self.before);
            self.cpus.clear();
        }
        let mut before = self.before.iter().peekable();
        for line in scan::lines(text) {
            let Some(numbered) = line.strip_prefix(b"cpu").filter(|l| !starts_blank(l)) else {
                continue;
            };
            let last = self.cpus.last().map(|l| l.number);
            let Some(mut cpu) = Line::parse(numbered).filter(|l| last.is_none_or(|n| l.number > n))
            else {
                errors.refuse(PATH, EXPECTED, line);
                continue;
            };
            if cpu.columns < COLUMNS && scan::fields(numbered).count() > 1 + cpu.columns {
                errors.refuse(PATH, EXPECTED, line);
            }
            while before.next_if(|b| b.number < cpu.number).is_some() {}
            if let Some(before) = before.next_if(|b| b.number == cpu.number) {
                cpu.hold(before, self.replugged);
            }
            self.cpus.push(cpu);
        }
        if self.cpus.is_empty() {
            return Err(Error::parse(PATH, "a line for each CPU", b""));
        }
        self.write(out, errors);
        Ok(())
    }
}

impl Cpu {
    fn write(&mut self, out: &mut dyn Sink, errors: &mut PartialErrors) {
        let [seconds, guest, count, others @ .., info, flag, bug] = &FAMILIES;
        for (family, modes, first) in [(seconds, &self.modes, 0), (guest, &self.guest_modes, 8)] {
            out.family(family);
            for cpu in &self.cpus {
                let ticks = cpu.ticks.get(first..cpu.columns).unwrap_or_default();
                out.column(family, modes.under(cpu.name.label(), ticks));
            }
        }
        out.single(count, Value::Int(self.cpus.len() as u64));
        if let Some(topology) = &mut self.topology {
            let families = others.each_ref();
            topology.write(self.cpus.iter().map(|l| l.number), families, out, errors);
        }
        if let Some(about) = &mut self.info {
            about.write(self.cpus.iter().map(|l| l.number), [info, flag, bug], out, errors);
        }
    }
}

/// Whether this is the line of all CPUs, whose name has no number.
fn starts_blank(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

impl Line {
    fn parse(numbered: &[u8]) -> Option<Line> {
        let mut fields = scan::fields(numbered);
        let name = fields.next().filter(|n| *n == b"0" || !n.starts_with(b"0"))?;
        let number = u32::try_from(scan::uint(name)?).ok()?;
        let mut ticks = [0; COLUMNS];
        // The columns before the first that is not a number.
        let columns = fields.uints(&mut ticks).1.trailing_ones() as usize;
        ticks.iter_mut().skip(columns).for_each(|tick| *tick = 0);
        (columns > IDLE).then_some(Line { number, name: Word::of(name), columns, ticks })
    }

    /// Keeps every column from running backwards, unless the CPU was plugged in again.
    fn hold(&mut self, before: &Line, replugged: u64) {
        let idle = |line: &Line| line.ticks.get(IDLE).copied().unwrap_or_default();
        if idle(before) >= idle(self).saturating_add(replugged) {
            return;
        }
        for (tick, before) in self.ticks.iter_mut().zip(&before.ticks) {
            *tick = (*tick).max(*before);
        }
    }
}

#[cfg(test)]
mod tests;
