//! Tape drives: `/sys/class/scsi_tape/stN/stats`, a number each, times in nanoseconds
//! (Documentation/scsi/st.rst, since 4.2). The other devices of a drive (`nst0`, `st0a`) count the same
//! and are left out. Without the tape driver there is no such directory.

use super::attributes::{Attribute, Attributes, LabelFrom, Layout, unsigned};
use super::subtree::Subtree;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::model::metric::{Family, Sink, Unit::Nanos, Unit::One, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, pattern};

const DIRECTORY: &str = "/sys/class/scsi_tape";

const DEVICE: &[&str] = &["device"];

static IGNORED: CollectorOption<Option<Pattern>> =
    pattern("device_exclude", "tape devices that are not shown")
        .flags(&["collector.tapestats.ignored-devices"])
        .default("^$");

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 10] = families![
    gauge("tape_io_now",                    One,   "Requests that are open.",                            DEVICE),
    counter("tape_io_time_seconds_total",   Nanos, "Time spent waiting for requests of any kind.",       DEVICE),
    counter("tape_io_others_total",         One,   "Requests other than reads and writes.",              DEVICE),
    counter("tape_read_bytes_total",        One,   "Data read.",                                         DEVICE),
    counter("tape_reads_completed_total",   One,   "Reads.",                                             DEVICE),
    counter("tape_read_time_seconds_total", Nanos, "Time spent waiting for reads.",                      DEVICE),
    counter("tape_written_bytes_total",     One,   "Data written.",                                      DEVICE),
    counter("tape_writes_completed_total",  One,   "Writes.",                                            DEVICE),
    counter("tape_write_time_seconds_total", Nanos, "Time spent waiting for writes.",                    DEVICE),
    counter("tape_residual_total",          One,   "Reads and writes of which some part was left over.", DEVICE),
];

static DRIVES: Layout = Layout {
    directory: DIRECTORY,
    is_object: is_drive,
    labels: &[LabelFrom::Name("")],
    attributes: &[
        Attribute { file: "stats/in_flight", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "stats/io_ns", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "stats/other_cnt", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "stats/read_byte_cnt", family: &FAMILIES[3], form: unsigned },
        Attribute { file: "stats/read_cnt", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "stats/read_ns", family: &FAMILIES[5], form: unsigned },
        Attribute { file: "stats/write_byte_cnt", family: &FAMILIES[6], form: unsigned },
        Attribute { file: "stats/write_cnt", family: &FAMILIES[7], form: unsigned },
        Attribute { file: "stats/write_ns", family: &FAMILIES[8], form: unsigned },
        Attribute { file: "stats/resid_cnt", family: &FAMILIES[9], form: unsigned },
    ],
};

/// Whether the name is like `st0`, but neither `nst0` nor `st0a`.
fn is_drive(name: &str) -> bool {
    let number = name.strip_prefix("st").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "tapestats",
        node_name: "tapestats",
        on: true,
        help: "tape drives, from /sys/class/scsi_tape",
        options: &[&IGNORED.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let patterns = [None, setup.settings.get(&IGNORED)];
    let place = Subtree::new(setup.root, DIRECTORY);
    Box::new(Tapes { place, drives: Attributes::new(setup.root, &DRIVES, patterns) })
}

struct Tapes {
    /// Shows whether the driver is present at all.
    place: Subtree,
    drives: Attributes,
}

impl Collector for Tapes {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.place.open().map_err(Error::of_optional)?;
        self.drives.collect(scrape, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn drives_by_their_own_names() {
        let tree = Tree::new("tapestats");
        let files = [
            "in_flight",
            "io_ns",
            "other_cnt",
            "read_byte_cnt",
            "read_cnt",
            "read_ns",
            "write_byte_cnt",
            "write_cnt",
            "write_ns",
            "resid_cnt",
        ];
        for (number, file) in files.iter().enumerate() {
            for drive in ["st0", "st0a", "nst0", "st9"] {
                tree.put(
                    &format!("sys/class/scsi_tape/{drive}/stats/{file}"),
                    &format!("{}\n", number + 1),
                );
            }
        }
        tree.put("sys/class/scsi_tape/st1/stats/in_flight", "-1\n");
        let expected = [
            r#"tape_io_now{device="st0"} 1"#,
            r#"tape_io_time_seconds_total{device="st0"} 0.000000002"#,
            r#"tape_io_others_total{device="st0"} 3"#,
            r#"tape_read_bytes_total{device="st0"} 4"#,
            r#"tape_reads_completed_total{device="st0"} 5"#,
            r#"tape_read_time_seconds_total{device="st0"} 0.000000006"#,
            r#"tape_written_bytes_total{device="st0"} 7"#,
            r#"tape_writes_completed_total{device="st0"} 8"#,
            r#"tape_write_time_seconds_total{device="st0"} 0.000000009"#,
            r#"tape_residual_total{device="st0"} 10"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut tapes = tree.open(&SPEC, dialect, &[("device-exclude", "9$")]);
            assert_eq!(scrape(&mut tapes, dialect, &["tape"]), (expected.clone(), 1));
        }
        assert!(Tree::new("tapestats-none").open(&SPEC, Dialect::Node, &[]).is_unsupported());
    }
}
