//! Counters of the kernel since boot: `/proc/stat`, the lines `intr`, `ctxt`, `btime`, `processes`,
//! `procs_running`, `procs_blocked` and `softirq` (Documentation/filesystems/proc.rst, section 1.8).
//! The first number of `intr` and `softirq` is the sum of the others; the vectors of softirq have
//! kept their order since 2.6.31. The collector cpu shows the lines `cpu`.
//!
//! The kernel computes `btime` back from the wall clock: it changes when that is set, as by the first answer of a
//! time server. In our own dialect it is shown once the clock can be right: it is not before this program was
//! made, and either the box has a clock that runs while it is off, or NTP keeps the time, or ten minutes have passed.
//! After that it stays unless the clock is set by a minute or more. The collector boot shows the uptime,
//! which no clock moves.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::clock::WallClock;
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Label, Sink, Unit, counter, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, switch};

const PATH: &str = "/proc/stat";

/// The clock of the box that runs while it is off.
const RTC: &str = "/sys/class/rtc/rtc0";

/// Milliseconds after the start by which a time server would have answered.
const SETTLED: u64 = 600_000;

/// Seconds by which the start may move without a change of the value that is shown.
const MIN_MOVE: u64 = 60;
const EXPECTED: &str = "a name that comes once, and an integer";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 7] = families![
    counter("intr_total|interrupts_total",     Unit::One, "Interrupts that were served.",            &[]),
    counter("context_switches_total",          Unit::One, "Context switches.",                       &[]),
    gauge(  "boot_time_seconds",               Unit::One, "When the box was started, in Unix time.", &[]),
    counter("forks_total",                     Unit::One, "Processes and threads that were made.",   &[]),
    gauge(  "procs_running|processes_running", Unit::One, "Threads that run or could run.",          &[]),
    gauge(  "procs_blocked|processes_blocked", Unit::One, "Threads that wait for a disk.",           &[]),
    counter("softirqs_total",                  Unit::One, "Deferred interrupt work by kind.",        &["vector"]),
];

