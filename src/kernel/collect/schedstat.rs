//! Time of the scheduler by CPU: `/proc/schedstat`, among others a line `cpuN` with nine numbers for each
//! CPU that is online, of which the last three are shown: nanoseconds in which tasks ran, nanoseconds in
//! which tasks waited for the CPU, and time slices (Documentation/scheduler/sched-stats.rst; in that order
//! in every version since 2.6.23). A kernel without CONFIG_SCHEDSTATS has no such file. With
//! kernel.sched_schedstats off the three count all the same.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Table, scan};
use crate::model::metric::{Decimal, Family, Sink, Unit, counter, families};
use crate::settings::Subject;

const PATH: &str = "/proc/schedstat";
const EXPECTED: &str = "a CPU that comes once, and nine integers";

/// More CPUs than any kernel has.
const MAX_CPUS: u64 = 8192;

/// The numbers of a line before those that are shown.
const SKIPPED: usize = 6;

const CPU: &[&str] = &["cpu"];

/// In the order of the line.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    counter("schedstat_running_seconds_total", Unit::Nanos, "Time in which tasks ran on the CPU.",     CPU),
    counter("schedstat_waiting_seconds_total", Unit::Nanos, "Time in which tasks waited for the CPU.", CPU),
    counter("schedstat_timeslices_total",      Unit::One,   "Time slices that tasks ran on the CPU.",  CPU),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "schedstat",
        node_name: "schedstat",
        on: true,
        help: "time that tasks ran and waited by CPU, from /proc/schedstat",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Schedstat { file: setup.files.long_records(PATH), table: Table::default() })
}

struct Schedstat {
    file: FileId,
    table: Table<{ FAMILIES.len() }>,
}

impl Collector for Schedstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.table.clear();
        let mut next = 0;
        for line in scan::lines(files.read(self.file).map_err(Error::of_optional)?) {
            let Some(numbered) = line.strip_prefix(b"cpu") else { continue };
            let mut words = scan::fields(numbered);
            let cpu = words.uint().flatten().filter(|cpu| (next..MAX_CPUS).contains(cpu));
            let row = cpu.zip(words.nth(SKIPPED - 1)).and_then(|(cpu, _)| {
                next = cpu + 1;
                self.table.push(Decimal::of(cpu).as_bytes(), &[], words)
            });
            if row.is_none() || words.count() < FAMILIES.len() {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.table_column(family, self.table.rows(), column);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn the_last_three_numbers_of_each_cpu() {
        let tree = Tree::new("schedstat");
        tree.put(
            "proc/schedstat",
            "version 15\ntimestamp 9\ncpu0 1 0 2 3 4 5 6000000007 8000000009 10\n\
            domain0 3 0 0 0\ncpu2 11 0 12 13 14 15 16 17 18\n",
        );
        let expected = [
            r#"schedstat_running_seconds_total{cpu="0"} 6.000000007"#,
            r#"schedstat_running_seconds_total{cpu="2"} 0.000000016"#,
            r#"schedstat_waiting_seconds_total{cpu="0"} 8.000000009"#,
            r#"schedstat_waiting_seconds_total{cpu="2"} 0.000000017"#,
            r#"schedstat_timeslices_total{cpu="0"} 10"#,
            r#"schedstat_timeslices_total{cpu="2"} 18"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut schedstat = tree.open(&SPEC, dialect, &[]);
            let expected = expected.map(String::from).to_vec();
            assert_eq!(scrape(&mut schedstat, dialect, &["_"]), (expected, 0));
        }
    }

    #[test]
    fn a_bad_number_drops_its_sample() {
        let tree = Tree::new("schedstat-bad");
        let mut schedstat = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(schedstat.failure(), Some(Error::Unsupported(_))));
        tree.put(
            "proc/schedstat",
            "version 17\ncpu1 1 2 3 4 5 6 7 x 9\ncpu1 1 2 3 4 5 6 7 8 9\ncpu2 1 2 3 4 5\n\
            cpux 1 2 3 4 5 6 7 8 9\ncpu99999 1 2 3 4 5 6 7 8 9\ncpu3 1 2 3 4 5 6 7000000000",
        );
        let expected = [
            r#"schedstat_running_seconds_total{cpu="1"} 0.000000007"#,
            r#"schedstat_running_seconds_total{cpu="3"} 7"#,
            r#"schedstat_timeslices_total{cpu="1"} 9"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut schedstat, Dialect::Node, &["_"]), (expected, 6));
    }
}
