//! Network interfaces: `/proc/net/dev`, two header lines, then one line for each interface: its name, a
//! colon, eight columns received and eight transmitted (net/core/net-procfs.c). Old kernels write no
//! blank after the colon; names may contain colons themselves, so the last colon ends the name.
//!
//! Netlink reports the same about the running kernel, and the packets that no protocol wanted, in
//! IFLA_STATS64, a `struct rtnl_link_stats64` (include/uapi/linux/if_link.h, 2.6.35; rx_nohandler since
//! 4.6). The 16 columns are made from it as the kernel makes the file. It costs more, unless another
//! collector requests it anyway. If it fails, the file is read. Addresses are from netlink alone, and only
//! where the files show the interfaces of the same network namespace: another one may use the same names.

mod addresses;
mod aliases;
mod families;
pub mod stats;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::netlink::{self, Links};
use crate::kernel::read::scan::{self, Cells};
use crate::kernel::read::{FileId, Files, Filter, Shows, Table};
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
    families: FAMILIES,
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
        with_others: are_own && setup.dialect == Dialect::Own,
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
    /// The dump for other collectors is used in place of the file.
    with_others: bool,
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
        let is_filled = by_netlink || self.with_others && self.take_from_others(files, errors);
        if !is_filled {
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
        self.take(links, u32::MAX, errors);
        true
    }

    /// Fills the table with the columns of the file from netlink, if another collector requests the dump anyway.
    fn take_from_others(&mut self, files: &mut Files, errors: &mut PartialErrors) -> bool {
        let links = files.links_of_others();
        links.inspect(|links| self.take(links, ALL_OF_FILE, errors)).is_some()
    }

    /// Fills the table with the columns of the mask `wanted`.
    fn take(&mut self, links: &Links, wanted: u32, errors: &mut PartialErrors) {
        self.filter.begin();
        self.table.clear();
        self.aliases.iter_mut().for_each(Aliases::clear);
        for link in links.iter() {
            let stats = link.and_then(|link| cells(link.attributes.bytes(libc::IFLA_STATS64)?));
            match (link, stats) {
                (Some(link), _) if !self.filter.keep(link.name) => {}
                (Some(link), Some((cells, known))) => {
                    self.table.push_cells(link.name, &cells, known & wanted);
                    if let Some(aliases) = &mut self.aliases {
                        aliases.push(link.name, link.attributes.bytes(libc::IFLA_IFALIAS));
                    }
                }
                _ => errors.refuse(netlink::PATH, "a name and statistics", b""),
            }
        }
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
mod tests;
