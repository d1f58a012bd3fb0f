//! Network interfaces: `/proc/net/dev`, two head lines, then one line for each interface: its name, a
//! colon, eight columns received and eight transmitted (net/core/net-procfs.c). Old kernels leave no
//! blank after the colon; names may contain colons themselves, so the last colon ends the name.
//!
//! Netlink tells the same about the running kernel, and the packets that no protocol wanted, in
//! IFLA_STATS64, a `struct rtnl_link_stats64` (include/uapi/linux/if_link.h, 2.6.35; rx_nohandler since
//! 4.6). The 16 columns are made from it as the kernel makes the file. It costs more. If it fails, the
//! file is read. Addresses are told by netlink alone, and only
//! where the interfaces are those that netlink tells of: another network's may have the same names.

mod addresses;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Files, Filter, Table, netlink, scan};
use crate::model::metric::{Family, Sink, Unit::One, counter, gauge};
use crate::settings::{CollectorOption, Subject, pattern, switch};
use regex_lite::Regex;

const PATH: &str = "/proc/net/dev";
const EXPECTED: &str = "an interface that comes once, colon, then integers";
/// node_exporter's key and ours.
const DEVICE: &[&str] = &["device", "interface"];
const HEAD_LINES: usize = 2;

/// The columns of the file, and all with the one that only netlink tells.
const FILE_COLUMNS: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const WIDTH: usize = FILE_COLUMNS.len() + 1;

/// Node_exporter's keys and ours.
const ADDRESS: &[&str] =
    &["device", "address", "netmask", "scope", "interface", "address", "netmask", "scope"];

/// In the order of the columns, then the addresses.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; WIDTH + 1] = [
    counter("network_receive_bytes_total",       One, "Bytes received.",                                     DEVICE).own_keys(),
    counter("network_receive_packets_total",     One, "Packets received.",                                   DEVICE).own_keys(),
    counter("network_receive_errs_total|network_receive_errors_total", One, "Packets received with an error.",                     DEVICE).own_keys(),
    counter("network_receive_drop_total",        One, "Packets received and dropped.",                       DEVICE).own_keys(),
    counter("network_receive_fifo_total",        One, "Packets lost because a receive queue was full.",      DEVICE).own_keys(),
    counter("network_receive_frame_total",       One, "Packets received with a bad length, CRC or frame.",   DEVICE).own_keys(),
    counter("network_receive_compressed_total",  One, "Compressed packets received.",                        DEVICE).own_keys(),
    counter("network_receive_multicast_total",   One, "Multicast packets received.",                         DEVICE).own_keys(),
    counter("network_transmit_bytes_total",      One, "Bytes transmitted.",                                  DEVICE).own_keys(),
    counter("network_transmit_packets_total",    One, "Packets transmitted.",                                DEVICE).own_keys(),
    counter("network_transmit_errs_total|network_transmit_errors_total", One, "Packets not transmitted because of an error.",        DEVICE).own_keys(),
    counter("network_transmit_drop_total",       One, "Packets dropped instead of transmitted.",             DEVICE).own_keys(),
    counter("network_transmit_fifo_total",       One, "Packets lost because a transmit queue ran empty.",    DEVICE).own_keys(),
    counter("network_transmit_colls_total",      One, "Collisions while transmitting.",                      DEVICE).own_keys(),
    counter("network_transmit_carrier_total",    One, "Packets not transmitted because the link was lost.",  DEVICE).own_keys(),
    counter("network_transmit_compressed_total", One, "Compressed packets transmitted.",                     DEVICE).own_keys(),
    counter("network_receive_nohandler_total",   One, "Packets received that no protocol wanted.",           DEVICE).own_keys(),
    gauge(  "network_address_info",              One, "Always 1; the labels tell an address of the interface.", ADDRESS).own_keys(),
];

static EXCLUDE: CollectorOption<Option<Regex>> =
    pattern("exclude_pattern", "interfaces to leave out")
        .flags(&[
            "collector.netdev.device-exclude",
            "collector.netdev.device-blacklist",
            "collector.netdev.ignored-devices",
        ])
        .defaults("^lo$", "");

