//! Btrfs file systems: `/sys/fs/btrfs/UUID`, of the mounted ones (fs/btrfs/sysfs.c, since 3.14):
//! `allocation/{data,metadata,system}` in bytes with a directory for each layout, `commit_stats` in
//! milliseconds (since 6.1), `devices/*/size` in sectors. How many bytes of the devices a byte takes
//! follows from the layout and the number of devices. `devinfo/N/error_stats` (since 5.14) and `missing`
//! (since 5.6) are of the device with that number; which of devices it is sysfs does not tell.
//! node_exporter has these errors by name, which it asks for at the mount point; there a file system that
//! hangs would hold it up, so they are in our own names only.

use super::gathered::Gathered;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Names, scan};
use crate::model::metric::Unit::{Millis, One, Sectors};
use crate::model::metric::{Family, Sink, Value, counter, gauge};
use crate::settings::{Dialect, Subject};

const BASE: &str = "/sys/fs/btrfs";

/// The longest text that is read, `commit_stats`.
const MAX_TEXT: usize = 512;

const UUID: &[&str] = &["uuid"];
const LAYOUT: &[&str] = &["uuid", "block_group_type", "mode"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 13] = [
    gauge("btrfs_info",                  One,     "The file system, and its label.",                  &["uuid", "label"]),
    gauge("btrfs_global_rsv_size_bytes", One,     "Size of the global reserve.",                      UUID),
    counter("btrfs_commits_total",       One,     "Commits.",                                         UUID),
    gauge("btrfs_last_commit_seconds",   Millis,  "Duration of the last commit.",                     UUID),
    gauge("btrfs_max_commit_seconds",    Millis,  "Duration of the longest commit.",                  UUID),
    counter("btrfs_commit_seconds_total", Millis, "Time that all commits took.",                      UUID),
    gauge("btrfs_reserved_bytes",        One,     "Space reserved.",                                  &["uuid", "block_group_type"]),
    gauge("btrfs_used_bytes",            One,     "Space used.",                                      LAYOUT),
    gauge("btrfs_size_bytes",            One,     "Space allocated.",                                 LAYOUT),
    gauge("btrfs_allocation_ratio",      One,     "Bytes of the devices that a byte takes.",          LAYOUT),
    gauge("btrfs_device_size_bytes",     Sectors, "Size of a device of the file system.",             &["uuid", "device"]),
    counter("btrfs_device_errors_total", One,     "Errors of a device.",                              &["uuid", "devid", "type"]).only_own(),
    gauge("btrfs_device_missing",        One,     "Whether a device is missing.",                     &["uuid", "devid"]).only_own(),
];

/// A line of `commit_stats` and its family.
static COMMITS: [(&[u8], &Family<'static>); 4] = [
    (b"commits", &FAMILIES[2]),
    (b"last_commit_ms", &FAMILIES[3]),
    (b"max_commit_ms", &FAMILIES[4]),
    (b"total_commit_ms", &FAMILIES[5]),
];

/// A line of `error_stats` and the kind of error.
const ERRORS: [(&[u8], &str); 5] = [
    (b"write_errs", "write"),
    (b"read_errs", "read"),
    (b"flush_errs", "flush"),
    (b"corruption_errs", "corruption"),
    (b"generation_errs", "generation"),
];

/// What is stored in a group of blocks.
const TYPES: [&str; 3] = ["data", "metadata", "system"];

/// The layouts of groups of blocks: what is written of each byte, how many copies or how many devices
/// beside the data.
static LAYOUTS: [(&str, Redundancy); 9] = [
    ("single", Redundancy::Copies(1)),
    ("dup", Redundancy::Copies(2)),
    ("raid0", Redundancy::Copies(1)),
    ("raid1", Redundancy::Copies(2)),
    ("raid1c3", Redundancy::Copies(3)),
    ("raid1c4", Redundancy::Copies(4)),
    ("raid10", Redundancy::Copies(2)),
    ("raid5", Redundancy::Parity(1)),
    ("raid6", Redundancy::Parity(2)),
];

#[derive(Clone, Copy)]
enum Redundancy {
    Copies(u64),
    Parity(u64),
}

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "btrfs",
        node_name: "btrfs",
        on: true,
        help: "space, commits and devices of Btrfs, from /sys/fs/btrfs",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Btrfs {
        place: Subtree::new(setup.root, BASE),
        dialect: setup.dialect,
        entries: Names::default(),
        devices: Names::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Btrfs {
    place: Subtree,
    dialect: Dialect,
    entries: Names,
    devices: Names,
    gathered: Gathered,
}

impl Collector for Btrfs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Btrfs { place, entries, devices, gathered, .. } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        opened.list(&[], entries, errors);
        gathered.begin();
        let entries = (0..).map_while(|at| entries.get(at));
        // `features` is no file system.
        let mut entries = entries.filter(|entry| entry.contains(&b'-')).peekable();
        if entries.peek().is_none() {
            place.rest();
        }
        for entry in entries {
            let mut uuid = [0; MAX_TEXT];
            let uuid = errors.unless_absent(opened.read(&[entry, b"metadata_uuid"], &mut uuid));
            let uuid = uuid.filter(|uuid| !uuid.is_empty()).unwrap_or(entry);
            let mut reading = Reading { opened: &opened, entry, uuid, errors, gathered };
            reading.about();
            reading.devices(devices);
            let count = (0..).map_while(|at| devices.get(at)).count() as u64;
            TYPES.iter().for_each(|kind| reading.allocation(kind, count));
            if self.dialect == Dialect::Own {
                reading.device_errors(devices);
            }
        }
        gathered.write_rows(errors, out);
        Ok(())
    }
}

