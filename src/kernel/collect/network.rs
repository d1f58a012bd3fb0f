//! Network interfaces: `/proc/net/dev`, two header lines, then one line for each interface: its name, a
//! colon, eight columns received and eight transmitted (net/core/net-procfs.c). Old kernels write no
//! blank after the colon; names may contain colons themselves, so the last colon ends the name.
//!
//! Netlink reports the same about the running kernel, and the packets that no protocol wanted, in
//! IFLA_STATS64, a `struct rtnl_link_stats64` (include/uapi/linux/if_link.h, 2.6.35; rx_nohandler since
//! 4.6). The 16 columns are computed from it as the kernel computes the file. It costs more. If it fails, the
//! file is read. Addresses come from netlink alone, and only
//! where the interfaces are those that netlink reports: another network's may have the same names.

mod addresses;
mod aliases;
mod families;
pub mod stats;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::scan::{self, Cells};
use crate::kernel::read::{FileId, Files, Filter, Shows, Table, netlink};
use crate::model::metric::{Family, Sink};
use crate::settings::{CollectorOption, Subject, pattern, switch};
use aliases::Aliases;
pub use families::detailed;
use families::{ADDRESS_INFO, FAMILIES, View, shown};
use stats::{WIDTH, cells};

const PATH: &str = "/proc/net/dev";
const EXPECTED: &str = "an interface that comes once, colon, then integers";
const HEAD_LINES: usize = 2;

/// All columns of the file.
const ALL_OF_FILE: u32 = (1 << stats::FILE) - 1;

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "interfaces to leave out")
        .flags(&[
            "collector.netdev.device-exclude",
            "collector.netdev.device-blacklist",
            "collector.netdev.ignored-devices",
        ])
        .defaults("^lo$", "");

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("include_pattern", "only these interfaces")
        .flags(&["collector.netdev.device-include", "collector.netdev.device-whitelist"]);

static NETLINK: CollectorOption<bool> =
    switch("netlink", "ask by netlink instead of reading /proc/net/dev")
        .flags(&["collector.netdev.netlink"])
        .defaults("false", "true");

static ADDRESSES: CollectorOption<bool> =
    switch("address_info", "the addresses of each interface, too, by netlink")
        .flags(&["collector.netdev.address-info"]);

static ALIASES: CollectorOption<bool> =
    switch("label_ifalias", "a label with the alias of the interface")
        .flags(&["collector.netdev.label-ifalias"]);

static DETAILED: CollectorOption<bool> =
    switch("enable_detailed_metrics", "each statistic of netlink by itself, in place of sums")
        .flags(&["collector.netdev.enable-detailed-metrics"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "network",
        node_name: "netdev",
        on: true,
        help: "network interfaces, from /proc/net/dev",
        options: &[
            &EXCLUDE.row,
            &INCLUDE.row,
            &NETLINK.row,
            &ADDRESSES.row,
            &ALIASES.row,
            &DETAILED.row,
        ],
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
        aliases: settings.get(&ALIASES).then(|| Aliases::new(setup.root)),
        is_detailed: settings.get(&DETAILED),
        dialect: setup.dialect,
        filter: Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE)),
        table: Table::default(),
    })
}

struct Network {
    file: FileId,
    /// Netlink is used before the file.
    by_netlink: bool,
    with_addresses: bool,
    /// Aliases of the interfaces in the table, if they are labels.
    aliases: Option<Aliases>,
    is_detailed: bool,
    dialect: Dialect,
    filter: Filter,
    table: Table<WIDTH>,
}

impl Collector for Network {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let by_netlink = self.ask(files, errors);
        if !by_netlink {
            self.read(files, errors)?;
        }
        files.show_statistics(if self.is_detailed { Shows::Details } else { Shows::Sums });
        self.write(by_netlink, out);
        if let Some(family) = FAMILIES.get(ADDRESS_INFO).filter(|_| self.with_addresses) {
            out.family(family);
            let is_shown = |name: &[u8]| self.table.column(0).any(|(known, _)| known.raw() == name);
            addresses::write(files, &is_shown, errors, out);
        }
        Ok(())
    }
}

