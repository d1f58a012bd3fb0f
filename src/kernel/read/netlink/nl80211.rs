//! Wireless interfaces by generic netlink (include/uapi/linux/nl80211.h, since 2.6.24): NL80211_CMD_GET_*
//! dumps of interfaces, of the networks that one interface has seen, and of the stations that it talks to.
//! A message is a `struct genlmsghdr` and attributes; the number of the family is asked for by its name.

use super::message::{attributes, field, number, text};
use super::{Question, Stream};
use crate::base::error::Error;

/// For messages.
pub const PATH: &str = "netlink nl80211";

/// The name of the family.
const FAMILY: &[u8] = b"nl80211";

/// Size of `struct genlmsghdr`: command, version, and two bytes that are not used.
const HEAD: usize = 4;
const VERSION: u8 = 1;

/// Of include/uapi/linux/genetlink.h.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Commands.
const GET_INTERFACE: u8 = 5;
const GET_STATION: u8 = 17;
const GET_SCAN: u8 = 32;

/// Attributes of messages.
const IFINDEX: u16 = 3;
const IFNAME: u16 = 4;
const MAC: u16 = 6;
const STA_INFO: u16 = 21;
const WIPHY_FREQ: u16 = 38;
const BSS: u16 = 47;

/// Attributes of a network, and the element of its beacon that names it.
const BSS_BSSID: u16 = 1;
const BSS_INFORMATION_ELEMENTS: u16 = 6;
const BSS_STATUS: u16 = 9;
const ELEMENT_SSID: u8 = 0;

/// Attributes of a station.
const INACTIVE_TIME: u16 = 1;
const RX_BYTES: u16 = 2;
const TX_BYTES: u16 = 3;
const SIGNAL: u16 = 7;
const TX_BITRATE: u16 = 8;
const RX_PACKETS: u16 = 9;
const TX_PACKETS: u16 = 10;
const TX_RETRIES: u16 = 11;
const TX_FAILED: u16 = 12;
const RX_BITRATE: u16 = 14;
const CONNECTED_TIME: u16 = 16;
const BEACON_LOSS: u16 = 18;
const RX_BYTES64: u16 = 23;
const TX_BYTES64: u16 = 24;

/// Attributes of a bit rate, in hundreds of kilobits a second.
const BITRATE: u16 = 1;
const BITRATE32: u16 = 5;
const RATE: u64 = 100_000;

/// The longest names of an interface and of a network.
const MAX_NAME: usize = 16;
const MAX_SSID: usize = 32;

/// A hardware address.
pub type Mac = [u8; 6];

/// A wireless interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name, with NULs behind.
    name: [u8; MAX_NAME],
    /// The frequency of its channel, while it has one.
    pub megahertz: Option<u32>,
}

/// The network that an interface takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The address of its access point.
    pub bssid: Mac,
    ssid: [u8; MAX_SSID],
    length: usize,
    /// NL80211_BSS_STATUS_*: authenticated, associated, joined without an access point.
    pub status: u32,
}

/// A station that an interface talks to; `None` for what the driver does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Station {
    pub mac: Mac,
    /// In milliseconds.
    pub connected: Option<u64>,
    pub inactive: Option<u64>,
    /// In bits a second.
    pub receive_rate: Option<u64>,
    pub transmit_rate: Option<u64>,
    pub received_bytes: Option<u64>,
    pub transmitted_bytes: Option<u64>,
    pub received_packets: Option<u64>,
    pub transmitted_packets: Option<u64>,
    /// In dBm.
    pub signal: Option<i8>,
    pub retries: Option<u64>,
    pub failed: Option<u64>,
    pub beacon_losses: Option<u64>,
}

/// Asks about wireless interfaces.
#[derive(Default)]
pub struct Nl80211 {
    stream: Stream,
    family: Option<u16>,
}

impl Nl80211 {
    /// Hands every interface to `each`.
    pub fn interfaces(&mut self, each: &mut dyn FnMut(Interface)) -> Result<(), Error> {
        self.ask(GET_INTERFACE, None, &mut |message| {
            Interface::of(message).map(&mut *each);
        })
    }

