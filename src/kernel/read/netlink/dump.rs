//! A dump of the kernel's by routing netlink: the request, the datagrams of the answer, and the messages
//! in them (netlink(7)). The statistics of IPv6 are left out of the interfaces: they are half of the cost,
//! and nobody here wants them.

use crate::base::error::Error;
use crate::base::sys;
use std::os::fd::{AsFd, OwnedFd};

/// What the kernel is offered for a part of the dump: it fills up to 32 KB at once. A box with few
/// interfaces has no use for that.
const FEW: usize = 8 << 10;
const MANY: usize = 32 << 10;

/// A longer dump than any box has: some ten thousand interfaces.
const MAX_DUMP: usize = 16 << 20;

/// How often a dump is asked for that changes interrupt.
const ATTEMPTS: usize = 2;

/// Sizes of `struct nlmsghdr`, `struct ifinfomsg`, `struct ndmsg` and `struct rtattr`.
pub const HEADER: usize = 16;
pub const LINK: usize = 16;
pub const NEIGHBOUR: usize = 12;
pub const ATTRIBUTE: usize = 4;

/// Room for the longest request.
const MAX_REQUEST: usize = HEADER + LINK + 2 * ATTRIBUTE;

/// RTEXT_FILTER_SKIP_STATS of include/uapi/linux/rtnetlink.h, since 4.4; older kernels pass it over.
const SKIP_STATS: u32 = 1 << 3;

/// A kept socket, and the last dump.
#[derive(Default)]
pub struct Dump {
    socket: Option<OwnedFd>,
    /// The dump, and room for its next part.
    buffer: Vec<u8>,
    length: usize,
    sequence: u32,
    has_many: bool,
}

impl Dump {
    /// What `datagram` says, whose sequence number is 7.
    #[cfg(test)]
    pub fn of(datagram: &[u8]) -> Dump {
        Dump { buffer: datagram.to_vec(), length: datagram.len(), sequence: 7, ..Dump::default() }
    }

    /// Asks `question`, which errors call `path`.
    pub fn dump(&mut self, question: u16, path: &'static str) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            match self.ask(question, path) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    (self.socket, self.length) = (None, 0);
                    // A single interface may have more to tell than few have.
                    if self.has_many {
                        return Err(error);
                    }
                    self.has_many = true;
                }
            }
        }
        Err(Error::Read(path.into(), libc::EINTR))
    }

    /// What the messages of this kind in the last dump say.
    pub fn payloads(&self, wanted: u16) -> impl Iterator<Item = &[u8]> {
        let rest = self.buffer.get(..self.length).unwrap_or_default();
        Messages { rest, sequence: self.sequence }.filter_map(move |message| match message {
            Ok(Message { kind, payload, .. }) if kind == wanted => Some(payload),
            _ => None,
        })
    }

    /// Asks once; `false` if interfaces came or went meanwhile.
    fn ask(&mut self, question: u16, path: &'static str) -> Result<bool, Error> {
        let failed = |e: std::io::Error| Error::of(path, &e);
        self.sequence = self.sequence.wrapping_add(1);
        self.length = 0;
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => sys::route_socket().map_err(failed)?,
        };
        let socket = self.socket.insert(socket);
        let (request, length) = request(question, self.sequence);
        let request = request.as_flattened().get(..length).unwrap_or_default();
        sys::send(socket.as_fd(), request).map_err(failed)?;
        let mut whole = true;
        while self.length < MAX_DUMP {
            self.has_many |= self.length > FEW;
            let part = if self.has_many { MANY } else { FEW };
            if self.buffer.len() < self.length + part {
                self.buffer.resize(self.length + part, 0);
            }
            let room = self.buffer.get_mut(self.length..).unwrap_or_default();
            let length = sys::receive_from_kernel(socket.as_fd(), room).map_err(failed)?;
            let part = check(room.get(..length).unwrap_or_default(), self.sequence, path)?;
            self.length += length.next_multiple_of(4);
            whole &= part.whole;
            if part.last {
                return Ok(whole);
            }
        }
        Err(Error::TooLarge(path.into(), MAX_DUMP))
    }
}

