//! Wireless interfaces by generic netlink (include/uapi/linux/nl80211.h, since 2.6.24): NL80211_CMD_GET_*
//! dumps of interfaces, of the networks that one interface has seen, of the stations that it talks to, and of
//! the channels that it has listened to. A message is a `struct genlmsghdr` and attributes; the number of the family is
//! looked up by its name.

mod station;
mod survey;
#[cfg(test)]
pub(crate) mod testing;

use super::message::{attributes, field, number, text};
use super::{Query, Stream};
use crate::base::error::Error;
#[cfg(test)]
use testing::Answers;

pub use station::{Mac, Station, address};
pub use survey::Survey;

/// The name for messages.
pub const PATH: &str = "netlink nl80211";

/// The name of the family.
const FAMILY: &[u8] = b"nl80211";

/// Size of `struct genlmsghdr`: command, version, and two unused bytes.
const HEAD: usize = 4;
const VERSION: u8 = 1;

/// From include/uapi/linux/genetlink.h.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Commands.
const GET_INTERFACE: u8 = 5;
const GET_STATION: u8 = 17;
const GET_SCAN: u8 = 32;
const GET_SURVEY: u8 = 50;

/// Attributes of messages.
const IFINDEX: u16 = 3;
const IFNAME: u16 = 4;
const IFTYPE: u16 = 5;
const WIPHY_FREQ: u16 = 38;
const BSS: u16 = 47;
const WIPHY_TX_POWER_LEVEL: u16 = 98;

/// Attributes of a network, and the element of its beacon that names it.
const BSS_BSSID: u16 = 1;
const BSS_INFORMATION_ELEMENTS: u16 = 6;
const BSS_STATUS: u16 = 9;
const ELEMENT_SSID: u8 = 0;

/// The longest names of an interface and of a network.
const MAX_NAME: usize = 16;
const MAX_SSID: usize = 32;

/// A wireless interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name, padded with NULs.
    name: [u8; MAX_NAME],
    /// The frequency of its channel, while it has one.
    pub megahertz: Option<u32>,
    /// NL80211_IFTYPE_*: its mode.
    pub mode: Option<u32>,
    /// Its transmit power, in hundredths of a dBm.
    pub power: Option<i32>,
}

/// The network that an interface has joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The address of its access point.
    pub bssid: Mac,
    ssid: [u8; MAX_SSID],
    length: usize,
    /// NL80211_BSS_STATUS_*: authenticated, associated, joined without an access point.
    pub status: u32,
}

/// How many interfaces, networks, stations and channels a stored answer contains, whose family has the
/// number 33.
pub fn stored(answer: &[u8]) -> Result<[usize; 4], Error> {
    let (kind, protocol) = (33, libc::NETLINK_GENERIC);
    let mut counts = [0; 4];
    Query { protocol, kind, answer: kind, path: PATH }.stored(answer, &mut |message| {
        let [interfaces, networks, stations, channels] = &mut counts;
        *interfaces += Interface::of(message).iter().count();
        *networks += Network::of(message).iter().count();
        *stations += message.get(HEAD..).and_then(Station::of).iter().count();
        *channels += message.get(HEAD..).and_then(Survey::of).iter().count();
    })?;
    Ok(counts)
}

/// Requests information about wireless interfaces.
#[derive(Default)]
pub struct Nl80211 {
    stream: Stream,
    family: Option<u16>,
    /// Answers that replace the kernel's.
    #[cfg(test)]
    stored: Option<Answers>,
}

impl Nl80211 {
    /// A client with these answers in place of the kernel's.
    #[cfg(test)]
    pub fn stored(answers: Answers) -> Nl80211 {
        Nl80211 { stored: Some(answers), ..Nl80211::default() }
    }

    /// Passes every interface to `each`.
    pub fn interfaces(&mut self, each: &mut dyn FnMut(Interface)) -> Result<(), Error> {
        self.ask(GET_INTERFACE, None, &mut |message| {
            Interface::of(message).map(&mut *each);
        })
    }

    /// Passes the networks to `each` that the interface has joined, not those that it merely sees.
    pub fn networks(&mut self, index: u32, each: &mut dyn FnMut(Network)) -> Result<(), Error> {
        self.ask(GET_SCAN, Some(index), &mut |message| {
            Network::of(message).map(&mut *each);
        })
    }

    /// Passes the stations to `each` that the interface talks to.
    pub fn stations(&mut self, index: u32, each: &mut dyn FnMut(Station)) -> Result<(), Error> {
        self.ask(GET_STATION, Some(index), &mut |message| {
            message.get(HEAD..).and_then(Station::of).map(&mut *each);
        })
    }

    /// Passes the channel to `each` that the interface uses, if the driver measures it.
    pub fn survey(&mut self, index: u32, each: &mut dyn FnMut(Survey)) -> Result<(), Error> {
        self.ask(GET_SURVEY, Some(index), &mut |message| {
            message.get(HEAD..).and_then(Survey::of).map(&mut *each);
        })
    }

