//! Counters of XFS: `/sys/fs/xfs/DEVICE/stats/stats`, lines of a key and numbers of 32 bits that wrap
//! at 2³² (fs/xfs/xfs_stats.c, Documentation/admin-guide/xfs.rst; since 4.4). Lines that
//! node_exporter does not show are skipped. Without a mounted XFS there are no such
//! directories.

use super::gathered::Gathered;
use super::lines::{self, Column, Line, Numbers};
use super::subtree::Subtree;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::Names;
use crate::model::metric::{Family, Sink, Unit::One, counter, families};
use crate::settings::Subject;

const BASE: &str = "/sys/fs/xfs";

/// The longest text that is read; the kernel's has some 1600 bytes.
const MAX_TEXT: usize = 4096;

const DEVICE: &[&str] = &["device"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 39] = families![
    counter("xfs_extent_allocation_extents_allocated_total",  One, "Extents allocated.",                        DEVICE),
    counter("xfs_extent_allocation_blocks_allocated_total",   One, "Blocks allocated.",                         DEVICE),
    counter("xfs_extent_allocation_extents_freed_total",      One, "Extents freed.",                            DEVICE),
    counter("xfs_extent_allocation_blocks_freed_total",       One, "Blocks freed.",                             DEVICE),
    counter("xfs_allocation_btree_lookups_total",             One, "Lookups in allocation B-trees.",            DEVICE),
    counter("xfs_allocation_btree_compares_total",            One, "Comparisons in allocation B-trees.",        DEVICE),
    counter("xfs_allocation_btree_records_inserted_total",    One, "Records put into allocation B-trees.",      DEVICE),
    counter("xfs_allocation_btree_records_deleted_total",     One, "Records taken out of allocation B-trees.",  DEVICE),
    counter("xfs_block_mapping_reads_total",                  One, "Blocks mapped to be read.",                 DEVICE),
    counter("xfs_block_mapping_writes_total",                 One, "Blocks mapped to be written.",              DEVICE),
    counter("xfs_block_mapping_unmaps_total",                 One, "Blocks unmapped.",                          DEVICE),
    counter("xfs_block_mapping_extent_list_insertions_total", One, "Extents put into lists.",                   DEVICE),
    counter("xfs_block_mapping_extent_list_deletions_total",  One, "Extents taken out of lists.",               DEVICE),
    counter("xfs_block_mapping_extent_list_lookups_total",    One, "Lookups in lists of extents.",              DEVICE),
    counter("xfs_block_mapping_extent_list_compares_total",   One, "Comparisons in lists of extents.",          DEVICE),
    counter("xfs_block_map_btree_lookups_total",              One, "Lookups in block map B-trees.",             DEVICE),
    counter("xfs_block_map_btree_compares_total",             One, "Comparisons in block map B-trees.",         DEVICE),
    counter("xfs_block_map_btree_records_inserted_total",     One, "Records put into block map B-trees.",       DEVICE),
    counter("xfs_block_map_btree_records_deleted_total",      One, "Records taken out of block map B-trees.",   DEVICE),
    counter("xfs_directory_operation_lookup_total",           One, "Names looked up in directories.",           DEVICE),
    counter("xfs_directory_operation_create_total",           One, "Names put into directories.",               DEVICE),
    counter("xfs_directory_operation_remove_total",           One, "Names taken out of directories.",           DEVICE),
    counter("xfs_directory_operation_getdents_total",         One, "Readings of directories.",                  DEVICE),
    counter("xfs_inode_operation_attempts_total",             One, "Inodes looked for in the cache.",           DEVICE),
    counter("xfs_inode_operation_found_total",                One, "Inodes found in the cache.",                DEVICE),
    counter("xfs_inode_operation_recycled_total",             One, "Inodes found that were being reclaimed.",   DEVICE),
    counter("xfs_inode_operation_missed_total",               One, "Inodes not found in the cache.",            DEVICE),
    counter("xfs_inode_operation_duplicates_total",           One, "Inodes that another put into the cache.",   DEVICE),
    counter("xfs_inode_operation_reclaims_total",             One, "Inodes reclaimed.",                         DEVICE),
    counter("xfs_inode_operation_attribute_changes_total",    One, "Changes of attributes of inodes.",          DEVICE),
    counter("xfs_read_calls_total",                           One, "Calls of read(2).",                         DEVICE),
    counter("xfs_write_calls_total",                          One, "Calls of write(2).",                        DEVICE),
    counter("xfs_vnode_active_total",                         One, "Inodes in memory.",                         DEVICE),
    counter("xfs_vnode_allocate_total",                       One, "Inodes allocated in memory.",               DEVICE),
    counter("xfs_vnode_get_total",                            One, "Inodes taken from memory.",                 DEVICE),
    counter("xfs_vnode_hold_total",                           One, "Inodes held.",                              DEVICE),
    counter("xfs_vnode_release_total",                        One, "Inodes released.",                          DEVICE),
    counter("xfs_vnode_reclaim_total",                        One, "Inodes reclaimed in memory.",               DEVICE),
    counter("xfs_vnode_remove_total",                         One, "Inodes removed from memory.",               DEVICE),
];