/// A request for all interfaces, for all addresses, or for all neighbours in IPv4, and how long it is. Of
/// one for addresses the kernel looks at the first byte behind the header only, which names a family, and
/// 0 is all. Behind the `struct ndmsg` of one for neighbours nothing may stand but attributes.
fn request(question: u16, sequence: u32) -> ([[u8; 4]; MAX_REQUEST / 4], usize) {
    let filter = pair((2 * ATTRIBUTE) as u16, libc::IFLA_EXT_MASK);
    let ipv4 = u32::from_ne_bytes([libc::AF_INET as u8, 0, 0, 0]);
    // An empty struct ifinfomsg and an attribute, or a struct ndmsg that names a family.
    let (length, [a, b, c, d, e, f]) = match question {
        libc::RTM_GETNEIGH => (HEADER + NEIGHBOUR, [ipv4, 0, 0, 0, 0, 0]),
        _ => (MAX_REQUEST, [0, 0, 0, 0, filter, SKIP_STATS]),
    };
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    // Before that, a struct nlmsghdr without a port.
    let words = [length as u32, pair(question, flags), sequence, 0, a, b, c, d, e, f];
    (words.map(u32::to_ne_bytes), length)
}

/// Four bytes that are two numbers.
fn pair(first: u16, second: u16) -> u32 {
    let ([a, b], [c, d]) = (first.to_ne_bytes(), second.to_ne_bytes());
    u32::from_ne_bytes([a, b, c, d])
}

/// What one datagram was for the dump: its last, and undisturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub last: bool,
    pub whole: bool,
}

/// Looks through a datagram for the end of the dump, and for an error in its place.
pub fn check(datagram: &[u8], sequence: u32, path: &'static str) -> Result<Part, Error> {
    let mut part = Part { last: false, whole: true };
    for message in (Messages { rest: datagram, sequence }) {
        let broken = |rest| Error::parse(path, "whole messages", rest);
        let Message { kind, flags, payload } = message.map_err(broken)?;
        part.whole &= i32::from(flags) & libc::NLM_F_DUMP_INTR == 0;
        if let libc::NLMSG_DONE | libc::NLMSG_ERROR = i32::from(kind) {
            match field(payload, 0).map_or(0, i32::from_ne_bytes) {
                0 => part.last |= i32::from(kind) == libc::NLMSG_DONE,
                errno => return Err(Error::Read(path.into(), errno.wrapping_neg())),
            }
        }
    }
    Ok(part)
}

struct Message<'a> {
    kind: u16,
    flags: u16,
    payload: &'a [u8],
}

/// The messages of what is left, up to the end of the dump. Those of another `sequence` answer a request
/// that was given up, and are passed over. What is no whole message is told as it is.
struct Messages<'a> {
    rest: &'a [u8],
    sequence: u32,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, &'a [u8]>;

    #[inline(never)] // it has several callers
    fn next(&mut self) -> Option<Result<Message<'a>, &'a [u8]>> {
        while !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            let length = field(rest, 0).map_or(0, u32::from_ne_bytes) as usize;
            let Some((payload, after)) = piece(rest, length, HEADER) else {
                return Some(Err(rest));
            };
            let kind = field(rest, 4).map_or(0, u16::from_ne_bytes);
            let flags = field(rest, 6).map_or(0, u16::from_ne_bytes);
            let is_ours = field(rest, 8).map(u32::from_ne_bytes) == Some(self.sequence);
            if !is_ours || i32::from(kind) != libc::NLMSG_DONE {
                self.rest = after;
            }
            if is_ours {
                return Some(Ok(Message { kind, flags, payload }));
            }
        }
        None
    }
}

/// What follows the `head` bytes of a piece that is `length` bytes long with them, and what follows
/// the piece itself, at the next offset of four.
pub fn piece(bytes: &[u8], length: usize, head: usize) -> Option<(&[u8], &[u8])> {
    let payload = bytes.get(head..length)?;
    Some((payload, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The `N` bytes at `at`.
pub fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
