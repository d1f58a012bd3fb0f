//! The list of disks, and how each is identified.

use super::state::{BootId, MAX_DISKS, MAX_KEY, Written};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listing, Root};

const DIRECTORY: &str = "/sys/block";

/// Prefixes of the names of devices that are not disks of their own.
#[rustfmt::skip]
const NO_DISKS: [&str; 8] = ["dm-", "fd", "loop", "md", "nbd", "ram", "sr", "zram"];

/// The files with the identity of a disk; the first that exists is used.
const KEYS: [&str; 5] = ["device/cid", "wwid", "device/wwid", "device/serial", "serial"];

/// The disks of the box.
pub struct Disks {
    listing: Listing,
    disks: Vec<Disk>,
    /// The index of the probable next disk of this scrape.
    next: usize,
}

pub struct Disk {
    name: String,
    key: Vec<u8>,
    /// Its last index among those that are kept.
    at: usize,
    /// It was counted in this scrape.
    is_counted: bool,
}

impl Disks {
    /// An empty list.
    pub fn new(root: &Root) -> Disks {
        Disks { listing: Listing::new(root.dir(DIRECTORY)), disks: Vec::new(), next: 0 }
    }

    /// Looks up the disks.
    pub fn look_up(&mut self, errors: &mut PartialErrors) {
        if errors.unless_absent(self.listing.has_changed()) == Some(true) {
            self.learn(errors);
        }
        self.listing.dir.close();
    }

    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let dir = &self.listing.dir;
        let mut names: Vec<&str> = self.listing.names().filter(|name| is_disk(dir, name)).collect();
        sys::sort(&mut names, Ord::cmp);
        if let Some(first) = names.get(MAX_DISKS) {
            errors.refuse(DIRECTORY, "at most 256 disks", first.as_bytes());
            names.truncate(MAX_DISKS);
        }
        let mut disks = Vec::<Disk>::new();
        for name in names {
            let mut key = key(dir, name);
            // Of two with the same identity the second is identified by its name.
            if disks.iter().any(|disk| disk.key == key) {
                key = named(name);
            }
            disks.push(Disk { name: name.to_owned(), key, at: 0, is_counted: false });
        }
        self.disks = disks;
    }

    /// Makes room among those that are kept: of disks that are absent the oldest are dropped.
    pub fn make_room(&self, known: &mut Vec<Written>) {
        let is_there = |known: &Written| self.disks.iter().any(|disk| disk.key == known.key);
        let others = known.iter().filter(|known| !is_there(known)).count();
        let mut surplus = (others + self.disks.len()).saturating_sub(MAX_DISKS);
        known.retain(|known| {
            let is_dropped = surplus > 0 && !is_there(known);
            surplus -= usize::from(is_dropped);
            !is_dropped
        });
    }

    /// Begins a scrape.
    pub fn begin(&mut self) {
        self.next = 0;
        self.disks.iter_mut().for_each(|disk| disk.is_counted = false);
    }

    /// The disk `name`, if it is a disk and was not counted yet.
    pub fn find(&mut self, name: &[u8]) -> Option<&mut Disk> {
        let is_it = |disk: &Disk| disk.name.as_bytes() == name;
        let at = match self.disks.get(self.next) {
            Some(disk) if is_it(disk) => self.next,
            _ => self.disks.iter().position(is_it)?,
        };
        self.next = at + 1;
        self.disks.get_mut(at).filter(|disk| !disk.is_counted)
    }

    /// The names of those that were counted in this scrape, and their indices among those that are kept.
    pub fn shown(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let counted = self.disks.iter().filter(|disk| disk.is_counted);
        counted.map(|disk| (disk.name.as_bytes(), disk.at))
    }
}

impl Disk {
    /// Adds the kernel's count of sectors.
    pub fn count(&mut self, sectors: u64, boot: BootId, known: &mut Vec<Written>) {
        let is_it = |disk: &Written| disk.key == self.key;
        if !known.get(self.at).is_some_and(is_it) {
            self.at = known.iter().position(is_it).unwrap_or_else(|| {
                known.push(Written { key: self.key.clone(), total: 0, last: 0, boot });
                known.len() - 1
            });
        }
        self.is_counted = true;
        if let Some(disk) = known.get_mut(self.at) {
            disk.count(sectors, boot);
        }
    }
}

/// Whether an entry is a disk of its own, and not a hidden part of an eMMC.
fn is_disk(dir: &Dir, name: &str) -> bool {
    let is_made = NO_DISKS.iter().any(|start| name.starts_with(start));
    let is_part = name.starts_with("mmcblk") && name.contains("boot");
    !is_made && !is_part && dir.is_directory(&[name, "/device"].concat())
}

/// The identity of a disk: a number of its own, or its name.
fn key(dir: &Dir, name: &str) -> Vec<u8> {
    let mut room = [0; MAX_KEY];
    for file in KEYS {
        let read: Result<&[u8], Error> =
            dir.read(Joined::of(name.as_bytes(), file).path(), &mut room);
        let Ok(text) = read else { continue };
        let text = text.trim_ascii();
        if text.iter().any(u8::is_ascii_alphanumeric) {
            return printable(text);
        }
    }
    named(name)
}

fn named(name: &str) -> Vec<u8> {
    let mut key = printable(["name:", name].concat().as_bytes());
    key.truncate(MAX_KEY);
    key
}

/// The text without characters that are invalid in the file.
fn printable(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if byte.is_ascii_graphic() { *byte } else { b'_' }).collect()
}