const fn at(place: usize, family: &'static Family<'static>) -> Column {
    (place, family, &[])
}

#[rustfmt::skip] // a table: one row is one line of the file
static LINES: [Line; 8] = [
    Line { key: "extent_alloc", numbers: Numbers::Each(&[
        at(0, &FAMILIES[0]), at(1, &FAMILIES[1]), at(2, &FAMILIES[2]), at(3, &FAMILIES[3]),
    ]) },
    Line { key: "abt", numbers: Numbers::Each(&[
        at(0, &FAMILIES[4]), at(1, &FAMILIES[5]), at(2, &FAMILIES[6]), at(3, &FAMILIES[7]),
    ]) },
    Line { key: "blk_map", numbers: Numbers::Each(&[
        at(0, &FAMILIES[8]), at(1, &FAMILIES[9]), at(2, &FAMILIES[10]), at(3, &FAMILIES[11]),
        at(4, &FAMILIES[12]), at(5, &FAMILIES[13]), at(6, &FAMILIES[14]),
    ]) },
    Line { key: "bmbt", numbers: Numbers::Each(&[
        at(0, &FAMILIES[15]), at(1, &FAMILIES[16]), at(2, &FAMILIES[17]), at(3, &FAMILIES[18]),
    ]) },
    Line { key: "dir", numbers: Numbers::Each(&[
        at(0, &FAMILIES[19]), at(1, &FAMILIES[20]), at(2, &FAMILIES[21]), at(3, &FAMILIES[22]),
    ]) },
    Line { key: "ig", numbers: Numbers::Each(&[
        at(0, &FAMILIES[23]), at(1, &FAMILIES[24]), at(2, &FAMILIES[25]), at(3, &FAMILIES[26]),
        at(4, &FAMILIES[27]), at(5, &FAMILIES[28]), at(6, &FAMILIES[29]),
    ]) },
    Line { key: "rw", numbers: Numbers::Each(&[at(1, &FAMILIES[30]), at(0, &FAMILIES[31])]) },
    Line { key: "vnodes", numbers: Numbers::Each(&[
        at(0, &FAMILIES[32]), at(1, &FAMILIES[33]), at(2, &FAMILIES[34]), at(3, &FAMILIES[35]),
        at(4, &FAMILIES[36]), at(5, &FAMILIES[37]), at(6, &FAMILIES[38]),
    ]) },
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "xfs",
        node_name: "xfs",
        on: true,
        help: "counters of XFS, from /sys/fs/xfs",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let (place, devices) = (Subtree::new(setup.root, BASE), Names::default());
    Box::new(Xfs { place, devices, gathered: Gathered::new(BASE) })
}

struct Xfs {
    place: Subtree,
    devices: Names,
    gathered: Gathered,
}

impl Collector for Xfs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Xfs { place, devices, gathered } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        opened.list(&[], devices, errors);
        gathered.begin();
        let devices = (0..).map_while(|at| devices.get(at));
        // That entry is for all file systems together.
        let mut devices = devices.filter(|device| device != b"stats").peekable();
        if devices.peek().is_none() {
            place.rest();
        }
        for device in devices {
            let path = [device, b"stats/stats"];
            let mut text = [0; MAX_TEXT];
            if let Some(text) = errors.unless_absent(opened.read(&path, &mut text)) {
                lines::gather(text, &LINES, &[device], opened.place(&path), errors, gathered);
            }
        }
        gathered.write_rows(errors, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn every_number_of_every_device() {
        let tree = Tree::new("xfs");
        let text = "extent_alloc 1 2 3 4\nabt 5 6 7 8\nblk_map 9 10 11 12 13 14 15\nbmbt 16 17 18 19\n\
            dir 20 21 22 23\ntrans 90 91 92\nig 24 25 26 27 28 29 30\nrw 31 32\nattr 93 94 95 96\n\
            vnodes 33 34 35 36 37 38 39 97\nxpc 98 99 100\ndebug 0\n";
        tree.put("sys/fs/xfs/sda1/stats/stats", text);
        tree.put("sys/fs/xfs/sdb1/stats/stats", "rw 8 x");
        tree.put("sys/fs/xfs/debug/bug_on_assert", "0");
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut xfs = tree.open(&SPEC, dialect, &[]);
            let (lines, errors) = scrape(&mut xfs, dialect, &["xfs"]);
            assert_eq!((lines.len(), errors), (40, 1));
            let numbers = lines.iter().filter(|line| line.contains("sda1"));
            let numbers: Vec<u64> =
                numbers.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
            // Reads come after writes in the file.
            let expected: Vec<u64> = (1..31).chain([32, 31]).chain(33..40).collect();
            assert_eq!(numbers, expected);
            assert!(lines.contains(&r#"xfs_write_calls_total{device="sdb1"} 8"#.to_owned()));
        }
    }

    #[test]
    fn without_a_mount_there_are_no_samples() {
        let tree = Tree::new("xfs-absent");
        let mut xfs = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut xfs, Dialect::Node, &["xfs"]), (vec![], 0));
        tree.put("sys/fs/xfs/stats/stats", "rw 1 2");
        assert_eq!(scrape(&mut xfs, Dialect::Node, &["xfs"]), (vec![], 0));
    }
}
