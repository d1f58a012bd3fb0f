//! udev's database: `/run/udev/data/bMAJOR:MINOR` for each block device (systemd's and eudev's; mdev
//! has none), lines `E:NAME=value`, written again as a whole at every event of the device. Properties that
//! udev does not have are empty here.

use crate::kernel::collect::PartialErrors;
use crate::kernel::read::scan;

pub const DIRECTORY: &str = "/run/udev/data";

/// The longest value that is kept; a longer one is left out and counted.
const MAX_VALUE: usize = 256;

/// The properties that are read from a record.
#[rustfmt::skip]
const NAMES: [&str; 20] = [
    "ID_PATH", "ID_WWN", "ID_MODEL", "ID_REVISION", "SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL",
    "ID_FS_TYPE", "ID_FS_USAGE", "ID_FS_UUID", "ID_FS_VERSION",
    "DM_NAME", "DM_UUID", "DM_VG_NAME", "DM_LV_NAME", "DM_LV_LAYER",
    "ID_ATA", "ID_ATA_WRITE_CACHE", "ID_ATA_WRITE_CACHE_ENABLED", "ID_ATA_ROTATION_RATE_RPM",
];

/// The properties of a device.
#[derive(Default)]
pub struct Properties([Box<[u8]>; NAMES.len()]);

impl Properties {
    /// Parses the record `text`.
    pub fn parse(text: &[u8], errors: &mut PartialErrors) -> Properties {
        let mut properties = Properties::default();
        for line in scan::lines(text) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(line) = line.strip_prefix(b"E:") else { continue };
            let Some(equals) = memchr::memchr(b'=', line) else { continue };
            let (name, value) = line.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            let known = NAMES.iter().zip(&mut properties.0).find(|(n, _)| n.as_bytes() == name);
            let Some((_, slot)) = known else { continue };
            if value.len() > MAX_VALUE {
                errors.refuse(DIRECTORY, "values of at most 256 bytes", line);
                continue;
            }
            *slot = value.into();
        }
        properties
    }

    /// The property at the index `key`.
    pub fn get(&self, key: usize) -> &[u8] {
        self.0.get(key).map_or(&[], |value| value)
    }
}

/// The index of the property `name`, which has to be in the list; evaluated by the compiler.
pub const fn key(name: &str) -> usize {
    let mut at = 0;
    #[allow(clippy::indexing_slicing)] // evaluated by the compiler
    while !same(NAMES[at].as_bytes(), name.as_bytes()) {
        at += 1;
    }
    at
}

const fn same(mut a: &[u8], mut b: &[u8]) -> bool {
    while let ([x, after_x @ ..], [y, after_y @ ..]) = (a, b) {
        if *x != *y {
            return false;
        }
        (a, b) = (after_x, after_y);
    }
    a.is_empty() && b.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts_and_what_is_odd_is_left_out() {
        let mut errors = PartialErrors::default();
        let text = "S:disk/by-id/x\nE:ID_PATH=a=b\nE:ID_MODEL=first\nE:ID_MODEL=Maker\\x20 5\n\
            E: ID_WWN=1\nID_SERIAL=2\nE:ID_REVISION\nE:ID_UNKNOWN=3\nE:ID_FS_USAGE=a b\r\nE:ID_FS_TYPE=";
        let p = Properties::parse(text.as_bytes(), &mut errors);
        assert_eq!(p.get(key("ID_PATH")), b"a=b");
        assert_eq!(p.get(key("ID_MODEL")), b"Maker\\x20 5");
        assert_eq!(p.get(key("ID_FS_USAGE")), b"a b");
        for empty in ["ID_WWN", "ID_SERIAL", "ID_REVISION", "ID_FS_TYPE"] {
            assert!(p.get(key(empty)).is_empty());
        }
        assert_eq!(errors.count(), 0);
        let long = format!("E:ID_MODEL={}\nE:ID_PATH={}", "m".repeat(257), "p".repeat(256));
        let p = Properties::parse(long.as_bytes(), &mut errors);
        let lengths = (p.get(key("ID_MODEL")).len(), p.get(key("ID_PATH")).len());
        assert_eq!((lengths, errors.count()), ((0, 256), 1));
    }
}
