//! Network interfaces: `/proc/net/dev`, two head lines, then one line an interface: its name, a
//! colon, eight columns received and eight transmitted (net/core/net-procfs.c). Old kernels leave no
//! blank after the colon; names may contain colons themselves, so the last colon ends the name.
//! `netlink` tells the same of the running kernel, and what no protocol wanted; it costs more, and
//! where it fails the file is read.

mod netlink;

use super::{Collector, Faults, Setup, Spec};
use crate::error::Error;
use crate::metric::{Family, Sink, Unit::One, counter};
use crate::read::{Filter, Source, Table, scan};
use crate::settings::{Kind, Subject, SubjectOption};
use netlink::Links;

const PATH: &str = "/proc/net/dev";
const EXPECTED: &str = "an interface that comes once, colon, then integers";
const DEVICE: &[&str] = &["device"];
const INTERFACE: &[&str] = &["interface"];
const HEAD_LINES: usize = 2;

/// The columns of the file, and all with the one that only netlink tells.
const FILE_COLUMNS: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const WIDTH: usize = FILE_COLUMNS.len() + 1;

/// In the order of the columns.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; WIDTH] = [
    counter("network_receive_bytes_total",       One, "Bytes received.",                                     DEVICE).own_labels(INTERFACE),
    counter("network_receive_packets_total",     One, "Packets received.",                                   DEVICE).own_labels(INTERFACE),
    counter("network_receive_errs_total",        One, "Packets received with an error.",                     DEVICE).own_as("network_receive_errors_total").own_labels(INTERFACE),
    counter("network_receive_drop_total",        One, "Packets received and dropped.",                       DEVICE).own_labels(INTERFACE),
    counter("network_receive_fifo_total",        One, "Packets lost because a receive queue was full.",      DEVICE).own_labels(INTERFACE),
    counter("network_receive_frame_total",       One, "Packets received with a bad length, CRC or frame.",   DEVICE).own_labels(INTERFACE),
    counter("network_receive_compressed_total",  One, "Compressed packets received.",                        DEVICE).own_labels(INTERFACE),
    counter("network_receive_multicast_total",   One, "Multicast packets received.",                         DEVICE).own_labels(INTERFACE),
    counter("network_transmit_bytes_total",      One, "Bytes transmitted.",                                  DEVICE).own_labels(INTERFACE),
    counter("network_transmit_packets_total",    One, "Packets transmitted.",                                DEVICE).own_labels(INTERFACE),
    counter("network_transmit_errs_total",       One, "Packets not transmitted because of an error.",        DEVICE).own_as("network_transmit_errors_total").own_labels(INTERFACE),
    counter("network_transmit_drop_total",       One, "Packets dropped instead of transmitted.",             DEVICE).own_labels(INTERFACE),
    counter("network_transmit_fifo_total",       One, "Packets lost because a transmit queue ran empty.",    DEVICE).own_labels(INTERFACE),
    counter("network_transmit_colls_total",      One, "Collisions while transmitting.",                      DEVICE).own_labels(INTERFACE),
    counter("network_transmit_carrier_total",    One, "Packets not transmitted because the link was lost.",  DEVICE).own_labels(INTERFACE),
    counter("network_transmit_compressed_total", One, "Compressed packets transmitted.",                     DEVICE).own_labels(INTERFACE),
    counter("network_receive_nohandler_total",   One, "Packets received that no protocol wanted.",           DEVICE).own_labels(INTERFACE),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "network",
        node_name: "netdev",
        on: true,
        help: "network interfaces, from /proc/net/dev",
        options: &[
            SubjectOption {
                key: "exclude_pattern",
                node_flags: &[
                    "collector.netdev.device-exclude",
                    "collector.netdev.device-blacklist",
                    "collector.netdev.ignored-devices",
                ],
                kind: Kind::Pattern,
                default: ["^lo$", ""],
                help: "interfaces to leave out",
            },
            SubjectOption {
                key: "include_pattern",
                node_flags: &[
                    "collector.netdev.device-include",
                    "collector.netdev.device-whitelist",
                ],
                kind: Kind::Pattern,
                default: ["", ""],
                help: "only these interfaces",
            },
            SubjectOption {
                key: "netlink",
                node_flags: &["collector.netdev.netlink"],
                kind: Kind::Switch,
                default: ["false", "true"],
                help: "ask by netlink instead of reading /proc/net/dev",
            },
        ],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &Setup<'_>) -> Box<dyn Collector> {
    let pattern = |key| setup.settings.pattern(key);
    Box::new(Network {
        file: setup.root.records(PATH),
        links: (setup.settings.switch("netlink") && setup.root.is_live()).then(Links::new),
        filter: Filter::new(pattern("include_pattern"), pattern("exclude_pattern")),
        table: Table::default(),
    })
}

struct Network {
    file: Source,
    /// What is asked before the file.
    links: Option<Links>,
    filter: Filter,
    table: Table<WIDTH>,
}

impl Collector for Network {
    fn collect(&mut self, out: &mut dyn Sink, faults: &mut Faults) -> Result<(), Error> {
        if !self.ask(faults) {
            self.read(faults)?;
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.family(family);
            for (interface, raw) in self.table.column(column) {
                out.sample(&[interface], family.value(raw));
            }
        }
        Ok(())
    }
}

impl Network {
    /// Fills the table by netlink; `false` if that is not to be had.
    fn ask(&mut self, faults: &mut Faults) -> bool {
        let Some(links) = &mut self.links else { return false };
        let Err(error) = links.dump(&mut self.filter, &mut self.table, faults) else { return true };
        faults.note(error);
        if links.is_refused() {
            self.links = None;
        }
        false
    }

    /// Fills the table from the file.
    fn read(&mut self, faults: &mut Faults) -> Result<(), Error> {
        self.table.clear();
        self.filter.begin();
        for line in scan::lines(self.file.read()?).skip(HEAD_LINES) {
            let row = parse(line).filter(|(name, numbers)| {
                if !self.filter.keep(name) {
                    return !self.filter.is_repeated();
                }
                self.table.push(name, &FILE_COLUMNS, scan::fields(numbers)).is_some()
            });
            if row.is_none() {
                faults.note(Error::parse(PATH, EXPECTED, line));
            }
        }
        Ok(())
    }
}

/// Name and numbers of a line. Every kernel writes all columns: a shorter line is torn, and its last
/// number may be, too.
fn parse(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, numbers) = line.split_at(memchr::memrchr(b':', line)?);
    let (name, numbers) = (name.trim_ascii_start(), numbers.get(1..)?);
    let whole = scan::fields(numbers).count() >= FILE_COLUMNS.len();
    (whole && !name.is_empty()).then_some((name, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_colon_ends_the_name() {
        let numbers = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
        for (head, name) in
            [("  eth0:", "eth0"), ("ibr10:30: ", "ibr10:30"), (" : ", ""), ("a ", "")]
        {
            let line = [head, numbers].concat();
            let parsed = parse(line.as_bytes()).map(|(name, _)| name).unwrap_or_default();
            assert_eq!(parsed, name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn a_torn_line_is_dropped() {
        assert_eq!(parse(b"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"), None);
        assert_eq!(parse(b"eth0:"), None);
    }
}
