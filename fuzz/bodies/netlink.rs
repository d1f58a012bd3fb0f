//! What the kernel answers by netlink.

use sysmetrics::kernel::read::netlink::{nl80211, qdisc, route, socket};

/// Sizes of the headers of a message and of a way of a route.
const HEADER: usize = 16;
const WAY: usize = 8;

/// The first byte tells what was asked for. However many messages an answer claims to have, no more are told
/// than there is room for.
pub fn netlink(bytes: &[u8]) {
    let Some((first, answer)) = bytes.split_first() else { return };
    let (mut count, mut next_hops) = (0, 0);
    let _ = match first % 4 {
        0 => socket::stored(answer, &mut |_| count += 1),
        1 => qdisc::stored(answer, &mut |told| {
            count += 1;
            assert!(told.is_none_or(|told| told.kind.len() <= answer.len()));
        }),
        2 => route::stored(answer, &mut |told| {
            count += 1;
            let Some(route) = told else { return };
            let before = next_hops;
            route.each_next_hop(&mut |_| next_hops += 1);
            assert!(next_hops - before <= 1 + answer.len() / WAY);
        }),
        _ => nl80211::stored(answer).map(|told| count = told.into_iter().max().unwrap_or(0)),
    };
    assert!(count <= answer.len() / HEADER);
}
