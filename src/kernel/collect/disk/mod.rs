//! Block devices: `/proc/diskstats`, one line for each device (Documentation/admin-guide/iostats.rst).
//! A sector is 512 bytes whatever the device reports; times are milliseconds. Discards came with Linux
//! 4.18, flushes with 5.5: a column that the kernel lacks is left out, never reported as 0. Before
//! 2.6.25 a partition had four columns of its own.
//!
//! node_exporter's dialect also has `disk_info` and similar metrics, from `/sys/block/<device>/queue`
//! (Documentation/ABI/stable/sysfs-block) and from udev's database `/run/udev/data`, if there is one.
//! They are read when a device appears, and again when udev's directory has changed: a steady scrape
//! does not read them. `rotational` is 0 for a partition, which has no queue.

mod inventory;
mod udev;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Filter, Table, scan};
use crate::model::metric::{Family, Sink, Unit::*, counter, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, pattern, system_switch};
use inventory::Inventory;
use std::time::Instant;

const PATH: &str = "/proc/diskstats";
const EXPECTED: &str = "major, minor, device, then integers";
const DEVICE: &[&str] = &["device"];

/// The number of counters in a line today.
const WIDTH: usize = 17;

/// The columns for the four counters of an old partition: reads, sectors read, writes, sectors written.
const PARTITION: [usize; 4] = [0, 2, 4, 6];

/// The column of discarded sectors.
const DISCARDED: usize = 13;

/// In the order of the columns, then those of the inventory.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 24] = families![
    counter("disk_reads_completed_total",             One,     "Reads completed.",                           DEVICE),
    counter("disk_reads_merged_total",                One,     "Adjacent reads merged into one.",            DEVICE),
    counter("disk_read_bytes_total",                  Sectors, "Bytes read.",                                DEVICE),
    counter("disk_read_time_seconds_total",           Millis,  "Time spent on all reads together.",          DEVICE),
    counter("disk_writes_completed_total",            One,     "Writes completed.",                          DEVICE),
    counter("disk_writes_merged_total",               One,     "Adjacent writes merged into one.",           DEVICE),
    counter("disk_written_bytes_total",               Sectors, "Bytes written.",                             DEVICE),
    counter("disk_write_time_seconds_total",          Millis,  "Time spent on all writes together.",         DEVICE),
    gauge(  "disk_io_now|disk_io_in_progress",        One,     "Operations in progress.",                    DEVICE),
    counter("disk_io_time_seconds_total",             Millis,  "Time with an operation in progress.",        DEVICE),
    counter("disk_io_time_weighted_seconds_total",    Millis,  "Time of all operations together.",           DEVICE),
    counter("disk_discards_completed_total",          One,     "Discards completed.",                        DEVICE),
    counter("disk_discards_merged_total",             One,     "Adjacent discards merged into one.",         DEVICE),
    counter("disk_discarded_bytes_total",             Sectors, "Bytes discarded.",                           DEVICE).only_own(),
    counter("disk_discard_time_seconds_total",        Millis,  "Time spent on all discards together.",       DEVICE),
    counter("disk_flush_requests_total",              One,     "Flush requests completed.",                  DEVICE),
    counter("disk_flush_requests_time_seconds_total", Millis,  "Time spent on all flush requests together.", DEVICE),
    // Not a column of its own: node_exporter gives column DISCARDED in sectors.
    counter("disk_discarded_sectors_total",           One,     "Sectors of 512 bytes discarded.",            DEVICE).only_node(),
    gauge("disk_info",                       One, "Always 1; the labels identify the device.",                &["device", "major", "minor", "path", "wwn", "model", "serial", "revision", "rotational"]).only_node(),
    gauge("disk_filesystem_info",            One, "Always 1; the labels describe the file system.",           &["device", "type", "usage", "uuid", "version"]).only_node(),
    gauge("disk_device_mapper_info",         One, "Always 1; the labels have what the device mapper knows.",  &["device", "name", "uuid", "vg_name", "lv_name", "lv_layer"]).only_node(),
    gauge("disk_ata_write_cache",            One, "Whether the ATA disk has a write cache.",                  DEVICE).only_node(),
    gauge("disk_ata_write_cache_enabled",    One, "Whether the ATA disk uses its write cache.",               DEVICE).only_node(),
    gauge("disk_ata_rotation_rate_rpm",      One, "Revolutions a minute of the ATA disk, 0 if it has none.",  DEVICE).only_node(),
];

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "devices to leave out")
        .flags(&["collector.diskstats.device-exclude", "collector.diskstats.ignored-devices"])
        .defaults("^(loop|ram|dm-)", r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$");

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("include_pattern", "only these devices").flags(&["collector.diskstats.device-include"]);

static SYSTEM: CollectorOption<bool> =
    system_switch("collect_disk", "The collector disk; [collectors] takes precedence.");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "disk",
        node_name: "diskstats",
        on: true,
        help: "block devices, from /proc/diskstats",
        options: &[&EXCLUDE.row, &INCLUDE.row, &SYSTEM.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    Box::new(Disk {
        file: setup.files.records(PATH),
        filter: Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE)),
        table: Table::default(),
        inventory: (setup.dialect == Dialect::Node).then(|| Inventory::new(setup.root)),
    })
}

struct Disk {
    file: FileId,
    filter: Filter,
    table: Table<WIDTH>,
    /// What only node_exporter's dialect shows.
    inventory: Option<Inventory>,
}

impl Collector for Disk {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.table.clear();
        self.filter.begin();
        if let Some(inventory) = &mut self.inventory {
            inventory.begin(Instant::now(), errors);
        }
        for line in scan::lines(files.read(self.file)?) {
            let mut fields = scan::fields(line);
            let head = (fields.uint().flatten(), fields.uint().flatten(), fields.next());
            let (Some(major), Some(minor), Some(device)) = head else {
                errors.refuse(PATH, EXPECTED, line);
                continue;
            };
            if !self.filter.keep(device) {
                if self.filter.is_repeated() {
                    errors.refuse(PATH, "a device that comes once", line);
                }
                continue;
            }
            if self.table.push(device, &PARTITION, fields).is_none() {
                errors.refuse(PATH, EXPECTED, line);
            }
            if let Some(inventory) = &mut self.inventory {
                inventory.see(device, major, minor, errors);
            }
        }
        self.write(out);
        errors.unless_all(self.table.rows().known())
    }
}

impl Disk {
    fn write(&mut self, out: &mut dyn Sink) {
        let [columns @ .., a, b, c, d, e, f] = &FAMILIES;
        for (column, family) in columns.iter().enumerate() {
            let column = if column < WIDTH { column } else { DISCARDED };
            out.table_column(family, self.table.rows(), column);
        }
        if let Some(inventory) = &mut self.inventory {
            inventory.write([a, b, c, d, e, f], out);
        }
    }
}
