//! What btrfs reports about its devices where it is mounted, by ioctl on a thread: a disk that fails may block
//! the caller. The request for errors is the one that does; it is left out where sysfs has them.

use super::rows::BASE;
use crate::base::sys::{self, BTRFS_ERRORS, Btrfs, BtrfsDevice};
use crate::kernel::collect::filesystem::mounts_of;
use crate::kernel::read::{Names, Root};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Instant;

/// The most file systems, and devices of all together; what comes after is left out.
const MAX_FILESYSTEMS: usize = 256;
const MAX_DEVICES: usize = 4096;

/// A UUID as sysfs and labels have it.
pub type Uuid = [u8; 36];

/// A device.
#[derive(Clone, Copy, Default)]
pub struct Device {
    /// Its number in its file system.
    pub number: u64,
    pub about: BtrfsDevice,
    /// Errors of writing, reading, flushing, corruption and generations; `None` where sysfs has them.
    pub errors: Option<[u64; BTRFS_ERRORS]>,
}

/// The last answers.
pub struct Mounted {
    root: Root,
    /// A buffer of five KB, once a file system is queried.
    btrfs: Option<Box<Btrfs>>,
    /// UUIDs of the file systems that answered, and the index of the device after their last one.
    found: Vec<(Uuid, usize)>,
    devices: Vec<Device>,
    /// Their paths.
    paths: Names,
    /// There was no time for all of them.
    is_cut: bool,
    /// Sources of mounts that are known.
    sources: Names,
}

impl Mounted {
    /// A state in which no file system was queried.
    pub fn new(root: &Root) -> Mounted {
        Mounted {
            root: root.clone(),
            btrfs: None,
            found: Vec::new(),
            devices: Vec::new(),
            paths: Names::default(),
            is_cut: false,
            sources: Names::default(),
        }
    }

    /// Queries each file system once, at any of its mounts, until the deadline. A file system without a mount that this
    /// process sees and may read is left out.
    pub fn ask(&mut self, until: Instant) {
        self.found.clear();
        self.forget(0);
        self.sources.truncate(0);
        self.is_cut = false;
        let root = self.root.clone();
        let _ = mounts_of(&root, "btrfs", &mut |path, source| {
            let mut sources = (0..).map_while(|at| self.sources.get(at));
            let is_known = sources.any(|known| known == source);
            self.is_cut |= Instant::now() >= until;
            if is_known || self.found.len() >= MAX_FILESYSTEMS || self.is_cut {
                return;
            }
            let before = self.devices.len();
            match self.file_system(path, until) {
                Ok(id) => {
                    self.sources.push(source);
                    self.found.push((id, self.devices.len()));
                }
                // Another mount of it may be readable.
                Err(_) => self.forget(before),
            }
        });
    }

    /// Forgets all devices but the first.
    fn forget(&mut self, count: usize) {
        self.devices.truncate(count);
        self.paths.truncate(count);
    }

    fn file_system(&mut self, path: &Path, until: Instant) -> io::Result<Uuid> {
        let directory: File = sys::open_listing(path)?;
        let btrfs = self.btrfs.get_or_insert_default();
        let info = btrfs.info(&directory)?;
        let id = uuid(&info.id);
        let mut left = info.count;
        // Numbers of devices that were removed are not used again.
        for number in 0..=info.last {
            if left == 0 || self.devices.len() >= MAX_DEVICES {
                break;
            }
            self.is_cut |= Instant::now() >= until;
            if self.is_cut {
                return Err(ErrorKind::TimedOut.into());
            }
            let about = match btrfs.device(&directory, number) {
                Ok((device, path)) => {
                    self.paths.push(path);
                    device
                }
                Err(error) if error.raw_os_error() == Some(libc::ENODEV) => continue,
                Err(error) => return Err(error),
            };
            left -= 1;
            let has_file = self.root.real(BASE).join(error_stats(&id, number)).exists();
            let errors = if has_file { None } else { btrfs.errors(&directory, number).ok() };
            self.devices.push(Device { number, about, errors });
        }
        Ok(id)
    }

