//! Who finds wireless interfaces: a thread of its own, because drivers sleep while their device answers.

use super::found::Found;
use super::stored;
use crate::base::error::{Error, KeptError};
use crate::kernel::read::netlink::nl80211::{Nl80211, PATH};
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    pub result: Result<(), KeptError>,
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
        let done = kernel.networks(index, &mut |told| *network = network.or(Some(told)));
        found.record(done);
        let done = kernel.stations(index, &mut |station| found.push_station(at, station));
        found.record(done);
    }
    Ok(())
}
