//! Which block devices count: one that is made of others, such as LVM and LUKS, is left out, because the
//! kernel counts the same bytes again at the device below.

use crate::kernel::read::{Root, scan};
use std::fs;
use std::path::PathBuf;

const DIRECTORY: &str = "/sys/dev/block";

/// More devices than one box has; beyond that each is looked up at every reading.
const MAX_DEVICES: usize = 256;

/// Devices that keep their data in files or in memory.
const WITHOUT_DISK: [&str; 3] = ["loop", "zram", "ram"];

/// The devices that were looked up.
pub struct Devices {
    real: PathBuf,
    known: Vec<((u64, u64), bool)>,
}

/// Major and minor number of `8:0`.
pub fn number(text: &[u8]) -> Option<(u64, u64)> {
    let (major, minor) = text.split_at(memchr::memchr(b':', text)?);
    Some((scan::uint(major)?, scan::uint(minor.get(1..)?)?))
}

impl Devices {
    /// An empty list.
    pub fn new(root: &Root) -> Devices {
        Devices { real: root.real(DIRECTORY), known: Vec::new() }
    }

    /// Forgets all devices, as numbers may be given to others.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Whether the device is not made of others. For one that does not exist this is true.
    pub fn is_whole(&mut self, number: (u64, u64)) -> bool {
        if let Some((_, is_whole)) = self.known.iter().find(|(known, _)| *known == number) {
            return *is_whole;
        }
        let is_whole = self.look_up(number);
        if self.known.len() < MAX_DEVICES {
            self.known.push((number, is_whole));
        }
        is_whole
    }

    fn look_up(&self, (major, minor): (u64, u64)) -> bool {
        let Ok(real) = fs::canonicalize(self.real.join(format!("{major}:{minor}"))) else {
            return true;
        };
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        let has_disk = !WITHOUT_DISK.iter().any(|kind| name.starts_with(kind));
        let below = fs::read_dir(real.join("slaves")).ok().and_then(|mut below| below.next());
        has_disk && below.is_none()
    }
}
