//! Neighbours in IPv4, found by ARP or entered by hand: how many each interface has.

use super::dump::{Dump, NEIGHBOUR};
use super::message::field;
use crate::base::error::Error;
use crate::base::sys;

/// The name for messages.
pub const PATH: &str = "netlink RTM_GETNEIGH";

/// The neighbours of all interfaces.
#[derive(Default)]
pub struct Neighbours {
    dump: Dump,
    /// The interface of each, sorted.
    interfaces: Vec<u32>,
}

impl Neighbours {
    /// Requests every neighbour as it is now; `room` is a buffer for the answer.
    pub fn dump(&mut self, room: &mut Vec<u8>) -> Result<(), Error> {
        self.dump.dump(libc::RTM_GETNEIGH, PATH, room)?;
        self.learn();
        Ok(())
    }

    /// Reads the interfaces from the dump.
    fn learn(&mut self) {
        self.interfaces.clear();
        self.interfaces.extend(self.dump.payloads(libc::RTM_NEWNEIGH).filter_map(interface));
        sys::sort(&mut self.interfaces, Ord::cmp);
    }

    /// How many neighbours the interface of this number had at the last dump.
    pub fn count(&self, index: u32) -> u64 {
        let (before, rest) = (|other: &u32| *other < index, |other: &u32| *other <= index);
        (self.interfaces.partition_point(rest) - self.interfaces.partition_point(before)) as u64
    }
}

/// The interface of the neighbour that a message describes: a `struct ndmsg` begins with the family,
/// and has the interface at 4 and the state at 8. Addresses that need no ARP (NUD_NOARP: broadcast,
/// multicast, tunnels) are no neighbours in /proc/net/arp either.
fn interface(payload: &[u8]) -> Option<u32> {
    let [family, ..] = payload.first_chunk::<NEIGHBOUR>()?;
    let index = u32::from_ne_bytes(field(payload, 4)?);
    let state = u16::from_ne_bytes(field(payload, 8)?);
    (i32::from(*family) == libc::AF_INET && state & libc::NUD_NOARP == 0).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{attribute, done, message};
    use super::*;

    fn neighbour(family: i32, index: u32, state: u16) -> Vec<u8> {
        let mut payload = vec![family as u8, 0xEE, 0xEE, 0xEE];
        payload.extend(index.to_ne_bytes());
        payload.extend(state.to_ne_bytes());
        payload.extend([0xEE; 2]);
        // NDA_DST.
        payload.extend(attribute(1, &[10, 0, 0, 1]));
        message(libc::RTM_NEWNEIGH.into(), libc::NLM_F_MULTI, 7, &payload)
    }

    fn counts(datagram: &[u8]) -> [u64; 4] {
        let mut all = Neighbours { dump: Dump::of(datagram), ..Neighbours::default() };
        all.learn();
        [2, 3, 4, 5].map(|index| all.count(index))
    }

    #[test]
    fn neighbours_of_ipv4_are_counted_by_interface() {
        const REACHABLE: u16 = 2;
        const PERMANENT: u16 = 0x80;
        let (v4, v6) = (libc::AF_INET, libc::AF_INET6);
        let datagram = [
            neighbour(v4, 3, REACHABLE),
            neighbour(v4, 5, PERMANENT),
            neighbour(v4, 3, 0),
            neighbour(v4, 3, libc::NUD_NOARP),
            neighbour(v6, 3, REACHABLE),
            neighbour(v4, 2, REACHABLE),
            neighbour(v4, 3, PERMANENT),
            message(libc::RTM_NEWNEIGH.into(), 0, 7, &[2; 11]),
            done(),
        ];
        let datagram = datagram.concat();
        assert_eq!(counts(&datagram), [1, 3, 0, 1]);
        for at in 0..datagram.len() {
            for value in [0, 1, 4, 15, 0x7f, 0xff] {
                let mut lie = datagram.clone();
                lie[at] = value;
                assert!(counts(&lie).iter().sum::<u64>() <= 8, "{value} at {at}");
            }
        }
    }

    #[test]
    fn agrees_with_the_kernels_own_text() {
        let mut all = Neighbours::default();
        for _ in 0..3 {
            all.dump(&mut Vec::new()).unwrap();
        }
        let text = std::fs::read_to_string("/proc/net/arp").unwrap();
        // One in the state NUD_NONE, which is not in the text, may come and go.
        assert!(all.interfaces.len() + 1 >= text.lines().count(), "{text}");
    }
}
