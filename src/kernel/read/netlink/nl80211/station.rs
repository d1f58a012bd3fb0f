//! One station: a message with NL80211_ATTR_MAC and NL80211_ATTR_STA_INFO, which holds attributes itself.

use super::super::message::{attributes, field, number};

/// A hardware address.
pub type Mac = [u8; 6];

/// Attributes of the message.
pub(super) const MAC: u16 = 6;
pub(super) const STA_INFO: u16 = 21;

/// Attributes of a station.
pub(super) const INACTIVE_TIME: u16 = 1;
pub(super) const RX_BYTES: u16 = 2;
pub(super) const TX_BYTES: u16 = 3;
pub(super) const SIGNAL: u16 = 7;
pub(super) const TX_BITRATE: u16 = 8;
pub(super) const RX_PACKETS: u16 = 9;
pub(super) const TX_PACKETS: u16 = 10;
pub(super) const TX_RETRIES: u16 = 11;
pub(super) const TX_FAILED: u16 = 12;
pub(super) const RX_BITRATE: u16 = 14;
pub(super) const CONNECTED_TIME: u16 = 16;
pub(super) const BEACON_LOSS: u16 = 18;
pub(super) const RX_BYTES64: u16 = 23;
pub(super) const TX_BYTES64: u16 = 24;

/// Attributes of a bit rate, in hundreds of kilobits a second.
pub(super) const BITRATE: u16 = 1;
pub(super) const BITRATE32: u16 = 5;
pub(super) const RATE: u64 = 100_000;

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

impl Station {
    /// The station that the attributes of a message describe.
    pub(super) fn of(message: &[u8]) -> Option<Station> {
        let (mut mac, mut nested) = (None, None);
        for (kind, bytes) in attributes(message) {
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
