//! Wear of UFS: `/sys/bus/platform/devices/X.ufs*/health_descriptor` (also `X.ufshc`), and
//! `/sys/bus/pci/drivers/ufshcd/*/health_descriptor` of controllers on PCI
//! (Documentation/ABI/testing/sysfs-driver-ufs, since 4.17). `eol_info`, `life_time_estimation_a` and `…_b` are
//! codes in hexadecimal with `0x`, the same as those of eMMC: tenths of the life that are used at most, 11
//! beyond it, 0 not defined.
//!
//! Each read asks the device, and wakes it: so the files are read once an hour, by a thread of their own, since a
//! device may take seconds to wake. A box without UFS has no such thread.

use super::attributes::{LabelFrom, Layout, Objects};
use super::gathered::Gathered;
use super::kept;
use super::mmc::{byte, code_of, push_life};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::{Background, Listing, Root};
use crate::model::metric::{Family, Sink, Unit::Deci, Unit::One, families, gauge};
use crate::settings::Subject;
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/sys/bus/platform/devices";
const PCI: &str = "/sys/bus/pci/drivers/ufshcd";

/// How often devices are looked up, and read.
const LOOK: Duration = Duration::from_secs(60);
const ASK: Duration = Duration::from_secs(3600);

/// How long a scrape waits for the thread; a later answer is shown a minute later.
const PATIENCE: Duration = Duration::from_millis(100);

const LIFE_TIMES: [(&str, &[u8]); 2] = [
    ("health_descriptor/life_time_estimation_a", b"a"),
    ("health_descriptor/life_time_estimation_b", b"b"),
];

const TYPED: &[&str] = &["device", "type"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("ufs_life_time_used_ratio", Deci, "Part of its life that the device has used, at most; 1.1 is beyond it.",           TYPED).own_prefix(),
    gauge("ufs_life_time_code",       One,  "The same as the device reports it: tenths, and 11 beyond.",                       TYPED).own_prefix(),
    gauge("ufs_pre_eol_code",         One,  "Spare blocks of the device: 1 is normal, 2 means 80 % used, 3 means 90 % used.",  &["device"]).own_prefix(),
];

fn is_ufs(name: &str) -> bool {
    name.contains(".ufs")
}

/// An address; the other entries are the driver's own files.
fn is_pci(name: &str) -> bool {
    name.contains(':')
}

static DEVICES: [Layout; 2] = [devices(DIRECTORY, is_ufs), devices(PCI, is_pci)];

const fn devices(directory: &'static str, is_object: fn(&str) -> bool) -> Layout {
    // Checking which attributes exist would wake the device.
    Layout { directory, is_object, labels: &[LabelFrom::Name("")], attributes: &[] }
}

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ufs",
        node_name: "",
        on: true,
        help: "wear of UFS, from /sys/bus/platform/devices",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Ufs {
        listings: [DIRECTORY, PCI].map(|path| Listing::new(setup.root.dir(path))),
        found: Ok(false),
        look_at: None,
        ask_at: None,
        asks: Background::new("ufs", UfsReader::new(setup.root), UfsReader::ask)
            .patient(!setup.root.is_procfs()),
        samples: Gathered::new(DIRECTORY),
    })
}

struct Ufs {
    listings: [Listing; 2],
    /// Whether there are devices.
    found: Result<bool, KeptError>,
    look_at: Option<Instant>,
    ask_at: Option<Instant>,
    asks: Background<UfsReader>,
    samples: Gathered,
}

/// The state and the results of the thread.
struct UfsReader {
    objects: [Objects; 2],
    samples: Gathered,
    errors: PartialErrors,
}

impl Collector for Ufs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let is_due = |at: Option<Instant>| at.is_none_or(|at| scrape.now >= at);
        if is_due(self.look_at) {
            self.look_at = Some(scrape.now + LOOK);
            self.found = self.look().map_err(KeptError::from);
            if self.found == Ok(true) && is_due(self.ask_at) {
                self.ask(scrape);
            }
        }
        if self.found? {
            self.samples.write_rows(scrape.errors, out);
        }
        Ok(())
    }
}

impl Ufs {
    /// Whether there are devices.
    fn look(&mut self) -> Result<bool, Error> {
        let mut found = Err(Error::Unsupported(DIRECTORY.into()));
        for (listing, layout) in self.listings.iter_mut().zip(&DEVICES) {
            let listed = listing.has_changed();
            listing.dir.close();
            match listed {
                Err(Error::Absent(_)) => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    let is_there = listing.names().any(layout.is_object);
                    found = Ok(is_there || found.is_ok_and(|found| found));
                }
            }
        }
        found
    }

    /// Lets the thread ask all devices. Its last results stay until it answers.
    fn ask(&mut self, scrape: &mut Scrape<'_>) {
        match self.asks.ask(Instant::now() + PATIENCE) {
            Ok(asks) => {
                self.ask_at = Some(scrape.now + ASK);
                if let Some(error) = asks.errors.last() {
                    scrape.errors.record(error.error());
                }
                std::mem::swap(&mut self.samples, &mut asks.samples);
            }
            Err(errno) => scrape.errors.record(Error::Read(DIRECTORY.into(), errno)),
        }
    }
}

