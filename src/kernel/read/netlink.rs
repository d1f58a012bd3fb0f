//! Interfaces by routing netlink (rtnetlink(7)): one RTM_GETLINK dump gives for each interface a
//! `struct ifinfomsg` and attributes, among them IFLA_IFNAME; one RTM_GETADDR dump gives for each
//! address a `struct ifaddrmsg` and attributes; one RTM_GETNEIGH dump for each neighbour a
//! `struct ndmsg` and attributes. Everything is in the machine's byte order, at offsets
//! of four. A dump is stored as it came, for all collectors of the same scrape. Dumps that may be long and have one
//! reader (sockets, queueing disciplines, routes) are read part by part, by `stream`.

mod dump;
mod message;
mod names;
mod neighbours;
pub mod nl80211;
pub mod qdisc;
pub mod route;
pub mod socket;
mod stream;

use crate::base::error::Error;
use dump::{Dump, LINK};
use message::{ATTRIBUTE, TYPE_MASK, field};
use std::net::IpAddr;

pub use names::LinkNames;
pub use neighbours::Neighbours;
pub use stream::{Query, Stream};

/// The name for messages.
pub const PATH: &str = "netlink RTM_GETLINK";
pub const ADDRESSES: &str = "netlink RTM_GETADDR";

/// Of include/uapi/linux/if_link.h, since 5.5; libc lacks them.
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;

/// Size of `struct ifaddrmsg`.
const ADDRESS: usize = 8;

/// The interfaces.
#[derive(Default)]
pub struct Links(Dump);

/// The addresses of all interfaces.
#[derive(Default)]
pub struct Addresses {
    dump: Dump,
    list: Vec<Address>,
}

/// Whether the error means that this process may not use netlink at all: a retry is of no use.
pub fn is_refused(error: &Error) -> bool {
    use libc::{EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT};
    [EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT].contains(&error.errno())
}

impl Links {
    /// Requests every interface as it is now; `room` is a buffer for the answer.
    pub fn dump(&mut self, room: &mut Vec<u8>) -> Result<(), Error> {
        self.0.dump(libc::RTM_GETLINK, PATH, room)
    }

    /// The interfaces of the last dump, `None` for one without a name.
    pub fn iter(&self) -> impl Iterator<Item = Option<Link<'_>>> {
        self.0.payloads(libc::RTM_NEWLINK).map(Link::of)
    }

    /// Number and name of each interface that has a name: the attributes behind the name are not looked at.
    pub fn names(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.0.payloads(libc::RTM_NEWLINK).filter_map(|payload| {
            let index = u32::from_ne_bytes(field(payload, 4)?);
            let is_name = |(kind, _): &(u16, &[u8])| *kind == libc::IFLA_IFNAME;
            let (_, name) = message::attributes(payload.get(LINK..)?).find(is_name)?;
            Some((index, message::text(name))).filter(|(_, name)| !name.is_empty())
        })
    }

    /// The name of the interface of this number.
    pub fn name(&self, index: u32) -> Option<&[u8]> {
        self.names().find(|(other, _)| *other == index).map(|(_, name)| name)
    }
}

impl Addresses {
    /// Requests every address as it is now; `room` is a buffer for the answer.
    pub fn dump(&mut self, room: &mut Vec<u8>) -> Result<(), Error> {
        self.dump.dump(libc::RTM_GETADDR, ADDRESSES, room)?;
        self.learn();
        Ok(())
    }

    /// Reads the addresses from the dump. Links to several peers may have one address at this end, which is stored
    /// once; addresses of an interface come one after the other.
    fn learn(&mut self) {
        self.list.clear();
        let mut with_peer = None;
        for (address, has_peer) in self.dump.payloads(libc::RTM_NEWADDR).filter_map(Address::of) {
            if has_peer {
                with_peer = Some(address.index);
            }
            let mut before =
                self.list.iter().rev().take_while(|other| other.index == address.index);
            if with_peer != Some(address.index) || !before.any(|a| *a == address) {
                self.list.push(address);
            }
        }
    }

    /// The addresses of the last dump, those of IPv4 or IPv6.
    pub fn iter(&self) -> impl Iterator<Item = Address> {
        self.list.iter().copied()
    }
}

