//! Events of the processor and of the kernel on each CPU, counted since the first scrape by
//! perf_event_open(2) (since 2.6.31): hardware, software and cache events, and tracepoints
//! (`/sys/kernel/tracing/events/<subsystem>/<event>/id`). This needs CAP_PERFMON, or a
//! `kernel.perf_event_paranoid` of 0 or below. Events that the processor does not count have no sample, as most
//! hardware events in a virtual machine. A processor that has fewer counters than events counts them
//! by turns: then each covers only its own time.
//!
//! Each event on each CPU keeps a descriptor open, for as long as it is counted: up to 30 per CPU, and one for
//! each tracepoint. At most half of the descriptors that the process may have are used. On a stored tree
//! nothing is counted.

mod choice;
mod events;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError, Place};
use crate::base::sys::{self, PerfCounter, PerfEvent};
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Decimal, Family, Kind, Row, Sink, Unit, fresh_stamp};
use crate::settings::{CollectorOption, Rule, Subject, switch, text, words};
use choice::{MAX_TRACEPOINTS, Wanted};
use events::{FAMILIES, Group, ROWS, TRACEPOINT};
use std::fs::File;
use std::io::Read;

const CALL: &str = "perf_event_open(2)";
const EXPECTED_CPUS: &str = "CPUs such as 0,2-5 or 0-8:2";
const EXPECTED_TRACEPOINT: &str = "a tracepoint such as sched:sched_switch";

/// Where tracepoints are, and where older kernels and systems have them.
const EVENTS: [&str; 2] = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/// The most counters that are opened, whatever the limit of descriptors.
const MAX_COUNTERS: usize = 1 << 16;

/// The most failures that are kept.
const MAX_FAILURES: usize = 16;

static CPUS: CollectorOption<String> =
    text("cpus", "CPUs to count on, such as 0,2-5 or 0-8:2; all that may be used if empty").rule(
        &Rule {
            expects: EXPECTED_CPUS,
            holds: |settings| {
                let text = settings.get(&CPUS);
                text.is_empty() || choice::cpus(&text).is_some()
            },
            only_warns: false,
        },
    );
static TRACEPOINTS: CollectorOption<Vec<String>> =
    words("tracepoint", "tracepoints to count, such as sched:sched_switch").rule(&Rule {
        expects: EXPECTED_TRACEPOINT,
        holds: |settings| {
            settings.get(&TRACEPOINTS).iter().all(|text| choice::tracepoint(text).is_some())
        },
        only_warns: false,
    });
static NO_HARDWARE: CollectorOption<bool> =
    switch("disable_hardware_profilers", "count no hardware events");
static HARDWARE: CollectorOption<Vec<String>> =
    words("hardware_profilers", "only these hardware events, such as CpuCycles").rule(&Rule {
        expects: "hardware events such as CpuCycles",
        holds: |settings| are_known(Group::Hardware, &settings.get(&HARDWARE)),
        only_warns: true,
    });
static NO_SOFTWARE: CollectorOption<bool> =
    switch("disable_software_profilers", "count no software events");
static SOFTWARE: CollectorOption<Vec<String>> =
    words("software_profilers", "only these software events, such as PageFault").rule(&Rule {
        expects: "software events such as PageFault",
        holds: |settings| are_known(Group::Software, &settings.get(&SOFTWARE)),
        only_warns: true,
    });
static NO_CACHE: CollectorOption<bool> = switch("disable_cache_profilers", "count no cache events");
static CACHE: CollectorOption<Vec<String>> =
    words("cache_profilers", "only these cache events, such as LLReadMiss").rule(&Rule {
        expects: "cache events such as LLReadMiss",
        holds: |settings| are_known(Group::Cache, &settings.get(&CACHE)),
        only_warns: true,
    });

/// node_exporter ignores names that it does not know, too.
fn are_known(group: Group, names: &[String]) -> bool {
    let is_known = |name: &String| ROWS.iter().any(|row| row.group == group && row.name == name);
    names.iter().all(is_known)
}

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "perf",
        node_name: "perf",
        on: false,
        help: "events of the processor and of the kernel, from perf_event_open(2)",
        options: &[
            &CPUS.row,
            &TRACEPOINTS.row,
            &NO_HARDWARE.row,
            &HARDWARE.row,
            &NO_SOFTWARE.row,
            &SOFTWARE.row,
            &NO_CACHE.row,
            &CACHE.row,
        ],
    },
    families: FAMILIES,
    dynamic: &["perf_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let wanted =
        |group, off, names| Wanted { group, is_off: settings.get(off), names: settings.get(names) };
    Box::new(Perf {
        can_count: setup.root.is_procfs(),
        cpus: settings.get(&CPUS),
        wanted: [
            wanted(Group::Hardware, &NO_HARDWARE, &HARDWARE),
            wanted(Group::Software, &NO_SOFTWARE, &SOFTWARE),
            wanted(Group::Cache, &NO_CACHE, &CACHE),
        ],
        tracepoints: settings.get(&TRACEPOINTS),
        root: setup.root.clone(),
        opened: Opened::default(),
    })
}

struct Perf {
    /// Whether the tree is a kernel's own, not a stored one.
    can_count: bool,
    /// The selection.
    cpus: String,
    wanted: [Wanted; 3],
    tracepoints: Vec<String>,
    root: Root,
    opened: Opened,
}

/// The open counters.
#[derive(Default)]
struct Opened {
    /// By family and then by CPU; the families of tracepoints follow those that have a row.
    counters: Vec<Counter>,
    tracepoints: Vec<TracepointFamily>,
    /// Why others could not be opened.
    failures: Vec<KeptError>,
}

struct Counter {
    family: usize,
    cpu: u32,
    counter: PerfCounter,
}

