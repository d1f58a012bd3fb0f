//! Packet processing of each CPU: `/proc/net/softnet_stat`, a line of hexadecimal numbers for
//! each CPU that is online (net/core/net-procfs.c). Columns came one by one: packets, drops and
//! interrupted rounds come first, collisions ninth (2.6); wake-ups by other CPUs tenth (2.6.36); packets
//! over the limit of their flow (3.11); waiting packets, and the number of the CPU (5.10). Without its number a
//! CPU is numbered by the position of its line. Missing columns have no sample. Newer kernels write
//! 0 for collisions.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Table, scan};
use crate::model::metric::{Decimal, Family, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/net/softnet_stat";
const EXPECTED: &str = "nine or more hexadecimal numbers, CPUs in order";

/// More CPUs than any kernel has.
const MAX_CPUS: usize = 8192;

const CPU: &[&str] = &["cpu"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; COLUMNS.len()] = families![
    counter("softnet_processed_total",        Unit::One, "Packets that the CPU took.",                                       CPU),
    counter("softnet_dropped_total",          Unit::One, "Packets dropped because the CPU's queue was full.",                CPU),
    counter("softnet_times_squeezed_total",   Unit::One, "Rounds that ended with packets left, for lack of budget or time.", CPU),
    counter("softnet_cpu_collision_total",    Unit::One, "Times that another CPU held the device when it was to transmit.",  CPU),
    counter("softnet_received_rps_total",     Unit::One, "Times that another CPU woke this one to take packets.",            CPU),
    counter("softnet_flow_limit_count_total", Unit::One, "Packets dropped because their flow had too many waiting.",         CPU),
    gauge(  "softnet_backlog_len",            Unit::One, "Packets that wait for the CPU.",                                   CPU),
];

/// The columns of the families.
const COLUMNS: [usize; 7] = [0, 1, 2, 8, 9, 10, 11];
/// The column of the CPU's number.
const NUMBER: usize = 12;
/// A shorter line is truncated.
const LEAST: usize = 9;

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "softnet",
        node_name: "softnet",
        on: true,
        help: "received packets by CPU, from /proc/net/softnet_stat",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Softnet { file: setup.files.records(PATH), table: Table::default() })
}

struct Softnet {
    file: FileId,
    table: Table<{ COLUMNS.len() }>,
}

impl Collector for Softnet {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.table.clear();
        let (mut last, mut written) = (None, 0);
        let text = files.read(self.file).map_err(Error::of_optional)?;
        for (place, line) in scan::lines(text).enumerate() {
            let row = parse(line, place).filter(|row| last.is_none_or(|last| row.cpu > last));
            match row {
                Some(Row { cpu, cells, present, is_whole }) if place < MAX_CPUS => {
                    last = Some(cpu);
                    written += 1;
                    self.table.push_cells(Decimal::of(cpu).as_bytes(), &cells, present);
                    if !is_whole {
                        errors.refuse(PATH, EXPECTED, line);
                    }
                }
                _ => errors.refuse(PATH, EXPECTED, line),
            }
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.table_column(family, self.table.rows(), column);
        }
        errors.unless_all(written)
    }
}

/// The values of a line.
struct Row {
    cpu: u64,
    cells: [u64; COLUMNS.len()],
    /// The columns that are known: bit i for column i.
    present: u32,
    /// Whether every column is a number.
    is_whole: bool,
}

/// Parses the line at `place`; `None` if it is too short, or has no valid CPU.
fn parse(line: &[u8], place: usize) -> Option<Row> {
    let mut row = Row { cpu: place as u64, cells: [0; COLUMNS.len()], present: 0, is_whole: true };
    let mut count = 0;
    for (at, field) in scan::fields(line).enumerate() {
        count += 1;
        let number = scan::hex(field);
        if at == NUMBER {
            row.cpu = number?;
        }
        let Some(column) = COLUMNS.iter().position(|other| *other == at) else { continue };
        match (row.cells.get_mut(column), number) {
            (Some(cell), Some(number)) => {
                *cell = number;
                row.present |= 1 << column;
            }
            _ => row.is_whole = false,
        }
    }
    (count >= LEAST).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn lines(tree: &Tree, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(&mut tree.open(&SPEC, dialect, &[]), dialect, &["_"])
    }

    #[test]
    fn each_column_of_the_cpu_that_the_line_names() {
        let tree = Tree::new("softnet");
        tree.put(
            "proc/net/softnet_stat",
            "000000a1 2 3 f f f f f 4 5 6 7 00000001 f f\nb1 b2 b3 0 0 0 0 0 b4 b5 b6 b7 0000000a 0 0 0\n",
        );
        let expected = [
            r#"softnet_processed_total{cpu="1"} 161"#,
            r#"softnet_processed_total{cpu="10"} 177"#,
            r#"softnet_dropped_total{cpu="1"} 2"#,
            r#"softnet_dropped_total{cpu="10"} 178"#,
            r#"softnet_times_squeezed_total{cpu="1"} 3"#,
            r#"softnet_times_squeezed_total{cpu="10"} 179"#,
            r#"softnet_cpu_collision_total{cpu="1"} 4"#,
            r#"softnet_cpu_collision_total{cpu="10"} 180"#,
            r#"softnet_received_rps_total{cpu="1"} 5"#,
            r#"softnet_received_rps_total{cpu="10"} 181"#,
            r#"softnet_flow_limit_count_total{cpu="1"} 6"#,
            r#"softnet_flow_limit_count_total{cpu="10"} 182"#,
            r#"softnet_backlog_len{cpu="1"} 7"#,
            r#"softnet_backlog_len{cpu="10"} 183"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            assert_eq!(lines(&tree, dialect), (expected.map(String::from).to_vec(), 0));
        }
    }

    #[test]
    fn values_an_old_kernel_lacks_are_left_out() {
        let tree = Tree::new("softnet-old");
        for (columns, families) in [(9, 4), (10, 5), (11, 6), (12, 7), (13, 7)] {
            tree.put("proc/net/softnet_stat", &"1 ".repeat(columns));
            let (lines, errors) = lines(&tree, Dialect::Node);
            assert_eq!((lines.len(), errors), (families, 0), "{columns}");
            let cpu = if columns == 13 { r#"{cpu="1"} 1"# } else { r#"{cpu="0"} 1"# };
            assert!(lines.iter().all(|line| line.ends_with(cpu)), "{lines:?}");
        }
        tree.put("proc/net/softnet_stat", &"1 ".repeat(8));
        let nothing = tree.open(&SPEC, Dialect::Node, &[]).failure();
        assert!(matches!(nothing, Some(Error::Parse(_))), "no line is left");
    }

    #[test]
    fn a_bad_line_is_left_out() {
        let tree = Tree::new("softnet-bad");
        let absent = tree.open(&SPEC, Dialect::Node, &[]).failure();
        assert!(matches!(absent, Some(Error::Unsupported(_))));
        let twice = "8 8 8 0 0 0 0 0 8 8 8 8 2\n";
        let bad = "5 x 10000000000000000 0 0 0 0 0 7\n1 2 3\n0 0 0 0 0 0 0 0 0 0 0 0 -1\n\n";
        tree.put("proc/net/softnet_stat", &[bad, twice, twice].concat());
        let (lines, errors) = lines(&tree, Dialect::Node);
        let expected = [
            r#"softnet_processed_total{cpu="0"} 5"#,
            r#"softnet_processed_total{cpu="2"} 8"#,
            r#"softnet_dropped_total{cpu="2"} 8"#,
        ];
        assert_eq!((&lines[..3], errors), (&expected.map(String::from)[..], 5));
    }
}