impl Network {
    /// Writes the statistics, family by family.
    fn write(&self, by_netlink: bool, out: &mut dyn Sink) {
        let Network { aliases, is_detailed, dialect, table, .. } = self;
        let with_alias = aliases.is_some();
        let view = View { dialect: *dialect, is_detailed: *is_detailed, by_netlink, with_alias };
        shown(view, &mut |column, family: &Family<'_>| {
            let Some(aliases) = aliases else {
                return out.table_column(family, table.rows(), column);
            };
            out.family(family);
            let mut at = 0;
            for (interface, raw) in table.column(column) {
                let alias = aliases.of(interface.raw(), &mut at);
                out.sample(&[interface, alias], family.value(raw));
            }
        });
    }

    /// Fills the table from netlink; `false` if it is not available.
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
        self.aliases.iter_mut().for_each(Aliases::clear);
        for link in links.iter() {
            let stats = link.and_then(|link| cells(link.attributes.bytes(libc::IFLA_STATS64)?));
            match (link, stats) {
                (Some(link), _) if !self.filter.keep(link.name) => {}
                (Some(link), Some((cells, known))) => {
                    self.table.push_cells(link.name, &cells, known);
                    if let Some(aliases) = &mut self.aliases {
                        aliases.push(link.name, link.attributes.bytes(libc::IFLA_IFALIAS));
                    }
                }
                _ => errors.refuse(netlink::PATH, "a name and statistics", b""),
            }
        }
        true
    }

    /// Fills the table from the file.
    fn read(&mut self, files: &mut Files, errors: &mut PartialErrors) -> Result<(), Error> {
        self.table.clear();
        self.aliases.iter_mut().for_each(Aliases::clear);
        self.filter.begin();
        let mut cells = [0; WIDTH];
        for line in scan::lines(files.read(self.file)?).skip(HEAD_LINES) {
            let row = parse(line, &mut cells).filter(|(name, read)| {
                if !self.filter.keep(name) {
                    return !self.filter.is_repeated();
                }
                if let Some(aliases) = &mut self.aliases {
                    aliases.read(name, errors);
                }
                self.table.push_read(name, &cells, *read);
                read.known == ALL_OF_FILE
            });
            if row.is_none() {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        Ok(())
    }
}

/// Parses name and numbers of a line, and which of them are valid. Every kernel writes all columns: a shorter line
/// is truncated, and its last number may be, too.
fn parse<'l>(line: &'l [u8], cells: &mut [u64; WIDTH]) -> Option<(&'l [u8], Cells)> {
    let (name, numbers) = line.split_at(memchr::memrchr(b':', line)?);
    let name = name.trim_ascii_start();
    let read = scan::fields(numbers.get(1..)?).cells(cells.get_mut(..stats::FILE)?);
    (!name.is_empty() && read.count == stats::FILE).then_some((name, read))
}

#[cfg(test)]
mod tests {
    use super::*;
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
        // Netlink would report the addresses of this machine.
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
            let parsed =
                parse(line.as_bytes(), &mut [0; WIDTH]).map(|(name, _)| name).unwrap_or_default();
            assert_eq!(parsed, name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn a_torn_line_is_dropped() {
        let mut cells = [0; WIDTH];
        assert_eq!(parse(b"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", &mut cells), None);
        assert_eq!(parse(b"eth0:", &mut cells), None);
    }

    #[test]
    fn aliases_are_labels_and_details_have_names_of_their_own() {
        let tree = Tree::new("network-alias");
        let row = |name: &str| format!("{name}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
        tree.put("proc/net/dev", &["1\n2\n", &row("eth0"), &row("wg0")].concat());
        tree.put("sys/class/net/wg0/ifalias", "to \"them\"\n");
        let set = [("label-ifalias", "true"), ("netlink", "false")];
        let mut own = tree.open(&SPEC, Dialect::Own, &set);
        let expected = [
            r#"network_receive_drop_total{interface="eth0",ifalias=""} 4"#,
            r#"network_receive_drop_total{interface="wg0",ifalias="to \"them\""} 4"#,
        ];
        for _ in 0..2 {
            let said = scrape(&mut own, Dialect::Own, &["receive_drop"]);
            assert_eq!(said, (expected.map(String::from).to_vec(), 0));
        }
        let set = [("enable-detailed-metrics", "true"), ("netlink", "false")];
        let mut node = tree.open(&SPEC, Dialect::Node, &set);
        let expected = [
            r#"network_receive_errors_total{device="eth0"} 3"#,
            r#"network_receive_dropped_total{device="eth0"} 4"#,
            r#"network_transmit_errors_total{device="eth0"} 11"#,
            r#"network_transmit_dropped_total{device="eth0"} 12"#,
        ];
        let (said, _) = scrape(&mut node, Dialect::Node, &["errors_total{", "dropped_total{"]);
        let said: Vec<_> = said.into_iter().filter(|line| line.contains("eth0")).collect();
        assert_eq!(said, expected);
    }
}
