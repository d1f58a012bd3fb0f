use super::message::{ATTRIBUTE, HEADER, Part, part};
use super::*;

fn check(datagram: &[u8]) -> Result<Part, Error> {
    part(datagram, 7, PATH, 0, &mut |_| {})
}

/// The names in a datagram; an interface without one is called "?".
fn links(datagram: &[u8]) -> (Result<Part, Error>, Vec<Vec<u8>>) {
    let links = Links::of(datagram);
    let names = links.iter().map(|link| link.map_or(b"?".to_vec(), |link| link.name.to_vec()));
    (check(datagram), names.collect())
}

impl Links {
    /// The links in `datagram`, whose sequence number is 7.
    pub(crate) fn of(datagram: &[u8]) -> Links {
        Links(Dump::of(datagram))
    }
}

/// A message that describes an interface, with whole attributes.
pub(crate) fn described(index: u32, hardware: u16, flags: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = vec![0xEE; LINK];
    payload[2..4].copy_from_slice(&hardware.to_ne_bytes());
    payload[4..8].copy_from_slice(&index.to_ne_bytes());
    payload[8..12].copy_from_slice(&flags.to_ne_bytes());
    payload.extend(attributes.concat());
    message(libc::RTM_NEWLINK.into(), libc::NLM_F_MULTI, 7, &payload)
}

