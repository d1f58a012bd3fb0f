//! What node_exporter's dialect shows of block devices besides their counters: properties from `udev`, and
//! `queue/rotational` from `/sys/block/<device>` (Documentation/ABI/stable/sysfs-block). A `/` in a
//! device's name is a `!` there.
//!
//! Rotational is 0 for a device without a queue of its own (a partition), and where it cannot be read, as in
//! node_exporter 1.12; 1.11 shows 0 for a queue that lacks any of thirty attributes, too.
//!
//! These are facts: they are read when a device appears, and all of them again when udev's directory
//! has changed, which is checked on the kept descriptor. So another disk in the same slot or a new file
//! system shows at once, and a database that is made after our start within a minute.

use super::udev::{self, Properties, key};
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::{Dir, Root, dir, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Value};
use std::time::{Duration, Instant, SystemTime};

const BLOCK: &str = "/sys/block";

/// How often udev's directory is looked up where it is missing.
const EVERY: Duration = Duration::from_secs(60);

/// More devices than any small box has; what comes after has counters but no facts, and is counted.
const MAX_DEVICES: usize = 1024;

/// Bytes of a file that are read; records of udev's database usually have 1 to 3 KB.
const MAX_FILE: usize = 64 << 10;

/// The families that are written, in this order: device, file system, device mapper, ATA
/// write cache there and on, and rotation rate.
pub type Families<'a> = [&'a Family<'static>; 6];

/// Writes a device's samples of one family.
type Write = fn(&Device, &mut dyn Sink);

/// The facts about every device that is shown.
pub struct Inventory {
    udev: Dir,
    block: Dir,
    devices: Vec<Device>,
    /// The index of the next device of this scrape.
    at: usize,
    /// When udev's directory had last changed, and when it is looked up again if it is missing.
    changed: Option<SystemTime>,
    next: Option<Instant>,
}

struct Device {
    name: Box<[u8]>,
    major: u64,
    minor: u64,
    rotational: bool,
    udev: Properties,
    /// Write cache, write cache enabled, rotation rate of an ATA disk.
    ata: [Option<u64>; 3],
}

impl Inventory {
    pub fn new(root: &Root) -> Inventory {
        let (udev, block) = (root.dir(udev::DIRECTORY), root.dir(BLOCK));
        Inventory { udev, block, devices: Vec::new(), at: 0, changed: None, next: None }
    }

    /// Begins a scrape.
    pub fn begin(&mut self, now: Instant, errors: &mut PartialErrors) {
        self.at = 0;
        if self.udev.is_open() {
            let changed = self.udev.changed();
            if changed.is_some() && changed == self.changed {
                return;
            }
        } else if self.next.is_some_and(|next| now < next) {
            return;
        }
        self.next = Some(now + EVERY);
        self.devices.clear();
        errors.unless_absent(self.udev.open());
        errors.unless_absent(self.block.open());
        self.changed = self.udev.changed();
    }

