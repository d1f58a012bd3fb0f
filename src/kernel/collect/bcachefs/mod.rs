//! Bcachefs file systems: `/sys/fs/bcachefs/UUID` of the mounted ones (fs/bcachefs/sysfs.c, 6.7 to 6.17, and
//! the module since): `counters/*` since the file system was made, `errors`, `compression_stats`,
//! `btree_write_stats`, and for each device `dev-N/io_done`, io_errors and its settings. Sizes and large
//! counters are human-readable, `44.5T` with powers of 1024, so they are rough. Which counters exist
//! depends on the release.

use super::gathered::Gathered;
use super::keyed::NewFamily;
use super::learned::Learned;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Names, scan};
use crate::model::metric::Unit::One;
use crate::model::metric::{Family, Kind, Sink, Unit, Value, counter, families, gauge};
use crate::settings::Subject;

const BASE: &str = "/sys/fs/bcachefs";

/// The longest text of a file with one number.
const MAX_TEXT: usize = 512;

const EXPECTED: &str = "a number, perhaps with a unit";

const SET: &[&str] = &["uuid"];
const ALGORITHM: &[&str] = &["uuid", "algorithm"];
const WRITE: &[&str] = &["uuid", "type"];
const DEVICE: &[&str] = &["uuid", "device"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 13] = families![
    gauge("bcachefs_info",                           One, "The file system.",                              SET),
    gauge("bcachefs_btree_cache_size_bytes",         One, "Memory of the B-trees' cache.",                 SET),
    gauge("bcachefs_compression_compressed_bytes",   One, "Size of compressed data.",                      ALGORITHM),
    gauge("bcachefs_compression_uncompressed_bytes", One, "Size that compressed data would have.",         ALGORITHM),
    counter("bcachefs_errors_total",                 One, "Errors found in the file system.",              &["uuid", "error_type"]),
    counter("bcachefs_btree_writes_total",           One, "Writes of nodes of B-trees.",                   WRITE),
    gauge("bcachefs_btree_write_average_size_bytes", One, "Average size of a write of a node.",            WRITE),
    gauge("bcachefs_device_info",                    One, "A device, its label and its state.",            &["uuid", "device", "label", "state"]),
    gauge("bcachefs_device_bucket_size_bytes",       One, "Size of a bucket.",                             DEVICE),
    gauge("bcachefs_device_buckets",                 One, "Buckets of the device.",                        DEVICE),
    gauge("bcachefs_device_durability",              One, "Copies that one on this device counts as.",     DEVICE),
    counter("bcachefs_device_io_done_bytes_total",   One, "Data read and written, by kind of data.",       &["uuid", "device", "operation", "data_type"]),
    counter("bcachefs_device_io_errors_total",       One, "Failed reads and writes, and bad check sums.",  &["uuid", "device", "type"]),
];

