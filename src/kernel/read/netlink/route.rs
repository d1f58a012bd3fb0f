//! Routes by rtnetlink(7): an RTM_GETROUTE dump gives for each a `struct rtmsg` and attributes. A route with
//! several next hops (RTA_MULTIPATH) has a `struct rtnexthop` and attributes for each.

use super::message::{attributes, field, number, piece};
use super::{Query, Stream};
use crate::base::error::Error;
use std::net::IpAddr;

/// The name for messages.
pub const PATH: &str = "netlink RTM_GETROUTE";

/// Sizes of `struct rtmsg` and `struct rtnexthop`.
const HEAD: usize = 12;
const HOP: usize = 8;

const QUERY: Query = Query {
    protocol: libc::NETLINK_ROUTE,
    kind: libc::RTM_GETROUTE,
    answer: libc::RTM_NEWROUTE,
    path: PATH,
};

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// It is a unicast route (RTN_UNICAST), and of IPv4 or IPv6.
    pub is_unicast: bool,
    /// Its destination: `None` for the default route.
    pub destination: Option<IpAddr>,
    /// The prefix length of the destination.
    pub prefix: u8,
    /// RTPROT_*: its origin.
    pub protocol: u8,
    pub priority: u32,
    /// The address that packets are sent from.
    pub source: Option<IpAddr>,
    /// The only next hop.
    way: NextHop,
    /// Or several, as bytes of the message.
    next_hops: &'a [u8],
}

/// A next hop of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextHop {
    /// The number of the interface.
    pub index: u32,
    pub gateway: Option<IpAddr>,
    /// Its weight, in a route with several.
    pub weight: Option<u16>,
}

