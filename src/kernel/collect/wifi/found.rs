//! The wireless interfaces of a scrape.

use crate::base::error::{Error, KeptError};
use crate::kernel::read::netlink::nl80211::{Interface, Network, Station};

/// More than any box has; what comes after is left out.
const MAX_INTERFACES: usize = 256;
const MAX_STATIONS: usize = 4096;

/// The most failures that are kept.
const MAX_ERRORS: usize = 16;

/// The results.
#[derive(Default)]
pub struct Found {
    pub interfaces: Vec<(Interface, Option<Network>)>,
    /// Stations, each with the index of its interface.
    pub stations: Vec<(usize, Station)>,
    /// Errors about single ones.
    pub errors: Vec<KeptError>,
}

impl Found {
    /// Adds an interface, unless there is one of its name.
    pub fn push(&mut self, interface: Interface) {
        let is_known = self.interfaces.iter().any(|(known, _)| known.name() == interface.name());
        if !is_known && self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push((interface, None));
        }
    }

    /// Adds a station of the interface with this index, unless it is present.
    pub fn push_station(&mut self, at: usize, station: Station) {
        let mut of_same = self.stations.iter().rev().take_while(|(other, _)| *other == at);
        let is_new = !of_same.any(|(_, other)| other.mac == station.mac);
        if is_new && self.stations.len() < MAX_STATIONS {
            self.stations.push((at, station));
        }
    }

    /// Records an error. Not every kind of interface has networks and stations, one may be gone, and a scan may change
    /// the data during the dump (EINTR): these are not errors.
    pub fn record(&mut self, done: Result<(), Error>) {
        use libc::{EINTR, ENODEV, ENOENT, EOPNOTSUPP};
        let Err(error) = done else { return };
        let is_usual = [EINTR, ENODEV, ENOENT, EOPNOTSUPP].contains(&error.errno());
        if !is_usual && self.errors.len() < MAX_ERRORS {
            self.errors.push(error.keep());
        }
    }
}