    /// Handles the next device of the scrape.
    pub fn see(&mut self, name: &[u8], major: u64, minor: u64, errors: &mut PartialErrors) {
        let same = |d: &Device| *d.name == *name && (d.major, d.minor) == (major, minor);
        if !self.devices.get(self.at).is_some_and(same) {
            let rest = self.devices.get_mut(self.at..).unwrap_or_default();
            if let Some(later) = rest.iter().position(same) {
                rest.swap(0, later);
            } else if self.at < MAX_DEVICES {
                let device = self.read(name, major, minor, errors);
                self.devices.insert(self.at, device);
            } else {
                errors.refuse(BLOCK, "at most 1024 devices", name);
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
            (cache, |device, out| device.ata(0, out)),
            (cache_enabled, |device, out| device.ata(1, out)),
            (rate, |device, out| device.ata(2, out)),
        ];
        for (family, write) in writers {
            out.family(family);
            for device in &self.devices {
                write(device, out);
            }
        }
    }

    #[cold]
    fn read(&self, name: &[u8], major: u64, minor: u64, errors: &mut PartialErrors) -> Device {
        let mut text = vec![0; MAX_FILE];
        let record = dir::name(&["b", &major.to_string(), ":", &minor.to_string()]);
        let record = errors.unless_absent(self.udev.read(&record, &mut text));
        let udev = Properties::parse(record.unwrap_or_default(), errors);
        let block = String::from_utf8_lossy(name).replace('/', "!");
        let rotational = self.block.read(&dir::name(&[&block, "/queue/rotational"]), &mut text);
        let rotational = errors.unless_absent(rotational).is_some_and(|text| text == b"1");
        let ata = ata(&udev, errors);
        Device { name: name.into(), major, minor, rotational, udev, ata }
    }
}

/// The numbers in udev's record of an ATA disk.
fn ata(udev: &Properties, errors: &mut PartialErrors) -> [Option<u64>; 3] {
    let number = |key| {
        let text = udev.get(key);
        let number = scan::uint(text);
        if number.is_none() && !text.is_empty() {
            errors.refuse(udev::DIRECTORY, "an integer of ID_ATA", text);
        }
        number
    };
    if udev.get(const { key("ID_ATA") }).is_empty() {
        return [None; 3];
    }
    const CACHE: usize = key("ID_ATA_WRITE_CACHE");
    const ENABLED: usize = key("ID_ATA_WRITE_CACHE_ENABLED");
    const RATE: usize = key("ID_ATA_ROTATION_RATE_RPM");
    [CACHE, ENABLED, RATE].map(number)
}

impl Device {
    fn info(&self, out: &mut dyn Sink) {
        let (major, minor) = (Decimal::of(self.major), Decimal::of(self.minor));
        let rotational: &[u8] = if self.rotational { b"1" } else { b"0" };
        let udev = |key| self.udev.get(key);
        // The first is the one printed on most disks; virtio has only the last.
        let serials =
            const { [key("SCSI_IDENT_SERIAL"), key("ID_SERIAL_SHORT"), key("ID_SERIAL")] };
        let labels = [
            &*self.name,
            major.as_bytes(),
            minor.as_bytes(),
            udev(const { key("ID_PATH") }),
            udev(const { key("ID_WWN") }),
            udev(const { key("ID_MODEL") }),
            serials.map(udev).into_iter().find(|s| !s.is_empty()).unwrap_or_default(),
            udev(const { key("ID_REVISION") }),
            rotational,
        ];
        out.sample(&labels.map(Label::of), Value::Int(1));
    }

    fn file_system(&self, out: &mut dyn Sink) {
        const KEYS: [usize; 4] =
            [key("ID_FS_TYPE"), key("ID_FS_USAGE"), key("ID_FS_UUID"), key("ID_FS_VERSION")];
        let [kind, usage, uuid, version] = KEYS.map(|key| self.udev.get(key));
        if !kind.is_empty() {
            out.sample(&[&self.name, kind, usage, uuid, version].map(Label::of), Value::Int(1));
        }
    }

    fn mapper(&self, out: &mut dyn Sink) {
        const KEYS: [usize; 5] = [
            key("DM_NAME"),
            key("DM_UUID"),
            key("DM_VG_NAME"),
            key("DM_LV_NAME"),
            key("DM_LV_LAYER"),
        ];
        let [name, uuid, group, volume, layer] = KEYS.map(|key| self.udev.get(key));
        if !name.is_empty() {
            let labels = [&self.name, name, uuid, group, volume, layer];
            out.sample(&labels.map(Label::of), Value::Int(1));
        }
    }

    fn ata(&self, which: usize, out: &mut dyn Sink) {
        if let Some(Some(value)) = self.ata.get(which) {
            out.sample(&[Label::of(&self.name)], Value::Int(*value));
        }
    }
}

#[cfg(test)]
mod tests;
