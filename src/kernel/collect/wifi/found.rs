//! The wireless interfaces of a scrape, and who finds them: a thread of its own, because drivers sleep while
//! their device answers.

use super::stored;
use crate::base::error::Error;
use crate::kernel::read::netlink::nl80211::{Interface, Network, Nl80211, PATH, Station};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// More than any box has; what comes after is left out.
const MAX_INTERFACES: usize = 256;
const MAX_STATIONS: usize = 4096;

/// More failures than there are reasons to look at.
const MAX_ERRORS: usize = 16;

/// The thread is back so long before nobody waits for it any more.
const GRACE: Duration = Duration::from_millis(100);

/// What tells of the interfaces.
pub enum Source {
    Kernel(Nl80211),
    /// A directory of stored ones.
    Stored(PathBuf),
}

/// Looks for interfaces.
pub struct Finder {
    source: Source,
    pub found: Found,
    /// Why nothing was found at all.
    pub result: Result<(), Error>,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    pub interfaces: Vec<(Interface, Option<Network>)>,
    /// With the place of the interface that talks to each.
    pub stations: Vec<(usize, Station)>,
    /// Why single ones are missing.
    pub errors: Vec<Error>,
}

impl Finder {
    /// Nothing is asked yet.
    pub fn new(source: Source) -> Finder {
        Finder { source, found: Found::default(), result: Ok(()) }
    }

    /// Looks once; interfaces that are not asked `GRACE` before then have nothing to tell.
    pub fn look(&mut self, until: Instant) {
        let until = until.checked_sub(GRACE).unwrap_or(until);
        self.found.interfaces.clear();
        self.found.stations.clear();
        self.found.errors.clear();
        self.result = match &mut self.source {
            Source::Kernel(kernel) => ask(kernel, &mut self.found, until),
            Source::Stored(directory) => stored::read(directory, &mut self.found),
        };
    }
}

fn ask(kernel: &mut Nl80211, found: &mut Found, until: Instant) -> Result<(), Error> {
    kernel.interfaces(&mut |interface| found.push(interface))?;
    for at in 0..found.interfaces.len() {
        let Some((interface, network)) = found.interfaces.get_mut(at) else { continue };
        if Instant::now() >= until {
            found.errors.push(Error::Read(PATH.into(), libc::ETIMEDOUT));
            return Ok(());
        }
        let index = interface.index;
        let done = kernel.networks(index, &mut |told| *network = network.or(Some(told)));
        found.record(done);
        let done = kernel.stations(index, &mut |station| found.push_station(at, station));
        found.record(done);
    }
    Ok(())
}

impl Found {
    /// Adds an interface.
    pub fn push(&mut self, interface: Interface) {
        if self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push((interface, None));
        }
    }

    /// Adds a station of the interface at this place, if it is not there.
    pub fn push_station(&mut self, at: usize, station: Station) {
        let mut of_same = self.stations.iter().rev().take_while(|(other, _)| *other == at);
        let is_new = !of_same.any(|(_, other)| other.mac == station.mac);
        if is_new && self.stations.len() < MAX_STATIONS {
            self.stations.push((at, station));
        }
    }

    /// Not every kind of interface has networks and stations, one may be gone, and a scan may change what is
    /// being told (EINTR): that is no error.
    fn record(&mut self, done: Result<(), Error>) {
        use libc::{EINTR, ENODEV, ENOENT, EOPNOTSUPP};
        let Err(error) = done else { return };
        let is_usual = [EINTR, ENODEV, ENOENT, EOPNOTSUPP].contains(&error.errno());
        if !is_usual && self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }
}
