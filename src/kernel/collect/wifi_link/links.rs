//! The wireless interfaces and their drivers' values of stations and channels. A thread asks, because drivers sleep
//! while their device answers.

use crate::base::error::{Error, KeptError};
use crate::kernel::collect::growth::{COLUMNS, Counts, Growth, Observation};
use crate::kernel::read::netlink::nl80211::{Interface, Mac, Nl80211, PATH, Station, Survey};
use std::time::{Duration, Instant};

/// More interfaces than any box has; what comes after is left out.
const MAX_LINKS: usize = 64;

/// Stations that have series of their own, on all interfaces together.
const MAX_SHOWN: usize = 256;

/// The most failures that are kept.
const MAX_ERRORS: usize = 16;

/// How long before the end of the waiting time the thread has to finish.
const GRACE: Duration = Duration::from_millis(100);

/// NL80211_IFTYPE_* of interfaces that talk to an access point.
const STATION: u32 = 2;
const P2P_CLIENT: u32 = 8;

/// The largest signal of each class of stations, in dBm; the last class has all.
pub const BOUNDS: [i8; 7] = [-90, -80, -75, -70, -65, -60, -50];

/// The columns that count packets, which have 32 bits, and those that count bytes, which may.
const PACKETS: u16 = 0b0000_0111_1100;
const BYTES: u16 = 0b11;

/// The state of the interfaces.
pub struct Links {
    kernel: Nl80211,
    /// Whether stations have series of their own.
    shows_stations: bool,
    pub all: Vec<Link>,
    /// Stations, each with the index of its interface.
    pub shown: Vec<(usize, Station)>,
    /// Errors about single answers.
    pub errors: Vec<KeptError>,
    /// The error if nothing was found at all.
    pub result: Result<(), KeptError>,
}

/// An interface.
pub struct Link {
    pub interface: Interface,
    is_seen: bool,
    /// `None` if the driver does not list them.
    pub stations: Option<u64>,
    /// Stations that are not counted, or have no series, as there are too many.
    pub left_out: u64,
    /// Stations by the class of their signal, each with those of the weaker ones.
    pub by_signal: [u64; BOUNDS.len() + 1],
    /// The access point, of an interface that talks to one.
    pub peer: Option<Station>,
    pub survey: Option<Survey>,
    /// Sums over all stations, and the measurements of the channel.
    pub counters: Growth,
    pub channel: Growth,
}

impl Link {
    fn new(interface: Interface) -> Link {
        Link {
            interface,
            is_seen: true,
            stations: None,
            left_out: 0,
            by_signal: Default::default(),
            peer: None,
            survey: None,
            counters: Growth::default(),
            channel: Growth::default(),
        }
    }

    /// Whether it talks only to an access point.
    pub fn is_client(&self) -> bool {
        matches!(self.interface.mode, Some(STATION | P2P_CLIENT))
    }

    fn begin(&mut self, interface: Interface) {
        (self.interface, self.is_seen) = (interface, true);
        (self.stations, self.left_out, self.by_signal) = (None, 0, Default::default());
        (self.peer, self.survey) = (None, None);
        self.counters.begin();
        self.channel.begin();
    }

    /// Adds a station; `false` if its counters are not added up, as there are too many.
    fn add(&mut self, station: &Station, now: Instant) -> bool {
        self.stations = Some(self.stations.unwrap_or_default() + 1);
        if let Some(signal) = signal(station) {
            let classes = self.by_signal.iter_mut().zip(BOUNDS.map(Some).into_iter().chain([None]));
            for (count, bound) in classes {
                *count += u64::from(bound.is_none_or(|bound| signal <= bound));
            }
        }
        if self.is_client() && self.peer.is_none() {
            self.peer = Some(*station);
        }
        let seen = Observation {
            key: key(station.mac),
            counts: counts(station),
            age: station.connected.map(Duration::from_millis),
            short: if station.has_long_bytes { PACKETS } else { PACKETS | BYTES },
        };
        self.counters.add(&seen, now)
    }

    /// Adds the measurements of the channel. Another channel counts from another number, unrelated to this one.
    fn add_survey(&mut self, survey: Survey, now: Instant) {
        self.survey = Some(survey);
        let mut counts = Counts::default();
        counts.iter_mut().zip(survey.times).for_each(|(count, time)| *count = time);
        let key = survey.megahertz.unwrap_or_default().into();
        self.channel.add(&Observation { key, counts, age: None, short: 0 }, now);
    }
}

