//! udev's database: `/run/udev/data/bMAJOR:MINOR` for each block device (systemd's and eudev's; mdev
//! has none), lines `E:NAME=value`, written anew as a whole at every event of the device. What udev
//! does not tell is empty here.

use super::inventory::contents;
use crate::collect::Faults;
use crate::error::Error;
use crate::read::scan;
use std::path::Path;

pub const DIRECTORY: &str = "/run/udev/data";

/// The longest value that is kept; a longer one is left out and counted.
const MAX_VALUE: usize = 256;

pub type Text = Box<[u8]>;

/// What is taken from a device's record.
#[derive(Default)]
pub struct Properties {
    pub path: Text,
    pub wwn: Text,
    pub model: Text,
    pub revision: Text,
    pub scsi_serial: Text,
    pub serial_short: Text,
    pub serial: Text,
    pub fs_type: Text,
    pub fs_usage: Text,
    pub fs_uuid: Text,
    pub fs_version: Text,
    pub dm_name: Text,
    pub dm_uuid: Text,
    pub dm_vg_name: Text,
    pub dm_lv_name: Text,
    pub dm_lv_layer: Text,
    /// Not empty for an ATA disk; the three that follow are integers.
    pub ata: Text,
    pub ata_cache: Text,
    pub ata_cache_enabled: Text,
    pub ata_rate: Text,
}

impl Properties {
    /// The record of the device `major:minor` below `directory`.
    pub fn read(directory: &Path, major: u64, minor: u64, faults: &mut Faults) -> Properties {
        let record = directory.join(format!("b{major}:{minor}"));
        Properties::parse(&contents(&record, DIRECTORY, faults), faults)
    }

    fn parse(text: &[u8], faults: &mut Faults) -> Properties {
        let mut properties = Properties::default();
        for line in scan::lines(text) {
            let Some(line) = line.strip_prefix(b"E:") else { continue };
            let Some(equals) = memchr::memchr(b'=', line) else { continue };
            let (name, value) = line.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            let Some(slot) = properties.slot(name) else { continue };
            if value.len() > MAX_VALUE {
                faults.note(Error::parse(DIRECTORY, "values of at most 256 bytes", line));
                continue;
            }
            *slot = value.into();
        }
        let p = &mut properties;
        for number in [&mut p.ata_cache, &mut p.ata_cache_enabled, &mut p.ata_rate] {
            if !number.is_empty() && scan::uint(number).is_none() {
                faults.note(Error::parse(DIRECTORY, "an integer of ID_ATA", number));
                *number = Text::default();
            }
        }
        properties
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut Text> {
        Some(match name {
            b"ID_PATH" => &mut self.path,
            b"ID_WWN" => &mut self.wwn,
            b"ID_MODEL" => &mut self.model,
            b"ID_REVISION" => &mut self.revision,
            b"SCSI_IDENT_SERIAL" => &mut self.scsi_serial,
            b"ID_SERIAL_SHORT" => &mut self.serial_short,
            b"ID_SERIAL" => &mut self.serial,
            b"ID_FS_TYPE" => &mut self.fs_type,
            b"ID_FS_USAGE" => &mut self.fs_usage,
            b"ID_FS_UUID" => &mut self.fs_uuid,
            b"ID_FS_VERSION" => &mut self.fs_version,
            b"DM_NAME" => &mut self.dm_name,
            b"DM_UUID" => &mut self.dm_uuid,
            b"DM_VG_NAME" => &mut self.dm_vg_name,
            b"DM_LV_NAME" => &mut self.dm_lv_name,
            b"DM_LV_LAYER" => &mut self.dm_lv_layer,
            b"ID_ATA" => &mut self.ata,
            b"ID_ATA_WRITE_CACHE" => &mut self.ata_cache,
            b"ID_ATA_WRITE_CACHE_ENABLED" => &mut self.ata_cache_enabled,
            b"ID_ATA_ROTATION_RATE_RPM" => &mut self.ata_rate,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts_and_what_is_odd_is_left_out() {
        let mut faults = Faults::default();
        let text = "S:disk/by-id/x\nE:ID_PATH=a=b\nE:ID_MODEL=first\nE:ID_MODEL=Maker\\x20 5\n\
            E: ID_WWN=1\nID_SERIAL=2\nE:ID_REVISION\nE:ID_UNKNOWN=3\nE:ID_FS_TYPE=\n\
            E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=x\nE:ID_ATA_ROTATION_RATE_RPM=5400";
        let p = Properties::parse(text.as_bytes(), &mut faults);
        assert_eq!((&*p.path, &*p.model), (&b"a=b"[..], &b"Maker\\x20 5"[..]));
        for empty in [&p.wwn, &p.serial, &p.revision, &p.fs_type, &p.ata_cache] {
            assert!(empty.is_empty());
        }
        assert_eq!((&*p.ata_rate, faults.count()), (&b"5400"[..], 1));
        let long = format!("E:ID_MODEL={}\nE:ID_PATH={}", "m".repeat(257), "p".repeat(256));
        let p = Properties::parse(long.as_bytes(), &mut faults);
        assert_eq!((p.model.len(), p.path.len(), faults.count()), (0, 256, 2));
    }
}
