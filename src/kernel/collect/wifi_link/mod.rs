//! The radio quality of wireless interfaces, and their stations: generic netlink of the family nl80211
//! (NL80211_CMD_GET_INTERFACE, _GET_STATION and _GET_SURVEY, include/uapi/linux/nl80211.h, since 2.6.24), which
//! needs no privilege. Drivers differ in what they report: mac80211 nearly all, that of a Raspberry Pi neither
//! retries nor the load of the channel. Missing values have no sample. A station with several links (Wi-Fi 7) has
//! the signal of the best one.
//!
//! A client has the signal of its access point and `wifi_link_stations` 1, or 0 while it is not connected. An access
//! point has the number of its stations, in total and by signal: `wifi_link_stations_by_signal` with
//! `at_most_dbm="-75"` are those of -75 dBm and less, `+Inf` all of a known signal. A driver counts for each
//! association from 0; the counters of all stations of an interface are added up here, from the start of the agent,
//! so that the sums never fall. What a station counts after the last scrape before it leaves is lost.
//! `..._speed_bytes` is the rate of the last packet, not the throughput.
//!
//! The channel's times are of the one in use, as long as it was: busy is any signal that the radio received.
//! With `stations` each of up to 256 stations has series of its own, by its MAC address, which is personal data;
//! `wifi_link_stations_left_out` counts those beyond that, and beyond the 512 of an interface that are added up.
//! A thread asks, and a scrape waits for it a little longer than the last answer took, up to two seconds.

mod families;
mod links;
#[cfg(test)]
mod tests;

use super::growth::COLUMNS;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::Background;
use crate::kernel::read::netlink::nl80211::{Nl80211, PATH, Station, address};
use crate::model::metric::{Family, Label, Sink, Value};
use crate::settings::{CollectorOption, Subject, switch};
use families::{CHANNEL, CLASSES, FAMILIES, HEAD, LEVELS, MODES};
use links::{Link, Links, counts};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The directory of radios, which have interfaces.
const RADIOS: &str = "/sys/class/ieee80211";

/// How long a scrape waits for all drivers.
const PATIENCE: Duration = Duration::from_secs(2);

static STATIONS: CollectorOption<bool> =
    switch("stations", "show up to 256 stations one by one, by their MAC addresses");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "wifi_link",
        node_name: "",
        on: false,
        help: "signal, stations and load of wireless interfaces, by netlink",
        options: &[&STATIONS.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let links = Links::new(Nl80211::default(), setup.settings.get(&STATIONS));
    Box::new(WifiLink {
        // A stored tree has no kernel to query.
        can_ask: setup.root.has_own_interfaces(),
        radios: setup.root.real(RADIOS),
        is_asked: false,
        links: Background::new("wifi_link", links, Links::read_all),
    })
}

struct WifiLink {
    can_ask: bool,
    radios: PathBuf,
    /// Whether there are radios, and the thread has a request.
    is_asked: bool,
    links: Background<Links>,
}

impl Collector for WifiLink {
    fn begin(&mut self, now: Instant) {
        // Without radios the thread need not be woken.
        self.is_asked = self.can_ask && self.radios.exists();
        if self.is_asked {
            self.links.begin(now + PATIENCE);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_asked {
            return Err(Error::Unsupported(PATH.into()));
        }
        let looked = self.links.answer();
        let links = looked.map_err(|errno| Error::Read(PATH.into(), errno))?;
        links.result.map_err(|error| error.error().of_optional())?;
        links.errors.iter().for_each(|error| scrape.errors.record(error.error()));
        write_links(&links.all, out);
        write_sums(&links.all, out);
        write_stations(links, out);
        Ok(())
    }
}

/// Writes a sample for each interface that has the value.
#[inline(never)] // it has several callers
fn each(
    links: &[Link],
    family: &Family<'_>,
    value: &dyn Fn(&Link) -> Option<i64>,
    out: &mut dyn Sink,
) {
    out.family(family);
    for link in links {
        if let Some(value) = value(link) {
            out.sample(&[link.interface.name().into()], family.signed(value));
        }
    }
}

fn write_links(links: &[Link], out: &mut dyn Sink) {
    let [info, frequency, power, stations, left_out, by_signal, noise, ..] = &FAMILIES;
    out.family(info);
    for link in links {
        let number = link.interface.mode.and_then(|mode| usize::try_from(mode).ok());
        let [other, ..] = MODES;
        let mode = number.and_then(|mode| MODES.get(mode).copied()).unwrap_or(other);
        out.sample(&[link.interface.name().into(), mode.into()], Value::Int(1));
    }
    each(links, frequency, &|link| link.interface.megahertz.map(i64::from), out);
    each(links, power, &|link| link.interface.power.map(i64::from), out);
    each(links, stations, &|link| signed(link.stations), out);
    each(links, left_out, &|link| signed(link.stations.map(|_| link.left_out)), out);
    out.family(by_signal);
    for link in links.iter().filter(|link| link.stations.is_some() && !link.is_client()) {
        for (class, count) in CLASSES.iter().zip(link.by_signal) {
            let labels = [Label::of(link.interface.name()), Label::from(*class)];
            out.sample(&labels, Value::Int(count));
        }
    }
    each(links, noise, &|link| link.survey?.noise.filter(|noise| *noise != 0).map(i64::from), out);
}

/// Writes the sums, and the values of a client's access point.
fn write_sums(links: &[Link], out: &mut dyn Sink) {
    let mut families = FAMILIES.iter().skip(HEAD - CHANNEL);
    for (column, family) in families.by_ref().take(CHANNEL).enumerate() {
        each(links, family, &|link| signed(*link.channel.sums.get(column)?), out);
    }
    for (column, family) in families.by_ref().take(LEVELS).enumerate() {
        each(links, family, &|link| *levels(link.peer.as_ref()?).get(column)?, out);
    }
    for (column, family) in families.take(COLUMNS).enumerate() {
        each(links, family, &|link| signed(*link.counters.sums.get(column)?), out);
    }
}

fn write_stations(links: &Links, out: &mut dyn Sink) {
    let families = FAMILIES.iter().skip(HEAD + LEVELS + COLUMNS).enumerate();
    for (column, family) in families {
        out.family(family);
        for (at, station) in &links.shown {
            let Some(link) = links.all.get(*at) else { continue };
            let value = match column.checked_sub(LEVELS) {
                None => levels(station).get(column).copied().flatten(),
                Some(column) => counts(station).get(column).and_then(|count| signed(*count)),
            };
            if let Some(value) = value {
                let mac = address(station.mac);
                out.sample(&[link.interface.name().into(), mac[..].into()], family.signed(value));
            }
        }
    }
}

fn signed(number: Option<u64>) -> Option<i64> {
    number.and_then(|number| i64::try_from(number).ok())
}

/// The values of a station, in the order and the units of the families.
fn levels(station: &Station) -> [Option<i64>; LEVELS] {
    let signal = |signal: Option<i8>| signal.filter(|signal| *signal != 0).map(i64::from);
    let bytes = |bits: Option<u64>| signed(bits.map(|bits| bits / 8));
    [
        signal(station.signal),
        signal(station.mean_signal),
        signal(station.mean_beacon_signal),
        signed(station.connected),
        signed(station.inactive),
        bytes(station.receive_rate),
        bytes(station.transmit_rate),
        bytes(station.expected_rate),
    ]
}
