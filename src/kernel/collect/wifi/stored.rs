//! Stored wireless interfaces, for tests: JSON in the form of node_exporter's tests. `interfaces.json` is a list
//! of flat objects; below a directory of the interface's name are `bss.json`, one such object, and
//! `stationinfo.json`, a list. Texts have no escapes, times are in nanoseconds, addresses in base64. A missing
//! value is 0.

use super::found::Found;
use crate::base::error::Error;
use crate::base::sys;
use crate::base::wire::base64;
use crate::kernel::read::netlink::nl80211::{Interface, Mac, Network, Station};
use crate::kernel::read::scan;
use std::fs::File;
use std::path::Path;

const INTERFACES: &str = "interfaces.json";
const NETWORK: &str = "bss.json";
const STATIONS: &str = "stationinfo.json";
const MAX_FILE: u64 = 1 << 20;
const EXPECTED: &str = "objects of texts and integers";

/// Nanoseconds in a millisecond.
const MILLI: u64 = 1_000_000;

/// Reads the stored files below `directory`.
pub fn read(directory: &Path, found: &mut Found) -> Result<(), Error> {
    let text = text(directory, INTERFACES)?;
    each(&text, INTERFACES, &mut |object| {
        if let Some(interface) = interface(object)? {
            found.push(interface);
        }
        Some(())
    })?;
    for at in 0..found.interfaces.len() {
        read_one(directory, at, found)?;
    }
    Ok(())
}

fn read_one(directory: &Path, at: usize, found: &mut Found) -> Result<(), Error> {
    let Some((interface, network)) = found.interfaces.get_mut(at) else { return Ok(()) };
    let below = directory.join(String::from_utf8_lossy(interface.name()).as_ref());
    if let Some(text) = optional(text(&below, NETWORK))? {
        each(&text, NETWORK, &mut |object| {
            *network = Some(self::network(object)?);
            Some(())
        })?;
    }
    if let Some(text) = optional(text(&below, STATIONS))? {
        each(&text, STATIONS, &mut |object| {
            found.push_station(at, station(object)?);
            Some(())
        })?;
    }
    Ok(())
}

fn text(directory: &Path, name: &'static str) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let file = File::open(directory.join(name));
    let done = file.and_then(|file| sys::read_rest(&file, MAX_FILE, &mut text));
    done.map_err(|error| Error::of(name, &error))?;
    Ok(text)
}

fn optional(text: Result<Vec<u8>, Error>) -> Result<Option<Vec<u8>>, Error> {
    match text {
        Err(Error::Absent(_)) => Ok(None),
        text => text.map(Some),
    }
}

/// Passes the text between the braces of each object to `take`, which returns `None` for invalid text.
fn each(
    text: &[u8],
    name: &'static str,
    take: &mut dyn FnMut(&[u8]) -> Option<()>,
) -> Result<(), Error> {
    let wrong = || Error::parse(name, EXPECTED, text);
    let mut rest = text;
    while let Some(start) = memchr::memchr(b'{', rest) {
        let object = rest.get(start + 1..).unwrap_or_default();
        let end = memchr::memchr(b'}', object).ok_or_else(wrong)?;
        let (members, after) = object.split_at(end);
        take(members).ok_or_else(wrong)?;
        rest = after;
    }
    Ok(())
}

/// Receives key and value of a member; returns `None` if they are invalid.
type Take<'a> = dyn FnMut(&[u8], &[u8]) -> Option<()> + 'a;

/// Passes key and value of each member to `take`.
fn members(object: &[u8], take: &mut Take<'_>) -> Option<()> {
    for member in object.split(|byte| *byte == b',') {
        let (key, value) = member.split_at(memchr::memchr(b':', member)?);
        take(quoted(key)?, value.get(1..)?.trim_ascii())?;
    }
    Some(())
}

/// Parses an interface; the inner `None` if it has no name.
fn interface(object: &[u8]) -> Option<Option<Interface>> {
    let (mut name, mut megahertz) = (Vec::new(), 0);
    members(object, &mut |key, value| {
        match scan::text(key) {
            "name" => name = quoted(value)?.to_vec(),
            "frequency" => megahertz = number(value)?,
            _ => {}
        }
        Some(())
    })?;
    Some((!name.is_empty()).then(|| Interface::named(0, &name, Some(megahertz))))
}

fn network(object: &[u8]) -> Option<Network> {
    let (mut ssid, mut bssid, mut status) = (Vec::new(), Mac::default(), 0);
    members(object, &mut |key, value| {
        match scan::text(key) {
            "ssid" => ssid = quoted(value)?.to_vec(),
            "bssid" => bssid = address(quoted(value)?)?,
            "status" => status = number(value)?,
            _ => {}
        }
        Some(())
    })?;
    Some(Network::named(bssid, &ssid, status))
}

fn station(object: &[u8]) -> Option<Station> {
    let mut station = Station {
        mac: Mac::default(),
        connected: Some(0),
        inactive: Some(0),
        receive_rate: Some(0),
        transmit_rate: Some(0),
        received_bytes: Some(0),
        transmitted_bytes: Some(0),
        received_packets: Some(0),
        transmitted_packets: Some(0),
        signal: Some(0),
        retries: Some(0),
        failed: Some(0),
        beacon_losses: Some(0),
        ..Station::default()
    };
    members(object, &mut |key, value| {
        match scan::text(key) {
            "hardwareaddr" => station.mac = address(quoted(value)?)?,
            "connected" => station.connected = Some(number::<u64>(value)? / MILLI),
            "inactive" => station.inactive = Some(number::<u64>(value)? / MILLI),
            "receivebitrate" => station.receive_rate = Some(number(value)?),
            "transmitbitrate" => station.transmit_rate = Some(number(value)?),
            "receivedbytes" => station.received_bytes = Some(number(value)?),
            "transmittedbytes" => station.transmitted_bytes = Some(number(value)?),
            "receivedpackets" => station.received_packets = Some(number(value)?),
            "transmittedpackets" => station.transmitted_packets = Some(number(value)?),
            "signal" => station.signal = Some(i8::try_from(scan::int(value)?).ok()?),
            "transmitretries" => station.retries = Some(number(value)?),
            "transmitfailed" => station.failed = Some(number(value)?),
            "beaconloss" => station.beacon_losses = Some(number(value)?),
            _ => {}
        }
        Some(())
    })?;
    Some(station)
}

fn quoted(text: &[u8]) -> Option<&[u8]> {
    text.trim_ascii().strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn number<T: TryFrom<u64>>(value: &[u8]) -> Option<T> {
    T::try_from(scan::uint(value)?).ok()
}

/// The six bytes of eight characters of base64 (RFC 4648).
fn address(text: &[u8]) -> Option<Mac> {
    let letters = str::from_utf8(text).ok().filter(|letters| letters.len() == 8)?;
    base64(letters, [b'+', b'/'])?.try_into().ok()
}
