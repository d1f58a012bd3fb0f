//! Unicast routes of all tables, by routing netlink (RTM_GETROUTE, rtnetlink(7)): a series for each route, or for
//! each next hop of one with several, and the number of routes by interface. Time and output are proportional to
//! the routes. A stored tree has no routes to request.
//!
//! The table is not a label, so routes of two tables may have the same labels; the first is shown.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::SeenLabels;
use crate::kernel::read::netlink::route::{self, NextHop, Route};
use crate::kernel::read::netlink::{LinkNames, Stream};
use crate::model::metric::{Decimal, Family, Label, Sink, Unit::One, Value, families, gauge};
use crate::settings::Subject;
use std::io::Write;

/// Routes that are shown; more are counted by interface, and as one error.
const MAX_ROUTES: usize = 131_072;

/// Bytes of an address and a prefix as a text: one of IPv6 has 45 at most.
const MAX_TEXT: usize = 56;

/// node_exporter's keys and ours.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "device", "src", "dest", "gw", "priority", "proto", "weight",
    "interface", "source", "destination", "gateway", "priority", "protocol", "weight",
];
const WIDTH: usize = KEYS.len() / 2;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("network_route_info", One, "Always 1; the labels describe a route.", KEYS).own_keys(),
    gauge("network_routes",     One, "Routes by interface.",               &["device", "interface"]).own_keys(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "network_route",
        node_name: "network_route",
        on: false,
        help: "routes, by netlink",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Routes {
        has_own_routes: setup.root.has_own_interfaces(),
        stream: Stream::default(),
        links: LinkNames::default(),
        shown: RouteCounts::default(),
    })
}

struct Routes {
    /// The kernel's routes are those of this machine.
    has_own_routes: bool,
    stream: Stream,
    links: LinkNames,
    shown: RouteCounts,
}

impl Collector for Routes {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        if !self.has_own_routes {
            return Err(Error::Unsupported(route::PATH.into()));
        }
        self.links.learn(files.links()?);
        let (links, shown) = (&self.links, &mut self.shown);
        shown.begin(links);
        let [info, routes] = &FAMILIES;
        out.family(info);
        route::each(&mut self.stream, &mut |parsed| match parsed {
            Some(route) => shown.write(&route, links, out),
            None => errors.refuse(route::PATH, "a route", b""),
        })?;
        if shown.is_cut {
            errors.refuse(route::PATH, "at most 131072 routes", b"");
        }
        out.family(routes);
        shown.write_counts(links, out);
        Ok(())
    }
}

/// The state of this scrape.
#[derive(Default)]
struct RouteCounts {
    /// The number of routes of each interface, by its index; the last are those without an interface.
    counts: Vec<u64>,
    seen: SeenLabels,
    is_cut: bool,
}

impl RouteCounts {
    fn begin(&mut self, links: &LinkNames) {
        self.counts.clear();
        self.counts.resize(links.count() + 1, 0);
        self.seen.begin();
        self.is_cut = false;
    }

    /// Writes a sample for each next hop of a unicast route.
    fn write(&mut self, route: &Route<'_>, links: &LinkNames, out: &mut dyn Sink) {
        if !route.is_unicast {
            return;
        }
        let source = Text::of(|to| match route.source {
            Some(ip) => write!(to, "{}", ip.to_canonical()),
            None => Ok(()),
        });
        let destination = destination(route);
        let priority = Decimal::of(route.priority.into());
        route.each_next_hop(&mut |hop: &NextHop| {
            let place = links.place(hop.index);
            if let Some(count) = self.counts.get_mut(place.unwrap_or(links.count())) {
                *count += 1;
            }
            let gateway = Text::of(|to| match hop.gateway {
                Some(ip) => write!(to, "{}", ip.to_canonical()),
                None => Ok(()),
            });
            let weight = hop.weight.map(|weight| Decimal::of(weight.into()));
            let labels: [&[u8]; WIDTH] = [
                place.and_then(|place| links.name(place)).unwrap_or_default(),
                source.bytes(),
                destination.bytes(),
                gateway.bytes(),
                priority.as_bytes(),
                protocol(route.protocol).as_bytes(),
                weight.as_ref().map(Decimal::as_bytes).unwrap_or_default(),
            ];
            if self.is_new(labels) {
                out.sample(&labels.map(Label::of), Value::Int(1));
            }
        });
    }

    /// Whether no earlier route had these labels, and there is room for another.
    fn is_new(&mut self, labels: [&[u8]; WIDTH]) -> bool {
        if self.seen.count() >= MAX_ROUTES {
            self.is_cut = true;
            return false;
        }
        self.seen.is_new(&labels)
    }

    fn write_counts(&self, links: &LinkNames, out: &mut dyn Sink) {
        for (place, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            out.sample(&[links.name(place).unwrap_or_default().into()], Value::Int(*count));
        }
    }
}