/// The line of each family; that of softirqs has a number for each vector.
static LINES: [(&[u8], &Family<'_>); 6] = [
    (b"intr", &FAMILIES[0]),
    (b"ctxt", &FAMILIES[1]),
    (b"btime", &FAMILIES[2]),
    (b"processes", &FAMILIES[3]),
    (b"procs_running", &FAMILIES[4]),
    (b"procs_blocked", &FAMILIES[5]),
];
static SOFTIRQS: &Family<'_> = &FAMILIES[6];

/// In the order of the line, after the sum.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];

static SOFTIRQ: CollectorOption<bool> =
    switch("softirq", "softirqs by vector, too").flags(&["collector.stat.softirq"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "stat",
        node_name: "stat",
        on: true,
        help: "boot time, forks, interrupts and context switches, from /proc/stat",
        options: &[&SOFTIRQ.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let (file, softirq) = (setup.files.whole(PATH), setup.settings.get(&SOFTIRQ));
    // node_exporter shows the kernel's value. A stored tree has no clock.
    let is_adjusted = setup.dialect == Dialect::Own && setup.root.is_procfs();
    let is_settled = setup.root.real(RTC).exists();
    let start = is_adjusted.then_some(Start { is_settled, known: None });
    Box::new(Stat { file, softirq, start })
}

struct Stat {
    file: FileId,
    softirq: bool,
    /// `None` where the kernel's value is shown.
    start: Option<Start>,
}

/// When the box was started, in seconds since 1970.
struct Start {
    /// Whether the wall clock is unlikely to be set again.
    is_settled: bool,
    known: Option<u64>,
}

impl Start {
    /// The value to show for the kernel's value `raw`.
    fn shown(&mut self, raw: u64) -> Option<u64> {
        if !WallClock::now().is_plausible() {
            return None;
        }
        let is_kept = || sys::clock_state().is_ok_and(|clock| clock.is_synchronised);
        self.is_settled = self.is_settled || sys::boot_millis() >= SETTLED || is_kept();
        self.is_settled.then(|| self.steady(raw))
    }

    /// The same as before, unless the clock was changed by much.
    fn steady(&mut self, raw: u64) -> u64 {
        let known = self.known.filter(|known| known.abs_diff(raw) < MIN_MOVE).unwrap_or(raw);
        *self.known.insert(known)
    }
}

impl Collector for Stat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let mut came = [false; LINES.len() + 1];
        for line in scan::lines(files.read(self.file)?) {
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            let place = LINES.iter().position(|(name, _)| *name == key);
            let place = place.or((self.softirq && key == b"softirq").then_some(LINES.len()));
            let Some((place, is_repeated)) = place.and_then(|at| Some((at, came.get_mut(at)?)))
            else {
                continue;
            };
            let raw = words.uint().flatten().filter(|_| !*is_repeated);
            *is_repeated = true;
            match (raw, LINES.get(place)) {
                (None, _) => errors.refuse(PATH, EXPECTED, line),
                (Some(raw), Some((name, family))) => {
                    let start = self.start.as_mut().filter(|_| *name == b"btime");
                    if let Some(raw) = start.map_or(Some(raw), |start| start.shown(raw)) {
                        out.single(family, family.value(raw));
                    }
                }
                (Some(_), None) => softirqs(words, out),
            }
        }
        Ok(())
    }
}

/// Writes the vectors; one that cannot be read, or is missing, has no sample.
fn softirqs(mut numbers: scan::Fields<'_>, out: &mut dyn Sink) {
    out.family(SOFTIRQS);
    for vector in VECTORS {
        if let Some(Some(raw)) = numbers.uint() {
            out.sample(&[Label::from(vector)], SOFTIRQS.value(raw));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const GOOD: &str = "cpu0 1 2 3 4\nintr 50 6 7\nctxt 8\nbtime 1795839047\nprocesses 10\n\
        procs_running 11\nprocs_blocked 12\nsoftirq 130 13 14 15 16 17 18 19 20 21 22 23\n";

    #[test]
    fn each_line_is_one_family() {
        let tree = Tree::new("stat");
        tree.put("proc/stat", GOOD);
        let mut stat = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "intr_total 50",
            "context_switches_total 8",
            "boot_time_seconds 1795839047",
            "forks_total 10",
            "procs_running 11",
            "procs_blocked 12",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut stat, Dialect::Node, &["_"]), (expected, 0));
        let mut all = tree.open(&SPEC, Dialect::Own, &[("softirq", "true")]);
        let (lines, _) = scrape(&mut all, Dialect::Own, &["softirqs", "processes"]);
        let vectors = VECTORS.iter().zip(13..);
        let vectors = vectors.map(|(name, n)| format!(r#"softirqs_total{{vector="{name}"}} {n}"#));
        let named = ["processes_running 11", "processes_blocked 12"].map(String::from);
        assert_eq!(lines, named.into_iter().chain(vectors).collect::<Vec<_>>());
    }

    #[test]
    fn the_start_moves_only_when_the_clock_is_set_by_much() {
        let mut start = Start { is_settled: true, known: None };
        let shown: Vec<u64> =
            [1000, 1001, 941, 940, 999, 1000].map(|raw| start.steady(raw)).to_vec();
        assert_eq!(shown, [1000, 1000, 1000, 940, 940, 1000]);
        // This machine's clock can be right, or nothing is shown.
        let is_plausible = WallClock::now().is_plausible();
        assert_eq!(start.shown(1030), is_plausible.then_some(1000));
        let is_late = sys::boot_millis() >= SETTLED;
        let is_kept = sys::clock_state().is_ok_and(|clock| clock.is_synchronised);
        let mut young = Start { is_settled: false, known: None };
        assert_eq!(young.shown(7), (is_plausible && (is_late || is_kept)).then_some(7));
    }

    #[test]
    fn a_bad_line_drops_only_its_sample() {
        let tree = Tree::new("stat-bad");
        let bad = "intr\nctxt 8\nctxt 9\nbtime 99999999999999999999\nprocesses -1\n\
            procs_running many\nprocs_blocked 12\nsoftirq 30 13 x 15";
        tree.put("proc/stat", bad);
        let mut stat = tree.open(&SPEC, Dialect::Node, &[("softirq", "true")]);
        let expected = [
            "context_switches_total 8",
            "procs_blocked 12",
            r#"softirqs_total{vector="hi"} 13"#,
            r#"softirqs_total{vector="net_tx"} 15"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut stat, Dialect::Node, &["_"]), (expected, 5));
    }
}
