//! Properties of network interfaces: `/sys/class/net/<interface>/…` (Documentation/ABI/testing/sysfs-class-net),
//! a file each. On the running kernel one netlink dump has most of it. The five files that netlink has
//! no attribute for are read when the state of any interface has changed, and once a minute. Many files
//! cannot be read while an interface is down or has no such property (EINVAL, EOPNOTSUPP): that is not an error.

mod altnames;
mod link;
mod rows;
mod statistics;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::base::sys;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::netlink::{self, Links};
use crate::kernel::read::{Filter, Listing};
use crate::model::metric::{Family, Sink, Unit::One, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, pattern, switch};
use altnames::Altnames;
use link::{Kept, state_of};
use rows::{INFO, Rows, WIDTH};
use statistics::Statistics;
use std::time::{Duration, Instant};

const PATH: &str = "/sys/class/net";

/// More interfaces than any box has; what comes after is left out and counted.
const MAX_INTERFACES: usize = 16_384;

/// How old the values from files may be while no interface changes.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// node_exporter's key and ours.
const DEVICE: &[&str] = &["device", "interface"];
#[rustfmt::skip]
const INFO_KEYS: &[&str] = &[
    "device", "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias",
    "interface", "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias",
];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; WIDTH + 1] = families![
    gauge("network_address_assign_type",        One, "How the address came about, as NET_ADDR_* counts.",   DEVICE).own_keys(),
    gauge("network_carrier",                    One, "Whether the link is there.",                          DEVICE).own_keys(),
    counter("network_carrier_changes_total",    One, "Times that the link came or went.",                   DEVICE).own_keys(),
    counter("network_carrier_up_changes_total", One, "Times that the link came.",                           DEVICE).own_keys(),
    counter("network_carrier_down_changes_total", One, "Times that the link went.",                         DEVICE).own_keys(),
    gauge("network_device_id",                  One, "Number among interfaces of one address.",             DEVICE).own_keys(),
    gauge("network_dormant",                    One, "Whether the interface waits for something else.",     DEVICE).own_keys(),
    gauge("network_flags",                      One, "IFF_* flags as a number.",                            DEVICE).own_keys(),
    gauge("network_iface_id",                   One, "Number of the interface.",                            DEVICE).own_keys(),
    gauge("network_iface_link",                 One, "Number of the interface that this one works through.", DEVICE).own_keys(),
    gauge("network_iface_link_mode",            One, "0, or 1 if it stays dormant until a program ends that.", DEVICE).own_keys(),
    gauge("network_mtu_bytes",                  One, "Largest packet.",                                     DEVICE).own_keys(),
    gauge("network_name_assign_type",           One, "How the name came about, as NET_NAME_* counts.",       DEVICE).own_keys(),
    gauge("network_net_dev_group",              One, "Group of the interface.",                             DEVICE).own_keys(),
    gauge("network_speed_bytes",                One, "Bytes a second; below zero if it is not known.",      DEVICE).own_keys(),
    gauge("network_transmit_queue_length",      One, "Packets that the transmit queue holds at most.",      DEVICE).own_keys(),
    gauge("network_protocol_type",              One, "Kind of the hardware, as ARPHRD_* counts.",           DEVICE).own_keys(),
    gauge("network_up",                         One, "Whether the interface is up.",                        DEVICE).own_keys(),
    gauge("network_info",                       One, "Always 1; the labels describe the interface.",        INFO_KEYS).own_keys(),
    gauge("network_altnames_info",              One, "Always 1; the label is another name of the interface.", &["device", "altname"]).only_node(),
];
const ALTNAMES: usize = WIDTH;

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "interfaces to leave out")
        .flags(&["collector.netclass.ignored-devices"])
        .default("^$");
static IGNORE_SPEED: CollectorOption<bool> =
    switch("ignore_invalid_speed", "leave out a speed below zero");