    fn ask(
        &mut self,
        command: u8,
        interface: Option<u32>,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Error> {
        #[cfg(test)]
        if let Some(stored) = &self.stored {
            let (kind, protocol) = (33, libc::NETLINK_GENERIC);
            let query = Query { protocol, kind, answer: kind, path: PATH };
            return testing::answer(stored, (command, interface), &query, each);
        }
        let kind = match self.family {
            Some(kind) => kind,
            None => self.find()?,
        };
        self.family = Some(kind);
        let query = Query { protocol: libc::NETLINK_GENERIC, kind, answer: kind, path: PATH };
        let body = body(command, interface);
        let length = if interface.is_some() { body.len() } else { HEAD };
        let done = self.stream.ask(&query, body.get(..length).unwrap_or_default(), each);
        // A module that was loaded again has another number.
        done.inspect_err(|_| self.family = None)
    }

    /// Looks up the number of the family.
    fn find(&mut self) -> Result<u16, Error> {
        let (kind, protocol) = (GENL_ID_CTRL, libc::NETLINK_GENERIC);
        let query = Query { protocol, kind, answer: kind, path: PATH };
        let mut found = None;
        let body = [CTRL_CMD_GETFAMILY, VERSION, 0, 0];
        self.stream.ask(&query, &body, &mut |message| found = found.or(family_of(message)))?;
        found.ok_or(Error::Unsupported(PATH.into()))
    }
}

/// The body of a command, about one interface or about all.
fn body(command: u8, interface: Option<u32>) -> [u8; HEAD + 8] {
    let mut body = [0; HEAD + 8];
    let attribute = [8u16.to_ne_bytes(), IFINDEX.to_ne_bytes()];
    let index = interface.unwrap_or_default().to_ne_bytes();
    let bytes = [command, VERSION, 0, 0].into_iter();
    let bytes = bytes.chain(attribute.as_flattened().iter().copied()).chain(index);
    body.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    body
}

/// The number in the description of the family, if it is this one.
fn family_of(message: &[u8]) -> Option<u16> {
    let (mut id, mut is_ours) = (None, false);
    for (kind, bytes) in attributes(message.get(HEAD..)?) {
        match kind {
            CTRL_ATTR_FAMILY_ID => id = field(bytes, 0).map(u16::from_ne_bytes),
            CTRL_ATTR_FAMILY_NAME => is_ours = text(bytes) == FAMILY,
            _ => {}
        }
    }
    id.filter(|_| is_ours)
}

impl Interface {
    /// An interface of this name.
    pub fn named(index: u32, name: &[u8], megahertz: Option<u32>) -> Interface {
        let (mode, power) = (None, None);
        let mut interface = Interface { index, name: [0; MAX_NAME], megahertz, mode, power };
        interface.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        interface
    }

    /// The interface that a message describes; `None` for a device without a name.
    fn of(message: &[u8]) -> Option<Interface> {
        let (mut index, mut name, mut megahertz) = (None, None, None);
        let (mut mode, mut power) = (None, None);
        for (kind, bytes) in attributes(message.get(HEAD..)?) {
            match kind {
                IFINDEX => index = number(bytes, 0),
                IFNAME => name = Some(text(bytes)).filter(|name| !name.is_empty()),
                IFTYPE => mode = number(bytes, 0),
                WIPHY_FREQ => megahertz = number(bytes, 0),
                WIPHY_TX_POWER_LEVEL => power = number(bytes, 0).map(u32::cast_signed),
                _ => {}
            }
        }
        Some(Interface { mode, power, ..Interface::named(index?, name?, megahertz) })
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        text(&self.name)
    }
}

impl Network {
    /// A network of this name; the excess of a longer name is cut.
    pub fn named(bssid: Mac, name: &[u8], status: u32) -> Network {
        let mut network = Network { bssid, ssid: [0; MAX_SSID], length: 0, status };
        network.length = name.len().min(MAX_SSID);
        network.ssid.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        network
    }

    /// The network that a message describes; `None` for one that the interface has not joined.
    fn of(message: &[u8]) -> Option<Network> {
        let (_, nested) = attributes(message.get(HEAD..)?).find(|(kind, _)| *kind == BSS)?;
        let (mut bssid, mut ssid, mut status) = (None, None, None);
        for (kind, bytes) in attributes(nested) {
            match kind {
                BSS_BSSID => bssid = field(bytes, 0),
                BSS_INFORMATION_ELEMENTS => ssid = element(bytes, ELEMENT_SSID),
                BSS_STATUS => status = number(bytes, 0),
                _ => {}
            }
        }
        Some(Network::named(bssid?, ssid.unwrap_or_default(), status?))
    }

    /// Its name: up to 32 bytes of any kind.
    pub fn ssid(&self) -> &[u8] {
        self.ssid.get(..self.length).unwrap_or_default()
    }
}

/// The content of one element of a beacon, after its number and length (IEEE 802.11, 9.4.2.1).
fn element(mut elements: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [kind, length, rest @ ..] = elements {
        let (payload, after) = rest.split_at_checked(usize::from(*length))?;
        if *kind == wanted {
            return Some(payload);
        }
        elements = after;
    }
    None
}

#[cfg(test)]
pub(crate) mod tests;
