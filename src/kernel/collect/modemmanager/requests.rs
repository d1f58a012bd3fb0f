//! Requests to ModemManager, on a thread of its own.

use super::modem::{Bearer, DICTIONARY, MAX_BEARERS, Modem, OBJECTS, modems};
use crate::base::error::{Error, KeptError};
use crate::kernel::collect::growth::{Growth, Observation};
use crate::kernel::read::dbus::{Address, Client};
use crate::kernel::read::scan;
use std::time::{Duration, Instant};

pub const PLACE: &str = "D-Bus";
const SERVICE: &str = "org.freedesktop.ModemManager1";
const PATH: &[u8] = b"/org/freedesktop/ModemManager1";
const OBJECT_MANAGER: [&str; 2] = ["org.freedesktop.DBus.ObjectManager", "GetManagedObjects"];
const GET_ALL: [&str; 2] = ["org.freedesktop.DBus.Properties", "GetAll"];
const BEARER: &str = "org.freedesktop.ModemManager1.Bearer";
const SETUP: [&str; 2] = ["org.freedesktop.ModemManager1.Modem.Signal", "Setup"];

/// MMModemState from which on a modem is enabled.
const ENABLED: i32 = 6;

/// The modems in the last answer of ModemManager.
pub struct Modems {
    client: Client,
    /// How often modems are to measure their signal, if that is configured.
    interval: u32,
    pub all: Vec<Modem>,
    /// Traffic of the connections of each port's modem.
    traffic: Vec<Traffic>,
    /// An error that affected single modems, the last one.
    pub error: Option<KeptError>,
    /// The result for all.
    pub result: Result<(), KeptError>,
}

/// Traffic of the connections of a modem.
pub struct Traffic {
    port: Vec<u8>,
    pub connected: u64,
    pub sums: Growth,
}

impl Modems {
    pub fn new(address: Address, interval: Duration) -> Modems {
        Modems {
            client: Client::optional(address, SERVICE),
            interval: u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
            all: Vec::new(),
            traffic: Vec::new(),
            error: None,
            result: Ok(()),
        }
    }

    /// Traffic of the connections of a modem.
    pub fn traffic(&self, modem: &Modem) -> Option<&Traffic> {
        self.traffic.iter().find(|traffic| traffic.port == modem.port)
    }

    /// Whether there is a bus.
    pub fn has_bus(&self) -> bool {
        self.client.can_open()
    }

    /// Requests everything again, until the deadline.
    pub fn ask(&mut self, until: Instant) {
        self.error = None;
        self.result = self.try_ask(until).map_err(KeptError::from);
        self.client.close();
    }

    fn try_ask(&mut self, until: Instant) -> Result<(), Error> {
        self.client.open(until).map_err(Error::of_optional)?;
        let answer = self.client.request(PATH, OBJECT_MANAGER, &[], None)?;
        let types = answer.signature;
        let parsed = Some(answer.body).filter(|_| types == OBJECTS).and_then(modems);
        let (all, has_more) = parsed.ok_or_else(|| refusal("objects a{oa{sa{sv}}}", types))?;
        self.all = all;
        if has_more {
            self.error = Some(refusal("at most 16 modems", b""));
        }
        self.drop_shared_ports();
        for at in 0..self.all.len() {
            self.set_up(at)?;
            self.ask_bearers(at)?;
        }
        Ok(())
    }

    /// Removes modems with a port in common: they would have the same series.
    fn drop_shared_ports(&mut self) {
        let mut ports: Vec<Vec<u8>> = Vec::new();
        let error = &mut self.error;
        self.all.retain(|modem| {
            let is_new = !ports.contains(&modem.port);
            if is_new {
                ports.push(modem.port.clone());
            } else {
                *error = Some(refusal("a port of its own for each modem", &modem.port));
            }
            is_new
        });
        self.traffic.retain(|traffic| ports.contains(&traffic.port));
    }

    /// Lets a modem measure its signal, if it does not yet and is able to.
    fn set_up(&mut self, at: usize) -> Result<(), Error> {
        let Modems { client, all, error, interval, .. } = self;
        let Some(modem) = all.get(at).filter(|modem| modem.state >= Some(ENABLED)) else {
            return Ok(());
        };
        if *interval == 0 || modem.interval != Some(0) {
            return Ok(());
        }
        let set = client.request(&modem.path, SETUP, &[], Some(*interval)).map(|_| ());
        set.or_else(|failure| keep_single(failure, error))
    }

    fn ask_bearers(&mut self, at: usize) -> Result<(), Error> {
        let Modems { client, all, traffic, error, .. } = self;
        let Some(modem) = all.get(at) else { return Ok(()) };
        let place = traffic.iter().position(|traffic| traffic.port == modem.port);
        let place = place.unwrap_or_else(|| {
            let (port, sums) = (modem.port.clone(), Growth::default());
            traffic.push(Traffic { port, connected: 0, sums });
            traffic.len() - 1
        });
        let Some(Traffic { connected, sums, .. }) = traffic.get_mut(place) else { return Ok(()) };
        *connected = 0;
        sums.begin();
        let (now, mut is_whole) = (Instant::now(), true);
        if modem.bearers.len() > MAX_BEARERS {
            *error = Some(refusal("at most 16 bearers of a modem", &modem.port));
        }
        for path in modem.bearers.iter().take(MAX_BEARERS) {
            match ask_bearer(client, path) {
                Ok(bearer) => {
                    *connected += u64::from(bearer.is_connected);
                    sums.add(&seen(path, &bearer, sums.knows(number(path))), now);
                }
                Err(failure) => {
                    is_whole &= matches!(failure, Error::Unsupported(_));
                    keep_single(failure, error)?;
                }
            }
        }
        // A modem that could not be queried must not count as new the next time.
        if is_whole {
            sums.end(now);
        }
        Ok(())
    }
}

fn ask_bearer(client: &mut Client, path: &[u8]) -> Result<Bearer, Error> {
    let answer = client.request(path, GET_ALL, &[BEARER], None)?;
    let types = answer.signature;
    let parsed = Some(answer.body).filter(|_| types == DICTIONARY).and_then(Bearer::of);
    parsed.ok_or_else(|| Error::parse(PLACE, "properties a{sv}", types))
}

#[cold]
#[inline(never)]
fn refusal(expected: &'static str, found: &[u8]) -> KeptError {
    Error::parse(PLACE, expected, found).keep()
}

/// Numbers of bearers are not used again: an unknown one is new.
fn seen(path: &[u8], bearer: &Bearer, is_known: bool) -> Observation {
    let age = (!is_known).then_some(Duration::ZERO);
    Observation { key: number(path), counts: bearer.traffic, age, short: 0 }
}

/// The number at the end of a path.
fn number(path: &[u8]) -> u64 {
    path.rsplit(|byte| *byte == b'/').next().and_then(scan::uint).unwrap_or(u64::MAX)
}

/// Keeps an error that affects a single object. One that is gone is not an error; a failure of the connection is
/// returned, as it affects all.
fn keep_single(failure: Error, error: &mut Option<KeptError>) -> Result<(), Error> {
    match failure {
        Error::Unsupported(_) => Ok(()),
        Error::Parse(..) => {
            *error = Some(failure.keep());
            Ok(())
        }
        failure => Err(failure),
    }
}
