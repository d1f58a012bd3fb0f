//! `/proc/diskstats`.

use super::{decimal, line, lines, number, words};
use sysmetrics::settings::Dialect;

const OWN: [&str; 17] = [
    "disk_reads_completed_total",
    "disk_reads_merged_total",
    "disk_read_bytes_total",
    "disk_read_time_seconds_total",
    "disk_writes_completed_total",
    "disk_writes_merged_total",
    "disk_written_bytes_total",
    "disk_write_time_seconds_total",
    "disk_io_in_progress",
    "disk_io_time_seconds_total",
    "disk_io_time_weighted_seconds_total",
    "disk_discards_completed_total",
    "disk_discards_merged_total",
    "disk_discarded_bytes_total",
    "disk_discard_time_seconds_total",
    "disk_flush_requests_total",
    "disk_flush_requests_time_seconds_total",
];

pub fn samples(text: &[u8], dialect: Dialect) -> Vec<String> {
    let (mut seen, mut samples) = (Vec::<String>::new(), Vec::new());
    for text in lines(text) {
        let words = words(&text);
        let [major, minor, device, numbers @ ..] = &words[..] else { continue };
        if number(major).is_none() || number(minor).is_none() {
            continue;
        }
        if hidden(device, dialect) || seen.iter().any(|known| known == device) {
            continue;
        }
        seen.push((*device).to_owned());
        for (i, word) in numbers.iter().enumerate().take(17) {
            let column = if numbers.len() == 4 { [0, 2, 4, 6][i] } else { i };
            let Some(raw) = number(word) else { continue };
            let (name, value) = named(column, raw, dialect);
            samples.push(line(dialect, name, &[("device", device)], &value));
        }
    }
    samples
}

fn named(column: usize, raw: u64, dialect: Dialect) -> (&'static str, String) {
    let name = match (dialect, column) {
        (Dialect::Node, 8) => "disk_io_now",
        (Dialect::Node, 13) => return ("disk_discarded_sectors_total", raw.to_string()),
        _ => OWN[column],
    };
    let value = match column {
        2 | 6 | 13 => (u128::from(raw) * 512).to_string(),
        3 | 7 | 9 | 10 | 14 | 16 => decimal(raw, 1000),
        _ => raw.to_string(),
    };
    (name, value)
}

/// Whether the dialect leaves the device out by default.
fn hidden(device: &str, dialect: Dialect) -> bool {
    if dialect == Dialect::Own {
        return ["loop", "ram", "dm-"].iter().any(|prefix| device.starts_with(prefix));
    }
    let Some(stem) = without_number(device) else { return false };
    if ["ram", "zram", "loop", "fd"].contains(&stem) {
        return true;
    }
    let letter = stem.chars().last().is_some_and(|c| c.is_ascii_lowercase());
    if letter && ["hd", "sd", "vd", "xvd"].contains(&&stem[..stem.len() - 1]) {
        return true;
    }
    let namespace = stem.strip_suffix('p').and_then(without_number);
    let controller = namespace.and_then(|n| n.strip_suffix('n')).and_then(without_number);
    controller == Some("nvme")
}

/// What stands before the digits at the end.
fn without_number(name: &str) -> Option<&str> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem != name).then_some(stem)
}