impl UfsReader {
    fn new(root: &Root) -> UfsReader {
        UfsReader {
            objects: [&DEVICES[0], &DEVICES[1]].map(|all| Objects::new(root, all, [None, None])),
            samples: Gathered::new(DIRECTORY),
            errors: PartialErrors::default(),
        }
    }

    fn ask(&mut self, until: Instant) {
        let UfsReader { objects, samples, errors } = self;
        samples.begin();
        errors.begin();
        for objects in objects {
            // A device that is removed meanwhile has no samples, nor has a bus that is absent.
            let followed = objects.follow(until, errors);
            if errors.unless_absent(followed).is_some() {
                read(objects, samples, errors);
            }
            objects.close();
        }
    }
}

/// Reads the devices of one bus.
fn read(objects: &Objects, samples: &mut Gathered, errors: &mut PartialErrors) {
    let [used, code, pre_eol] = &FAMILIES;
    for device in objects.of(0) {
        let file = ("health_descriptor/eol_info", pre_eol);
        kept::add(objects, device, file, &code_of(pre_eol), samples, errors);
        for (file, kind) in LIFE_TIMES {
            let mut room = [0; 64];
            let read = objects.read(device, file, &mut room);
            let Some(text) = errors.unless_absent(read) else { continue };
            match byte(text) {
                Some(raw) => push_life([used, code], [device.label(0), kind], raw, samples),
                None => errors.refuse(objects.place(device, file), "a byte in hexadecimal", text),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape, scrape_later};

    #[test]
    fn devices_are_read_once_an_hour() {
        let tree = Tree::new("ufs");
        let put = |device: &str, file: &str, text: &str| {
            tree.put(&format!("sys/bus/platform/devices/{device}/health_descriptor/{file}"), text);
        };
        put("fe200000.mmc", "eol_info", "0x03\n");
        let mut ufs = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut ufs, Dialect::Own, &["ufs"]), (vec![], 0));
        put("1d84000.ufshc", "eol_info", "0x02\n");
        put("1d84000.ufshc", "life_time_estimation_a", "0x0A\n");
        put("1d84000.ufshc", "life_time_estimation_b", "0x00\n");
        put("ff3b0000.ufs", "eol_info", "0x01\n");
        // No byte, though its first sixteen digits are a number.
        put("ff3b0000.ufs", "life_time_estimation_a", "99999999999999999999\n");
        put("ff3b0000.ufs", "life_time_estimation_b", "0x0B\n");
        let at = |seconds| Duration::from_secs(seconds);
        assert_eq!(scrape_later(&mut ufs, Dialect::Own, &["ufs"], at(1)), (vec![], 0));
        let expected = [
            "ufs_life_time_used_ratio{device=\"1d84000.ufshc\",type=\"a\"} 1",
            "ufs_life_time_used_ratio{device=\"ff3b0000.ufs\",type=\"b\"} 1.1",
            "ufs_life_time_code{device=\"1d84000.ufshc\",type=\"a\"} 10",
            "ufs_life_time_code{device=\"ff3b0000.ufs\",type=\"b\"} 11",
            "ufs_pre_eol_code{device=\"1d84000.ufshc\"} 2",
            "ufs_pre_eol_code{device=\"ff3b0000.ufs\"} 1",
        ]
        .map(String::from)
        .to_vec();
        let found = scrape_later(&mut ufs, Dialect::Own, &["ufs"], at(61));
        assert_eq!(found, (expected.clone(), 1));
        put("1d84000.ufshc", "eol_info", "0x03\n");
        assert_eq!(scrape_later(&mut ufs, Dialect::Own, &["ufs"], at(3600)), (expected, 0));
        let mut pre_eol = |by| scrape_later(&mut ufs, Dialect::Own, &["eol_code{device=\"1"], by).0;
        assert_eq!(pre_eol(at(3700)), ["ufs_pre_eol_code{device=\"1d84000.ufshc\"} 3"]);
    }

    #[test]
    fn controllers_on_pci_are_those_of_the_driver() {
        let tree = Tree::new("ufs-pci");
        let driver = |file: &str| format!("sys/bus/pci/drivers/ufshcd/{file}");
        let none = tree.open(&SPEC, Dialect::Own, &[]).is_unsupported();
        assert!(none);
        tree.put(&driver("bind"), "");
        let mut ufs = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut ufs, Dialect::Own, &["ufs"]), (vec![], 0));
        tree.put(&driver("0000:00:12.5/health_descriptor/eol_info"), "0x02\n");
        tree.put(&driver("0000:00:12.5/health_descriptor/life_time_estimation_a"), "0x03\n");
        let expected = [
            "ufs_life_time_used_ratio{device=\"0000:00:12.5\",type=\"a\"} 0.3",
            "ufs_life_time_code{device=\"0000:00:12.5\",type=\"a\"} 3",
            "ufs_pre_eol_code{device=\"0000:00:12.5\"} 2",
        ];
        let mut ufs = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(
            scrape(&mut ufs, Dialect::Own, &["ufs"]),
            (expected.map(String::from).to_vec(), 0)
        );
    }
}