static INCLUDE: CollectorOption<Option<Regex>> =
    pattern("include_pattern", "only these interfaces")
        .flags(&["collector.netdev.device-include", "collector.netdev.device-whitelist"]);

static NETLINK: CollectorOption<bool> =
    switch("netlink", "ask by netlink instead of reading /proc/net/dev")
        .flags(&["collector.netdev.netlink"])
        .defaults("false", "true");

static ADDRESSES: CollectorOption<bool> =
    switch("address_info", "the addresses of each interface, too, by netlink")
        .flags(&["collector.netdev.address-info"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "network",
        node_name: "netdev",
        on: true,
        help: "network interfaces, from /proc/net/dev",
        options: &[&EXCLUDE.row, &INCLUDE.row, &NETLINK.row, &ADDRESSES.row],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let by_netlink = settings.get(&NETLINK);
    let are_own = by_netlink || setup.root.has_own_interfaces();
    Box::new(Network {
        file: setup.files.records(PATH),
        by_netlink,
        with_addresses: settings.get(&ADDRESSES) && are_own,
        filter: Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE)),
        table: Table::default(),
    })
}

struct Network {
    file: FileId,
    /// The kernel is asked before the file.
    by_netlink: bool,
    with_addresses: bool,
    filter: Filter,
    table: Table<WIDTH>,
}

impl Collector for Network {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        if !self.ask(files, errors) {
            self.read(files, errors)?;
        }
        for (column, family) in FAMILIES.iter().enumerate().take(WIDTH) {
            out.family(family);
            for (interface, raw) in self.table.column(column) {
                out.sample(&[interface], family.value(raw));
            }
        }
        if let Some(family) = FAMILIES.last().filter(|_| self.with_addresses) {
            out.family(family);
            let is_shown = |name: &[u8]| self.table.column(0).any(|(known, _)| known.raw() == name);
            addresses::write(files, &is_shown, errors, out);
        }
        Ok(())
    }
}

impl Network {
    /// Fills the table by netlink; `false` if that is not to be had.
    fn ask(&mut self, files: &mut Files, errors: &mut PartialErrors) -> bool {
        if !self.by_netlink {
            return false;
        }
        let links = match files.links() {
            Ok(links) => links,
            Err(error) => {
                errors.record(error);
                self.by_netlink = !netlink::is_refused(&error);
                return false;
            }
        };
        self.filter.begin();
        self.table.clear();
        for link in links.iter() {
            let stats = link.and_then(|link| cells(link.attributes.bytes(libc::IFLA_STATS64)?));
            match (link, stats) {
                (Some(link), _) if !self.filter.keep(link.name) => {}
                (Some(link), Some((cells, known))) => {
                    self.table.push_cells(link.name, cells, known)
                }
                _ => errors.record(Error::parse(netlink::PATH, "a name and statistics", b"")),
            }
        }
        true
    }

