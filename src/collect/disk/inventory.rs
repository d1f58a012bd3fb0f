//! What node_exporter tells of block devices besides their counters: what `udev` knows, and from
//! `/sys/block/<device>` (Documentation/ABI/stable/sysfs-block) `queue/rotational`. A `/` in a device's name is a `!` there.
//!
//! Rotational is 0 for what has no queue of its own (a partition), and, as node_exporter 1.11 needs
//! every attribute of a queue to believe one, for what lacks one of `BELIEVED_WITH`, too: 1 is
//! always true, 0 need not be.
//!
//! These are facts: read when a device appears, and all of them again when udev's directory has
//! changed, which is looked at once a minute. So a database that is written after our start, a new
//! file system or a new logical volume show within a minute, and a steady scrape reads nothing.

use super::udev::{self, Properties, Text};
use crate::collect::Faults;
use crate::error::Error;
use crate::metric::{Decimal, Family, Sink, Value};
use crate::read::{Root, scan};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

const BLOCK: &str = "/sys/block";

/// How often udev's directory is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// More devices than any small box has; what comes after has counters but no facts, and is counted.
const MAX_DEVICES: usize = 1024;

/// How much of a file is read; usual in udev's database are 1 to 3 KB.
const MAX_FILE: u64 = 64 << 10;

/// Attributes without which node_exporter takes any queue for that of an SSD: virtio's, md's and dm's
/// devices have no `io_timeout`, kernels without CONFIG_BLK_WBT no `wbt_lat_usec`.
const BELIEVED_WITH: [&str; 2] = ["io_timeout", "wbt_lat_usec"];

/// The families that are written, in this order: device, file system, device mapper, ATA write cache there and on, and rotation rate.
pub type Families<'a> = [&'a Family<'static>; 6];

/// Writes a device's samples of one family.
type Write = fn(&Device, &mut dyn Sink);

/// The facts about every device that is shown.
pub struct Inventory {
    udev: PathBuf,
    block: PathBuf,
    devices: Vec<Device>,
    /// Where the next device of this scrape belongs.
    at: usize,
    /// When udev's directory is looked at next, and when it had last changed.
    next: Option<Instant>,
    changed: Option<SystemTime>,
}

struct Device {
    name: Text,
    major: u64,
    minor: u64,
    rotational: bool,
    udev: Properties,
}

impl Inventory {
    pub fn new(root: &Root) -> Inventory {
        let (udev, block) = (root.real(udev::DIRECTORY), root.real(BLOCK));
        Inventory { udev, block, devices: Vec::new(), at: 0, next: None, changed: None }
    }

    /// A new scrape begins.
    pub fn begin(&mut self, now: Instant) {
        self.at = 0;
        if self.next.is_none_or(|next| next <= now) {
            self.next = Some(now + EVERY);
            let changed = fs::metadata(&self.udev).and_then(|m| m.modified()).ok();
            if changed != self.changed {
                self.changed = changed;
                self.devices.clear();
            }
        }
    }

    /// The next device of the scrape.
    pub fn see(&mut self, name: &[u8], major: u64, minor: u64, faults: &mut Faults) {
        let same = |d: &Device| *d.name == *name && (d.major, d.minor) == (major, minor);
        if !self.devices.get(self.at).is_some_and(same) {
            let rest = self.devices.get_mut(self.at..).unwrap_or_default();
            if let Some(later) = rest.iter().position(same) {
                rest.swap(0, later);
            } else if self.at < MAX_DEVICES {
                let device = self.read(name, major, minor, faults);
                self.devices.insert(self.at, device);
            } else {
                faults.note(Error::parse(BLOCK, "at most 1024 devices", name));
                return;
            }
        }
        self.at += 1;
    }

    /// Writes what is known of the devices that were seen in this scrape.
    pub fn write(&mut self, families: Families<'_>, out: &mut dyn Sink) {
        self.devices.truncate(self.at);
        let [info, file_system, mapper, cache, cache_enabled, rate] = families;
        let writers: [(&Family<'_>, Write); 6] = [
            (info, Device::info),
            (file_system, Device::file_system),
            (mapper, Device::mapper),
            (cache, |device, out| device.ata(&device.udev.ata_cache, out)),
            (cache_enabled, |device, out| device.ata(&device.udev.ata_cache_enabled, out)),
            (rate, |device, out| device.ata(&device.udev.ata_rate, out)),
        ];
        for (family, write) in writers {
            out.family(family);
            for device in &self.devices {
                write(device, out);
            }
        }
    }

    #[cold]
    fn read(&self, name: &[u8], major: u64, minor: u64, faults: &mut Faults) -> Device {
        let udev = Properties::read(&self.udev, major, minor, faults);
        let below = String::from_utf8_lossy(name).replace('/', "!");
        let queue = self.block.join(below).join("queue");
        let rotational = contents(&queue.join("rotational"), BLOCK, faults).trim_ascii_end()
            == b"1"
            && BELIEVED_WITH.iter().all(|name| queue.join(name).exists());
        Device { name: name.into(), major, minor, rotational, udev }
    }
}

impl Device {
    fn info(&self, out: &mut dyn Sink) {
        let (major, minor) = (Decimal::of(self.major), Decimal::of(self.minor));
        let rotational: &[u8] = if self.rotational { b"1" } else { b"0" };
        let u = &self.udev;
        // The first is what is printed on most disks; virtio has only the last.
        let serials = [&u.scsi_serial, &u.serial_short, &u.serial];
        let serial = serials.into_iter().find(|s| !s.is_empty()).unwrap_or(&u.serial);
        let (major, minor) = (major.as_bytes(), minor.as_bytes());
        out.sample(
            &[&self.name, major, minor, &u.path, &u.wwn, &u.model, serial, &u.revision, rotational],
            Value::Int(1),
        );
    }

    fn file_system(&self, out: &mut dyn Sink) {
        let u = &self.udev;
        if !u.fs_type.is_empty() {
            let labels = [&self.name, &u.fs_type, &u.fs_usage, &u.fs_uuid, &u.fs_version];
            out.sample(&labels.map(|l| &**l), Value::Int(1));
        }
    }

    fn mapper(&self, out: &mut dyn Sink) {
        let u = &self.udev;
        if !u.dm_name.is_empty() {
            let volume = [&u.dm_vg_name, &u.dm_lv_name, &u.dm_lv_layer];
            let [group, name, layer] = volume.map(|l| &**l);
            out.sample(&[&self.name, &u.dm_name, &u.dm_uuid, group, name, layer], Value::Int(1));
        }
    }

    fn ata(&self, value: &[u8], out: &mut dyn Sink) {
        if let Some(value) = scan::uint(value).filter(|_| !self.udev.ata.is_empty()) {
            out.sample(&[&self.name], Value::Int(value));
        }
    }
}

/// The first `MAX_FILE` bytes of a file; nothing if there is none, which is no fault.
pub fn contents(real: &Path, path: &'static str, faults: &mut Faults) -> Vec<u8> {
    let mut text = Vec::new();
    let read = File::open(real).and_then(|file| file.take(MAX_FILE).read_to_end(&mut text));
    if let Err(e) = read {
        failed(&e, path, faults);
        text.clear();
    }
    text
}

fn failed(e: &std::io::Error, path: &'static str, faults: &mut Faults) {
    if !matches!(e.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) {
        faults.note(Error::Read(path, e.raw_os_error().unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests;