/// A file of a device with one number.
static DEVICE_FILES: [(&str, &Family<'static>); 3] =
    [("bucket_size", &FAMILIES[8]), ("nbuckets", &FAMILIES[9]), ("durability", &FAMILIES[10])];

/// A file that is a table: the families of its columns after the first.
struct Table {
    file: &'static str,
    has_head: bool,
    columns: &'static [&'static Family<'static>],
}

#[rustfmt::skip] // a table: one row is one file
static TABLES: [Table; 3] = [
    Table { file: "compression_stats", has_head: true,  columns: &[&FAMILIES[2], &FAMILIES[3]] },
    Table { file: "errors",            has_head: false, columns: &[&FAMILIES[4]] },
    Table { file: "btree_write_stats", has_head: true,  columns: &[&FAMILIES[5], &FAMILIES[6]] },
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "bcachefs",
        node_name: "bcachefs",
        on: true,
        help: "counters, errors and devices of bcachefs, from /sys/fs/bcachefs",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &["bcachefs_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Bcachefs {
        place: Subtree::new(setup.root, BASE),
        text: Vec::new(),
        systems: Names::default(),
        entries: Names::default(),
        learned: Learned::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Bcachefs {
    place: Subtree,
    text: Vec<u8>,
    systems: Names,
    entries: Names,
    /// The families of counters.
    learned: Learned,
    gathered: Gathered,
}

impl Collector for Bcachefs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Bcachefs { place, text, systems, entries, learned, gathered } = self;
        let errors = &mut *scrape.errors;
        let opened = place.open().map_err(Error::of_optional)?;
        opened.list(&[], systems, errors);
        gathered.begin();
        let mut count = 0;
        for uuid in (0..).map_while(|at| systems.get(at)) {
            // A file beside the directories is not a file system.
            if !opened.list(&[uuid], entries, errors) {
                continue;
            }
            count += 1;
            let mut reading = Reading { opened: &opened, uuid, text, errors, gathered };
            reading.system();
            for entry in (0..).map_while(|at| entries.get(at)) {
                if let Some(device) = entry.strip_prefix(b"dev-") {
                    reading.device(entry, device);
                    reading.io_done(entry, device);
                    reading.io_errors(entry, device);
                }
            }
            opened.list(&[uuid, b"counters"], entries, reading.errors);
            reading.counters(entries, learned);
        }
        if count == 0 {
            return Err(Error::Unsupported(BASE.into()));
        }
        gathered.write((learned, SET), errors, out);
        Ok(())
    }
}

/// One file system while its files are read.
struct Reading<'a> {
    opened: &'a Opened,
    uuid: &'a [u8],
    text: &'a mut Vec<u8>,
    errors: &'a mut PartialErrors,
    gathered: &'a mut Gathered,
}

impl Reading<'_> {
    /// Writes the values of the whole file system, and the tables.
    fn system(&mut self) {
        let uuid = self.uuid;
        let [info, cache, ..] = &FAMILIES;
        self.gathered.push(info, &[uuid], Value::Int(1));
        self.number(&[uuid, b"btree_cache_size"], cache, &[uuid]);
        for table in &TABLES {
            let path = [uuid, table.file.as_bytes()];
            let read = self.opened.read_whole(&path, self.text);
            let Some(text) = self.errors.unless_absent(read) else { continue };
            for line in scan::lines(text).skip(table.has_head.into()) {
                let mut words = scan::fields(line);
                let key = words.next().unwrap_or_default();
                let key = key.strip_suffix(b":").unwrap_or(key);
                for (family, word) in table.columns.iter().zip(words) {
                    match number(word) {
                        Some(raw) => self.gathered.push(family, &[uuid, key], family.value(raw)),
                        None => {
                            let place = self.opened.place(&path);
                            self.errors.refuse(place, EXPECTED, line);
                        }
                    }
                }
            }
        }
    }

    /// The counters with these names.
    fn counters(&mut self, names: &Names, learned: &mut Learned) {
        for (hint, name) in (0..).map_while(|at| Some((at, names.get(at)?))) {
            let Some(at) = learned.place(name, hint, &new_family) else { continue };
            let (mut text, path) = ([0; MAX_TEXT], [self.uuid, b"counters", name]);
            let Some(text) = self.errors.unless_absent(self.opened.read(&path, &mut text)) else {
                continue;
            };
            let mut lines = scan::lines(text).filter_map(scan::keyed);
            let value = lines.find(|(key, _)| *key == b"since filesystem creation");
            match value.and_then(|(_, value)| number(value)) {
                Some(raw) => self.gathered.push_learned(at, &[self.uuid], Value::Int(raw)),
                None => {
                    self.errors.refuse(self.opened.place(&path), EXPECTED, text);
                }
            }
        }
    }

    fn device(&mut self, entry: &[u8], device: &[u8]) {
        let uuid = self.uuid;
        let [.., info, _, _, _, _, _] = &FAMILIES;
        let (mut label, mut state) = ([0; MAX_TEXT], [0; MAX_TEXT]);
        let label = self.opened.read(&[uuid, entry, b"label"], &mut label);
        let state = self.opened.read(&[uuid, entry, b"state"], &mut state);
        let [label, state] = [label, state].map(|read| self.errors.unless_absent(read));
        let labels = [uuid, device, label.unwrap_or_default(), state.unwrap_or_default()];
        self.gathered.push(info, &labels, Value::Int(1));
        for (file, family) in &DEVICE_FILES {
            self.number(&[uuid, entry, file.as_bytes()], family, &[uuid, device]);
        }
    }

    /// Reads lines `read:` and `write:`, with lines `user: 12` after each.
    fn io_done(&mut self, entry: &[u8], device: &[u8]) {
        let [.., family, _] = &FAMILIES;
        let path = [self.uuid, entry, b"io_done"];
        let read = self.opened.read_whole(&path, self.text);
        let Some(text) = self.errors.unless_absent(read) else { return };
        let mut operation = None;
        for (key, value) in scan::lines(text).filter_map(scan::keyed) {
            match (operation, scan::uint(value)) {
                _ if value.is_empty() && matches!(key, b"read" | b"write") => operation = Some(key),
                (Some(operation), Some(raw)) => {
                    let labels = [self.uuid, device, operation, key];
                    self.gathered.push(family, &labels, family.value(raw));
                }
                (None, _) => {}
                (_, None) => {
                    let place = self.opened.place(&path);
                    self.errors.refuse(place, "an integer", value);
                }
            }
        }
    }

    /// Reads lines `read: 12` after the line for errors since the file system was made; the same since
    /// the counters were reset follows.
    fn io_errors(&mut self, entry: &[u8], device: &[u8]) {
        let [.., family] = &FAMILIES;
        let path = [self.uuid, entry, b"io_errors"];
        let read = self.opened.read_whole(&path, self.text);
        let Some(text) = self.errors.unless_absent(read) else { return };
        let is_head = |line: &&[u8]| line.starts_with(b"IO errors since ");
        let mut lines = scan::lines(text)
            .skip_while(|line| !line.starts_with(b"IO errors since filesystem creation"));
        lines.next();
        for (key, value) in lines.take_while(|line| !is_head(line)).filter_map(scan::keyed) {
            match scan::uint(value) {
                Some(raw) => {
                    self.gathered.push(family, &[self.uuid, device, key], family.value(raw));
                }
                None => {
                    let place = self.opened.place(&path);
                    self.errors.refuse(place, "an integer", value);
                }
            }
        }
    }

    /// A file with one number.
    fn number(&mut self, path: &[&[u8]], family: &'static Family<'static>, labels: &[&[u8]]) {
        let mut text = [0; MAX_TEXT];
        let Some(text) = self.errors.unless_absent(self.opened.read(path, &mut text)) else {
            return;
        };
        match number(text) {
            Some(raw) => self.gathered.push(family, labels, family.value(raw)),
            None => self.errors.refuse(self.opened.place(path), EXPECTED, text),
        }
    }
}

fn new_family(counter: &str) -> Option<NewFamily> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = counter.replace(|c| !is_word(c), "_");
    Some(NewFamily {
        kind: Kind::Counter,
        unit: Unit::One,
        name: ["bcachefs_", &name, "_total"].concat(),
        help: [counter, " of bcachefs since the file system was made."].concat(),
    })
}

/// Parses a number such as `44.5T`; a fraction is left out.
fn number(text: &[u8]) -> Option<u64> {
    let (digits, power) = match text {
        [digits @ .., unit] if unit.is_ascii_alphabetic() => {
            let unit = unit.to_ascii_lowercase();
            (digits, b"kmgtpe".iter().position(|known| *known == unit)? as u32 + 1)
        }
        digits => (digits, 0),
    };
    let point = memchr::memchr(b'.', digits).unwrap_or(digits.len());
    let (whole, places) = digits.split_at_checked(point)?;
    let mut amount = u128::from(scan::uint(whole)?) << (10 * power);
    if let [b'.', places @ ..] = places {
        let scale = 10u128.checked_pow(places.len().try_into().ok()?)?;
        amount += (u128::from(scan::uint(places)?) << (10 * power)) / scale;
    }
    u64::try_from(amount).ok()
}

#[cfg(test)]
mod tests;