/// In node_exporter's dialect a dump is requested without it, too.
static NETLINK: CollectorOption<bool> = switch(
    "netlink",
    "ask by netlink, and read only files that it has no attribute for; in node_exporter's dialect show other names",
)
.defaults("true", "false");
static WITH_STATS: CollectorOption<bool> = switch(
    "with_stats",
    "by netlink also the statistics that the network collector does not show in the same scrape",
)
.flags(&["collector.netclass_rtnl.with-stats"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "netclass",
        node_name: "netclass",
        on: true,
        help: "properties of network interfaces, from /sys/class/net",
        options: &[&EXCLUDE.row, &IGNORE_SPEED.row, &NETLINK.row, &WITH_STATS.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let (by_netlink, is_node) = (settings.get(&NETLINK), setup.dialect == Dialect::Node);
    Box::new(Netclass {
        listing: Listing::new(setup.root.dir(PATH)),
        names: Vec::new(),
        by_netlink: (by_netlink || is_node) && setup.root.is_live(),
        filter: Filter::new(None, settings.get(&EXCLUDE)),
        ignore_speed: settings.get(&IGNORE_SPEED),
        rows: Rows::default(),
        statistics: settings.get(&WITH_STATS).then(|| Statistics::new(setup.dialect)),
        altnames: (by_netlink && is_node).then(Altnames::default),
        kept: Vec::new(),
        state: 0,
        read_at: None,
    })
}

struct Netclass {
    listing: Listing,
    /// The interfaces that were listed last, sorted.
    names: Vec<String>,
    by_netlink: bool,
    filter: Filter,
    ignore_speed: bool,
    rows: Rows,
    /// Statistics of the interfaces that are shown, if they are enabled.
    statistics: Option<Statistics>,
    /// Other names of the interfaces that are shown, if they are enabled.
    altnames: Option<Altnames>,
    /// The attributes that netlink lacks, of each interface that is shown, in the order of the dump.
    kept: Vec<Kept>,
    /// The hash by `state_of` of the dump with which they were read, and when.
    state: u64,
    read_at: Option<Instant>,
}

impl Collector for Netclass {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.rows.clear();
        self.statistics.iter_mut().for_each(Statistics::clear);
        self.altnames.iter_mut().for_each(Altnames::clear);
        if !self.ask(scrape) {
            self.read(scrape.errors).map_err(Error::of_optional)?;
        }
        for (column, family) in FAMILIES.iter().enumerate().take(INFO) {
            out.family(family);
            for (interface, raw) in self.rows.numbers.column(column) {
                out.sample(&[interface], family.signed(raw.cast_signed()));
            }
        }
        if let Some(family) = FAMILIES.get(INFO) {
            out.family(family);
            self.rows.write_info(out);
        }
        if let (Some(altnames), Some(family)) = (&self.altnames, FAMILIES.get(ALTNAMES)) {
            altnames.write(family, out);
        }
        if let Some(statistics) = &self.statistics {
            statistics.write(scrape.files.statistics(), out);
        }
        Ok(())
    }
}

impl Netclass {
    /// Fills the rows from netlink; `false` if it is not available.
    fn ask(&mut self, scrape: &mut Scrape<'_>) -> bool {
        if !self.by_netlink {
            return false;
        }
        match scrape.files.links() {
            Ok(links) => self.take(links, scrape.now, scrape.errors),
            Err(error) => {
                scrape.errors.record(error);
                self.by_netlink = !netlink::is_refused(&error);
                return false;
            }
        }
        true
    }

    fn take(&mut self, links: &Links, now: Instant, errors: &mut PartialErrors) {
        let state = links.iter().flatten().fold(0, state_of);
        let is_fresh = |then| now.saturating_duration_since(then) < KEPT_FOR;
        let is_known = state == self.state && self.read_at.is_some_and(is_fresh);
        if !is_known {
            (self.state, self.read_at) = (state, Some(now));
            self.kept.clear();
            errors.unless_absent(self.listing.dir.open());
        }
        self.filter.begin();
        let mut at = 0;
        for link in links.iter().flatten() {
            if !self.filter.keep(link.name) {
                continue;
            }
            if !is_known {
                self.kept.push(Kept::read(&self.listing.dir, link.name, errors));
            }
            if let Some(kept) = self.kept.get(at) {
                link::push(&mut self.rows, &link, kept, self.ignore_speed);
            }
            self.statistics.iter_mut().for_each(|statistics| statistics.push(&link));
            self.altnames.iter_mut().for_each(|altnames| altnames.push(&link));
            at += 1;
        }
    }

    /// Fills the rows from files.
    fn read(&mut self, errors: &mut PartialErrors) -> Result<(), Error> {
        if self.listing.has_changed()? {
            self.names = self.listing.names().map(str::to_owned).collect();
            self.names.retain(|name| self.listing.dir.is_directory(name));
            sys::sort(&mut self.names, Ord::cmp);
            errors.limit(&mut self.names, MAX_INTERFACES, PATH, "at most 16384 interfaces");
        }
        self.filter.begin();
        for name in &self.names {
            if self.filter.keep(name.as_bytes()) {
                self.rows.push_files(&self.listing.dir, name, self.ignore_speed, errors);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