/// The destination of a route, in node_exporter's form.
fn destination(route: &Route<'_>) -> Text {
    Text::of(|to| match route.destination {
        _ if route.prefix == 0 => write!(to, "default"),
        Some(ip) => write!(to, "{ip}/{}", route.prefix),
        None => Ok(()),
    })
}

/// A short text.
struct Text([u8; MAX_TEXT], usize);

impl Text {
    /// The text that `write` writes; the part that does not fit is left out.
    fn of(write: impl FnOnce(&mut &mut [u8]) -> std::io::Result<()>) -> Text {
        let mut text = [0; MAX_TEXT];
        let mut rest = &mut text[..];
        // There is room for every address.
        let _ = write(&mut rest);
        let length = MAX_TEXT - rest.len();
        Text(text, length)
    }

    fn bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }
}

/// The name of RTPROT_* (include/uapi/linux/rtnetlink.h) in node_exporter's form.
fn protocol(number: u8) -> &'static str {
    match number {
        0 => "unspec",
        1 => "redirect",
        2 => "kernel",
        3 => "boot",
        4 => "static",
        8 => "gated",
        9 => "ra",
        10 => "mrt",
        11 => "zebra",
        12 => "bird",
        13 => "dnrouted",
        14 => "xorp",
        15 => "ntk",
        16 => "dhcp",
        17 => "mrouted",
        42 => "babel",
        186 => "bgp",
        187 => "isis",
        188 => "ospf",
        189 => "rip",
        192 => "eigrp",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, open, outcome, scrape};
    use crate::kernel::read::Root;
    use crate::kernel::read::netlink::Links;
    use crate::kernel::read::netlink::route::tests::{hop, route_message, word};
    use crate::kernel::read::netlink::tests::{attribute, described};
    use crate::model::metric::Buffer;
    use crate::outputs::expose::{Format, Lines, Text as Page};

    /// The samples of stored answers.
    fn samples(answer: &[u8], dialect: Dialect) -> Vec<String> {
        let link =
            |index, name: &[u8]| described(index, 1, 0, &[attribute(libc::IFLA_IFNAME, name)]);
        let (mut links, mut shown) = (LinkNames::default(), RouteCounts::default());
        links.learn(&Links::of(&[link(4, b"eth0\0"), link(5, b"wg0\0")].concat()));
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut page = Page::new(dialect, Format::Prometheus, &mut out, &mut lines);
        shown.begin(&links);
        page.family(&FAMILIES[0]);
        route::stored(answer, &mut |route| shown.write(&route.unwrap(), &links, &mut page))
            .unwrap();
        page.family(&FAMILIES[1]);
        shown.write_counts(&links, &mut page);
        page.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn every_next_hop_is_a_series_and_no_series_comes_twice() {
        let gateway = |last| attribute(libc::RTA_GATEWAY, &[10, 0, 0, last]);
        let direct = route_message(
            [2, 24, 2, 1],
            &[
                attribute(libc::RTA_DST, &[10, 9, 8, 0]),
                word(libc::RTA_OIF, 4),
                attribute(libc::RTA_PREFSRC, &[10, 9, 8, 7]),
            ],
        );
        let hops = [hop(0, 4, &[gateway(1)]), hop(9, 5, &[gateway(2)])].concat();
        let several = [attribute(libc::RTA_MULTIPATH, &hops), word(libc::RTA_PRIORITY, 100)];
        let own = route_message([2, 32, 2, 2], &[word(libc::RTA_OIF, 4)]);
        let answer = [direct.clone(), route_message([2, 0, 186, 1], &several), own, direct];
        let expected = [
            r#"node_network_route_info{device="eth0",src="10.9.8.7",dest="10.9.8.0/24",gw="",priority="0",proto="kernel",weight=""} 1"#,
            r#"node_network_route_info{device="eth0",src="",dest="default",gw="10.0.0.1",priority="100",proto="bgp",weight="1"} 1"#,
            r#"node_network_route_info{device="wg0",src="",dest="default",gw="10.0.0.2",priority="100",proto="bgp",weight="10"} 1"#,
            r#"node_network_routes{device="eth0"} 3"#,
            r#"node_network_routes{device="wg0"} 1"#,
        ];
        assert_eq!(samples(&answer.concat(), Dialect::Node), expected);
        let mut long = [0; 16];
        (long[0], long[1], long[15]) = (0xfd, 7, 1);
        let strange = route_message([10, 128, 77, 1], &[attribute(libc::RTA_DST, &long)]);
        let expected = [
            r#"sysmetrics_network_route_info{interface="",source="",destination="fd07::1/128",gateway="",priority="0",protocol="unknown",weight=""} 1"#,
            r#"sysmetrics_network_routes{interface=""} 1"#,
        ];
        assert_eq!(samples(&strange, Dialect::Own), expected);
    }

    #[test]
    fn the_running_kernel_is_queried_and_a_stored_tree_is_not() {
        let mut live = open(&Root::of_this_machine(), &SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut live, Dialect::Own, &["route"]).1, 0);
        let mut stored = Tree::new("route").open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(outcome(&mut stored), Err(Error::Unsupported(_))));
    }
}
