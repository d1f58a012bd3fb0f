//! Queries drivers, on a thread of its own: some sleep until their device answers.

use crate::base::error::{Error, Place};
use crate::base::sys::{self, Ethtool};
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::{Filter, Listing};
use std::io;
use std::time::{Duration, Instant};

/// The place in messages.
pub const CALL: &str = "SIOCETHTOOL";

/// More interfaces than any box has; those after them are not queried.
const MAX_INTERFACES: usize = 1024;

/// More statistics than any driver has for one interface.
const MAX_STATISTICS: usize = 16_384;

/// Commands of include/uapi/linux/ethtool.h, and the set of texts that names the statistics.
const GET_SETTINGS: u32 = 1;
const GET_DRIVER: u32 = 3;
const GET_STRINGS: u32 = 0x1b;
const GET_STATISTICS: u32 = 0x1d;
const STATISTICS: u32 = 1;

/// Bytes of `struct ethtool_cmd`, of `struct ethtool_drvinfo`, of the headers of `struct ethtool_gstrings`
/// and `struct ethtool_stats`, and of one text.
const SETTINGS_LENGTH: usize = 44;
const DRIVER_LENGTH: usize = 196;
const STRINGS_HEAD: usize = 12;
const STATISTICS_HEAD: usize = 8;
pub const TEXT: usize = 32;

/// The offset of the number of statistics in `struct ethtool_drvinfo`.
const COUNT: usize = 180;

/// How long before the end of the waiting time the thread has to finish.
const GRACE: Duration = Duration::from_millis(100);

/// The answers of the drivers.
pub struct DriverReader {
    listing: Listing,
    filter: Filter,
    names: Vec<String>,
    socket: Option<Ethtool>,
    /// Whether drivers could be queried at all.
    pub done: io::Result<()>,
    /// One for each interface that is wanted, sorted by name.
    pub devices: Vec<Device>,
    /// How many of them were queried.
    pub count: usize,
    /// There are more interfaces than the limit.
    pub is_cut: bool,
}

/// The answer of one driver; an errno for each missing part.
pub struct Device {
    pub name: String,
    pub settings: Result<Settings, i32>,
    pub driver: Result<Driver, i32>,
    /// The names, `TEXT` bytes each, and the values; empty after an errno.
    pub texts: Vec<u8>,
    pub values: Vec<u64>,
    pub statistics: Result<(), i32>,
}

/// The capabilities of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Bits of ETHTOOL_LINK_MODE_*, of which there are more than fit here.
    pub supported: u32,
    pub advertised: u32,
    pub autonegotiates: u8,
}

/// Name, version, firmware, bus and expansion ROM, padded with NULs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driver([[u8; TEXT]; 5]);

impl DriverReader {
    /// A state in which nothing was queried yet.
    pub fn new(listing: Listing, filter: Filter) -> DriverReader {
        let (names, devices) = (Vec::new(), Vec::new());
        let done = Ok(());
        DriverReader {
            listing,
            filter,
            names,
            socket: None,
            done,
            devices,
            count: 0,
            is_cut: false,
        }
    }

    /// Queries every driver once; those that are not queried `GRACE` before then have no answer.
    pub fn ask(&mut self, until: Instant) {
        let until = until.checked_sub(GRACE).unwrap_or(until);
        self.count = 0;
        self.done = self.ask_all(until);
    }

    fn ask_all(&mut self, until: Instant) -> io::Result<()> {
        self.follow()?;
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(Ethtool::new()?),
        };
        for (at, name) in self.names.iter().enumerate() {
            if !self.filter.keep(name.as_bytes()) {
                continue;
            }
            if self.devices.get(self.count).is_none_or(|device| device.name != *name) {
                self.devices.truncate(self.count);
                self.devices.push(Device::new(name.clone()));
            }
            if let Some(device) = self.devices.get_mut(self.count) {
                device.ask(socket, until);
            }
            self.count += 1;
            self.is_cut = self.names.len() > at + 1;
            if self.count == MAX_INTERFACES {
                return Ok(());
            }
        }
        self.is_cut = false;
        Ok(())
    }

    /// Updates the list of interfaces.
    fn follow(&mut self) -> io::Result<()> {
        let changed = self.listing.has_changed();
        if changed.map_err(|error| io::Error::from_raw_os_error(error.errno()))? {
            self.names = self.listing.names().map(str::to_owned).collect();
            let dir = &self.listing.dir;
            self.names.retain(|name| dir.is_directory(name));
            sys::sort(&mut self.names, Ord::cmp);
        }
        self.filter.begin();
        Ok(())
    }
}

impl Device {
    fn new(name: String) -> Device {
        let (texts, values, none) = (Vec::new(), Vec::new(), libc::ENODATA);
        let (settings, driver) = (Err(none), Err(none));
        Device { name, settings, driver, texts, values, statistics: Err(none) }
    }

    /// One part of the driver's answer. It is no error if the driver does not support the query or is gone.
    pub fn part<T>(&self, part: Result<T, i32>, errors: &mut PartialErrors) -> Option<T> {
        match part {
            Ok(part) => return Some(part),
            Err(libc::EOPNOTSUPP | libc::ENODEV) => {}
            Err(errno) => {
                let place = Place::below(CALL, self.name.as_bytes());
                errors.record(Error::Read(place.into(), errno));
            }
        }
        None
    }