/// The family of a tracepoint.
struct TracepointFamily {
    name: String,
    help: String,
    stamp: u32,
}

impl Collector for Perf {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.can_count {
            return Err(Error::Unsupported(CALL.into()));
        }
        if self.opened.counters.is_empty() {
            self.opened = self.start()?;
        }
        let Opened { counters, tracepoints, failures } = &self.opened;
        failures.iter().for_each(|failure| scrape.errors.record(failure.error()));
        let mut last = None;
        for Counter { family: place, cpu, counter } in counters {
            let traced = place.checked_sub(FAMILIES.len()).and_then(|at| tracepoints.get(at));
            let traced = traced.map(TracepointFamily::family);
            let Some(family) = FAMILIES.get(*place).or(traced.as_deref()) else { continue };
            if last != Some(*place) {
                out.family(family);
                last = Some(*place);
            }
            match counter.count() {
                Ok(count) => {
                    let cpu = Decimal::of((*cpu).into());
                    out.sample(&[cpu.label()], family.value(count));
                }
                Err(error) => scrape.errors.record(Error::of(CALL, &error)),
            }
        }
        Ok(())
    }
}

impl TracepointFamily {
    fn family(&self) -> Row<'_> {
        let TracepointFamily { name, help, stamp } = self;
        Family::dynamic(Kind::Counter, Unit::One, name, help, *stamp).keyed(&["cpu"])
    }
}

impl Perf {
    /// Starts counting. Returns an error if nothing can be counted.
    fn start(&self) -> Result<Opened, Error> {
        let cpus = match &*self.cpus {
            "" => sys::allowed_cpus().map_err(|error| Error::of("sched_getaffinity(2)", &error))?,
            text => {
                let wrong = || Error::parse("perf.cpus", EXPECTED_CPUS, text.as_bytes());
                choice::cpus(text).ok_or_else(wrong)?
            }
        };
        let mut opened = Opened::default();
        for (place, row) in ROWS.iter().enumerate() {
            if self.wanted.iter().any(|wanted| wanted.has(row)) {
                opened.open(place, row.event, &cpus);
            }
        }
        for text in self.tracepoints.iter().take(MAX_TRACEPOINTS) {
            match self.tracepoint(text) {
                Ok((family, event)) => {
                    if opened.tracepoints.iter().all(|other| other.name != family.name) {
                        opened.tracepoints.push(family);
                        opened.open(FAMILIES.len() + opened.tracepoints.len() - 1, event, &cpus);
                    }
                }
                Err(error) => opened.fail(error),
            }
        }
        match opened.failures.first() {
            Some(failure) if opened.counters.is_empty() => Err(failure.error()),
            None if opened.counters.is_empty() => Err(Error::Unsupported(CALL.into())),
            _ => Ok(opened),
        }
    }

    /// The family and the event of a tracepoint.
    fn tracepoint(&self, text: &str) -> Result<(TracepointFamily, PerfEvent), Error> {
        let wrong = || Error::parse("perf.tracepoint", EXPECTED_TRACEPOINT, text.as_bytes());
        let (system, event) = choice::tracepoint(text).ok_or_else(wrong)?;
        let config = self.id_of(&[system, "/", event, "/id"].concat())?;
        let name = ["perf_", system, "_", event].concat().replace('-', "_");
        let family = TracepointFamily {
            name: [&name, "|", &name, "_total"].concat(),
            help: ["Tracepoint ", text, "."].concat(),
            stamp: fresh_stamp(),
        };
        Ok((family, PerfEvent { kind: TRACEPOINT, config }))
    }

    /// The number of a tracepoint, from the file `below` one of the directories.
    fn id_of(&self, below: &str) -> Result<u64, Error> {
        let mut result = Err(Error::Absent(CALL.into()));
        for directory in EVENTS {
            let place = Place::below(directory, below.as_bytes());
            let mut text = [0; 24];
            let file = File::open(self.root.real(directory).join(below));
            let read = file.and_then(|mut file| file.read(&mut text));
            result = read.map_err(|error| Error::of(place, &error)).and_then(|length| {
                let text = text.get(..length).unwrap_or_default().trim_ascii_end();
                scan::uint(text).ok_or_else(|| Error::parse(place, "an integer", text))
            });
            if result.is_ok() {
                break;
            }
        }
        result
    }
}

impl Opened {
    /// Starts counting an event on every CPU. Events that the machine does not count are left out.
    fn open(&mut self, family: usize, event: PerfEvent, cpus: &[u32]) {
        let half = sys::open_files_limit().map_or(MAX_COUNTERS, |limit| (limit / 2) as usize);
        for cpu in cpus {
            if self.counters.len() >= half.min(MAX_COUNTERS) {
                return self.fail(Error::Read(CALL.into(), libc::EMFILE));
            }
            match PerfCounter::open(event, *cpu) {
                Ok(counter) => self.counters.push(Counter { family, cpu: *cpu, counter }),
                Err(error) if is_not_offered(error.raw_os_error()) => {}
                Err(error) => return self.fail(Error::of(CALL, &error)),
            }
        }
    }

    /// Records a failure; each reason once.
    fn fail(&mut self, failure: Error) {
        let failure = failure.keep();
        if self.failures.len() < MAX_FAILURES && !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }
}

/// Whether perf_event_open(2) fails so for an event that the machine lacks, or for a CPU that is off.
fn is_not_offered(errno: Option<i32>) -> bool {
    use libc::{EINVAL, ENODEV, ENOENT, EOPNOTSUPP};
    errno.is_some_and(|errno| [ENOENT, EOPNOTSUPP, EINVAL, ENODEV].contains(&errno))
}

#[cfg(test)]
mod tests;
