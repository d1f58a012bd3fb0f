//! Finds wireless interfaces on a thread of its own, because drivers sleep while their device answers.

use super::found::Found;
use super::stored;
use crate::base::error::{Error, KeptError};
use crate::kernel::read::netlink::nl80211::{Nl80211, PATH};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long before the end of the waiting time the thread has to finish.
const GRACE: Duration = Duration::from_millis(100);

/// The source of the interfaces.
pub enum Source {
    Kernel(Nl80211),
    /// A directory of stored interfaces.
    Stored(PathBuf),
}

/// Finds interfaces.
pub struct Finder {
    source: Source,
    pub found: Found,
    /// The error if nothing was found at all.
    pub result: Result<(), KeptError>,
}

impl Finder {
    /// A finder that has read nothing so far.
    pub fn new(source: Source) -> Finder {
        Finder { source, found: Found::default(), result: Ok(()) }
    }

    /// Reads all interfaces once; those that are not queried `GRACE` before `until` are left out.
    pub fn read_all(&mut self, until: Instant) {
        let until = until.checked_sub(GRACE).unwrap_or(until);
        self.found.interfaces.clear();
        self.found.stations.clear();
        self.found.errors.clear();
        let result = match &mut self.source {
            Source::Kernel(kernel) => ask(kernel, &mut self.found, until),
            Source::Stored(directory) => stored::read(directory, &mut self.found),
        };
        self.result = result.map_err(KeptError::from);
    }
}

fn ask(kernel: &mut Nl80211, found: &mut Found, until: Instant) -> Result<(), Error> {
    kernel.interfaces(&mut |interface| found.push(interface))?;
    for at in 0..found.interfaces.len() {
        let Some((interface, network)) = found.interfaces.get_mut(at) else { continue };
        if Instant::now() >= until {
            found.errors.push(Error::Read(PATH.into(), libc::ETIMEDOUT).keep());
            return Ok(());
        }
        let index = interface.index;
        let done = kernel.networks(index, &mut |dumped| *network = network.or(Some(dumped)));
        found.record(done);
        let done = kernel.stations(index, &mut |station| found.push_station(at, station));
        found.record(done);
    }
    Ok(())
}