pub(crate) fn message(kind: i32, flags: i32, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (HEADER as u32 + payload.len() as u32).to_ne_bytes().to_vec();
    bytes.extend((kind as u16).to_ne_bytes());
    bytes.extend((flags as u16).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(crate) fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (ATTRIBUTE as u16 + payload.len() as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn new_link(name: &[u8]) -> Vec<u8> {
    let mtu = attribute(libc::IFLA_MTU, &[1, 2, 3, 4]);
    let mode = attribute(libc::IFLA_LINKMODE | 1 << 15, &[9]);
    described(5, 772, 0x1_0043, &[mtu, attribute(libc::IFLA_IFNAME, name), mode])
}

pub(crate) fn done() -> Vec<u8> {
    message(libc::NLMSG_DONE, libc::NLM_F_MULTI, 7, &[0; 4])
}

const MORE: Part = Part { last: false, whole: true };
const LAST: Part = Part { last: true, whole: true };

#[test]
fn every_field_is_found() {
    let datagram = [new_link(b"eth0\0"), new_link(b"br-lan\0")].concat();
    let links = Links::of(&datagram);
    assert_eq!(check(&datagram), Ok(MORE));
    let names: Vec<_> = links.iter().map(|link| link.unwrap().name).collect();
    assert_eq!(names, [&b"eth0"[..], b"br-lan"]);
    let link = links.iter().next().unwrap().unwrap();
    assert_eq!((link.index, link.hardware, link.flags), (5, 772, 0x1_0043));
    assert_eq!(link.attributes.number(libc::IFLA_MTU), Some(u32::from_ne_bytes([1, 2, 3, 4])));
    assert_eq!(link.attributes.number(libc::IFLA_LINKMODE), Some(9));
    assert_eq!(link.attributes.number(libc::IFLA_GROUP), None);
    assert_eq!(check(&done()), Ok(LAST));
}

#[test]
fn foreign_messages_are_skipped_and_errors_returned() {
    let foreign = message(libc::NLMSG_DONE, 0, 6, &[0; 4]);
    let noop = message(libc::NLMSG_NOOP, 0, 7, &[]);
    let acknowledged = message(libc::NLMSG_ERROR, 0, 7, &[0; 20]);
    let datagram = [foreign, noop, acknowledged, new_link(b"a\0"), done()].concat();
    let (part, known) = links(&datagram);
    assert_eq!((part, known.len()), (Ok(LAST), 1));
    for kind in [libc::NLMSG_ERROR, libc::NLMSG_DONE] {
        let error = message(kind, 0, 7, &(-libc::EBUSY).to_ne_bytes());
        assert_eq!(links(&error).0, Err(Error::Read(PATH.into(), libc::EBUSY)));
    }
    let mut interrupted = new_link(b"a\0");
    interrupted[6] |= libc::NLM_F_DUMP_INTR as u8;
    assert!(!links(&interrupted).0.unwrap().whole);
}

#[test]
fn a_link_without_a_name_is_labelled_with_a_question_mark() {
    for name in [&b"\0"[..], b""] {
        assert_eq!(links(&new_link(name)).1, [b"?"]);
    }
    assert_eq!(links(&message(libc::RTM_NEWLINK.into(), 0, 7, &[0; 3])).1.len(), 1);
}

#[test]
fn any_cut_gives_only_what_is_whole() {
    let parts = [new_link(b"eth0\0"), new_link(b"x\0"), done()];
    let datagram = parts.concat();
    let ends: Vec<_> = parts
        .iter()
        .scan(0, |at, p| Some(std::mem::replace(at, *at + p.len()) + p.len()))
        .collect();
    for cut in 0..=datagram.len() {
        let (part, known) = links(&datagram[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(known.len(), whole.min(2), "cut at {cut}");
        assert_eq!(part.is_ok(), cut == 0 || ends.contains(&cut), "cut at {cut}");
    }
}

/// Every byte replaced by values that are likely to hurt: no panic, and not more links than messages.
#[test]
fn any_changed_byte_is_handled() {
    let datagram = [new_link(b"eth0\0"), new_link(b"x\0"), done()].concat();
    for at in 0..datagram.len() {
        for value in [0, 1, 3, 4, 5, 15, 16, 17, 0x7f, 0x80, 0xff] {
            let mut lie = datagram.clone();
            lie[at] = value;
            assert!(links(&lie).1.len() <= 3, "{value} at {at}");
        }
    }
}

#[test]
fn agrees_with_the_kernels_own_text() {
    let mut links = Links::default();
    for _ in 0..3 {
        links.dump(&mut Vec::new()).unwrap();
        let text = std::fs::read_to_string("/proc/net/dev").unwrap();
        let mut expected: Vec<_> =
            text.lines().skip(2).map(|l| l.trim().split(':').next().unwrap().to_owned()).collect();
        let name = |link: Option<Link<'_>>| String::from_utf8(link.unwrap().name.to_vec()).unwrap();
        let mut named: Vec<_> = links.iter().map(name).collect();
        expected.sort();
        named.sort();
        assert_eq!(named, expected);
    }
}

fn new_address(family: i32, index: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = vec![family as u8, 24, 0xEE, 0xEE];
    payload.extend(index.to_ne_bytes());
    payload.extend(attributes.concat());
    message(libc::RTM_NEWADDR.into(), libc::NLM_F_MULTI, 7, &payload)
}

fn addresses(datagram: &[u8]) -> Vec<(u32, String, u8)> {
    let mut all = Addresses { dump: Dump::of(datagram), ..Addresses::default() };
    all.learn();
    all.iter().map(|a| (a.index, a.ip.to_string(), a.prefix)).collect()
}

#[test]
fn the_local_address_is_returned() {
    let (v4, v6) = (libc::AF_INET, libc::AF_INET6);
    let (other, own) = (attribute(libc::IFA_ADDRESS, &[10, 0, 0, 2]), &[10, 0, 0, 1]);
    let local = attribute(libc::IFA_LOCAL, own);
    let mut long = [0; 16];
    (long[0], long[1], long[15]) = (0xfe, 0x80, 9);
    let datagram = [
        new_address(v4, 7, &[other, local]),
        new_address(v6, 8, &[attribute(libc::IFA_ADDRESS, &long)]),
        // None of these is an address.
        new_address(v4, 9, &[attribute(libc::IFA_ADDRESS, &long)]),
        new_address(v6, 9, &[attribute(libc::IFA_ADDRESS, own)]),
        new_address(libc::AF_BRIDGE, 9, &[attribute(libc::IFA_ADDRESS, own)]),
        new_address(v4, 9, &[]),
        message(libc::RTM_NEWADDR.into(), 0, 7, &[2, 24, 0]),
        done(),
    ];
    let expected = [(7, "10.0.0.1".to_owned(), 24), (8, "fe80::9".to_owned(), 24)];
    let datagram = datagram.concat();
    assert_eq!(addresses(&datagram), expected);
    for at in 0..datagram.len() {
        assert!(addresses(&datagram[..at]).len() <= 2);
        for value in [0, 1, 3, 4, 5, 15, 16, 17, 0x7f, 0x80, 0xff] {
            let mut lie = datagram.clone();
            lie[at] = value;
            assert!(addresses(&lie).len() <= 6, "{value} at {at}");
        }
    }
}

/// `ip address add 10.9.0.1 peer 10.9.0.2`, the same with 10.9.0.3, and 10.9.0.1/24 without a peer.
#[test]
fn an_address_with_several_peers_is_listed_once() {
    let one = |index, parts: &[(u16, u8)]| {
        let parts: Vec<_> =
            parts.iter().map(|(k, last)| attribute(*k, &[10, 9, 0, *last])).collect();
        new_address(libc::AF_INET, index, &parts)
    };
    let (local, other) = (libc::IFA_LOCAL, libc::IFA_ADDRESS);
    let datagram = [
        one(7, &[(other, 2), (local, 1)]),
        one(7, &[(other, 3), (local, 1)]),
        one(7, &[(other, 1), (local, 1)]),
        one(7, &[(other, 9), (local, 9)]),
        one(8, &[(other, 1), (local, 1)]),
        one(8, &[(other, 2), (local, 1)]),
    ];
    let expected = [(7, "10.9.0.1"), (7, "10.9.0.9"), (8, "10.9.0.1")];
    assert_eq!(addresses(&datagram.concat()), expected.map(|(i, ip)| (i, ip.to_owned(), 24)));
}

#[test]
fn every_address_of_the_kernels_text_is_there() {
    let (mut links, mut all) = (Links::default(), Addresses::default());
    links.dump(&mut Vec::new()).unwrap();
    all.dump(&mut Vec::new()).unwrap();
    // Address, number of the interface, prefix, scope, flags, name.
    let text = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    for line in text.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let number = |at: usize| u32::from_str_radix(fields[at], 16).unwrap();
        let ip = IpAddr::from(u128::from_str_radix(fields[0], 16).unwrap().to_be_bytes());
        let (index, prefix) = (number(1), number(2) as u8);
        assert!(all.iter().any(|a| a == Address { index, ip, prefix }), "{line}");
        assert_eq!(links.name(index), Some(fields[5].as_bytes()), "{line}");
    }
    assert_eq!(links.name(0), None);
}

/// Truncated anywhere and with any byte changed, attributes equal those of a plain walk.
#[test]
fn attributes_are_those_of_a_plain_walk() {
    let parts = [
        (3, &b"eth0\0"[..]),
        (70, b"above"),
        (10, b""),
        (3, b"again"),
        (0x4001, b"x"),
        (23, &[7; 60]),
    ];
    let whole: Vec<u8> = parts.iter().flat_map(|(kind, bytes)| attribute(*kind, bytes)).collect();
    let mut cases: Vec<Vec<u8>> = (0..=whole.len()).map(|n| whole[..n].to_vec()).collect();
    for at in 0..whole.len() {
        for value in [0, 1, 3, 4, 5, 0xff] {
            cases.push(whole.clone());
            cases.last_mut().unwrap()[at] = value;
        }
    }
    for case in cases {
        let found = Attributes::of(&case);
        for kind in 0..KINDS as u16 {
            let twin = message::attributes(&case).filter(|(other, _)| *other == kind).last();
            assert_eq!(found.bytes(kind), twin.map(|(_, bytes)| bytes), "{kind} of {case:?}");
        }
    }
}
