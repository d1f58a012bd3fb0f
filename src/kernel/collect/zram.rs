//! Compressed RAM disks, as small boxes swap to: `/sys/block/zramN/mm_stat`, the sizes of the data and of
//! the memory that it takes, and `io_stat`, failures (Documentation/admin-guide/blockdev/zram.rst, since 4.1; reads and
//! writes are those of the disk, and shown as such). A device that was not set up has 0 everywhere and
//! is left out. Pages that are all the same take no memory; incompressible ones are kept as they are.
//! Devices are looked up once a minute. If none of them is set up, they are read only every eight seconds.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Absence, Dir, scan};
use crate::model::metric::{Family, Label, Sink, Unit::One, counter, families, gauge};
use crate::settings::Subject;
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/sys/block";
const BEGINNING: &[u8] = b"zram";

/// How often devices are looked up.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// More than any box has; what comes after is left out and counted.
const MAX_DEVICES: usize = 64;

/// Room for the text of a file.
const MAX_TEXT: usize = 256;

const DEVICE: &[&str] = &["device"];

/// Columns of the two files.
const COLUMNS: usize = 9;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 13] = families![
    gauge(  "zram_disk_size_bytes",        One, "Most that can be written to the device.",                          DEVICE).own_prefix(),
    gauge(  "zram_original_bytes",         One, "What was written to the device and is kept there.",                DEVICE).own_prefix(),
    gauge(  "zram_compressed_bytes",       One, "The same after compression.",                                      DEVICE).own_prefix(),
    gauge(  "zram_memory_used_bytes",      One, "Memory that the device uses, with fragmentation.",                    DEVICE).own_prefix(),
    gauge(  "zram_memory_limit_bytes",     One, "Most memory that the device may take, if there is a limit.",       DEVICE).own_prefix(),
    gauge(  "zram_memory_used_max_bytes",  One, "Most memory that the device took so far.",                         DEVICE).own_prefix(),
    gauge(  "zram_same_pages",             One, "Pages that are one value throughout and take no memory.",          DEVICE).own_prefix(),
    counter("zram_compacted_pages_total",  One, "Pages that compaction made free.",                                 DEVICE).own_prefix(),
    gauge(  "zram_incompressible_pages",   One, "Pages that are kept as they are.",                                 DEVICE).own_prefix(),
    counter("zram_failed_reads_total",     One, "Reads that failed.",                                               DEVICE).own_prefix(),
    counter("zram_failed_writes_total",    One, "Writes that failed, such as without memory.",                      DEVICE).own_prefix(),
    counter("zram_discards_total",         One, "Pages that their owner gave up.",                                  DEVICE).own_prefix(),
    gauge(  "zram_info",                   One, "Always 1; the algorithm that compresses.",                         &["device", "algorithm"]).own_prefix(),
];

/// Maps the columns of a file to families.
struct File {
    name: &'static str,
    columns: &'static [(usize, usize)],
}

/// The third column of `io_stat` is always 0.
static FILES: [File; 3] = [
    File { name: "disksize", columns: &[(0, 0)] },
    File {
        name: "mm_stat",
        columns: &[(0, 1), (1, 2), (2, 3), (3, LIMIT), (4, 5), (5, 6), (6, 7), (7, 8)],
    },
    File { name: "io_stat", columns: &[(0, 9), (1, 10), (3, 11)] },
];

/// The family of the limit, where 0 means that there is none.
const LIMIT: usize = 4;

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "zram",
        node_name: "",
        on: true,
        help: "compressed RAM disks, from /sys/block/zram*",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let dir = setup.root.dir(DIRECTORY);
    Box::new(Zram { dir, looked_at: None, devices: Vec::new(), absence: setup.root.absence() })
}

struct Zram {
    dir: Dir,
    looked_at: Option<Instant>,
    devices: Vec<Device>,
    /// The absence of any device that is set up.
    absence: Absence,
}

struct Device {
    name: Vec<u8>,
    algorithm: Vec<u8>,
    /// The values of this scrape for each family.
    values: [Option<u64>; FAMILIES.len() - 1],
}

