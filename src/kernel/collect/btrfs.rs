//! Btrfs file systems: `/sys/fs/btrfs/UUID`, of the mounted ones (fs/btrfs/sysfs.c, since 3.14):
//! `allocation/{data,metadata,system}` in bytes with a directory for each layout, `commit_stats` in
//! milliseconds (since 6.1), `devices/*/size` in sectors. How many bytes of the devices a byte takes
//! follows from the layout and the number of devices. The counters of errors of each device are not there,
//! since the kernel tells them by the mount point alone.

use super::gathered::Gathered;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Names, scan};
use crate::model::metric::Unit::{Millis, One, Sectors};
use crate::model::metric::{Family, Sink, Value, counter, gauge};
use crate::settings::Subject;

const BASE: &str = "/sys/fs/btrfs";

/// The longest text that is read, `commit_stats`.
const MAX_TEXT: usize = 512;

const UUID: &[&str] = &["uuid"];
const LAYOUT: &[&str] = &["uuid", "block_group_type", "mode"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 11] = [
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
];

/// A line of `commit_stats` and its family.
static COMMITS: [(&[u8], &Family<'static>); 4] = [
    (b"commits", &FAMILIES[2]),
    (b"last_commit_ms", &FAMILIES[3]),
    (b"max_commit_ms", &FAMILIES[4]),
    (b"total_commit_ms", &FAMILIES[5]),
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
        entries: Names::default(),
        devices: Names::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Btrfs {
    place: Subtree,
    entries: Names,
    devices: Names,
    gathered: Gathered,
}

impl Collector for Btrfs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Btrfs { place, entries, devices, gathered } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        errors.unless_absent(opened.list(&[], entries));
        gathered.begin();
        let entries = (0..).map_while(|at| entries.get(at));
        // `features` is no file system.
        for entry in entries.filter(|entry| entry.contains(&b'-')) {
            let mut uuid = [0; MAX_TEXT];
            let uuid = errors.unless_absent(opened.read(&[entry, b"metadata_uuid"], &mut uuid));
            let uuid = uuid.filter(|uuid| !uuid.is_empty()).unwrap_or(entry);
            let mut reading = Reading { opened: &opened, entry, uuid, errors, gathered };
            reading.about();
            reading.devices(devices);
            let count = (0..).map_while(|at| devices.get(at)).count() as u64;
            TYPES.iter().for_each(|kind| reading.allocation(kind, count));
        }
        gathered.write_rows(errors, out);
        Ok(())
    }
}

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
        let path = [self.entry, b"commit_stats"];
        let Some(text) = self.errors.unless_absent(self.opened.read(&path, &mut text)) else {
            return;
        };
        for line in scan::lines(text) {
            let mut words = scan::fields(line);
            let key = words.next();
            let known = COMMITS.iter().find(|(known, _)| Some(*known) == key);
            let Some((_, family)) = known else { continue };
            match words.next().and_then(scan::uint) {
                Some(raw) => self.gathered.push(family, &[self.uuid], family.value(raw)),
                None => {
                    let place = self.opened.place(&path);
                    self.errors.record(Error::parse(place, "a key and an integer", line));
                }
            }
        }
    }

    /// The sizes of its devices, whose names come to `names`.
    fn devices(&mut self, names: &mut Names) {
        let listed = self.opened.list(&[self.entry, b"devices"], names);
        self.errors.unless_absent(listed);
        let [.., size] = &FAMILIES;
        for device in (0..).map_while(|at| names.get(at)) {
            let path: [&[u8]; 4] = [self.entry, b"devices", device, b"size"];
            self.number(&path, size, &[self.uuid, device]);
        }
    }

    /// The space for data, metadata or system.
    fn allocation(&mut self, kind: &str, devices: u64) {
        let [.., reserved, used, size, ratio, _] = &FAMILIES;
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
                self.errors.record(Error::parse(self.opened.place(path), "an integer", text));
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
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        let put = |file: &str, text: &str| tree.put(&format!("sys/fs/btrfs/{file}"), text);
        put("features/raid56", "0\n");
        put("a-1/label", "disk \"one\"\n");
        put("a-1/metadata_uuid", "a-9\n");
        put(
            "a-1/commit_stats",
            "commits 3\nlast_commit_ms 1004\nmax_commit_ms 5\ntotal_commit_ms 6\n",
        );
        put("a-1/allocation/global_rsv_size", "7\n");
        put("a-1/allocation/data/bytes_reserved", "8\n");
        put("a-1/allocation/data/raid5/used_bytes", "9\n");
        put("a-1/allocation/data/raid5/total_bytes", "10\n");
        put("a-1/allocation/system/dup/total_bytes", "11\n");
        for (device, size) in [("sda", "2\n"), ("sdb", "4\n"), ("sdc", "6\n")] {
            put(&format!("a-1/devices/{device}/size"), size);
        }
        tree
    }

    #[test]
    fn every_number_of_a_file_system() {
        let tree = machine("btrfs");
        let expected = [
            r#"btrfs_info{uuid="a-9",label="disk \"one\""} 1"#,
            r#"btrfs_global_rsv_size_bytes{uuid="a-9"} 7"#,
            r#"btrfs_commits_total{uuid="a-9"} 3"#,
            r#"btrfs_last_commit_seconds{uuid="a-9"} 1.004"#,
            r#"btrfs_max_commit_seconds{uuid="a-9"} 0.005"#,
            r#"btrfs_commit_seconds_total{uuid="a-9"} 0.006"#,
            r#"btrfs_reserved_bytes{uuid="a-9",block_group_type="data"} 8"#,
            r#"btrfs_used_bytes{uuid="a-9",block_group_type="data",mode="raid5"} 9"#,
            r#"btrfs_size_bytes{uuid="a-9",block_group_type="data",mode="raid5"} 10"#,
            r#"btrfs_size_bytes{uuid="a-9",block_group_type="system",mode="dup"} 11"#,
            r#"btrfs_allocation_ratio{uuid="a-9",block_group_type="data",mode="raid5"} 1.5"#,
            r#"btrfs_allocation_ratio{uuid="a-9",block_group_type="system",mode="dup"} 2"#,
            r#"btrfs_device_size_bytes{uuid="a-9",device="sda"} 1024"#,
            r#"btrfs_device_size_bytes{uuid="a-9",device="sdb"} 2048"#,
            r#"btrfs_device_size_bytes{uuid="a-9",device="sdc"} 3072"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut btrfs = tree.open(&SPEC, dialect, &[]);
            for _ in 0..2 {
                assert_eq!(scrape(&mut btrfs, dialect, &["btrfs"]), (expected.clone(), 0));
            }
        }
    }

    #[test]
    fn what_is_bad_costs_its_sample_and_absence_is_no_fault() {
        let tree = machine("btrfs-bad");
        let put = |file: &str, text: &str| tree.put(&format!("sys/fs/btrfs/a-1/{file}"), text);
        put("commit_stats", "commits -3\n\nother 5\nlast_commit_ms\nmax_commit_ms 5");
        put("allocation/data/raid5/used_bytes", "many");
        put("devices/sdb/size", "");
        let mut btrfs = tree.open(&SPEC, Dialect::Node, &[]);
        let (lines, errors) = scrape(&mut btrfs, Dialect::Node, &["btrfs"]);
        assert_eq!((lines.len(), errors), (15 - 5, 4));
        assert!(lines.contains(&r#"btrfs_max_commit_seconds{uuid="a-9"} 0.005"#.to_owned()));
        let parity = Redundancy::Parity(2);
        assert_eq!((parity.ratio(2), parity.ratio(3)), (None, Some(Value::Float(3.0))));
        let mut none = Tree::new("btrfs-none").open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut none, Dialect::Node, &["btrfs"]), (vec![], 0));
    }
}
