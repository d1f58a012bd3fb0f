//! Caches of bcache: `/sys/fs/bcache/UUID` for a set, `bdevN` below it for a device that is cached, `cacheN`
//! for one that caches (Documentation/admin-guide/bcache.rst, since 3.10). Most numbers are human-readable,
//! `20.4G` with powers of 1024, so they are rough. `priority_stats` walks all buckets and is read
//! only if that is enabled.
//!
//! In node_exporter's names the digits after the point are 1024ths divided by 100, as the kernel once
//! wrote them, and the microseconds of a read are treated as nanoseconds, as node_exporter does.

use super::gathered::Gathered;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Names, scan};
use crate::model::metric::Unit::{Centi, Micros, Nanos, One, Sectors};
use crate::model::metric::{Family, Sink, counter, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, switch};

const BASE: &str = "/sys/fs/bcache";

/// The longest text that is read.
const MAX_TEXT: usize = 1024;

const EXPECTED: &str = "a number, perhaps with a unit";

const SET: &[&str] = &["uuid"];
const BACKING: &[&str] = &["uuid", "backing_device"];
const CACHE: &[&str] = &["uuid", "cache_device"];

static PRIORITY: CollectorOption<bool> =
    switch("priority_stats", "read priority_stats, which is slow")
        .flags(&["collector.bcache.priorityStats"]);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 34] = families![
    gauge("bcache_average_key_size_sectors",            One,     "Data of a key of the B-tree.",                    SET).only_node(),
    gauge("bcache_average_key_size_bytes",              Sectors, "Data of a key of the B-tree.",                    SET).only_own(),
    gauge("bcache_btree_cache_size_bytes",              One,     "Memory of the B-tree's cache.",                   SET),
    gauge("bcache_cache_available_percent",             One,     "Part of the cache without dirty data.",           SET).only_node(),
    gauge("bcache_cache_available_ratio",               Centi,   "Part of the cache without dirty data.",           SET).only_own(),
    gauge("bcache_congested",                           One,     "How congested the cache is.",                     SET),
    gauge("bcache_root_usage_percent",                  One,     "Part of the B-tree's root that is used.",         SET).only_node(),
    gauge("bcache_root_usage_ratio",                    Centi,   "Part of the B-tree's root that is used.",         SET).only_own(),
    gauge("bcache_tree_depth",                          One,     "Depth of the B-tree.",                            SET),
    gauge("bcache_active_journal_entries",              One,     "Journal entries newer than the index.",           SET),
    gauge("bcache_btree_nodes",                         One,     "Nodes of the B-tree.",                            SET),
    gauge("bcache_btree_read_average_duration_seconds", Nanos,   "Duration of a read of the B-tree.",               SET).only_node(),
    gauge("bcache_btree_read_average_seconds",          Micros,  "Duration of a read of the B-tree.",               SET).only_own(),
    counter("bcache_cache_read_races_total",            One,     "Reads whose bucket was used for other data meanwhile.", SET),
    gauge("bcache_dirty_data_bytes",                    One,     "Data that is only in the cache.",                 BACKING),
    gauge("bcache_dirty_target_bytes",                  One,     "Dirty data that writing back aims at.",           BACKING),
    gauge("bcache_writeback_rate|bcache_writeback_rate_bytes", One, "Rate of writing back, a second.",              BACKING),
    gauge("bcache_writeback_rate_proportional_term|bcache_writeback_rate_proportional_bytes", One, "Proportional part of the rate.", BACKING),
    gauge("bcache_writeback_rate_integral_term|bcache_writeback_rate_integral_bytes", One, "Integral part of the rate.", BACKING),
    gauge("bcache_writeback_change|bcache_writeback_rate_change_bytes", One, "Last change of the rate.",            BACKING),
    counter("bcache_bypassed_bytes_total",              One,     "Data that went by the cache.",                    BACKING),
    counter("bcache_cache_hits_total",                  One,     "Requests answered from the cache.",               BACKING),
    counter("bcache_cache_misses_total",                One,     "Requests not in the cache.",                      BACKING),
    counter("bcache_cache_bypass_hits_total",           One,     "Requests to go by the cache that were in it.",    BACKING),
    counter("bcache_cache_bypass_misses_total",         One,     "Requests to go by the cache that were not in it.", BACKING),
    counter("bcache_cache_miss_collisions_total",       One,     "Data of a miss that a write put into the cache meanwhile.", BACKING),
    counter("bcache_cache_readaheads_total",            One,     "Readings ahead.",                                 BACKING),
    gauge("bcache_io_errors",                           One,     "Errors, of which old ones count less.",           CACHE),
    counter("bcache_metadata_written_bytes_total",      One,     "Metadata written.",                               CACHE),
    counter("bcache_written_bytes_total",               One,     "Data written to the cache.",                      CACHE),
    gauge("bcache_priority_stats_unused_percent",       One,     "Part of the cache without data.",                 CACHE).only_node(),
    gauge("bcache_priority_stats_unused_ratio",         Centi,   "Part of the cache without data.",                 CACHE).only_own(),
    gauge("bcache_priority_stats_metadata_percent",     One,     "Part of the cache with metadata.",                CACHE).only_node(),
    gauge("bcache_priority_stats_metadata_ratio",       Centi,   "Part of the cache with metadata.",                CACHE).only_own(),
];

