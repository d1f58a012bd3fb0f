//! Wireless interfaces, the network that each takes part in, and the stations that it talks to: generic
//! netlink of the family nl80211 (NL80211_CMD_GET_INTERFACE, _GET_SCAN and _GET_STATION,
//! include/uapi/linux/nl80211.h, since 2.6.24). Values that a driver does not report have no sample; an interface that
//! is down has no frequency. Some drivers sleep until their device answers: a thread asks, and a scrape waits
//! for it a little longer than the last answer took, up to two seconds. A stored tree has no drivers to query.

mod finder;
mod found;
mod stored;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::Background;
use crate::kernel::read::netlink::nl80211::{Nl80211, PATH, Station, address};
use crate::model::metric::{Family, Sink, Unit::*, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, path};
use finder::{Finder, Source};
use found::Found;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a scrape waits for all drivers.
const PATIENCE: Duration = Duration::from_secs(2);

/// NL80211_BSS_STATUS_*.
const AUTHENTICATED: u32 = 0;
const ASSOCIATED: u32 = 1;
const JOINED: u32 = 2;

/// node_exporter's keys and ours.
const DEVICE: &[&str] = &["device", "interface"];
const STATION: &[&str] = &["device", "mac_address", "interface", "mac_address"];
#[rustfmt::skip]
const NETWORK: &[&str] = &[
    "device",    "bssid", "ssid", "mode",
    "interface", "bssid", "ssid", "mode",
];

/// The number of families of interfaces; those of stations follow, in the order of `values`.
const HEAD: usize = 2;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 16] = families![
    gauge(  "wifi_interface_frequency_hertz",           Mega,   "Frequency of the interface's channel.",            DEVICE).own_keys(),
    gauge(  "wifi_station_info",                        One,    "Always 1; the network that the interface takes part in.", NETWORK).own_keys(),
    counter("wifi_station_connected_seconds_total",     Millis, "Time since the station connected.",                STATION).own_keys(),
    gauge(  "wifi_station_inactive_seconds",            Millis, "Time since the station was last received.",        STATION).own_keys(),
    gauge(  "wifi_station_receive_bits_per_second",     One,    "Bit rate of what comes from the station.",         STATION).own_keys().only_node(),
    gauge(  "wifi_station_transmit_bits_per_second",    One,    "Bit rate of what is sent to the station.",         STATION).own_keys().only_node(),
    gauge(  "wifi_station_receive_speed_bytes",         One,    "Bytes a second at the rate of what comes from the station.", STATION).own_keys().only_own(),
    gauge(  "wifi_station_transmit_speed_bytes",        One,    "Bytes a second at the rate of what is sent to the station.", STATION).own_keys().only_own(),
    counter("wifi_station_receive_bytes_total",         One,    "Bytes that came from the station.",                STATION).own_keys(),
    counter("wifi_station_transmit_bytes_total",        One,    "Bytes that were sent to the station.",             STATION).own_keys(),
    gauge(  "wifi_station_signal_dbm",                  One,    "Strength of the station's signal, in dBm.",        STATION).own_keys(),
    counter("wifi_station_transmit_retries_total",      One,    "Packets that were sent to the station again.",     STATION).own_keys(),
    counter("wifi_station_transmit_failed_total",       One,    "Packets that did not reach the station.",          STATION).own_keys(),
    counter("wifi_station_beacon_loss_total",           One,    "Times that the station's beacons stayed away.",    STATION).own_keys(),
    counter("wifi_station_transmitted_packets_total",   One,    "Packets that were sent to the station.",           STATION).own_keys(),
    counter("wifi_station_received_packets_total",      One,    "Packets that came from the station.",              STATION).own_keys(),
];

static FIXTURES: CollectorOption<PathBuf> =
    path("fixtures", "for tests: a directory that is read instead of asking the kernel");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "wifi",
        node_name: "wifi",
        on: false,
        help: "wireless interfaces and the stations they talk to, by netlink",
        options: &[&FIXTURES.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let fixtures = setup.settings.get(&FIXTURES);
    let is_stored = !fixtures.as_os_str().is_empty();
    let source =
        if is_stored { Source::Stored(fixtures) } else { Source::Kernel(Nl80211::default()) };
    let finder = Finder::new(source);
    Box::new(Wifi {
        can_ask: is_stored || setup.root.has_own_interfaces(),
        finder: Background::new("wifi", finder, Finder::read_all).patient(is_stored),
    })
}

