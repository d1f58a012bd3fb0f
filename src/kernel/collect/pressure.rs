//! Pressure stall information: `/proc/pressure/cpu`, `io`, `memory` and `irq`, a line `some` for the time
//! in which a task waited and a line `full` for the time in which all tasks did, `total=` in microseconds
//! since boot (Documentation/accounting/psi.rst, since 4.20; `irq` since 6.1 and only with its option).
//! The line `full` of the CPU is always 0 for a whole box and not shown; `irq` has no `some`. A kernel
//! without the option has no such files; one in which it is switched off may answer EOPNOTSUPP.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::settings::Subject;

const EXPECTED: &str = "lines some and full with total= and an integer";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
    counter("pressure_cpu_waiting_seconds_total",    Unit::Micros, "Time in which a task waited for a CPU.",              &[]),
    counter("pressure_io_waiting_seconds_total",     Unit::Micros, "Time in which a task waited for I/O.",                &[]),
    counter("pressure_io_stalled_seconds_total",     Unit::Micros, "Time in which all tasks waited for I/O.",             &[]),
    counter("pressure_memory_waiting_seconds_total", Unit::Micros, "Time in which a task waited for memory.",             &[]),
    counter("pressure_memory_stalled_seconds_total", Unit::Micros, "Time in which all tasks waited for memory.",          &[]),
    counter("pressure_irq_stalled_seconds_total",    Unit::Micros, "Time in which all tasks waited because of interrupts.", &[]),
];

/// A file, and which of its lines are shown.
struct Resource {
    path: &'static str,
    lines: &'static [(&'static [u8], &'static Family<'static>)],
}

static RESOURCES: [Resource; 4] = [
    Resource { path: "/proc/pressure/cpu", lines: &[(b"some", &FAMILIES[0])] },
    Resource {
        path: "/proc/pressure/io",
        lines: &[(b"some", &FAMILIES[1]), (b"full", &FAMILIES[2])],
    },
    Resource {
        path: "/proc/pressure/memory",
        lines: &[(b"some", &FAMILIES[3]), (b"full", &FAMILIES[4])],
    },
    Resource { path: "/proc/pressure/irq", lines: &[(b"full", &FAMILIES[5])] },
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "pressure",
        node_name: "pressure",
        on: true,
        help: "time lost waiting for CPU, I/O and memory, from /proc/pressure",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let files = RESOURCES.each_ref().map(|resource| setup.files.whole(resource.path));
    Box::new(Pressure { files })
}

struct Pressure {
    files: [FileId; RESOURCES.len()],
}

impl Collector for Pressure {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let (mut is_there, mut failure, mut written) = (false, None, 0);
        for (resource, file) in RESOURCES.iter().zip(self.files) {
            let text = match files.read(file) {
                Ok(text) => text,
                Err(error) => {
                    let error = error.of_optional();
                    if !matches!(error, Error::Unsupported(_)) {
                        errors.record(error);
                    }
                    failure = failure.or(Some(error));
                    continue;
                }
            };
            is_there = true;
            for (word, family) in resource.lines {
                match total(text, word) {
                    Some(raw) => {
                        out.single(family, family.value(raw));
                        written += 1;
                    }
                    None => errors.refuse(resource.path, EXPECTED, text),
                }
            }
        }
        failure.filter(|_| !is_there).map_or_else(|| errors.unless_all(written), Err)
    }
}

/// The total of the line that begins with `word`.
fn total(text: &[u8], word: &[u8]) -> Option<u64> {
    let mut lines = scan::lines(text).map(scan::fields);
    let mut fields = lines.find_map(|mut fields| (fields.next()? == word).then_some(fields))?;
    scan::uint(fields.find_map(|field| field.strip_prefix(b"total="))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn put(tree: &Tree, resource: &str, some: &str, full: &str) {
        let line =
            |word, total| format!("{word} avg10=0.14 avg60=8.97 avg300=0.32 total={total}\n");
        let text = [line("some", some), line("full", full)].concat();
        tree.put(&format!("proc/pressure/{resource}"), &text);
    }

    #[test]
    fn totals_are_microseconds() {
        let tree = Tree::new("pressure");
        for (resource, some, full) in [
            ("cpu", "14036781", "2"),
            ("io", "3", "4"),
            ("memory", "5000000", "6"),
            ("irq", "7", "8"),
        ] {
            put(&tree, resource, some, full);
        }
        let mut pressure = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "pressure_cpu_waiting_seconds_total 14.036781",
            "pressure_io_waiting_seconds_total 0.000003",
            "pressure_io_stalled_seconds_total 0.000004",
            "pressure_memory_waiting_seconds_total 5",
            "pressure_memory_stalled_seconds_total 0.000006",
            "pressure_irq_stalled_seconds_total 0.000008",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut pressure, Dialect::Node, &["_"]), (expected, 0));
    }

    #[test]
    fn missing_or_bad_parts_are_left_out() {
        let tree = Tree::new("pressure-bad");
        let mut pressure = tree.open(&SPEC, Dialect::Own, &[]);
        let mut none = crate::model::metric::Buffer::default();
        let mut lines = crate::outputs::expose::Lines::default();
        let format = crate::outputs::expose::Format::Prometheus;
        let mut text =
            crate::outputs::expose::Text::new(Dialect::Own, format, &mut none, &mut lines);
        let lacking = Error::Unsupported("/proc/pressure/cpu".into());
        assert_eq!(pressure.collect(&mut text), Err(lacking));
        put(&tree, "memory", "-5", "6");
        let one = "pressure_memory_stalled_seconds_total 0.000006".to_owned();
        assert_eq!(scrape(&mut pressure, Dialect::Own, &["_"]), (vec![one.clone()], 1));
        // Old kernels have no line `full` of the CPU.
        tree.put("proc/pressure/cpu", "some avg10=0.00 total=1\n");
        std::fs::create_dir(tree.0.join("proc/pressure/io")).unwrap();
        let (lines, errors) = scrape(&mut pressure, Dialect::Own, &["_"]);
        assert_eq!(lines, ["pressure_cpu_waiting_seconds_total 0.000001".to_owned(), one]);
        assert_eq!((errors, pressure.errors.by_errno()), (2, &[(0, 2), (libc::EISDIR, 1)][..]));
    }
}