/// A file, or the key of a line, and the families of its number.
type Row = (&'static str, &'static [&'static Family<'static>]);

#[rustfmt::skip] // tables: one row is one file
static SET_FILES: [Row; 10] = [
    ("average_key_size",                        &[&FAMILIES[0], &FAMILIES[1]]),
    ("btree_cache_size",                        &[&FAMILIES[2]]),
    ("cache_available_percent",                 &[&FAMILIES[3], &FAMILIES[4]]),
    ("congested",                               &[&FAMILIES[5]]),
    ("root_usage_percent",                      &[&FAMILIES[6], &FAMILIES[7]]),
    ("tree_depth",                              &[&FAMILIES[8]]),
    ("internal/active_journal_entries",         &[&FAMILIES[9]]),
    ("internal/btree_nodes",                    &[&FAMILIES[10]]),
    ("internal/btree_read_average_duration_us", &[&FAMILIES[11], &FAMILIES[12]]),
    ("internal/cache_read_races",               &[&FAMILIES[13]]),
];
#[rustfmt::skip]
static BACKING_FILES: [Row; 8] = [
    ("dirty_data",                              &[&FAMILIES[14]]),
    ("stats_total/bypassed",                    &[&FAMILIES[20]]),
    ("stats_total/cache_hits",                  &[&FAMILIES[21]]),
    ("stats_total/cache_misses",                &[&FAMILIES[22]]),
    ("stats_total/cache_bypass_hits",           &[&FAMILIES[23]]),
    ("stats_total/cache_bypass_misses",         &[&FAMILIES[24]]),
    ("stats_total/cache_miss_collisions",       &[&FAMILIES[25]]),
    ("stats_total/cache_readaheads",            &[&FAMILIES[26]]),
];
#[rustfmt::skip]
static CACHE_FILES: [Row; 3] = [
    ("io_errors",                               &[&FAMILIES[27]]),
    ("metadata_written",                        &[&FAMILIES[28]]),
    ("written",                                 &[&FAMILIES[29]]),
];
/// Lines of `writeback_rate_debug`, such as `rate: 1.1M/sec`.
#[rustfmt::skip]
static RATE_LINES: [Row; 5] = [
    ("target",                                  &[&FAMILIES[15]]),
    ("rate",                                    &[&FAMILIES[16]]),
    ("proportional",                            &[&FAMILIES[17]]),
    ("integral",                                &[&FAMILIES[18]]),
    ("change",                                  &[&FAMILIES[19]]),
];
/// Lines of `priority_stats`, such as `Unused: 99%`.
#[rustfmt::skip]
static PRIORITY_LINES: [Row; 2] = [
    ("Unused",                                  &[&FAMILIES[30], &FAMILIES[31]]),
    ("Metadata",                                &[&FAMILIES[32], &FAMILIES[33]]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "bcache",
        node_name: "bcache",
        on: true,
        help: "caches of bcache, from /sys/fs/bcache",
        options: &[&PRIORITY.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Bcache {
        place: Subtree::new(setup.root, BASE),
        dialect: setup.dialect,
        reads_priority: setup.settings.get(&PRIORITY),
        sets: Names::default(),
        devices: Names::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Bcache {
    place: Subtree,
    dialect: Dialect,
    reads_priority: bool,
    sets: Names,
    devices: Names,
    gathered: Gathered,
}

impl Collector for Bcache {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Bcache { place, sets, devices, gathered, .. } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        opened.list(&[], sets, errors);
        gathered.begin();
        let mut reading = Reading { opened: &opened, dialect: self.dialect, errors, gathered };
        // Files beside the sets, such as `register`, have no hyphen in their names.
        let sets = (0..).map_while(|at| sets.get(at)).filter(|set| set.contains(&b'-'));
        for set in sets {
            reading.files(&SET_FILES, &[set]);
            opened.list(&[set], devices, reading.errors);
            for device in (0..).map_while(|at| devices.get(at)) {
                if is_numbered(device, b"bdev") {
                    reading.files(&BACKING_FILES, &[set, device]);
                    reading.lines(&RATE_LINES, &[set, device], b"writeback_rate_debug");
                } else if is_numbered(device, b"cache") {
                    reading.files(&CACHE_FILES, &[set, device]);
                    if self.reads_priority {
                        reading.lines(&PRIORITY_LINES, &[set, device], b"priority_stats");
                    }
                }
            }
        }
        gathered.write_rows(scrape.errors, out);
        Ok(())
    }
}

fn is_numbered(name: &[u8], beginning: &[u8]) -> bool {
    name.strip_prefix(beginning).and_then(<[u8]>::first).is_some_and(u8::is_ascii_digit)
}

/// The files while they are read.
struct Reading<'a> {
    opened: &'a Opened,
    dialect: Dialect,
    errors: &'a mut PartialErrors,
    gathered: &'a mut Gathered,
}

impl Reading<'_> {
    /// Writes files with a number each, of the set or the device that `labels` name.
    fn files(&mut self, rows: &'static [Row], labels: &[&[u8]]) {
        for (file, families) in rows {
            let file = file.as_bytes();
            let path: &[&[u8]] = match labels {
                [set, device] => &[set, device, file],
                labels => &[labels.first().copied().unwrap_or_default(), file],
            };
            let mut text = [0; MAX_TEXT];
            if let Some(text) = self.errors.unless_absent(self.opened.read(path, &mut text)) {
                self.sample(families, labels, text, path);
            }
        }
    }

    /// Writes a file of lines with a number each.
    fn lines(&mut self, rows: &'static [Row], labels: &[&[u8]; 2], file: &[u8]) {
        let (mut text, path) = ([0; MAX_TEXT], [labels[0], labels[1], file]);
        let Some(text) = self.errors.unless_absent(self.opened.read(&path, &mut text)) else {
            return;
        };
        for (key, value) in scan::lines(text).filter_map(scan::keyed) {
            let row = rows.iter().find(|(known, _)| known.as_bytes() == key);
            if let Some((_, families)) = row {
                let value = value.strip_suffix(b"/sec").unwrap_or(value);
                self.sample(families, labels, value.strip_suffix(b"%").unwrap_or(value), &path);
            }
        }
    }

    fn sample(
        &mut self,
        families: &[&'static Family<'static>],
        labels: &[&[u8]],
        text: &[u8],
        path: &[&[u8]],
    ) {
        let Some((is_negative, number)) = number(text, self.dialect) else {
            let place = self.opened.place(path);
            return self.errors.refuse(place, EXPECTED, text);
        };
        for family in families {
            let value = match i64::try_from(number) {
                Ok(number) if is_negative => family.signed(-number),
                _ => family.value(number),
            };
            self.gathered.push(family, labels, value);
        }
    }
}

/// Parses a number such as `-20.4G`: whether it is below zero, and its absolute value.
fn number(text: &[u8], dialect: Dialect) -> Option<(bool, u64)> {
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        text => (false, text),
    };
    let (digits, power) = match text {
        [digits @ .., unit] if unit.is_ascii_alphabetic() => {
            (digits, b"kMGTPE".iter().position(|known| known == unit)? as u32 + 1)
        }
        digits => (digits, 0),
    };
    let unit = 1u128 << (10 * power);
    let point = memchr::memchr(b'.', digits).unwrap_or(digits.len());
    let (whole, places) = digits.split_at_checked(point)?;
    let mut amount = u128::from(scan::uint(whole)?) * unit;
    if let [b'.', places @ ..] = places {
        let fraction = u128::from(scan::uint(places)?);
        amount += match dialect {
            Dialect::Node => fraction.checked_mul(unit)?.checked_mul(100)? / 1024,
            Dialect::Own => {
                fraction.checked_mul(unit)? / 10u128.checked_pow(places.len().try_into().ok()?)?
            }
        };
    }
    Some((is_negative, u64::try_from(amount).ok()?))
}

#[cfg(test)]
mod tests;
