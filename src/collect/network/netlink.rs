//! Interfaces by routing netlink (rtnetlink(7)): one RTM_GETLINK dump gives for each interface a
//! `struct ifinfomsg` and attributes, among them IFLA_IFNAME and IFLA_STATS64, a
//! `struct rtnl_link_stats64` (include/uapi/linux/if_link.h, 2.6.35; rx_nohandler since 4.6). The
//! 16 columns of /proc/net/dev are made from it as net/core/net-procfs.c does. Everything is in
//! the machine's byte order, at offsets of four. What an interface lacks is left out and counted.

use super::WIDTH;
use crate::collect::Faults;
use crate::error::Error;
use crate::read::{Filter, Table};
use crate::sys;
use std::os::fd::{AsFd, OwnedFd};

const PATH: &str = "netlink RTM_GETLINK";

/// The kernel fills up to 32 KB at once if it is offered that much.
const BUFFER: usize = 32 << 10;

/// Datagrams of one dump: more than any kernel needs for the interfaces it can have.
const MAX_DATAGRAMS: usize = 4096;

/// How often a dump is asked for that changes interrupt.
const ATTEMPTS: usize = 2;

/// Sizes of `struct nlmsghdr`, `struct ifinfomsg` and `struct rtattr`.
const HEADER: usize = 16;
const LINK: usize = 16;
const ATTRIBUTE: usize = 4;

/// The bits of an attribute's type that are no flags.
const TYPE_MASK: u16 = 0x3fff;

/// A kept socket and buffer.
pub struct Links {
    socket: Option<OwnedFd>,
    refused: bool,
    buffer: Box<[u8]>,
    sequence: u32,
}

impl Links {
    pub fn new() -> Links {
        Links { socket: None, refused: false, buffer: vec![0; BUFFER].into(), sequence: 0 }
    }

    /// Whether this process may not use netlink at all: asking again is no use.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Every interface that `filter` keeps, as it is now.
    pub fn dump(
        &mut self,
        filter: &mut Filter,
        table: &mut Table<WIDTH>,
        faults: &mut Faults,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            filter.begin();
            table.clear();
            let whole = self.ask(&mut |link| match link {
                Some((name, _)) if !filter.keep(name) => {}
                Some((name, Some((cells, present)))) => table.push_cells(name, cells, present),
                _ => faults.note(Error::parse(PATH, "a name and statistics", b"")),
            });
            if whole.inspect_err(|_| self.socket = None)? {
                return Ok(());
            }
        }
        Err(Error::Read(PATH, libc::EINTR))
    }

    /// Asks once; `false` if interfaces came or went meanwhile.
    fn ask(&mut self, each: &mut dyn FnMut(Option<Link<'_>>)) -> Result<bool, Error> {
        let failed = |e: std::io::Error| Error::Read(PATH, e.raw_os_error().unwrap_or(0));
        self.sequence = self.sequence.wrapping_add(1);
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => sys::route_socket().map_err(|e| {
                use libc::{EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT};
                let errno = e.raw_os_error().unwrap_or(0);
                self.refused = [EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT].contains(&errno);
                failed(e)
            })?,
        };
        let socket = self.socket.insert(socket);
        sys::send(socket.as_fd(), &request(self.sequence)).map_err(failed)?;
        let mut whole = true;
        for _ in 0..MAX_DATAGRAMS {
            let length =
                sys::receive_from_kernel(socket.as_fd(), &mut self.buffer).map_err(failed)?;
            let datagram = self.buffer.get(..length).unwrap_or_default();
            let part = parse(datagram, self.sequence, each)?;
            whole &= part.whole;
            if part.last {
                return Ok(whole);
            }
        }
        Err(Error::TooLarge(PATH, MAX_DATAGRAMS * BUFFER))
    }
}

/// One interface: its name and, if there are any, its columns and which of them are known.
type Link<'a> = (&'a [u8], Option<([u64; WIDTH], u32)>);

/// A request for all interfaces.
fn request(sequence: u32) -> [u8; HEADER + LINK] {
    let mut message = [0; HEADER + LINK];
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    let length = (message.len() as u32).to_ne_bytes();
    let (kind, flags) = (libc::RTM_GETLINK.to_ne_bytes(), flags.to_ne_bytes());
    let header = length.into_iter().chain(kind).chain(flags).chain(sequence.to_ne_bytes());
    for (to, from) in message.iter_mut().zip(header) {
        *to = from;
    }
    message
}

/// What one datagram was for the dump: its last, and undisturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    last: bool,
    whole: bool,
}

