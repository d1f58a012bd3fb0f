//! The kernel's load balancer IPVS: `/proc/net/ip_vs_stats`, whose third line has connections, packets
//! and bytes in hexadecimal, and `/proc/net/ip_vs`, a line `TCP address:port` for each service and below it
//! a line `-> address:port` with weight and connections for each server
//! (net/netfilter/ipvs/ip_vs_ctl.c, since 2.6). A service may be a firewall mark (`FWM`) in place of an
//! address. Without the module there are no such files.
//!
//! Servers whose labels are the same are added up: an option selects the labels.

mod servers;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit::One, counter, families, fresh_stamp, gauge};
use crate::settings::{CollectorOption, Rule, Subject, text};
use servers::{LABELS, PATH as SERVERS, Servers};

const STATS: &str = "/proc/net/ip_vs_stats";
const EXPECTED: &str = "five hexadecimal numbers in the third line";

/// The number of families about all servers together.
const TOTALS: usize = 5;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; TOTALS + 3] = families![
    counter("ipvs_connections_total",      One, "Connections that were balanced.",  &[]),
    counter("ipvs_incoming_packets_total", One, "Packets that came in.",            &[]),
    counter("ipvs_outgoing_packets_total", One, "Packets that went out.",           &[]),
    counter("ipvs_incoming_bytes_total",   One, "Bytes that came in.",              &[]),
    counter("ipvs_outgoing_bytes_total",   One, "Bytes that went out.",             &[]),
    gauge("ipvs_backend_connections_active",   One, "Connections to the server that are established.", &LABELS),
    gauge("ipvs_backend_connections_inactive", One, "Connections to the server that are not.",         &LABELS),
    gauge("ipvs_backend_weight",               One, "Share of the server.",                            &LABELS),
];

static BACKEND_LABELS: CollectorOption<String> = text(
    "backend_labels",
    "labels of servers, separated by commas; servers with the same labels are added up",
)
.default("local_address,local_port,remote_address,remote_port,proto,local_mark")
.rule(&Rule {
    expects: "some of local_address, local_port, remote_address, remote_port, proto and local_mark, with \
              commas between",
    holds: |settings| given(&settings.get(&BACKEND_LABELS)).all(|word| LABELS.contains(&word)),
    only_warns: false,
});

/// The words of the option.
fn given(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|word| !word.is_empty())
}

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ipvs",
        node_name: "ipvs",
        on: true,
        help: "the load balancer of the kernel, from /proc/net/ip_vs",
        options: &[&BACKEND_LABELS.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let text = setup.settings.get(&BACKEND_LABELS);
    let chosen = LABELS.map(|label| given(&text).any(|word| word == label));
    let keys = LABELS.iter().zip(chosen).filter(|(_, is_chosen)| *is_chosen);
    Box::new(Ipvs {
        stats: setup.files.whole(STATS),
        servers: setup.files.records(SERVERS),
        keys: keys.map(|(label, _)| *label).collect(),
        stamp: fresh_stamp(),
        rows: Servers::new(chosen),
    })
}

struct Ipvs {
    stats: FileId,
    servers: FileId,
    /// The labels that were chosen.
    keys: Vec<&'static str>,
    /// Distinguishes the families with these keys from others.
    stamp: u32,
    rows: Servers,
}

impl Collector for Ipvs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.stats).map_err(Error::of_optional)?;
        let written = write_totals(text, errors, out);
        if let Some(text) = errors.unless_absent(files.read(self.servers)) {
            self.rows.read(text, errors);
            for (column, family) in FAMILIES.iter().skip(TOTALS).enumerate() {
                let family = family.keyed(&self.keys).stamped(self.stamp);
                out.family(&family);
                self.rows.write(column, &family, out);
            }
        }
        errors.unless_all(written)
    }
}

/// Writes the totals of all servers; returns how many. A total that is not a number is left out.
fn write_totals(text: &[u8], errors: &mut PartialErrors, out: &mut dyn Sink) -> usize {
    let line = scan::lines(text).nth(2).unwrap_or_default();
    let mut written = 0;
    if scan::fields(line).count() != TOTALS {
        errors.refuse(STATS, EXPECTED, line);
        return written;
    }
    for (family, field) in FAMILIES.iter().zip(scan::fields(line)) {
        match scan::hex(field) {
            Some(number) => {
                out.single(family, family.value(number));
                written += 1;
            }
            None => errors.refuse(STATS, EXPECTED, field),
        }
    }
    written
}

#[cfg(test)]
mod tests;
