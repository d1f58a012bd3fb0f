use super::*;
use crate::metric::Label;

type Known = Vec<(Vec<u8>, Option<([u64; WIDTH], u32)>)>;

/// The links of a datagram; a nameless one is called "?".
fn links(datagram: &[u8]) -> (Result<Part, Error>, Known) {
    let mut known = Known::new();
    let part = parse(datagram, 7, &mut |link| {
        let (name, columns) = link.unwrap_or((b"?", None));
        known.push((name.to_vec(), columns));
    });
    (part, known)
}

fn message(kind: i32, flags: i32, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (HEADER as u32 + payload.len() as u32).to_ne_bytes().to_vec();
    bytes.extend((kind as u16).to_ne_bytes());
    bytes.extend((flags as u16).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (ATTRIBUTE as u16 + payload.len() as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Statistics of which the word i is `2^i`, so that each sum tells its parts.
fn stats(words: u32) -> Vec<u8> {
    (0..words).flat_map(|i| (1u64 << i).to_ne_bytes()).collect()
}

fn new_link(name: &[u8], words: u32) -> Vec<u8> {
    let mut payload = vec![0xEE; LINK];
    payload.extend(attribute(libc::IFLA_MTU, &[1, 2, 3, 4]));
    payload.extend(attribute(libc::IFLA_IFNAME, name));
    payload.extend(attribute(libc::IFLA_STATS64 | 1 << 15, &stats(words)));
    payload.extend(attribute(libc::IFLA_STATS, &[9; 13]));
    message(libc::RTM_NEWLINK.into(), libc::NLM_F_MULTI, 7, &payload)
}

fn done() -> Vec<u8> {
    message(libc::NLMSG_DONE, libc::NLM_F_MULTI, 7, &[0; 4])
}

const MORE: Part = Part { last: false, whole: true };
const LAST: Part = Part { last: true, whole: true };

/// What `stats` means, bit by bit, in the order of /proc/net/dev, then nohandler.
#[rustfmt::skip]
const COLUMNS: [u64; WIDTH] = [
    1 << 2, 1 << 0, 1 << 4, 1 << 6 | 1 << 15, 1 << 14, 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13, 1 << 21, 1 << 8,
    1 << 3, 1 << 1, 1 << 5, 1 << 7, 1 << 18, 1 << 9, 1 << 16 | 1 << 17 | 1 << 19 | 1 << 20, 1 << 22, 1 << 23,
];

#[test]
fn every_statistic_goes_to_its_column() {
    let datagram = [new_link(b"eth0\0", 25), new_link(b"br-lan\0", 23)].concat();
    let (part, known) = links(&datagram);
    assert_eq!(part, Ok(MORE));
    assert_eq!(known[0], (b"eth0".to_vec(), Some((COLUMNS, 0x1_ffff))));
    let mut old = COLUMNS;
    old[16] = 0;
    assert_eq!(known[1], (b"br-lan".to_vec(), Some((old, 0xffff))));
    assert_eq!(links(&done()), (Ok(LAST), vec![]));
}

#[test]
fn foreign_messages_are_passed_over_and_errors_are_told() {
    let foreign = message(libc::NLMSG_DONE, 0, 6, &[0; 4]);
    let noop = message(libc::NLMSG_NOOP, 0, 7, &[]);
    let acknowledged = message(libc::NLMSG_ERROR, 0, 7, &[0; 20]);
    let datagram = [foreign, noop, acknowledged, new_link(b"a\0", 24), done()].concat();
    let (part, known) = links(&datagram);
    assert_eq!((part, known.len()), (Ok(LAST), 1));
    for kind in [libc::NLMSG_ERROR, libc::NLMSG_DONE] {
        let error = message(kind, 0, 7, &(-libc::EBUSY).to_ne_bytes());
        assert_eq!(links(&error).0, Err(Error::Read(PATH, libc::EBUSY)));
    }
    let mut interrupted = new_link(b"a\0", 24);
    interrupted[6] |= libc::NLM_F_DUMP_INTR as u8;
    assert!(!links(&interrupted).0.unwrap().whole);
}

#[test]
fn links_without_name_or_statistics_are_told_apart() {
    for (name, words, expected) in [(&b"\0"[..], 24, &b"?"[..]), (b"", 24, b"?"), (b"a", 22, b"a")]
    {
        assert_eq!(links(&new_link(name, words)).1, [(expected.to_vec(), None)]);
    }
    assert_eq!(links(&message(libc::RTM_NEWLINK.into(), 0, 7, &[0; 3])).1.len(), 1);
}

#[test]
fn any_cut_gives_only_what_is_whole() {
    let parts = [new_link(b"eth0\0", 24), new_link(b"x\0", 24), done()];
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
fn any_byte_may_lie() {
    let datagram = [new_link(b"eth0\0", 24), new_link(b"x\0", 24), done()].concat();
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
    let (mut filter, mut table, mut faults) =
        (Filter::new(None, None), Table::default(), Faults::default());
    let mut links = Links::new();
    for _ in 0..3 {
        links.dump(&mut filter, &mut table, &mut faults).unwrap();
        let text = std::fs::read_to_string("/proc/net/dev").unwrap();
        let mut expected: Vec<_> =
            text.lines().skip(2).map(|l| l.trim().split(':').next().unwrap().to_owned()).collect();
        let name = |(name, _): (Label<'_>, u64)| String::from_utf8(name.raw().to_vec()).unwrap();
        let mut named: Vec<_> = table.column(0).map(name).collect();
        expected.sort();
        named.sort();
        assert_eq!((named, faults.count()), (expected, 0));
    }
}
