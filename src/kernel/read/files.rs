//! The kernel's files that collectors share: each is opened and read once a scrape, by the first that needs it, and at
//! most `MAX_KEPT` descriptors stay open from scrape to scrape, however many files there are: an open
//! seq_file pins some 4.5 KB of the kernel's memory.

use super::netlink::{Address, Addresses, Links, Neighbours};
use super::{Root, Shape, Source, Walk};
use crate::base::error::{Error, KeptError};
use crate::base::sys::open_files_limit;

/// The most descriptors that are kept open; also at most one in `SHARE` of those that the process may have.
const MAX_KEPT: usize = 48;
const SHARE: u64 = 8;

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
    asked_in: u64,
    asked: Result<(), KeptError>,
    /// Which statistics of interfaces were shown in this scrape.
    statistics: Shows,
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
    /// The scrape in which it was last read, and the result.
    read_in: u64,
    result: Result<usize, KeptError>,
}

impl Files {
    /// An empty list of files below `root`.
    pub fn new(root: &Root) -> Files {
        let share = open_files_limit().map_or(usize::MAX, |limit| (limit / SHARE) as usize);
        Files {
            root: root.clone(),
            files: Vec::new(),
            text: Vec::new(),
            text_of: None,
            links: Links::default(),
            addresses: Addresses::default(),
            neighbours: Neighbours::default(),
            asked_in: 0,
            asked: Ok(()),
            statistics: Shows::Nothing,
            scrape: 0,
            kept: MAX_KEPT.min(share),
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
        let result = Ok(0);
        self.files.push(Known { source, shared: None, read_in: 0, result });
        FileId(self.files.len() - 1)
    }

    /// Begins a scrape: every file is read again when it is used.
    pub fn begin(&mut self) {
        self.scrape += 1;
        self.text_of = None;
        self.statistics = Shows::Nothing;
    }

    /// The whole file, as it was at its first use in this scrape if it is shared.
    pub fn read(&mut self, file: FileId) -> Result<&[u8], Error> {
        let Some(known) = self.files.get_mut(file.0) else { return Ok(&[]) };
        let is_own = known.shared.is_none();
        let text = known.shared.as_mut().unwrap_or(&mut self.text);
        let is_there = !is_own || self.text_of == Some(file);
        if known.read_in != self.scrape || self.scrape == 0 || !is_there {
            known.read_in = self.scrape;
            known.result = known.source.fill(text).map_err(KeptError::from);
            if is_own {
                self.text_of = Some(file);
            }
            if file.0 >= self.kept {
                known.source.close();
            }
        }
        Ok(text.get(..known.result?).unwrap_or_default())
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
        if self.asked_in != self.scrape || self.scrape == 0 {
            self.asked_in = self.scrape;
            self.text_of = None;
            self.asked = self.links.dump(&mut self.text).map_err(KeptError::from);
        }
        self.asked?;
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

    /// Passes the current addresses of the running kernel's interfaces to `tell`, with the name of each
    /// interface.
    pub fn addresses(&mut self, tell: &mut dyn FnMut(&[u8], Address)) -> Result<(), Error> {
        self.text_of = None;
        self.addresses.dump(&mut self.text)?;
        self.links()?;
        for address in self.addresses.iter() {
            if let Some(name) = self.links.name(address.index) {
                tell(name, address);
            }
        }
        Ok(())
    }

    /// Passes the current number of neighbours in IPv4 to `tell`, for each interface that has any.
    pub fn neighbours(&mut self, tell: &mut dyn FnMut(&[u8], u64)) -> Result<(), Error> {
        self.text_of = None;
        self.neighbours.dump(&mut self.text)?;
        self.links()?;
        for link in self.links.iter().flatten() {
            let count = self.neighbours.count(link.index);
            if count > 0 {
                tell(link.name, count);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::read::testing::Tree;

    #[test]
    fn a_file_is_read_once_a_scrape_whoever_asks() {
        let tree = Tree::new("files");
        tree.put("proc/stat", "one\n");
        let mut files = Files::new(&tree.root());
        let (first, second) = (files.whole("/proc/stat"), files.whole("/proc/stat"));
        assert_eq!(first, second);
        files.begin();
        assert_eq!(files.read(first), Ok(&b"one\n"[..]));
        tree.put("proc/stat", "two!\n");
        assert_eq!(files.read(second), Ok(&b"one\n"[..]), "one instant");
        files.begin();
        assert_eq!(files.read(second), Ok(&b"two!\n"[..]));
        let absent = files.records("/proc/absent");
        for _ in 0..2 {
            assert_eq!(files.read(absent), Err(Error::Absent("/proc/absent".into())));
        }
    }

    #[test]
    fn what_is_absent_is_looked_for_some_seconds_later_unless_every_machine_has_it() {
        let tree = Tree::new("files-absent");
        let root = tree.root();
        let mut files = Files::new(&root);
        let (few, all) = (files.whole("/proc/mdstat"), files.whole("/proc/stat"));
        let mut read = |second, file| {
            root.begin(std::time::Duration::from_secs(second));
            files.begin();
            files.read(file).map(<[u8]>::len)
        };
        for file in [few, all] {
            assert!(read(5, file).is_err());
        }
        tree.put("proc/mdstat", "one");
        tree.put("proc/stat", "two!");
        assert_eq!(read(6, few), Err(Error::Absent("/proc/mdstat".into())));
        assert_eq!([read(6, all), read(13, few)], [Ok(4), Ok(3)]);
    }

    #[test]
    fn few_descriptors_stay_open() {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let tree = Tree::new("kept");
        let mut files = Files::new(&tree.root());
        let paths: Vec<&'static str> =
            (0..200).map(|n| &*Box::leak(format!("/proc/f{n}").into_boxed_str())).collect();
        let before = open();
        let ids: Vec<FileId> = paths.iter().map(|path| files.whole(path)).collect();
        paths.iter().for_each(|path| tree.put(&path[1..], path));
        for _ in 0..2 {
            files.begin();
            for (id, path) in ids.iter().zip(&paths) {
                assert_eq!(files.read(*id), Ok(path.as_bytes()));
            }
        }
        // Tests beside this one open files, too.
        assert!(open() < before + MAX_KEPT + 40, "{} and {before}", open());
    }
}