    /// Whether some were not queried.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether no file system answered.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The devices of the file system with that UUID, each with the name of its file; `None` if it did not answer.
    pub fn devices(&self, id: &[u8]) -> Option<impl Iterator<Item = (&Device, &[u8])>> {
        let at = self.found.iter().position(|(known, _)| known == id)?;
        let end = |at: usize| self.found.get(at).map_or(0, |(_, end)| *end);
        let range = at.checked_sub(1).map_or(0, end)..end(at);
        Some(range.filter_map(|at| {
            let path = self.paths.get(at)?;
            Some((self.devices.get(at)?, path.rsplit(|b| *b == b'/').next().unwrap_or_default()))
        }))
    }
}

/// Where sysfs has the errors of a device, below its directory of btrfs.
fn error_stats(id: &Uuid, number: u64) -> String {
    let id = std::str::from_utf8(id).unwrap_or_default();
    format!("{id}/devinfo/{number}/error_stats")
}

/// A UUID in hexadecimal digits, with four dashes.
pub fn uuid(id: &[u8; 16]) -> Uuid {
    let mut text = [b'-'; 36];
    let digit = |n: u8| b"0123456789abcdef".get(usize::from(n)).copied().unwrap_or_default();
    let digits = id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let places = text.iter_mut().enumerate().filter(|(at, _)| ![8, 13, 18, 23].contains(at));
    places.zip(digits).for_each(|((_, to), from)| *to = from);
    text
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An answer with one file system and one device.
    pub fn answered(id: &[u8; 36], device: Device, path: &str) -> Mounted {
        let mut mounted = Mounted::new(&Root::of_this_machine());
        mounted.found.push((*id, 1));
        mounted.devices.push(device);
        mounted.paths.push(path.as_bytes());
        mounted
    }

    #[test]
    fn uuids_have_their_dashes() {
        let id = [
            0x4c, 0x38, 0x49, 0x15, 0xa8, 0x66, 0x49, 0x0d, 0xb7, 0x9d, 0x57, 0x57, 0x8a, 0x95,
            0xfb, 0xa7,
        ];
        assert_eq!(&uuid(&id), b"4c384915-a866-490d-b79d-57578a95fba7");
    }

    #[test]
    fn devices_belong_to_their_file_system() {
        let mut mounted = Mounted::new(&Root::of_this_machine());
        let device = |number| Device { number, ..Device::default() };
        mounted.devices = [1, 2, 3].map(device).to_vec();
        ["/dev/sda", "/dev/mapper/b", ""]
            .iter()
            .for_each(|path| mounted.paths.push(path.as_bytes()));
        mounted.found = vec![(uuid(&[1; 16]), 2), (uuid(&[2; 16]), 2), (uuid(&[3; 16]), 3)];
        let of = |byte| {
            let id = uuid(&[byte; 16]);
            let devices = mounted.devices(&id)?;
            Some(devices.map(|(device, name)| (device.number, name)).collect::<Vec<_>>())
        };
        assert_eq!(of(1), Some(vec![(1, &b"sda"[..]), (2, b"b")]));
        assert_eq!((of(2), of(3), of(4)), (Some(vec![]), Some(vec![(3, &b""[..])]), None));
    }

    #[test]
    fn without_btrfs_nothing_is_found() {
        let tree = crate::kernel::read::testing::Tree::new("btrfs-mounted");
        let line = format!("9 1 0:9 / {} rw - btrfs /dev/x rw\n", "/proc");
        tree.put("proc/1/mountinfo", &line);
        let mut mounted = Mounted::new(&tree.root());
        mounted.ask(Instant::now() + std::time::Duration::from_secs(20));
        assert!(mounted.found.is_empty() && mounted.devices.is_empty() && !mounted.is_cut());
        mounted.ask(Instant::now());
        assert!(mounted.is_cut(), "there was no time to ask");
    }
}
