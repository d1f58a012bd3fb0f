//! One station: a message with NL80211_ATTR_MAC and NL80211_ATTR_STA_INFO, which contains attributes itself. One with
//! several links (Wi-Fi 7) also has NL80211_ATTR_MLO_LINKS, if the driver reports each link: a list with
//! NL80211_ATTR_STA_INFO in each entry (net/wireless/nl80211.c, since 6.17).

use super::super::message::{attributes, field, number};

/// A hardware address.
pub type Mac = [u8; 6];

/// Attributes of the message.
pub(super) const MAC: u16 = 6;
pub(super) const STA_INFO: u16 = 21;
pub(super) const MLO_LINKS: u16 = 312;

/// Links of a station that are read; the kernel has no more (IEEE80211_MLD_MAX_NUM_LINKS).
const MAX_LINKS: usize = 15;

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
pub(super) const SIGNAL_AVG: u16 = 13;
pub(super) const RX_BITRATE: u16 = 14;
pub(super) const CONNECTED_TIME: u16 = 16;
pub(super) const BEACON_LOSS: u16 = 18;
pub(super) const RX_BYTES64: u16 = 23;
pub(super) const TX_BYTES64: u16 = 24;
pub(super) const EXPECTED_THROUGHPUT: u16 = 27;
pub(super) const RX_DROP_MISC: u16 = 28;
pub(super) const BEACON_SIGNAL_AVG: u16 = 30;
pub(super) const RX_DURATION: u16 = 32;
pub(super) const TX_DURATION: u16 = 39;

/// Attributes of a bit rate, in hundreds of kilobits a second.
pub(super) const BITRATE: u16 = 1;
pub(super) const BITRATE32: u16 = 5;
pub(super) const RATE: u64 = 100_000;

/// A station that an interface talks to; `None` for values that the driver does not report.
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
    /// The counters of bytes have 64 bits; those of 32 bits wrap at 4 GiB.
    pub has_long_bytes: bool,
    /// Means of the signal, and of that of its beacons, in dBm.
    pub mean_signal: Option<i8>,
    pub mean_beacon_signal: Option<i8>,
    /// The throughput that the driver expects, in bits a second.
    pub expected_rate: Option<u64>,
    pub received_drops: Option<u64>,
    /// Time that its packets used the channel, in microseconds.
    pub received_time: Option<u64>,
    pub transmitted_time: Option<u64>,
}

impl Station {
    /// The station that the attributes of a message describe.
    pub(super) fn of(message: &[u8]) -> Option<Station> {
        let (mut mac, mut nested, mut links) = (None, None, None);
        for (kind, bytes) in attributes(message) {
            match kind {
                MAC => mac = field(bytes, 0),
                STA_INFO => nested = Some(bytes),
                MLO_LINKS => links = Some(bytes),
                _ => {}
            }
        }
        let mut station = Station { mac: mac?, ..Station::default() };
        attributes(nested?).for_each(|(kind, bytes)| station.take(kind, bytes));
        if let Some(links) = links {
            station.take_links(links);
        }
        Some(station)
    }

    /// Values that are not reported for all links are those of the link with the best signal, as in the kernel.
    #[cold]
    fn take_links(&mut self, links: &[u8]) {
        // 0 stands for unknown.
        let known = |dbm: Option<i8>| dbm.filter(|dbm| *dbm != 0);
        let mut best = Station::default();
        for (_, link) in attributes(links).take(MAX_LINKS) {
            let mut one = Station::default();
            let info = attributes(link).find(|(kind, _)| *kind == STA_INFO);
            let info = info.map_or(&[][..], |(_, bytes)| bytes);
            attributes(info).for_each(|(kind, bytes)| one.take(kind, bytes));
            best.signal = best.signal.max(known(one.signal));
            best.mean_signal = best.mean_signal.max(known(one.mean_signal));
            best.mean_beacon_signal = best.mean_beacon_signal.max(known(one.mean_beacon_signal));
        }
        self.signal = known(self.signal).or(best.signal);
        self.mean_signal = known(self.mean_signal).or(best.mean_signal);
        self.mean_beacon_signal = known(self.mean_beacon_signal).or(best.mean_beacon_signal);
    }

    /// Counters of bytes with 64 bits come after those with 32, and replace them.
    fn take(&mut self, kind: u16, bytes: &[u8]) {
        let word = number(bytes, 0).map(u64::from);
        let long = || field(bytes, 0).map(u64::from_ne_bytes);
        let level = || bytes.first().map(|byte| byte.cast_signed());
        match kind {
            CONNECTED_TIME => self.connected = word.map(|seconds| seconds * 1000),
            INACTIVE_TIME => self.inactive = word,
            RX_BITRATE => self.receive_rate = rate(bytes),
            TX_BITRATE => self.transmit_rate = rate(bytes),
            EXPECTED_THROUGHPUT => self.expected_rate = word.map(|kilobits| kilobits * 1000),
            RX_BYTES => self.received_bytes = self.received_bytes.or(word),
            TX_BYTES => self.transmitted_bytes = self.transmitted_bytes.or(word),
            RX_BYTES64 => (self.received_bytes, self.has_long_bytes) = (long(), true),
            TX_BYTES64 => (self.transmitted_bytes, self.has_long_bytes) = (long(), true),
            RX_PACKETS => self.received_packets = word,
            TX_PACKETS => self.transmitted_packets = word,
            SIGNAL => self.signal = level(),
            SIGNAL_AVG => self.mean_signal = level(),
            BEACON_SIGNAL_AVG => self.mean_beacon_signal = level(),
            TX_RETRIES => self.retries = word,
            TX_FAILED => self.failed = word,
            BEACON_LOSS => self.beacon_losses = word,
            RX_DROP_MISC => self.received_drops = long(),
            RX_DURATION => self.received_time = long(),
            TX_DURATION => self.transmitted_time = long(),
            _ => {}
        }
    }
}

/// A hardware address as people write it.
pub fn address(mac: Mac) -> [u8; 17] {
    let digit = |n: u8| b"0123456789abcdef".get(usize::from(n)).copied().unwrap_or_default();
    let mut text = [b':'; 17];
    for (to, byte) in text.chunks_mut(3).zip(mac) {
        if let [high, low, ..] = to {
            (*high, *low) = (digit(byte >> 4), digit(byte & 15));
        }
    }
    text
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
