//! The families of btrfs, and where they are read.

use crate::model::metric::Unit::{Millis, One, Sectors};
use crate::model::metric::{Family, counter, families, gauge};

pub const BASE: &str = "/sys/fs/btrfs";

const UUID: &[&str] = &["uuid"];
const DEVICE: &[&str] = &["uuid", "device", "btrfs_dev_uuid"];
const LAYOUT: &[&str] = &["uuid", "block_group_type", "mode"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 15] = families![
    gauge("btrfs_info",                  One,     "The file system, and its label.",                  &["uuid", "label"]),
    gauge("btrfs_global_rsv_size_bytes", One,     "Size of the global reserve.",                      UUID),
    counter("btrfs_commits_total",       One,     "Commits.",                                         UUID),
    gauge("btrfs_last_commit_seconds",   Millis,  "Duration of the last commit.",                     UUID),
    gauge("btrfs_max_commit_seconds",    Millis,  "Duration of the longest commit.",                  UUID),
    counter("btrfs_commit_seconds_total", Millis, "Time that all commits took.",                      UUID),
    gauge("btrfs_reserved_bytes",        One,     "Space reserved.",                                  &["uuid", "block_group_type"]),
    gauge("btrfs_used_bytes",            One,     "Space used.",                                      LAYOUT),
    gauge("btrfs_size_bytes",            One,     "Space allocated.",                                 LAYOUT),
    gauge("btrfs_allocation_ratio",      One,     "Bytes of the devices that a byte takes.",          LAYOUT),
    gauge("btrfs_device_size_bytes",     Sectors, "Size of a device of the file system.",             &["uuid", "device"]),
    counter("btrfs_device_errors_total", One,     "Errors of a device.",                              &["uuid", "devid", "type"]).only_own(),
    gauge("btrfs_device_missing",        One,     "Whether a device is missing.",                     &["uuid", "devid"]).only_own(),
    gauge("btrfs_device_unused_bytes",   One,     "Space of a device that nothing is allocated on.",  DEVICE).only_node(),
    counter("btrfs_device_errors_total", One,     "Errors of a device.",                              &["uuid", "device", "btrfs_dev_uuid", "type"]).only_node(),
];

/// In place of that family, where a file system was queried.
pub static QUERIED: &[Family; 1] = families![gauge(
    "btrfs_device_size_bytes",
    One,
    "Size of a device of the file system.",
    DEVICE
),];