    /// Hands the networks to `each` that the interface takes part in, not those that it merely sees.
    pub fn networks(&mut self, index: u32, each: &mut dyn FnMut(Network)) -> Result<(), Error> {
        self.ask(GET_SCAN, Some(index), &mut |message| {
            Network::of(message).map(&mut *each);
        })
    }

    /// Hands the stations to `each` that the interface talks to.
    pub fn stations(&mut self, index: u32, each: &mut dyn FnMut(Station)) -> Result<(), Error> {
        self.ask(GET_STATION, Some(index), &mut |message| {
            Station::of(message).map(&mut *each);
        })
    }

    fn ask(
        &mut self,
        command: u8,
        interface: Option<u32>,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Error> {
        let kind = match self.family {
            Some(kind) => kind,
            None => self.find()?,
        };
        self.family = Some(kind);
        let question = Question { protocol: libc::NETLINK_GENERIC, kind, answer: kind, path: PATH };
        let body = body(command, interface);
        let length = if interface.is_some() { body.len() } else { HEAD };
        let done = self.stream.ask(&question, body.get(..length).unwrap_or_default(), each);
        // A module that was loaded anew has another number.
        done.inspect_err(|_| self.family = None)
    }

    /// The number of the family.
    fn find(&mut self) -> Result<u16, Error> {
        let (kind, protocol) = (GENL_ID_CTRL, libc::NETLINK_GENERIC);
        let question = Question { protocol, kind, answer: kind, path: PATH };
        let mut found = None;
        let body = [CTRL_CMD_GETFAMILY, VERSION, 0, 0];
        self.stream.ask(&question, &body, &mut |message| found = found.or(family_of(message)))?;
        found.ok_or(Error::Unsupported(PATH.into()))
    }
}

/// A command, about one interface or about all.
fn body(command: u8, interface: Option<u32>) -> [u8; HEAD + 8] {
    let mut body = [0; HEAD + 8];
    let attribute = [8u16.to_ne_bytes(), IFINDEX.to_ne_bytes()];
    let index = interface.unwrap_or_default().to_ne_bytes();
    let bytes = [command, VERSION, 0, 0].into_iter();
    let bytes = bytes.chain(attribute.as_flattened().iter().copied()).chain(index);
    body.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    body
}

/// The number in the description of the family, if it is the one.
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
    /// One of this name.
    pub fn named(index: u32, name: &[u8], megahertz: Option<u32>) -> Interface {
        let mut interface = Interface { index, name: [0; MAX_NAME], megahertz };
        interface.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        interface
    }

    /// The interface that a message describes; `None` of a device without a name.
    fn of(message: &[u8]) -> Option<Interface> {
        let (mut index, mut name, mut megahertz) = (None, None, None);
        for (kind, bytes) in attributes(message.get(HEAD..)?) {
            match kind {
                IFINDEX => index = number(bytes, 0),
                IFNAME => name = Some(text(bytes)).filter(|name| !name.is_empty()),
                WIPHY_FREQ => megahertz = number(bytes, 0),
                _ => {}
            }
        }
        Some(Interface::named(index?, name?, megahertz))
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        text(&self.name)
    }
}

impl Network {
    /// One of this name; what is longer than any is left out.
    pub fn named(bssid: Mac, name: &[u8], status: u32) -> Network {
        let mut network = Network { bssid, ssid: [0; MAX_SSID], length: 0, status };
        network.length = name.len().min(MAX_SSID);
        network.ssid.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        network
    }