    fn ask(&mut self, socket: &mut Ethtool, until: Instant) {
        let name = self.name.as_bytes();
        if Instant::now() >= until {
            let late = libc::ETIMEDOUT;
            (self.settings, self.driver, self.statistics) = (Err(late), Err(late), Err(late));
            return;
        }
        let answer = socket.ask(name, &GET_SETTINGS.to_ne_bytes(), SETTINGS_LENGTH);
        self.settings = answer.map(Settings::of).map_err(errno);
        let answer = socket.ask(name, &GET_DRIVER.to_ne_bytes(), DRIVER_LENGTH);
        let answer = answer.map(|answer| (Driver::of(answer), word(answer, COUNT)));
        self.driver = answer.as_ref().map(|(driver, _)| *driver).map_err(errno);
        self.statistics = match answer {
            Ok((_, count)) => self.ask_statistics(socket, count as usize),
            Err(error) => Err(errno(error)),
        };
        if self.statistics.is_err() {
            self.values.clear();
        }
    }

    /// The number of statistics may change at any time, as with the number of queues: there must be as many
    /// names and values as were requested.
    fn ask_statistics(&mut self, socket: &mut Ethtool, count: usize) -> Result<(), i32> {
        self.values.clear();
        if count > MAX_STATISTICS {
            return Err(libc::E2BIG);
        }
        if count == 0 {
            self.texts.clear();
            return Ok(());
        }
        let requested = count as u32;
        let request = [GET_STRINGS, STATISTICS, requested].map(u32::to_ne_bytes);
        let length = STRINGS_HEAD + count * TEXT;
        let answer = socket.ask(self.name.as_bytes(), request.as_flattened(), length);
        let answer = answer.map_err(errno)?;
        let texts = answer.get(STRINGS_HEAD..).unwrap_or_default();
        let is_whole = word(answer, 8) == requested;
        if self.texts != texts {
            self.texts.clear();
            self.texts.extend_from_slice(texts);
        }
        let request = [GET_STATISTICS, requested].map(u32::to_ne_bytes);
        let length = STATISTICS_HEAD + count * 8;
        let answer = socket.ask(self.name.as_bytes(), request.as_flattened(), length);
        let answer = answer.map_err(errno)?;
        if !is_whole || word(answer, 4) != requested {
            return Err(libc::EAGAIN);
        }
        let (values, _) = answer.get(STATISTICS_HEAD..).unwrap_or_default().as_chunks();
        self.values.extend(values.iter().copied().map(u64::from_ne_bytes));
        Ok(())
    }
}

impl Settings {
    /// Parses a `struct ethtool_cmd`.
    fn of(answer: &[u8]) -> Settings {
        let autonegotiates = answer.get(18).copied().unwrap_or_default();
        Settings { supported: word(answer, 4), advertised: word(answer, 8), autonegotiates }
    }
}

impl Driver {
    /// Parses a `struct ethtool_drvinfo`.
    fn of(answer: &[u8]) -> Driver {
        let mut driver = Driver::default();
        let (texts, _) = answer.get(4..).unwrap_or_default().as_chunks();
        driver.0.iter_mut().zip(texts).for_each(|(to, from)| *to = *from);
        driver
    }

    /// Name, version, firmware, bus and expansion ROM.
    pub fn texts(&self) -> [&[u8]; 5] {
        self.0.each_ref().map(|text| until_nul(text))
    }
}

/// The text before the NUL, if there is one.
pub fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk());
    word.map_or(0, |word| u32::from_ne_bytes(*word))
}

fn errno(error: impl std::borrow::Borrow<io::Error>) -> i32 {
    error.borrow().raw_os_error().unwrap_or(libc::EIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_structures_are_read() {
        let mut answer = vec![0; DRIVER_LENGTH];
        for (at, text) in ["e1000e", "5.11", "0.5-4", "0000:00:1f.6"].iter().enumerate() {
            answer[4 + TEXT * at..][..text.len()].copy_from_slice(text.as_bytes());
        }
        answer[4 + TEXT * 4..][..TEXT].fill(b'x');
        answer[COUNT..][..4].copy_from_slice(&16u32.to_ne_bytes());
        let driver = Driver::of(&answer);
        let texts = driver.texts().map(|text| String::from_utf8(text.to_vec()).unwrap());
        assert_eq!(texts, ["e1000e", "5.11", "0.5-4", "0000:00:1f.6", &"x".repeat(TEXT)]);
        assert_eq!(word(&answer, COUNT), 16);
        let words = [GET_SETTINGS, 0x62ef, 0x62af].map(u32::to_ne_bytes).concat();
        let answer = [&words[..], &[0xe8, 3, 1, 2, 3, 4, 1], &[0xee; 25]].concat();
        assert_eq!(answer.len(), SETTINGS_LENGTH);
        let expected = Settings { supported: 0x62ef, advertised: 0x62af, autonegotiates: 1 };
        assert_eq!(Settings::of(&answer), expected);
        assert_eq!(Settings::of(&[]), Settings::default());
        assert_eq!(Driver::of(&[]), Driver::default());
    }
}