/// Takes a key and its number, for the samples of the file system with that UUID.
type Each<'a> = dyn FnMut(&[u8], u64, &mut Gathered, &[u8]) + 'a;

/// One file system while it is read.
struct Reading<'a> {
    opened: &'a Opened,
    entry: &'a [u8],
    uuid: &'a [u8],
    errors: &'a mut PartialErrors,
    gathered: &'a mut Gathered,
}

impl Reading<'_> {
    /// Label, reserve and commits.
    fn about(&mut self) {
        let [info, reserve, ..] = &FAMILIES;
        let mut text = [0; MAX_TEXT];
        let label = self.opened.read(&[self.entry, b"label"], &mut text);
        let label = self.errors.unless_absent(label).unwrap_or_default();
        self.gathered.push(info, &[self.uuid, label], Value::Int(1));
        let path: [&[u8]; 2] = [self.entry, b"allocation/global_rsv_size"];
        self.number(&path, reserve, &[self.uuid]);
        let commit_stats = [self.entry, b"commit_stats"];
        self.lines(&commit_stats, &mut |key, raw, gathered, uuid| {
            let known = COMMITS.iter().find(|(known, _)| *known == key);
            if let Some((_, family)) = known {
                gathered.push(family, &[uuid], family.value(raw));
            }
        });
    }

    /// A file of lines with a key and a number.
    fn lines(&mut self, path: &[&[u8]], each: &mut Each<'_>) {
        let mut text = [0; MAX_TEXT];
        let Some(text) = self.errors.unless_absent(self.opened.read(path, &mut text)) else {
            return;
        };
        for line in scan::lines(text) {
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            match words.next().and_then(scan::uint) {
                Some(raw) => each(key, raw, self.gathered, self.uuid),
                // `invalid` are counters of a device that the kernel has not read yet.
                None if matches!(key, b"" | b"invalid") => {}
                None => {
                    let place = self.opened.place(path);
                    self.errors.refuse(place, "a key and an integer", line);
                }
            }
        }
    }

    /// The errors of its devices by their numbers, which come to `names`.
    fn device_errors(&mut self, names: &mut Names) {
        self.opened.list(&[self.entry, b"devinfo"], names, self.errors);
        let [.., errors, missing] = &FAMILIES;
        for id in (0..).map_while(|at| names.get(at)) {
            let error_stats = [self.entry, b"devinfo", id, b"error_stats"];
            self.lines(&error_stats, &mut |key, raw, gathered, uuid| {
                let known = ERRORS.iter().find(|(known, _)| *known == key);
                if let Some((_, kind)) = known {
                    gathered.push(errors, &[uuid, id, kind.as_bytes()], Value::Int(raw));
                }
            });
            let path: [&[u8]; 4] = [self.entry, b"devinfo", id, b"missing"];
            self.number(&path, missing, &[self.uuid, id]);
        }
    }

    /// The sizes of its devices, whose names come to `names`.
    fn devices(&mut self, names: &mut Names) {
        self.opened.list(&[self.entry, b"devices"], names, self.errors);
        let [.., size, _, _] = &FAMILIES;
        for device in (0..).map_while(|at| names.get(at)) {
            let path: [&[u8]; 4] = [self.entry, b"devices", device, b"size"];
            self.number(&path, size, &[self.uuid, device]);
        }
    }

    /// The space for data, metadata or system.
    fn allocation(&mut self, kind: &str, devices: u64) {
        let [.., reserved, used, size, ratio, _, _, _] = &FAMILIES;
        let (entry, kind) = (self.entry, kind.as_bytes());
        let path: [&[u8]; 4] = [entry, b"allocation", kind, b"bytes_reserved"];
        self.number(&path, reserved, &[self.uuid, kind]);
        for (layout, redundancy) in &LAYOUTS {
            let layout = layout.as_bytes();
            let path = |file: &'static [u8]| [entry, b"allocation", kind, layout, file];
            let labels = [self.uuid, kind, layout];
            let has_used = self.number(&path(b"used_bytes"), used, &labels);
            let has_size = self.number(&path(b"total_bytes"), size, &labels);
            let value = redundancy.ratio(devices).filter(|_| has_used || has_size);
            if let Some(value) = value {
                self.gathered.push(ratio, &labels, value);
            }
        }
    }

    /// Whether the file `path` is there and has a number, which becomes a sample.
    fn number(
        &mut self,
        path: &[&[u8]],
        family: &'static Family<'static>,
        labels: &[&[u8]],
    ) -> bool {
        let mut text = [0; MAX_TEXT];
        let Some(text) = self.errors.unless_absent(self.opened.read(path, &mut text)) else {
            return false;
        };
        match scan::uint(text) {
            Some(raw) => self.gathered.push(family, labels, family.value(raw)),
            None => {
                self.errors.refuse(self.opened.place(path), "an integer", text);
            }
        }
        true
    }
}

impl Redundancy {
    /// Bytes of `devices` devices that a byte takes; `None` where the layout needs more devices.
    fn ratio(self, devices: u64) -> Option<Value> {
        match self {
            Redundancy::Copies(copies) => Some(Value::Int(copies)),
            Redundancy::Parity(parity) => {
                let data = devices.checked_sub(parity).filter(|data| *data > 0)?;
                Some(Value::Float(devices as f64 / data as f64))
            }
        }
    }
}

#[cfg(test)]
mod tests;