/// Hands every interface of a datagram to `each`, `None` for one without a name. Messages of
/// another `sequence` answer a request that was given up, and are passed over.
fn parse(
    datagram: &[u8],
    sequence: u32,
    each: &mut dyn FnMut(Option<Link<'_>>),
) -> Result<Part, Error> {
    let (mut rest, mut part) = (datagram, Part { last: false, whole: true });
    while !rest.is_empty() && !part.last {
        let broken = Error::parse(PATH, "whole messages", rest);
        let length = field(rest, 0).map_or(0, u32::from_ne_bytes) as usize;
        let (payload, after) = piece(rest, length, HEADER).ok_or(broken)?;
        let kind = field(rest, 4).map_or(0, u16::from_ne_bytes);
        let flags = field(rest, 6).map_or(0, u16::from_ne_bytes);
        let ours = field(rest, 8).map(u32::from_ne_bytes) == Some(sequence);
        rest = after;
        if !ours {
            continue;
        }
        part.whole &= i32::from(flags) & libc::NLM_F_DUMP_INTR == 0;
        match i32::from(kind) {
            libc::NLMSG_DONE | libc::NLMSG_ERROR => {
                match field(payload, 0).map_or(0, i32::from_ne_bytes) {
                    0 => part.last |= i32::from(kind) == libc::NLMSG_DONE,
                    errno => return Err(Error::Read(PATH, errno.wrapping_neg())),
                }
            }
            _ if kind == libc::RTM_NEWLINK => {
                each(link(payload.get(LINK..).unwrap_or_default()));
            }
            _ => {}
        }
    }
    Ok(part)
}

/// The interface that `attributes` describe.
fn link(attributes: &[u8]) -> Option<Link<'_>> {
    let (mut rest, mut name, mut columns) = (attributes, None, None);
    while let Some(length) = field(rest, 0).map(u16::from_ne_bytes) {
        let kind = field(rest, 2).map_or(0, u16::from_ne_bytes) & TYPE_MASK;
        let Some((payload, after)) = piece(rest, length.into(), ATTRIBUTE) else { break };
        match kind {
            libc::IFLA_IFNAME => name = payload.split(|b| *b == 0).next(),
            libc::IFLA_STATS64 => columns = cells(payload),
            _ => {}
        }
        rest = after;
    }
    Some((name.filter(|n| !n.is_empty())?, columns))
}

/// What follows the `head` bytes of a piece that is `length` bytes long with them, and what follows
/// the piece itself, at the next offset of four.
fn piece(bytes: &[u8], length: usize, head: usize) -> Option<(&[u8], &[u8])> {
    let payload = bytes.get(head..length)?;
    Some((payload, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The `N` bytes at `at`.
fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The columns of /proc/net/dev, then rx_nohandler, from a `struct rtnl_link_stats64`. `None` if
/// it is shorter than it ever was.
#[rustfmt::skip]
fn cells(stats: &[u8]) -> Option<([u64; WIDTH], u32)> {
    let mut words = stats.chunks_exact(8).map_while(|word| Some(u64::from_ne_bytes(*word.first_chunk()?)));
    let mut word = || words.next();
    let [rx_packets, tx_packets, rx_bytes, tx_bytes] = [word()?, word()?, word()?, word()?];
    let [rx_errors, tx_errors, rx_dropped, tx_dropped] = [word()?, word()?, word()?, word()?];
    let [multicast, collisions] = [word()?, word()?];
    let [rx_length, rx_over, rx_crc, rx_frame] = [word()?, word()?, word()?, word()?];
    let [rx_fifo, rx_missed] = [word()?, word()?];
    let [tx_aborted, tx_carrier, tx_fifo, tx_heartbeat, tx_window] = [word()?, word()?, word()?, word()?, word()?];
    let [rx_compressed, tx_compressed] = [word()?, word()?];
    let rx_nohandler = word();
    let sum = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.wrapping_add(*part));
    let columns = [
        rx_bytes, rx_packets, rx_errors, sum(&[rx_dropped, rx_missed]), rx_fifo,
        sum(&[rx_length, rx_over, rx_crc, rx_frame]), rx_compressed, multicast,
        tx_bytes, tx_packets, tx_errors, tx_dropped, tx_fifo, collisions,
        sum(&[tx_carrier, tx_aborted, tx_window, tx_heartbeat]), tx_compressed,
        rx_nohandler.unwrap_or_default(),
    ];
    let known = u32::MAX >> (u32::BITS as usize - WIDTH);
    Some((columns, if rx_nohandler.is_some() { known } else { known >> 1 }))
}

#[cfg(test)]
mod tests;
