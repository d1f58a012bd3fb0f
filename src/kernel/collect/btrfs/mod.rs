//! Btrfs file systems: `/sys/fs/btrfs/UUID`, of the mounted ones (fs/btrfs/sysfs.c, since 3.14):
//! `allocation/{data,metadata,system}` in bytes with a directory for each layout, `commit_stats` in
//! milliseconds (since 6.1), `devices/*/size` in sectors. How many bytes of the devices a byte takes
//! follows from the layout and the number of devices. `devinfo/N/error_stats` (since 5.14) and `missing`
//! (since 5.6) are of the device with that number; sysfs does not show which device that is.
//!
//! node_exporter's dialect has these errors by the device's name and UUID, and the unused part of it. For that
//! a thread asks where the file system is mounted (BTRFS_IOC_DEV_INFO, and BTRFS_IOC_GET_DEV_STATS where
//! sysfs has no `error_stats`; include/uapi/linux/btrfs.h, since 3.3): this needs the right to read that
//! directory, no other. A scrape waits for it up to a quarter of a second. Without an answer, sizes are those
//! of sysfs, and have no `btrfs_dev_uuid`.

mod devices;
mod layouts;
mod mounted;
mod reading;
mod rows;

use super::gathered::Gathered;
use super::subtree::Subtree;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Background, Names};
use crate::model::metric::Sink;
use crate::settings::{Dialect, Subject};
use devices::MountAnswer;
use mounted::Mounted;
use reading::{MAX_TEXT, Reading};
use rows::{BASE, FAMILIES};
use std::time::{Duration, Instant};

/// How long a scrape waits for all file systems.
const PATIENCE: Duration = Duration::from_millis(250);

/// The types of groups of blocks.
const TYPES: [&str; 3] = ["data", "metadata", "system"];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "btrfs",
        node_name: "btrfs",
        on: true,
        help: "space, commits and devices of Btrfs, from /sys/fs/btrfs",
        options: &[],
    },
    families: FAMILIES,
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
        mounted: (setup.dialect == Dialect::Node && setup.root.is_procfs())
            .then(|| Background::new("btrfs", Mounted::new(setup.root), Mounted::ask)),
    })
}

struct Btrfs {
    place: Subtree,
    dialect: Dialect,
    entries: Names,
    devices: Names,
    gathered: Gathered,
    /// `None` for a stored tree, and for our own names.
    mounted: Option<Background<Mounted>>,
}

impl Collector for Btrfs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Btrfs { place, entries, devices, gathered, mounted, .. } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        opened.list(&[], entries, errors);
        gathered.begin();
        // `features` is not a file system.
        let entries = (0..).map_while(|at| entries.get(at));
        let mut entries = entries.filter(|entry| entry.contains(&b'-')).peekable();
        if entries.peek().is_none() {
            place.rest();
        }
        let mounted = mounted.as_mut().filter(|_| entries.peek().is_some());
        let answer = match mounted.map(|mounted| mounted.ask(Instant::now() + PATIENCE)) {
            None => MountAnswer::NotQueried,
            Some(Ok(mounted)) if !mounted.is_cut() => MountAnswer::By(mounted),
            Some(late) => {
                errors.record(Error::Read(BASE.into(), late.err().unwrap_or(libc::ETIMEDOUT)));
                MountAnswer::TooLate
            }
        };
        for entry in entries {
            let mut uuid = [0; MAX_TEXT];
            let uuid = errors.unless_absent(opened.read(&[entry, b"metadata_uuid"], &mut uuid));
            let uuid = uuid.filter(|uuid| !uuid.is_empty()).unwrap_or(entry);
            let mut reading = Reading { opened: &opened, entry, uuid, errors, gathered };
            reading.about();
            reading.devices(devices, &answer);
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

#[cfg(test)]
mod tests;
