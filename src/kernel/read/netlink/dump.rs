//! A dump by routing netlink that is stored whole: the request, and the datagrams of the
//! answer. The statistics of IPv6 are left out of the interfaces: they are half of the cost, and are not
//! used here.

use super::message::{ATTRIBUTE, HEADER, Message, Messages, pair, part, request_header};
use crate::base::error::Error;
use crate::base::sys;
use std::os::fd::{AsFd, OwnedFd};

/// The size of the buffer for a part of the dump: the kernel fills up to 32 KB at once. A box with few
/// interfaces does not need that.
const FEW: usize = 8 << 10;
const MANY: usize = 32 << 10;

/// A longer dump than any box has: some ten thousand interfaces.
const MAX_DUMP: usize = 16 << 20;

/// How often a dump is requested if changes interrupt it.
const ATTEMPTS: usize = 2;

/// Sizes of `struct ifinfomsg` and `struct ndmsg`.
pub const LINK: usize = 16;
pub const NEIGHBOUR: usize = 12;

/// Room for the longest request.
const MAX_REQUEST: usize = HEADER + LINK + 2 * ATTRIBUTE;

/// RTEXT_FILTER_SKIP_STATS of include/uapi/linux/rtnetlink.h, since 4.4; older kernels ignore it.
const SKIP_STATS: u32 = 1 << 3;

/// A socket that stays open, and the last dump.
#[derive(Default)]
pub struct Dump {
    socket: Option<OwnedFd>,
    /// The datagrams of the dump.
    text: Vec<u8>,
    sequence: u32,
    has_many: bool,
}

impl Dump {
    /// The dump in `datagram`, whose sequence number is 7.
    #[cfg(test)]
    pub fn of(datagram: &[u8]) -> Dump {
        Dump { text: datagram.to_vec(), sequence: 7, ..Dump::default() }
    }

    /// Sends `query`, which errors call `path`; `room` is a buffer for parts of the answer.
    pub fn dump(
        &mut self,
        query: u16,
        path: &'static str,
        room: &mut Vec<u8>,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            match self.ask(query, path, room) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    self.socket = None;
                    self.text.clear();
                    // A single interface may need a larger buffer.
                    if self.has_many {
                        return Err(error);
                    }
                    self.has_many = true;
                }
            }
        }
        Err(Error::Read(path.into(), libc::EINTR))
    }

    /// The payloads of the messages of this kind in the last dump.
    pub fn payloads(&self, wanted: u16) -> impl Iterator<Item = &[u8]> {
        Messages { rest: &self.text, sequence: self.sequence }.filter_map(move |message| {
            match message {
                Ok(Message { kind, payload, .. }) if kind == wanted => Some(payload),
                _ => None,
            }
        })
    }

    /// Sends the request once; `false` if interfaces came or went meanwhile.
    fn ask(&mut self, query: u16, path: &'static str, room: &mut Vec<u8>) -> Result<bool, Error> {
        let failed = |e: std::io::Error| Error::of(path, &e);
        self.sequence = self.sequence.wrapping_add(1);
        self.text.clear();
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => sys::netlink_socket(libc::NETLINK_ROUTE).map_err(failed)?,
        };
        let socket = self.socket.insert(socket);
        let (request, length) = request(query, self.sequence);
        let request = request.as_flattened().get(..length).unwrap_or_default();
        sys::send(socket.as_fd(), request).map_err(failed)?;
        let mut whole = true;
        while self.text.len() < MAX_DUMP {
            self.has_many |= self.text.len() > FEW;
            let most = if self.has_many { MANY } else { FEW };
            if room.len() < most {
                room.resize(most, 0);
            }
            let room = room.get_mut(..most).unwrap_or_default();
            let length = sys::receive_from_kernel(socket.as_fd(), room).map_err(failed)?;
            let datagram = room.get(..length).unwrap_or_default();
            let part = part(datagram, self.sequence, path, query, &mut |_| {})?;
            self.text.extend_from_slice(datagram);
            self.text.resize(self.text.len().next_multiple_of(4), 0);
            whole &= part.whole;
            if part.last {
                return Ok(whole);
            }
        }
        Err(Error::too_large(path, MAX_DUMP))
    }
}

/// A request for all interfaces, for all addresses, or for all neighbours in IPv4, and its length. In
/// one for addresses the kernel reads only the first byte after the header, which is a family, 0
/// for all. After the `struct ndmsg` of one for neighbours only attributes are allowed.
fn request(query: u16, sequence: u32) -> ([[u8; 4]; MAX_REQUEST / 4], usize) {
    let filter = pair((2 * ATTRIBUTE) as u16, libc::IFLA_EXT_MASK);
    let ipv4 = u32::from_ne_bytes([libc::AF_INET as u8, 0, 0, 0]);
    // An empty struct ifinfomsg and an attribute, or a struct ndmsg with a family.
    let (size, [a, b, c, d, e, f]) = match query {
        libc::RTM_GETNEIGH => (HEADER + NEIGHBOUR, [ipv4, 0, 0, 0, 0, 0]),
        _ => (MAX_REQUEST, [0, 0, 0, 0, filter, SKIP_STATS]),
    };
    let [length, kind, sequence, port] = request_header(query, size, sequence);
    ([length, kind, sequence, port, a, b, c, d, e, f].map(u32::to_ne_bytes), size)
}
