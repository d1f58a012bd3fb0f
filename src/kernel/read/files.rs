//! The kernel's files that collectors share: each is opened and read once a scrape, by the first that needs it, and at
//! most `MAX_KEPT` descriptors stay open from scrape to scrape, however many files there are: an open
//! seq_file pins some 4.5 KB of the kernel's memory.

use super::netlink::{Address, Addresses, Links, Neighbours};
use super::{Root, Shape, Source, Walk};
use crate::base::error::{Error, KeptError};
use crate::base::sys::share_of_open_files;

/// Descriptors that are kept open, at most.
const MAX_KEPT: usize = 48;

/// Files that every machine has: if one is absent that is a fault, and a scrape sees at once when it is back.
const ALWAYS: [&str; 4] = ["/proc/stat", "/proc/meminfo", "/proc/diskstats", "/proc/net/dev"];

/// The index of a file that a collector registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(usize);

/// How the statistics of interfaces are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    Nothing,
    /// Some of them added up, as in the kernel's file.
    Sums,
    /// Each separately.
    Details,
}

/// All files of all collectors.
pub struct Files {
    root: Root,
    files: Vec<Known>,
    /// The text of the file that was read last, if only one collector uses it. Dumps are read into it, too.
    text: Vec<u8>,
    text_of: Option<FileId>,
    links: Links,
    addresses: Addresses,
    neighbours: Neighbours,
    /// The scrape in which the interfaces were last read, and the result.
    links_in: u64,
    /// The last scrape in which a collector without another source requested them.
    wanted_in: u64,
    links_result: Result<(), KeptError>,
    /// Which statistics of interfaces were shown in this scrape.
    statistics: Shows,
    /// Whether a file of this scrape showed that there is no socket of UDP in IPv4, and none in IPv6.
    has_no_udp: [bool; 2],
    /// Counts the scrapes.
    scrape: u64,
    /// The number of descriptors that stay open.
    kept: usize,
    walk: Walk,
    /// The scrape in which the processes were last read, and the result.
    walked_in: u64,
    walked_all: bool,
    walked: Result<(), KeptError>,
    /// The name of the chips of sensors that have a collector of their own.
    claimed: Option<&'static str>,
}

struct Known {
    source: Source,
    /// Its text, if several collectors use it.
    shared: Option<Vec<u8>>,
    /// The scrape in which it was read last, how long it was, and the error for all that share it.
    read_in: u64,
    length: usize,
    is_failed: bool,
    error: Option<Box<KeptError>>,
}

impl Files {
    /// An empty list of files below `root`.
    pub fn new(root: &Root) -> Files {
        Files {
            root: root.clone(),
            files: Vec::new(),
            text: Vec::new(),
            text_of: None,
            links: Links::default(),
            addresses: Addresses::default(),
            neighbours: Neighbours::default(),
            links_in: 0,
            wanted_in: 0,
            links_result: Ok(()),
            statistics: Shows::Nothing,
            has_no_udp: [false; 2],
            scrape: 0,
            kept: share_of_open_files(MAX_KEPT),
            walk: Walk::new(root),
            walked_in: 0,
            walked_all: false,
            walked: Ok(()),
            claimed: None,
        }
    }

    /// Reserves all chips of sensors with this name for the collector that is being made.
    pub fn claim_chips(&mut self, name: &'static str) {
        self.claimed = Some(name);
    }

