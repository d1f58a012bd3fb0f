//! F2FS: `/sys/fs/f2fs/DEVICE` (Documentation/ABI/testing/sysfs-fs-f2fs), where DEVICE is the kernel's name,
//! such as `mmcblk0p2`. `lifetime_write_kbytes` came in 2016, `dirty_segments` in 2017, `free_segments` in 2019,
//! `stat/sb_status` in 2020, `ovp_segments` in 2021, `stat/cp_status` in 2022. A segment is usually 2 MiB.
//!
//! The two status files are flags in hexadecimal without `0x`: 4 of the super block and 10 of the checkpoint
//! mean that fsck is needed, 8 of the checkpoint that there was an error.
//!
//! The total of written bytes is kept in the file system, updated only now and then: a power failure sets it back a
//! little. So it is a gauge, of which `rate()` would show a leap.

use super::attributes::{Attribute, LabelFrom, Layout, hexadecimal, unsigned};
use super::kept::Kept;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Sink, Unit::Kibibytes, Unit::One, Value, families, gauge};
use crate::settings::Subject;

const DEVICE: &[&str] = &["device"];

/// Flags of the checkpoint and of the super block.
const ERROR: u64 = 8;
const FSCK: u64 = 0x10;
const NEEDS_FSCK: u64 = 4;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 10] = families![
    gauge("f2fs_lifetime_written_bytes",      Kibibytes, "Bytes written to the file system since it was made.",       DEVICE).own_prefix(),
    gauge("f2fs_dirty_segments",              One, "Segments that garbage collection would have to clean.",           DEVICE).own_prefix(),
    gauge("f2fs_free_segments",               One, "Segments that are free.",                                         DEVICE).own_prefix(),
    gauge("f2fs_overprovision_segments",      One, "Segments kept for garbage collection.",                           DEVICE).own_prefix(),
    gauge("f2fs_unusable_blocks",             One, "Blocks that cannot be used while checkpoints are off.",           DEVICE).own_prefix(),
    gauge("f2fs_superblock_status",           One, "Flags of the super block.",                                       DEVICE).own_prefix(),
    gauge("f2fs_superblock_needs_fsck",       One, "Whether the super block says that fsck is needed.",               DEVICE).own_prefix(),
    gauge("f2fs_checkpoint_status",           One, "Flags of the checkpoint.",                                        DEVICE).own_prefix(),
    gauge("f2fs_checkpoint_needs_fsck",       One, "Whether the checkpoint says that fsck is needed.",                DEVICE).own_prefix(),
    gauge("f2fs_checkpoint_error",            One, "Whether the checkpoint says that there was an error.",            DEVICE).own_prefix(),
];

fn flag(text: &[u8], flag: u64) -> Option<Value> {
    scan::hex(text).map(|flags| Value::Int((flags & flag != 0).into()))
}

static DEVICES: Layout = Layout {
    directory: "/sys/fs/f2fs",
    is_object: |name| name != "features",
    labels: &[LabelFrom::Name("")],
    attributes: &[
        Attribute { file: "lifetime_write_kbytes", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "dirty_segments", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "free_segments", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "ovp_segments", family: &FAMILIES[3], form: unsigned },
        Attribute { file: "unusable", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "stat/sb_status", family: &FAMILIES[5], form: hexadecimal },
        Attribute {
            file: "stat/sb_status",
            family: &FAMILIES[6],
            form: |_, text| flag(text, NEEDS_FSCK),
        },
        Attribute { file: "stat/cp_status", family: &FAMILIES[7], form: hexadecimal },
        Attribute {
            file: "stat/cp_status",
            family: &FAMILIES[8],
            form: |_, text| flag(text, FSCK),
        },
        Attribute {
            file: "stat/cp_status",
            family: &FAMILIES[9],
            form: |_, text| flag(text, ERROR),
        },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "f2fs",
        node_name: "",
        on: true,
        help: "writes, segments and errors of F2FS, from /sys/fs/f2fs",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(F2fs(Kept::new(setup.root, &DEVICES)))
}

struct F2fs(Kept);

impl Collector for F2fs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.0.collect(scrape, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn numbers_and_flags() {
        let tree = Tree::new("f2fs");
        let put = |file: &str, text: &str| tree.put(&format!("sys/fs/f2fs/{file}"), text);
        put("features/lost_found", "supported\n");
        for (file, text) in [
            ("lifetime_write_kbytes", "1001\n"),
            ("dirty_segments", "1002\n"),
            ("free_segments", "1003\n"),
            ("ovp_segments", "1004\n"),
            ("unusable", "1005\n"),
            // All but the flag that is shown; all but 8, and 10.
            ("stat/sb_status", "fb\n"),
            ("stat/cp_status", "97\n"),
        ] {
            put(&format!("dm-3/{file}"), text);
        }
        put("sda1/stat/sb_status", "4\n");
        put("sda1/stat/cp_status", "8\n");
        put("sda1/free_segments", "few\n");
        put("vda/stat/sb_status", "0\n");
        put("vda/stat/cp_status", "18\n");
        let mut f2fs = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "f2fs_lifetime_written_bytes{device=\"dm-3\"} 1025024",
            "f2fs_dirty_segments{device=\"dm-3\"} 1002",
            "f2fs_free_segments{device=\"dm-3\"} 1003",
            "f2fs_overprovision_segments{device=\"dm-3\"} 1004",
            "f2fs_unusable_blocks{device=\"dm-3\"} 1005",
            "f2fs_superblock_status{device=\"dm-3\"} 251",
            "f2fs_superblock_status{device=\"sda1\"} 4",
            "f2fs_superblock_status{device=\"vda\"} 0",
            "f2fs_superblock_needs_fsck{device=\"dm-3\"} 0",
            "f2fs_superblock_needs_fsck{device=\"sda1\"} 1",
            "f2fs_superblock_needs_fsck{device=\"vda\"} 0",
            "f2fs_checkpoint_status{device=\"dm-3\"} 151",
            "f2fs_checkpoint_status{device=\"sda1\"} 8",
            "f2fs_checkpoint_status{device=\"vda\"} 24",
            "f2fs_checkpoint_needs_fsck{device=\"dm-3\"} 1",
            "f2fs_checkpoint_needs_fsck{device=\"sda1\"} 0",
            "f2fs_checkpoint_needs_fsck{device=\"vda\"} 1",
            "f2fs_checkpoint_error{device=\"dm-3\"} 0",
            "f2fs_checkpoint_error{device=\"sda1\"} 1",
            "f2fs_checkpoint_error{device=\"vda\"} 1",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut f2fs, Dialect::Own, &["f2fs"]), (expected, 1));
    }
}
