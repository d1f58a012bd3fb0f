//! The table of all families: those of interfaces, values of a client's access point, sums of all stations, and
//! both again for single stations.

use super::links::BOUNDS;
use crate::kernel::collect::growth::COLUMNS;
use crate::model::metric::{Family, Unit::*, counter, families, gauge};

const LINK: &[&str] = &["interface"];
const STATION: &[&str] = &["interface", "mac_address"];

/// Families of interfaces, which come first.
pub const HEAD: usize = 12;

/// The last of them, for the times of the channel.
pub const CHANNEL: usize = 5;

/// Values of a station besides its counters.
pub const LEVELS: usize = 8;

/// By NL80211_IFTYPE_*.
pub const MODES: [&str; 13] = [
    "other",
    "ad-hoc",
    "client",
    "ap",
    "ap-vlan",
    "wds",
    "monitor",
    "mesh",
    "p2p-client",
    "p2p-go",
    "p2p-device",
    "ocb",
    "nan",
];

/// Labels of the classes of signals.
pub const CLASSES: [&str; BOUNDS.len() + 1] =
    ["-90", "-80", "-75", "-70", "-65", "-60", "-50", "+Inf"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; HEAD + 2 * (LEVELS + COLUMNS)] = families![
    gauge(  "wifi_link_info",                                   One,    "Always 1; what the interface does.",                                  &["interface", "mode"]).own_prefix(),
    gauge(  "wifi_link_frequency_hertz",                        Mega,   "Frequency of the interface's channel.",                               LINK).own_prefix(),
    gauge(  "wifi_link_transmit_power_dbm",                     Centi,  "Power that the interface sends with, in dBm.",                        LINK).own_prefix(),
    gauge(  "wifi_link_stations",                               One,    "Stations that the interface talks to; of a client its access point.", LINK).own_prefix(),
    gauge(  "wifi_link_stations_left_out",                      One,    "Stations beyond those that are added up or shown.",                   LINK).own_prefix(),
    gauge(  "wifi_link_stations_by_signal",                     One,    "Stations whose mean signal is at most this many dBm.",                &["interface", "at_most_dbm"]).own_prefix(),
    gauge(  "wifi_link_channel_noise_dbm",                      One,    "Noise of the channel, in dBm.",                                       LINK).own_prefix(),
    counter("wifi_link_channel_active_seconds_total",           Millis, "Time that the radio listened to its channel.",                        LINK).own_prefix(),
    counter("wifi_link_channel_busy_seconds_total",             Millis, "Time of that in which the channel was busy.",                         LINK).own_prefix(),
    counter("wifi_link_channel_extension_busy_seconds_total",   Millis, "Time in which the second part of a wide channel was busy.",           LINK).own_prefix(),
    counter("wifi_link_channel_receive_seconds_total",          Millis, "Time in which the radio received.",                                   LINK).own_prefix(),
    counter("wifi_link_channel_transmit_seconds_total",         Millis, "Time in which the radio sent.",                                       LINK).own_prefix(),
    gauge(  "wifi_link_signal_dbm",                             One,    "Signal of the last packet, in dBm.",                                  LINK).own_prefix(),
    gauge(  "wifi_link_signal_mean_dbm",                        One,    "Mean of the signal, in dBm.",                                         LINK).own_prefix(),
    gauge(  "wifi_link_beacon_signal_mean_dbm",                 One,    "Mean of the signal of beacons, in dBm.",                              LINK).own_prefix(),
    gauge(  "wifi_link_connected_seconds",                      Millis, "Time since the association.",                                         LINK).own_prefix(),
    gauge(  "wifi_link_inactive_seconds",                       Millis, "Time since something was received.",                                  LINK).own_prefix(),
    gauge(  "wifi_link_receive_speed_bytes",                    One,    "Bytes a second at the rate of the last packet received.",             LINK).own_prefix(),
    gauge(  "wifi_link_transmit_speed_bytes",                   One,    "Bytes a second at the rate of the last packet sent.",                 LINK).own_prefix(),
    gauge(  "wifi_link_expected_speed_bytes",                   One,    "Bytes a second that the driver expects to get through.",              LINK).own_prefix(),
    counter("wifi_link_receive_bytes_total",                    One,    "Bytes received from stations.",                                       LINK).own_prefix(),
    counter("wifi_link_transmit_bytes_total",                   One,    "Bytes sent to stations.",                                             LINK).own_prefix(),
    counter("wifi_link_receive_packets_total",                  One,    "Packets received from stations.",                                     LINK).own_prefix(),
    counter("wifi_link_transmit_packets_total",                 One,    "Packets sent to stations.",                                           LINK).own_prefix(),
    counter("wifi_link_transmit_retries_total",                 One,    "Packets sent again.",                                                 LINK).own_prefix(),
    counter("wifi_link_transmit_failed_total",                  One,    "Packets given up.",                                                   LINK).own_prefix(),
    counter("wifi_link_beacon_losses_total",                    One,    "Times that beacons stayed away.",                                     LINK).own_prefix(),
    counter("wifi_link_receive_drops_total",                    One,    "Received packets that were dropped.",                                 LINK).own_prefix(),
    counter("wifi_link_receive_airtime_seconds_total",          Micros, "Time that packets received had the channel.",                         LINK).own_prefix(),
    counter("wifi_link_transmit_airtime_seconds_total",         Micros, "Time that packets sent had the channel.",                             LINK).own_prefix(),
    gauge(  "wifi_link_station_signal_dbm",                     One,    "Signal of the last packet, in dBm.",                                  STATION).own_prefix(),
    gauge(  "wifi_link_station_signal_mean_dbm",                One,    "Mean of the signal, in dBm.",                                         STATION).own_prefix(),
    gauge(  "wifi_link_station_beacon_signal_mean_dbm",         One,    "Mean of the signal of beacons, in dBm.",                              STATION).own_prefix(),
    gauge(  "wifi_link_station_connected_seconds",              Millis, "Time since the association.",                                         STATION).own_prefix(),
    gauge(  "wifi_link_station_inactive_seconds",               Millis, "Time since something was received.",                                  STATION).own_prefix(),
    gauge(  "wifi_link_station_receive_speed_bytes",            One,    "Bytes a second at the rate of the last packet received.",             STATION).own_prefix(),
    gauge(  "wifi_link_station_transmit_speed_bytes",           One,    "Bytes a second at the rate of the last packet sent.",                 STATION).own_prefix(),
    gauge(  "wifi_link_station_expected_speed_bytes",           One,    "Bytes a second that the driver expects to get through.",              STATION).own_prefix(),
    counter("wifi_link_station_receive_bytes_total",            One,    "Bytes received from stations.",                                       STATION).own_prefix(),
    counter("wifi_link_station_transmit_bytes_total",           One,    "Bytes sent to stations.",                                             STATION).own_prefix(),
    counter("wifi_link_station_receive_packets_total",          One,    "Packets received from stations.",                                     STATION).own_prefix(),
    counter("wifi_link_station_transmit_packets_total",         One,    "Packets sent to stations.",                                           STATION).own_prefix(),
    counter("wifi_link_station_transmit_retries_total",         One,    "Packets sent again.",                                                 STATION).own_prefix(),
    counter("wifi_link_station_transmit_failed_total",          One,    "Packets given up.",                                                   STATION).own_prefix(),
    counter("wifi_link_station_beacon_losses_total",            One,    "Times that beacons stayed away.",                                     STATION).own_prefix(),
    counter("wifi_link_station_receive_drops_total",            One,    "Received packets that were dropped.",                                 STATION).own_prefix(),
    counter("wifi_link_station_receive_airtime_seconds_total",  Micros, "Time that packets received had the channel.",                         STATION).own_prefix(),
    counter("wifi_link_station_transmit_airtime_seconds_total", Micros, "Time that packets sent had the channel.",                             STATION).own_prefix(),
];