    /// Fills the table from the file.
    fn read(&mut self, files: &mut Files, errors: &mut PartialErrors) -> Result<(), Error> {
        self.table.clear();
        self.filter.begin();
        for line in scan::lines(files.read(self.file)?).skip(HEAD_LINES) {
            let row = parse(line).filter(|(name, numbers)| {
                if !self.filter.keep(name) {
                    return !self.filter.is_repeated();
                }
                self.table.push(name, &FILE_COLUMNS, scan::fields(numbers)).is_some()
            });
            if row.is_none() {
                errors.record(Error::parse(PATH, EXPECTED, line));
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

/// The columns of /proc/net/dev, then rx_nohandler, from a `struct rtnl_link_stats64`. `None` if
/// it is shorter than it ever was.
#[rustfmt::skip]
fn cells(stats: &[u8]) -> Option<([u64; WIDTH], u32)> {
    let mut words = stats.chunks_exact(8).map_while(|word| Some(u64::from_ne_bytes(*word.first_chunk()?)));
    let mut word = || words.next();
    let [rx_packets, tx_packets, rx_bytes, tx_bytes] = [word()?, word()?, word()?, word()?];
    let [rx_errors, tx_errors, rx_dropped, tx_dropped] = [word()?, word()?, word()?, word()?];
    let [multicast, collisions] = [word()?, word()?];
    let [rx_length, rx_over, rx_crc, rx_frame] = [word()?, word()?, word()?, word()?];
    let [rx_fifo, rx_missed] = [word()?, word()?];
    let [tx_aborted, tx_carrier, tx_fifo, tx_heartbeat, tx_window] = [word()?, word()?, word()?, word()?, word()?];
    let [rx_compressed, tx_compressed] = [word()?, word()?];
    let rx_nohandler = word();
    let sum = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.wrapping_add(*part));
    let columns = [
        rx_bytes, rx_packets, rx_errors, sum(&[rx_dropped, rx_missed]), rx_fifo,
        sum(&[rx_length, rx_over, rx_crc, rx_frame]), rx_compressed, multicast,
        tx_bytes, tx_packets, tx_errors, tx_dropped, tx_fifo, collisions,
        sum(&[tx_carrier, tx_aborted, tx_window, tx_heartbeat]), tx_compressed,
        rx_nohandler.unwrap_or_default(),
    ];
    let known = u32::MAX >> (u32::BITS as usize - WIDTH);
    Some((columns, if rx_nohandler.is_some() { known } else { known >> 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};
    use crate::kernel::read::Root;

    /// `net` is a link to `self/net`; a container that has the machine's procfs would find its own there.
    #[test]
    fn the_network_of_a_procfs_elsewhere_is_its_first_processs() {
        let tree = Tree::new("network-first");
        let names = || {
            let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
            let (samples, _) = scrape(&mut opened, Dialect::Own, &["receive_bytes_total"]);
            samples.concat()
        };
        let page = |name: &str| format!("1\n2\n{name}: 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
        tree.put("proc/net/dev", &page("inner0"));
        assert_eq!(names(), "network_receive_bytes_total{interface=\"inner0\"} 7");
        tree.put("proc/1/net/dev", &page("outer0"));
        assert_eq!(names(), "network_receive_bytes_total{interface=\"outer0\"} 7");
        // Netlink would tell the addresses of this machine's.
        tree.put("proc/1/net/dev", &page("lo"));
        let mut opened = tree.open(&SPEC, Dialect::Own, &[("address-info", "true")]);
        let (samples, _) = scrape(&mut opened, Dialect::Own, &["address_info"]);
        assert_eq!(samples, [""; 0]);
        let root = tree.root();
        assert!(root.real("/proc/net/stat/nf_conntrack").ends_with("1/net/stat/nf_conntrack"));
        assert!(root.real("/proc/network").ends_with("proc/network"));
        let root = Root::of_this_machine();
        assert_eq!(root.real("/proc/net/dev").as_os_str(), "/proc/net/dev");
    }

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

    /// Statistics of which the word i is `2^i`, so that each sum tells its parts.
    fn stats(words: u32) -> Vec<u8> {
        (0..words).flat_map(|i| (1u64 << i).to_ne_bytes()).collect()
    }

    /// What `stats` means, bit by bit, in the order of /proc/net/dev, then nohandler.
    #[rustfmt::skip]
    const COLUMNS: [u64; WIDTH] = [
        1 << 2, 1 << 0, 1 << 4, 1 << 6 | 1 << 15, 1 << 14, 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13, 1 << 21, 1 << 8,
        1 << 3, 1 << 1, 1 << 5, 1 << 7, 1 << 18, 1 << 9, 1 << 16 | 1 << 17 | 1 << 19 | 1 << 20, 1 << 22, 1 << 23,
    ];

    #[test]
    fn every_statistic_goes_to_its_column() {
        assert_eq!(cells(&stats(25)), Some((COLUMNS, 0x1_ffff)));
        let mut old = COLUMNS;
        old[16] = 0;
        assert_eq!(cells(&stats(23)), Some((old, 0xffff)));
        assert_eq!(cells(&stats(22)), None);
    }
}