    /// The name of the chips that have a collector of their own.
    pub fn claimed_chips(&self) -> Option<&'static str> {
        self.claimed
    }

    /// The file at `path`, which the kernel returns in one read.
    pub fn whole(&mut self, path: &'static str) -> FileId {
        self.file(path, Shape::Whole)
    }

    /// The file at `path`, which the kernel returns record by record.
    pub fn records(&mut self, path: &'static str) -> FileId {
        self.file(path, Shape::Records)
    }

    /// The file at `path`, which the kernel returns in records that may be longer than half a kilobyte.
    pub fn long_records(&mut self, path: &'static str) -> FileId {
        self.file(path, Shape::LongRecords)
    }

    /// The file of mounts at `path`: its records may be longer than half a kilobyte, and it reports
    /// changes.
    pub fn mounts(&mut self, path: &'static str) -> FileId {
        self.file(path, Shape::LongRecords)
    }

    /// The file at `path`, which the kernel returns in records of the same names at every reading.
    pub fn same_records(&mut self, path: &'static str) -> FileId {
        self.file(path, Shape::SameRecords)
    }

    fn file(&mut self, path: &'static str, shape: Shape) -> FileId {
        let mut known = self.files.iter_mut().enumerate();
        if let Some((at, known)) = known.find(|(_, known)| known.source.path() == path) {
            known.shared.get_or_insert_default();
            return FileId(at);
        }
        let mut source = Source::new(path, self.root.real(path), shape);
        if !ALWAYS.contains(&path) {
            source = source.or_absent(self.root.absence());
        }
        let (shared, error) = (None, None);
        self.files.push(Known { source, shared, read_in: 0, length: 0, is_failed: false, error });
        FileId(self.files.len() - 1)
    }

    /// Begins a scrape: every file is read again when it is used.
    pub fn begin(&mut self) {
        self.scrape += 1;
        self.text_of = None;
        self.statistics = Shows::Nothing;
        self.has_no_udp = [false; 2];
    }

    /// The whole file, as it was at its first use in this scrape if it is shared.
    pub fn read(&mut self, file: FileId) -> Result<&[u8], Error> {
        let Some(known) = self.files.get_mut(file.0) else { return Ok(&[]) };
        let is_own = known.shared.is_none();
        let text = known.shared.as_mut().unwrap_or(&mut self.text);
        let is_there = !is_own || self.text_of == Some(file);
        if known.read_in != self.scrape || self.scrape == 0 || !is_there {
            known.read_in = self.scrape;
            let read = known.source.fill(text);
            if is_own {
                self.text_of = read.is_ok().then_some(file);
            }
            if file.0 >= self.kept {
                known.source.close();
            }
            known.is_failed = read.is_err();
            known.length = read.inspect_err(|error| {
                if !is_own {
                    error.keep_in(&mut known.error);
                }
            })?;
        }
        match &known.error {
            Some(error) if known.is_failed => Err(error.error()),
            _ => Ok(text.get(..known.length).unwrap_or_default()),
        }
    }

    /// Marks the lines after the first `end` bytes of a file of the same records, as it was read last, as not wanted:
    /// the kernel need not format them.
    pub fn wants_until(&mut self, file: FileId, end: usize) {
        let is_last = self.text_of == Some(file);
        let known = self.files.get_mut(file.0).filter(|known| known.shared.is_none() && is_last);
        if let Some(known) = known {
            known.source.wants_until(&self.text, end);
        }
    }

    /// A file of this scrape showed that there is no socket of UDP in IPv4, or in IPv6.
    pub fn note_no_udp(&mut self, is_v6: bool) {
        let [v4, v6] = &mut self.has_no_udp;
        *if is_v6 { v6 } else { v4 } = true;
    }

    /// Whether a file of this scrape showed that there is none in IPv4, and none in IPv6.
    pub fn has_no_udp(&self) -> [bool; 2] {
        self.has_no_udp
    }

    /// Whether a file of mounts is unchanged since the last call, except for what an error of the
    /// device changes. `false` if that is not known.
    pub fn is_unchanged(&self, file: FileId) -> bool {
        self.files.get(file.0).is_some_and(|known| known.source.is_unchanged())
    }

    /// All processes, as they were at their first use in this scrape: `record` of the first caller gets the errors.
    /// Unless `all` are requested, most of the idle ones are as they were a while ago.
    pub fn processes(&mut self, all: bool, record: &mut dyn FnMut(Error)) -> Result<&Walk, Error> {
        if self.walked_in != self.scrape || self.scrape == 0 || all && !self.walked_all {
            (self.walked_in, self.walked_all) = (self.scrape, all);
            self.walked = self.walk.read(all, record).map_err(KeptError::from);
        }
        self.walked?;
        Ok(&self.walk)
    }

    /// The interfaces of the running kernel, as they were at their first use in this scrape.
    pub fn links(&mut self) -> Result<&Links, Error> {
        self.wanted_in = self.scrape;
        self.dump_links()
    }

    /// The same if another collector used them in the last scrape: then they are there or will be requested anyway.
    pub fn links_of_others(&mut self) -> Option<&Links> {
        let is_wanted = self.wanted_in > 0 && self.wanted_in + 1 >= self.scrape;
        if is_wanted { self.dump_links().ok() } else { None }
    }

    fn dump_links(&mut self) -> Result<&Links, Error> {
        if self.links_in != self.scrape || self.scrape == 0 {
            self.links_in = self.scrape;
            self.text_of = None;
            self.links_result = self.links.dump(&mut self.text).map_err(KeptError::from);
        }
        self.links_result?;
        Ok(&self.links)
    }

    /// Records which statistics of the interfaces were shown.
    pub fn show_statistics(&mut self, shows: Shows) {
        self.statistics = shows;
    }

    /// Which statistics of the interfaces were shown in this scrape: no series may occur twice.
    pub fn statistics(&self) -> Shows {
        self.statistics
    }

    /// Passes the current addresses of the running kernel's interfaces to `each`, with the name of each
    /// interface.
    pub fn addresses(&mut self, each: &mut dyn FnMut(&[u8], Address)) -> Result<(), Error> {
        self.text_of = None;
        self.addresses.dump(&mut self.text)?;
        self.links()?;
        for address in self.addresses.iter() {
            if let Some(name) = self.links.name(address.index) {
                each(name, address);
            }
        }
        Ok(())
    }

    /// Passes the current number of neighbours in IPv4 to `each`, for each interface that has any.
    pub fn neighbours(&mut self, each: &mut dyn FnMut(&[u8], u64)) -> Result<(), Error> {
        self.text_of = None;
        self.neighbours.dump(&mut self.text)?;
        self.links()?;
        for (index, name) in self.links.names() {
            let count = self.neighbours.count(index);
            if count > 0 {
                each(name, count);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