/// One interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its name, which is not empty.
    pub name: &'a [u8],
    /// The kind of its hardware (ARPHRD_*).
    pub hardware: u16,
    /// Its number.
    pub index: u32,
    /// IFF_*, with those that the kernel computes for this message.
    pub flags: u32,
    /// Its other attributes.
    pub attributes: Attributes<'a>,
}

impl<'a> Link<'a> {
    /// The interface that a message describes.
    fn of(payload: &'a [u8]) -> Option<Link<'a>> {
        let attributes = Attributes::of(payload.get(LINK..)?);
        let name = message::text(attributes.bytes(libc::IFLA_IFNAME)?);
        let hardware = u16::from_ne_bytes(field(payload, 2)?);
        let index = u32::from_ne_bytes(field(payload, 4)?);
        let flags = u32::from_ne_bytes(field(payload, 8)?);
        (!name.is_empty()).then_some(Link { name, hardware, index, flags, attributes })
    }

    /// Its other names.
    pub fn altnames(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let list = self.attributes.bytes(IFLA_PROP_LIST).unwrap_or_default();
        let names = message::attributes(list).filter(|(kind, _)| *kind == IFLA_ALT_IFNAME);
        names.map(|(_, name)| message::text(name))
    }
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The number of the interface.
    pub index: u32,
    /// The address of this end.
    pub ip: IpAddr,
    /// The number of bits of the network.
    pub prefix: u8,
}

impl Address {
    /// The address that a message describes, and whether it has a peer's address, too: IFA_LOCAL is that
    /// of this end, IFA_ADDRESS the peer's, or that of this end without the other.
    fn of(payload: &[u8]) -> Option<(Address, bool)> {
        let [family, prefix, _, _] = field(payload, 0)?;
        let index = u32::from_ne_bytes(field(payload, 4)?);
        let attributes = Attributes::of(payload.get(ADDRESS..)?);
        let (local, other) =
            (attributes.bytes(libc::IFA_LOCAL), attributes.bytes(libc::IFA_ADDRESS));
        let bytes = local.or(other)?;
        let ip = match i32::from(family) {
            libc::AF_INET => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
            libc::AF_INET6 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
            _ => return None,
        };
        Some((Address { index, ip, prefix }, other != Some(bytes)))
    }
}

/// The kinds of attributes that are used are below this.
const KINDS: usize = 64;

/// The attributes of one interface by their kind (IFLA_*), the last of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes<'a> {
    message: &'a [u8],
    /// Where the bytes of each begin in the message, after its head; 0 for none.
    starts: [u32; KINDS],
}

impl<'a> Attributes<'a> {
    /// Like `message::attributes`, in a tenth of the instructions: every interface has some fifty.
    fn of(message: &'a [u8]) -> Attributes<'a> {
        let (mut starts, mut at) = ([0; KINDS], 0);
        while let Some((length, kind)) = head(message, at) {
            if length < ATTRIBUTE || at + length > message.len() {
                break;
            }
            if let Some(start) = starts.get_mut(kind) {
                *start = (at + ATTRIBUTE) as u32;
            }
            at += length.next_multiple_of(4);
        }
        Attributes { message, starts }
    }

    /// The bytes of one attribute.
    pub fn bytes(&self, kind: u16) -> Option<&'a [u8]> {
        let start = *self.starts.get(usize::from(kind)).filter(|start| **start > 0)? as usize;
        let (length, _) = head(self.message, start - ATTRIBUTE)?;
        self.message.get(start..start - ATTRIBUTE + length)
    }

    /// The number in an attribute of one or four bytes.
    pub fn number(&self, kind: u16) -> Option<u32> {
        match self.bytes(kind)? {
            [byte] => Some(u32::from(*byte)),
            bytes => field(bytes, 0).map(u32::from_ne_bytes),
        }
    }
}

/// Length, head included, and kind of the attribute at `at`.
#[inline(always)]
fn head(message: &[u8], at: usize) -> Option<(usize, usize)> {
    let [a, b, c, d] = field(message, at)?;
    let kind = u16::from_ne_bytes([c, d]) & TYPE_MASK;
    Some((u16::from_ne_bytes([a, b]).into(), kind.into()))
}

#[cfg(test)]
pub(crate) mod tests;