struct Wifi {
    /// Whether the interfaces are those of the running kernel, or stored ones.
    can_ask: bool,
    finder: Background<Finder>,
}

impl Collector for Wifi {
    fn serving(&mut self, begins: bool) {
        if begins && self.can_ask {
            self.finder.begin(Instant::now() + PATIENCE);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.can_ask {
            return Err(Error::Unsupported(PATH.into()));
        }
        let looked = self.finder.ask(Instant::now() + PATIENCE);
        let finder = looked.map_err(|errno| Error::Read(PATH.into(), errno))?;
        finder.result.map_err(|error| error.error().of_optional())?;
        let found = &finder.found;
        found.errors.iter().for_each(|error| scrape.errors.record(error.error()));
        write_interfaces(found, out);
        for (column, family) in FAMILIES.iter().skip(HEAD).enumerate() {
            out.family(family);
            for (at, station) in &found.stations {
                let (name, mac) = (name_of(found, *at), address(station.mac));
                if let Some(value) = values(station).get(column).copied().flatten() {
                    out.sample(&[name.into(), mac[..].into()], family.signed(value));
                }
            }
        }
        Ok(())
    }
}

fn write_interfaces(found: &Found, out: &mut dyn Sink) {
    let [frequency, info, ..] = &FAMILIES;
    out.family(frequency);
    for (interface, _) in &found.interfaces {
        if let Some(megahertz) = interface.megahertz {
            out.sample(&[interface.name().into()], frequency.value(megahertz.into()));
        }
    }
    out.family(info);
    for (interface, network) in &found.interfaces {
        let Some(network) = network else { continue };
        let mode = match network.status {
            AUTHENTICATED | ASSOCIATED => "client",
            JOINED => "ad-hoc",
            _ => "unknown",
        };
        let bssid = address(network.bssid);
        let (name, ssid) = (interface.name(), network.ssid());
        out.sample(&[name.into(), bssid[..].into(), ssid.into(), mode.into()], info.value(1));
    }
}

fn name_of(found: &Found, at: usize) -> &[u8] {
    found.interfaces.get(at).map(|(interface, _)| interface.name()).unwrap_or_default()
}

/// In the order and the units of the families of stations.
fn values(station: &Station) -> [Option<i64>; FAMILIES.len() - HEAD] {
    let signed = |number: Option<u64>| number.and_then(|n| i64::try_from(n).ok());
    let bytes = |bits: Option<u64>| signed(bits.map(|bits| bits / 8));
    [
        signed(station.connected),
        signed(station.inactive),
        signed(station.receive_rate),
        signed(station.transmit_rate),
        bytes(station.receive_rate),
        bytes(station.transmit_rate),
        signed(station.received_bytes),
        signed(station.transmitted_bytes),
        station.signal.map(i64::from),
        signed(station.retries),
        signed(station.failed),
        signed(station.beacon_losses),
        signed(station.transmitted_packets),
        signed(station.received_packets),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, open as open_at, outcome, scrape};
    use crate::kernel::read::Root;

    fn stored(tree: &Tree, dialect: Dialect) -> Opened {
        let directory = tree.0.join("wifi");
        tree.open(&SPEC, dialect, &[("fixtures", directory.to_str().unwrap())])
    }

    fn put(tree: &Tree) {
        let interfaces = "[{\"name\": \"wlan0\", \"type\": 2, \"frequency\": 2412},\n\
                          {\"name\": \"wlan1\", \"type\": 3}, {\"type\": 10}]";
        tree.put("wifi/interfaces.json", interfaces);
        let network = "{\"ssid\": \"Example\", \"bssid\": \"ABEiM0RV\", \"status\": 1}";
        tree.put("wifi/wlan0/bss.json", network);
        let station = "[{\"hardwareaddr\": \"qrvM3e7/\", \"connected\": 30000000000,\n\
            \"inactive\": 400000000, \"receivebitrate\": 128000000, \"transmitbitrate\": 164000000,\n\
            \"receivedbytes\": 5, \"transmittedbytes\": 6, \"signal\": -52, \"transmitretries\": 10,\n\
            \"transmitfailed\": 2, \"beaconloss\": 1, \"receivedpackets\": 7}]";
        tree.put("wifi/wlan0/stationinfo.json", station);
    }

    #[test]
    fn stored_interfaces_are_shown() {
        let tree = Tree::new("wifi");
        put(&tree);
        let (samples, errors) = scrape(&mut stored(&tree, Dialect::Node), Dialect::Node, &["wifi"]);
        let station = "{device=\"wlan0\",mac_address=\"aa:bb:cc:dd:ee:ff\"}";
        let of_station = |name: &str, value: &str| format!("wifi_station_{name}{station} {value}");
        let expected = [
            "wifi_interface_frequency_hertz{device=\"wlan0\"} 2412000000".to_owned(),
            "wifi_interface_frequency_hertz{device=\"wlan1\"} 0".to_owned(),
            "wifi_station_info{device=\"wlan0\",bssid=\"00:11:22:33:44:55\",ssid=\"Example\",mode=\"client\"} 1"
                .to_owned(),
            of_station("connected_seconds_total", "30"),
            of_station("inactive_seconds", "0.400"),
            of_station("receive_bits_per_second", "128000000"),
            of_station("transmit_bits_per_second", "164000000"),
            of_station("receive_bytes_total", "5"),
            of_station("transmit_bytes_total", "6"),
            of_station("signal_dbm", "-52"),
            of_station("transmit_retries_total", "10"),
            of_station("transmit_failed_total", "2"),
            of_station("beacon_loss_total", "1"),
            of_station("transmitted_packets_total", "0"),
            of_station("received_packets_total", "7"),
        ];
        assert_eq!((samples, errors), (expected.to_vec(), 0));
        let (samples, _) =
            scrape(&mut stored(&tree, Dialect::Own), Dialect::Own, &["speed", "bits"]);
        let expected = [
            "wifi_station_receive_speed_bytes{interface=\"wlan0\",mac_address=\"aa:bb:cc:dd:ee:ff\"} 16000000",
            "wifi_station_transmit_speed_bytes{interface=\"wlan0\",mac_address=\"aa:bb:cc:dd:ee:ff\"} 20500000",
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn broken_or_missing_files_are_errors() {
        let tree = Tree::new("wifi-broken");
        let mut wifi = stored(&tree, Dialect::Own);
        assert!(matches!(outcome(&mut wifi), Err(Error::Unsupported(_))), "as an absent file");
        put(&tree);
        assert_eq!(outcome(&mut wifi), Ok(()));
        for (file, text) in [
            ("interfaces.json", "[{\"name\": wlan0}]"),
            ("interfaces.json", "[{\"name\": \"wlan0\""),
            ("wlan0/bss.json", "{\"bssid\": \"ABEiM0R\"}"),
            ("wlan0/stationinfo.json", "[{\"signal\": 1000}]"),
            ("wlan0/stationinfo.json", "[{}]"),
        ] {
            put(&tree);
            tree.put(&format!("wifi/{file}"), text);
            assert!(matches!(outcome(&mut wifi), Err(Error::Parse(..))), "{file} {text}");
        }
    }

    #[test]
    fn values_a_driver_does_not_report_have_no_sample() {
        let station = Station { signal: Some(-7), retries: Some(3), ..Station::default() };
        let known: Vec<_> = values(&station).into_iter().flatten().collect();
        assert_eq!(known, [-7, 3]);
        let mut found = Found::default();
        for at in [0, 0, 1] {
            found.push_station(at, station);
        }
        assert_eq!(found.stations.len(), 2, "each once");
    }

    #[test]
    fn the_running_kernel_is_queried_and_a_stored_tree_is_not() {
        let mut tree = Tree::new("wifi-tree").open(&SPEC, Dialect::Node, &[]);
        assert_eq!(outcome(&mut tree), Err(Error::Unsupported(PATH.into())));
        let mut live = open_at(&Root::of_this_machine(), &SPEC, Dialect::Node, &[]);
        assert!(matches!(outcome(&mut live), Ok(()) | Err(Error::Unsupported(_))));
    }
}