impl Links {
    /// A state in which nothing was queried yet.
    pub fn new(kernel: Nl80211, shows_stations: bool) -> Links {
        let (all, shown, errors) = (Vec::new(), Vec::new(), Vec::new());
        Links { kernel, shows_stations, all, shown, errors, result: Ok(()) }
    }

    /// Reads everything once; interfaces that are not queried `GRACE` before `until` are left out.
    pub fn read_all(&mut self, until: Instant) {
        let until = until.checked_sub(GRACE).unwrap_or(until);
        self.shown.clear();
        self.errors.clear();
        self.all.iter_mut().for_each(|link| link.is_seen = false);
        let Links { kernel, all, errors, .. } = self;
        let listed = kernel.interfaces(&mut |interface| {
            if !add_link(all, interface) && errors.is_empty() {
                errors.push(Error::parse(PATH, "at most 64 interfaces", interface.name()).keep());
            }
        });
        self.result = listed.map_err(KeptError::from);
        if self.result.is_ok() {
            self.all.retain(|link| link.is_seen);
            for at in 0..self.all.len() {
                if Instant::now() >= until {
                    return self.errors.push(Error::Read(PATH.into(), libc::ETIMEDOUT).keep());
                }
                self.ask(at);
            }
        }
    }

    /// Sets the data of the next readings.
    #[cfg(test)]
    pub fn answer_with(
        &mut self,
        answers: crate::kernel::read::netlink::nl80211::testing::Answers,
    ) {
        self.kernel = Nl80211::stored(answers);
    }

    fn ask(&mut self, at: usize) {
        let Links { kernel, shows_stations, all, shown, errors, .. } = self;
        let Some(link) = all.get_mut(at) else { return };
        let (index, now) = (link.interface.index, Instant::now());
        let done = kernel.stations(index, &mut |station| {
            let is_shown = *shows_stations && shown.len() < MAX_SHOWN;
            if is_shown {
                shown.push((at, station));
            }
            let is_whole = link.add(&station, now) && is_shown == *shows_stations;
            link.left_out += u64::from(!is_whole);
        });
        match done {
            Ok(()) => {
                link.stations = link.stations.or(Some(0));
                link.counters.end(now);
            }
            Err(error) => {
                link.stations = None;
                record(errors, error);
            }
        }
        match kernel.survey(index, &mut |survey| link.add_survey(survey, now)) {
            Ok(()) => link.channel.end(now),
            Err(error) => record(errors, error),
        }
    }
}

/// Adds an interface; `false` if there are too many.
fn add_link(all: &mut Vec<Link>, interface: Interface) -> bool {
    let is_it = |link: &Link| {
        link.interface.index == interface.index && link.interface.name() == interface.name()
    };
    let at = all.iter().position(is_it).unwrap_or(all.len());
    if at == all.len() && at < MAX_LINKS {
        all.push(Link::new(interface));
    }
    let link = all.get_mut(at);
    link.map(|link| link.begin(interface)).is_some()
}

/// Records an error. Not every driver lists stations or channels, an interface may be gone or down, and the data may
/// change during the dump (EINTR): these are not errors.
fn record(errors: &mut Vec<KeptError>, error: Error) {
    use libc::{EINTR, ENETDOWN, ENODEV, ENOENT, EOPNOTSUPP};
    let is_usual = [EINTR, ENETDOWN, ENODEV, ENOENT, EOPNOTSUPP].contains(&error.errno());
    if !is_usual && errors.len() < MAX_ERRORS {
        errors.push(error.keep());
    }
}

fn key(mac: Mac) -> u64 {
    mac.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// The mean of a station's signal, or that of its last packet where the driver has no mean; 0 means unknown.
fn signal(station: &Station) -> Option<i8> {
    let is_known = |signal: &i8| *signal != 0;
    station.mean_signal.filter(is_known).or(station.signal.filter(is_known))
}

/// The counters of a station, in the order of the families.
pub fn counts(station: &Station) -> [Option<u64>; COLUMNS] {
    [
        station.received_bytes,
        station.transmitted_bytes,
        station.received_packets,
        station.transmitted_packets,
        station.retries,
        station.failed,
        station.beacon_losses,
        station.received_drops,
        station.received_time,
        station.transmitted_time,
    ]
}