impl<'a> Route<'a> {
    /// The route that a message describes.
    pub fn of(payload: &'a [u8]) -> Option<Route<'a>> {
        let [family, prefix, _, _, _, protocol, _, kind] = field(payload, 0)?;
        let is_ip = [libc::AF_INET, libc::AF_INET6].contains(&family.into());
        let mut route = Route {
            is_unicast: kind == libc::RTN_UNICAST && is_ip,
            destination: None,
            prefix,
            protocol,
            priority: 0,
            source: None,
            way: NextHop::default(),
            next_hops: &[],
        };
        for (attribute, bytes) in attributes(payload.get(HEAD..)?) {
            match attribute {
                libc::RTA_DST => route.destination = address(bytes),
                libc::RTA_PREFSRC => route.source = address(bytes),
                libc::RTA_GATEWAY => route.way.gateway = address(bytes),
                libc::RTA_OIF => route.way.index = number(bytes, 0)?,
                libc::RTA_PRIORITY => route.priority = number(bytes, 0)?,
                libc::RTA_MULTIPATH => route.next_hops = bytes,
                _ => {}
            }
        }
        Some(route)
    }

    /// Passes each next hop to `each`.
    pub fn each_next_hop(&self, each: &mut dyn FnMut(&NextHop)) {
        if self.next_hops.is_empty() {
            each(&self.way);
        }
        let mut rest = self.next_hops;
        while let Some((way, after)) = NextHop::of(rest) {
            each(&way);
            rest = after;
        }
    }
}

impl NextHop {
    /// The first of several next hops, and the bytes after it.
    fn of(bytes: &[u8]) -> Option<(NextHop, &[u8])> {
        let length = field(bytes, 0).map(u16::from_ne_bytes)?;
        let [_flags, hops] = field(bytes, 2)?;
        let index = number(bytes, 4)?;
        let (payload, after) = piece(bytes, length.into(), HOP)?;
        let mut gateways = attributes(payload).filter(|(kind, _)| *kind == libc::RTA_GATEWAY);
        let gateway = gateways.next().and_then(|(_, bytes)| address(bytes));
        Some((NextHop { index, gateway, weight: Some(u16::from(hops) + 1) }, after))
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4().or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Passes every route to `each`; `None` for a message that is too short.
pub fn each(stream: &mut Stream, each: &mut dyn FnMut(Option<Route<'_>>)) -> Result<(), Error> {
    stream.ask(&QUERY, &[0; HEAD], &mut |payload| each(Route::of(payload)))
}

/// Like `each`, from a stored answer.
pub fn stored(datagram: &[u8], each: &mut dyn FnMut(Option<Route<'_>>)) -> Result<(), Error> {
    QUERY.stored(datagram, &mut |payload| each(Route::of(payload)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::{attribute, done, message};
    use super::*;

    pub(crate) fn route_message(
        [family, prefix, protocol, kind]: [u8; 4],
        attributes: &[Vec<u8>],
    ) -> Vec<u8> {
        let head = vec![family, prefix, 0, 0, 254, protocol, 0, kind, 0, 0, 0, 0];
        let payload = [head, attributes.concat()].concat();
        message(libc::RTM_NEWROUTE.into(), libc::NLM_F_MULTI, 7, &payload)
    }

    pub(crate) fn word(kind: u16, word: u32) -> Vec<u8> {
        attribute(kind, &word.to_ne_bytes())
    }

    pub(crate) fn hop(hops: u8, index: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
        let attributes = attributes.concat();
        let length = (HOP + attributes.len()) as u16;
        let head = [&length.to_ne_bytes()[..], &[0, hops], &index.to_ne_bytes()].concat();
        [head, attributes].concat()
    }

    /// Destination, prefix, protocol, priority, source, and the next hops.
    fn all(datagram: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        let _ = stored(datagram, &mut |route| {
            let Some(route) = route else { return all.push("short".to_owned()) };
            let Route { destination, prefix, protocol, priority, source, .. } = route;
            let mut text = format!("{destination:?}/{prefix} {protocol} {priority} {source:?}");
            route.each_next_hop(&mut |way| {
                text += &format!(", {} {:?} {:?}", way.index, way.gateway, way.weight);
            });
            all.push(text);
        });
        all
    }

    #[test]
    fn every_field_is_found_and_any_changed_byte_is_handled() {
        let gateway = |last| attribute(libc::RTA_GATEWAY, &[10, 0, 0, last]);
        let hops = [hop(0, 2, &[gateway(1)]), hop(9, 3, &[gateway(2)])].concat();
        let mut long = [0; 16];
        (long[0], long[15]) = (0xfd, 1);
        let answer = [
            route_message(
                [2, 24, 16, 1],
                &[
                    attribute(libc::RTA_DST, &[10, 9, 8, 0]),
                    word(libc::RTA_PRIORITY, 100),
                    attribute(libc::RTA_PREFSRC, &[10, 9, 8, 7]),
                    gateway(3),
                    word(libc::RTA_OIF, 4),
                ],
            ),
            route_message([2, 0, 4, 1], &[attribute(libc::RTA_MULTIPATH, &hops)]),
            route_message(
                [10, 64, 2, 1],
                &[attribute(libc::RTA_DST, &long), word(libc::RTA_OIF, 5)],
            ),
            message(libc::RTM_NEWROUTE.into(), 0, 7, &[0; 11]),
            done(),
        ]
        .concat();
        let expected = [
            "Some(10.9.8.0)/24 16 100 Some(10.9.8.7), 4 Some(10.0.0.3) None",
            "None/0 4 0 None, 2 Some(10.0.0.1) Some(1), 3 Some(10.0.0.2) Some(10)",
            "Some(fd00::1)/64 2 0 None, 5 None None",
            "short",
        ];
        assert_eq!(all(&answer), expected);
        for at in 0..answer.len() {
            for value in [0, 1, 3, 4, 5, 8, 15, 16, 17, 0x7f, 0x80, 0xff] {
                let mut lie = answer.clone();
                lie[at] = value;
                assert!(all(&lie).len() <= 4, "{value} at {at}");
            }
        }
    }

    #[test]
    fn only_ip_that_leads_somewhere_is_unicast() {
        for (head, is_unicast) in [
            ([2, 24, 2, 1], true),
            ([10, 24, 2, 1], true),
            ([28, 20, 2, 1], false),
            ([2, 32, 2, 2], false),
            ([10, 0, 2, 7], false),
        ] {
            let mut seen = None;
            stored(&route_message(head, &[]), &mut |route| seen = route.map(|r| r.is_unicast))
                .unwrap();
            assert_eq!(seen, Some(is_unicast), "{head:?}");
        }
    }
}
