//! The devices of a file system.

use super::mounted::{Device, Mounted, uuid};
use super::reading::{Each, Reading};
use super::rows::{FAMILIES, QUERIED};
use crate::kernel::read::Names;
use crate::model::metric::{Decimal, Value};

/// Bytes of what sysfs counts devices in.
const SECTOR: u64 = 512;

/// A line of `error_stats` and the kind of error.
const ERRORS: [(&[u8], &str); 5] = [
    (b"write_errs", "write"),
    (b"read_errs", "read"),
    (b"flush_errs", "flush"),
    (b"corruption_errs", "corruption"),
    (b"generation_errs", "generation"),
];

/// What is known of devices besides the files in sysfs.
pub enum MountAnswer<'a> {
    /// No ioctl was made.
    NotQueried,
    By(&'a Mounted),
    /// There was no answer in time: what comes from sysfs has other labels, and is not shown in its place.
    TooLate,
}

impl Reading<'_> {
    /// Writes the errors of its devices by their numbers, which are added to `names`.
    pub fn device_errors(&mut self, names: &mut Names) {
        self.opened.list(&[self.entry, b"devinfo"], names, self.errors);
        let [.., errors, missing, _, _] = &FAMILIES;
        for id in (0..).map_while(|at| names.get(at)) {
            self.error_stats(id, &mut |kind, count, gathered, uuid| {
                gathered.push(errors, &[uuid, id, kind], Value::Int(count));
            });
            let path: [&[u8]; 4] = [self.entry, b"devinfo", id, b"missing"];
            self.number(&path, missing, &[self.uuid, id]);
        }
    }

    /// Reads the errors of the device with that number in sysfs; `each` gets their kind.
    fn error_stats(&mut self, number: &[u8], each: &mut Each<'_>) {
        let path = [self.entry, b"devinfo", number, b"error_stats"];
        self.lines(&path, &mut |key, raw, gathered, uuid| {
            if let Some((_, kind)) = ERRORS.iter().find(|(known, _)| *known == key) {
                each(kind.as_bytes(), raw, gathered, uuid);
            }
        });
    }

    /// Writes its devices, whose names are added to `names`.
    pub fn devices(&mut self, names: &mut Names, answer: &MountAnswer<'_>) {
        self.opened.list(&[self.entry, b"devices"], names, self.errors);
        let ([.., size, _, _, _, _], [queried_size]) = (FAMILIES, QUERIED);
        // One family has the same labels for all file systems.
        let has_ids = match answer {
            MountAnswer::TooLate => return,
            MountAnswer::NotQueried => false,
            MountAnswer::By(mounted) if self.mounted_devices(mounted) => return,
            MountAnswer::By(mounted) => !mounted.is_empty(),
        };
        for device in (0..).map_while(|at| names.get(at)) {
            let path: [&[u8]; 4] = [self.entry, b"devices", device, b"size"];
            match self.read(&path) {
                Some(Some(sectors)) if has_ids => {
                    let bytes = Value::Int(sectors.saturating_mul(SECTOR));
                    self.gathered.push(queried_size, &[self.uuid, device, b""], bytes);
                }
                Some(Some(sectors)) => {
                    self.gathered.push(size, &[self.uuid, device], size.value(sectors));
                }
                _ => {}
            }
        }
    }

    /// Writes the devices from the answer where it is mounted; returns whether there is one.
    fn mounted_devices(&mut self, mounted: &Mounted) -> bool {
        let ([.., unused, errors], [queried_size]) = (FAMILIES, QUERIED);
        let Some(devices) = mounted.devices(self.entry) else { return false };
        for (Device { number, about, errors: counts }, name) in devices {
            let id = uuid(&about.id);
            let labels = [self.uuid, name, &id];
            self.gathered.push(queried_size, &labels, Value::Int(about.size));
            if let Some(bytes) = about.size.checked_sub(about.used) {
                self.gathered.push(unused, &labels, Value::Int(bytes));
            }
            for ((_, kind), count) in ERRORS.iter().zip(counts.iter().flatten()) {
                let labels = [self.uuid, name, &id, kind.as_bytes()];
                self.gathered.push(errors, &labels, Value::Int(*count));
            }
            if counts.is_none() {
                self.error_stats(
                    Decimal::of(*number).as_bytes(),
                    &mut |kind, count, gathered, uuid| {
                        gathered.push(errors, &[uuid, name, &id, kind], Value::Int(count));
                    },
                );
            }
        }
        true
    }
}