impl Zram {
    /// Looks up the devices if that is due.
    fn look_up(&mut self, now: Instant, errors: &mut PartialErrors) {
        let is_recent = |then| now.saturating_duration_since(then) < LOOK_AGAIN;
        if self.looked_at.is_some_and(is_recent) {
            return;
        }
        self.looked_at = Some(now);
        match self.list(errors) {
            Err(Error::Absent(_)) | Ok(()) => {}
            Err(error) => errors.record(error),
        }
    }

    /// Lists the devices, and reads the compressor of each.
    #[cold]
    fn list(&mut self, errors: &mut PartialErrors) -> Result<(), Error> {
        let devices = &mut self.devices;
        devices.clear();
        let mut has_more = false;
        self.dir.list(&mut |name| {
            let number = name.strip_prefix(BEGINNING).and_then(scan::uint);
            has_more |= number.is_some() && devices.len() >= MAX_DEVICES;
            if number.is_some() && devices.len() < MAX_DEVICES {
                let (name, algorithm) = (name.to_vec(), Vec::new());
                devices.push(Device { name, algorithm, values: Default::default() });
            }
        })?;
        if has_more {
            errors.refuse(DIRECTORY, "at most 64 zram devices", b"");
        }
        sys::sort(devices, |a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        for Device { name, algorithm, .. } in devices {
            let (mut room, path) = ([0; MAX_TEXT], Joined::of(name, "comp_algorithm"));
            let text = errors.unless_absent(self.dir.read(path.path(), &mut room));
            let words = text.map(scan::fields).into_iter().flatten();
            let chosen =
                words.filter_map(|word| word.strip_prefix(b"[")?.strip_suffix(b"]")).next();
            algorithm.extend_from_slice(chosen.unwrap_or_default());
        }
        Ok(())
    }

    #[inline(always)] // in one place
    fn write(&self, out: &mut dyn Sink) {
        let [numbers @ .., info] = &FAMILIES;
        for (at, family) in numbers.iter().enumerate() {
            out.family(family);
            for device in &self.devices {
                if let Some(value) = device.values.get(at).copied().flatten() {
                    out.sample(&[Label::of(&device.name)], family.value(value));
                }
            }
        }
        out.family(info);
        for device in self.devices.iter().filter(|device| device.is_known()) {
            if !device.algorithm.is_empty() {
                let labels = [Label::of(&device.name), Label::of(&device.algorithm)];
                out.sample(&labels, info.value(1));
            }
        }
    }
}

impl Device {
    /// Reads the files; `false` if the device is not set up.
    fn read(&mut self, dir: &Dir, errors: &mut PartialErrors) -> bool {
        self.values = Default::default();
        for file in &FILES {
            let (mut room, path) = ([0; MAX_TEXT], Joined::of(&self.name, file.name));
            let read = dir.read(path.path(), &mut room);
            let Some(text) = errors.unless_absent(read) else { continue };
            let mut columns = [None; COLUMNS];
            for (cell, field) in columns.iter_mut().zip(scan::fields(text)) {
                *cell = scan::uint(field);
            }
            if file.name == "disksize" && columns.first() == Some(&Some(0)) {
                return false;
            }
            let fields = scan::fields(text).count();
            for (column, family) in file.columns {
                let value = columns.get(*column).copied().flatten();
                // Older kernels have fewer columns.
                if value.is_none() && (*column < fields || *column == 0) {
                    errors.refuse(dir.place(path.path()), "integers", text);
                }
                if let Some(cell) = self.values.get_mut(*family) {
                    *cell = value.filter(|value| *family != LIMIT || *value > 0);
                }
            }
        }
        true
    }

    /// Whether any of its numbers is known.
    fn is_known(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }
}

impl Collector for Zram {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { now, errors, .. } = scrape;
        self.look_up(*now, errors);
        if self.devices.is_empty() || self.absence.is_known() {
            self.dir.close();
            return Ok(());
        }
        // Others may have used up the directories that may stay open.
        if !self.dir.is_open() {
            self.dir.open()?;
        }
        let mut is_any = false;
        for device in &mut self.devices {
            is_any |= device.read(&self.dir, errors);
        }
        self.dir.rest();
        if !is_any {
            self.absence.note();
        }
        self.write(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