    /// The network that a message describes; `None` of one that the interface takes no part in.
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

/// What follows number and length of one element of a beacon (IEEE 802.11, 9.4.2.1).
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

impl Station {
    /// The station that a message describes.
    fn of(message: &[u8]) -> Option<Station> {
        let (mut mac, mut nested) = (None, None);
        for (kind, bytes) in attributes(message.get(HEAD..)?) {
            match kind {
                MAC => mac = field(bytes, 0),
                STA_INFO => nested = Some(bytes),
                _ => {}
            }
        }
        let mut station = Station { mac: mac?, ..Station::default() };
        // Those of 64 bits come behind those of 32, and are the whole truth.
        for (kind, bytes) in attributes(nested?) {
            let word = number(bytes, 0).map(u64::from);
            let long = || field(bytes, 0).map(u64::from_ne_bytes);
            match kind {
                CONNECTED_TIME => station.connected = word.map(|seconds| seconds * 1000),
                INACTIVE_TIME => station.inactive = word,
                RX_BITRATE => station.receive_rate = rate(bytes),
                TX_BITRATE => station.transmit_rate = rate(bytes),
                RX_BYTES => station.received_bytes = station.received_bytes.or(word),
                TX_BYTES => station.transmitted_bytes = station.transmitted_bytes.or(word),
                RX_BYTES64 => station.received_bytes = long(),
                TX_BYTES64 => station.transmitted_bytes = long(),
                RX_PACKETS => station.received_packets = word,
                TX_PACKETS => station.transmitted_packets = word,
                SIGNAL => station.signal = bytes.first().map(|byte| byte.cast_signed()),
                TX_RETRIES => station.retries = word,
                TX_FAILED => station.failed = word,
                BEACON_LOSS => station.beacon_losses = word,
                _ => {}
            }
        }
        Some(station)
    }
}

/// A bit rate; one that does not fit into 16 bits is only in the wider attribute.
fn rate(nested: &[u8]) -> Option<u64> {
    let mut rate = None;
    for (kind, bytes) in attributes(nested) {
        match kind {
            BITRATE => rate = rate.or(field(bytes, 0).map(|n| u64::from(u16::from_ne_bytes(n)))),
            BITRATE32 => rate = number(bytes, 0).map(u64::from),
            _ => {}
        }
    }
    rate.map(|rate| rate * RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + payload.len()).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(attributes: &[Vec<u8>]) -> Vec<u8> {
        [vec![7, 1, 0, 0], attributes.concat()].concat()
    }

    fn word(kind: u16, number: u32) -> Vec<u8> {
        attribute(kind, &number.to_ne_bytes())
    }

    /// What is not there, and any byte that lies, costs at most the message.
    fn bear_anything<T>(good: &[u8], of: impl Fn(&[u8]) -> Option<T>) {
        for at in 0..good.len() {
            let _ = of(&good[..at]);
            for value in [0, 1, 3, 4, 5, 0x7f, 0x80, 0xff] {
                let mut lie = good.to_vec();
                lie[at] = value;
                let _ = of(&lie);
            }
        }
    }

    #[test]
    fn interfaces_without_a_name_are_passed_over() {
        let index = word(IFINDEX, 7);
        let name = attribute(IFNAME, b"wlan0\0");
        let good = message(&[index.clone(), name.clone(), word(WIPHY_FREQ, 2412)]);
        assert_eq!(Interface::of(&good), Some(Interface::named(7, b"wlan0", Some(2412))));
        assert_eq!(Interface::of(&good).unwrap().name(), b"wlan0");
        let down = Interface::of(&message(&[index.clone(), name.clone()])).unwrap();
        assert_eq!(down.megahertz, None);
        assert_eq!(Interface::of(&message(&[index, attribute(IFNAME, b"\0")])), None);
        assert_eq!(Interface::of(&message(&[name])), None);
        bear_anything(&good, Interface::of);
    }

    #[test]
    fn only_networks_with_a_status_are_taken_part_in() {
        let bssid = attribute(BSS_BSSID, &[0, 0x11, 0x22, 0x33, 0x44, 0x55]);
        let elements = [&[1, 2, 9, 9, 0, 4][..], b"Home", &[3, 1, 6]].concat();
        let elements = attribute(BSS_INFORMATION_ELEMENTS, &elements);
        let seen = [bssid.clone(), elements.clone()].concat();
        let joined = [bssid.clone(), elements, word(BSS_STATUS, 1)].concat();
        let good = message(&[word(IFINDEX, 7), attribute(BSS, &joined)]);
        let network = Network::of(&good).unwrap();
        assert_eq!((network.bssid[5], network.ssid(), network.status), (0x55, &b"Home"[..], 1));
        assert_eq!(Network::of(&message(&[attribute(BSS, &seen)])), None);
        // A hidden name, and an element that is cut off.
        for elements in [&[0, 0][..], &[1, 2, 9], &[0, 9, b'x'], &[]] {
            let elements = attribute(BSS_INFORMATION_ELEMENTS, elements);
            let hidden = [bssid.clone(), elements, word(BSS_STATUS, 2)].concat();
            let network = Network::of(&message(&[attribute(BSS, &hidden)])).unwrap();
            assert_eq!((network.ssid(), network.status), (&b""[..], 2));
        }
        bear_anything(&good, Network::of);
    }

    #[test]
    fn every_column_of_a_station_is_another() {
        let rate = |kind, parts: &[Vec<u8>]| attribute(kind, &parts.concat());
        let info = [
            word(INACTIVE_TIME, 400),
            word(RX_BYTES, 1),
            word(TX_BYTES, 2),
            attribute(SIGNAL, &[(-52i8).cast_unsigned()]),
            rate(TX_BITRATE, &[attribute(BITRATE, &1640u16.to_ne_bytes())]),
            word(RX_PACKETS, 11),
            word(TX_PACKETS, 12),
            word(TX_RETRIES, 13),
            word(TX_FAILED, 14),
            rate(RX_BITRATE, &[attribute(BITRATE, &[0xff; 2]), word(BITRATE32, 90_000)]),
            word(CONNECTED_TIME, 30),
            word(BEACON_LOSS, 15),
            attribute(RX_BYTES64, &(1u64 << 40).to_ne_bytes()),
            attribute(TX_BYTES64, &(1u64 << 41).to_ne_bytes()),
        ];
        let mac = attribute(MAC, &[1, 2, 3, 4, 5, 6]);
        let good = message(&[mac.clone(), attribute(STA_INFO, &info.concat())]);
        let expected = Station {
            mac: [1, 2, 3, 4, 5, 6],
            connected: Some(30_000),
            inactive: Some(400),
            receive_rate: Some(9_000_000_000),
            transmit_rate: Some(164_000_000),
            received_bytes: Some(1 << 40),
            transmitted_bytes: Some(1 << 41),
            received_packets: Some(11),
            transmitted_packets: Some(12),
            signal: Some(-52),
            retries: Some(13),
            failed: Some(14),
            beacon_losses: Some(15),
        };
        assert_eq!(Station::of(&good), Some(expected));
        let few = message(&[mac, attribute(STA_INFO, &word(RX_BYTES, 5))]);
        let station = Station::of(&few).unwrap();
        assert_eq!((station.received_bytes, station.signal), (Some(5), None));
        bear_anything(&good, Station::of);
    }

    #[test]
    fn the_family_is_found_by_its_name() {
        let of = |name: &[u8]| {
            let id = attribute(CTRL_ATTR_FAMILY_ID, &33u16.to_ne_bytes());
            family_of(&message(&[attribute(CTRL_ATTR_FAMILY_NAME, name), id]))
        };
        assert_eq!((of(b"nl80211\0"), of(b"nlctrl\0"), of(b"")), (Some(33), None, None));
        assert_eq!(body(GET_SCAN, Some(7))[..8], [32, 1, 0, 0, 8, 0, 3, 0].map(|b: u8| b));
    }

    /// This machine may have no such interfaces, or a kernel without the family.
    #[test]
    fn the_running_kernel_answers() {
        let (mut nl80211, mut count) = (Nl80211::default(), 0);
        match nl80211.interfaces(&mut |_| count += 1) {
            Ok(()) => {}
            Err(error) => assert_eq!((error, count), (Error::Unsupported(PATH.into()), 0)),
        }
        let families = nl80211.stream.ask(
            &Question {
                protocol: libc::NETLINK_GENERIC,
                kind: GENL_ID_CTRL,
                answer: GENL_ID_CTRL,
                path: PATH,
            },
            &[CTRL_CMD_GETFAMILY, VERSION, 0, 0],
            &mut |message| count += u32::from(attributes(&message[HEAD..]).count() > 1),
        );
        assert!(families.is_ok() && count > 0);
    }
}
