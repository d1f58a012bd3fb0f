//! What of a scrape is shown, and under which key.

use crate::model::metric::{Family, Label};

/// A table of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The agent itself.
    Agent,
    /// All CPUs together.
    Cpu,
    /// Load averages.
    Load,
    /// What the drivers call the chips that have sensors.
    Chips,
    /// What sensors measure.
    Sensors,
    /// Sensors of temperatures.
    Temperatures,
    /// Temperatures of the thermal framework.
    Zones,
    /// Memory and swap.
    Memory,
    /// Mounted file systems.
    Filesystems,
    /// Block devices.
    Disks,
    /// Network interfaces.
    Network,
    /// What collectors could not read.
    ReadErrors,
    /// What other programs push.
    Pushes,
    /// Refusals by reason.
    Refused,
    /// Other endpoints.
    Targets,
    /// Log files.
    Logs,
    /// Where samples are sent.
    Exports,
}

/// Labels that tell the rows of one table apart, at most.
pub const KEYS: usize = 3;

/// A label, and the key under which it is written; empty if it is not.
pub type LabelKey = (&'static str, &'static str);

impl Part {
    /// Every part.
    #[rustfmt::skip]
    pub const ALL: [Part; 17] = [
        Part::Agent, Part::Cpu, Part::Load, Part::Chips, Part::Sensors,
        Part::Temperatures, Part::Zones, Part::Memory, Part::Filesystems, Part::Disks, Part::Network,
        Part::ReadErrors, Part::Pushes, Part::Refused, Part::Targets, Part::Logs, Part::Exports,
    ];

    /// The labels that tell rows apart; none where there is one row.
    pub fn labels(self) -> &'static [LabelKey] {
        match self {
            Part::Agent | Part::Cpu | Part::Load | Part::Memory | Part::Pushes => &[],
            Part::Chips => &[("chip", "")],
            Part::Sensors | Part::Temperatures => &[("chip", ""), ("sensor", "")],
            Part::Zones => &[("zone", ""), ("type", "")],
            Part::Filesystems => {
                &[("mountpoint", "mountpoint"), ("device", "device"), ("fstype", "type")]
            }
            Part::Disks => &[("device", "device")],
            Part::Network => &[("interface", "interface")],
            Part::ReadErrors => &[("collector", ""), ("errno", "")],
            Part::Refused => &[("reason", "reason")],
            Part::Targets => &[("target", "target")],
            Part::Logs => &[("path", "path")],
            Part::Exports => &[("export", "export")],
        }
    }
}

/// How a sample becomes a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Its number; those of one row are added up.
    Number,
    /// Whether its number is not 0.
    Truth,
    /// The label that is called as the column is.
    Text,
    /// Its number, unless it is below zero; for rows that are there.
    MoreNumber,
    /// The label that is called as the column is; for rows that are there.
    MoreText,
    /// As `MoreNumber`, and not written as it is.
    Hidden,
}

impl Form {
    /// Whether it makes no row.
    pub fn is_more(self) -> bool {
        matches!(self, Form::MoreNumber | Form::MoreText | Form::Hidden)
    }
}

/// A family by our own name, the table it is in, its key there, and its form.
pub type Column = (&'static str, Part, &'static str, Form);

use Form::{Hidden, MoreNumber, MoreText, Number, Text, Truth};

/// Columns of one table stand together.
#[rustfmt::skip] // a table
const COLUMNS: &[Column] = &[
    ("process_cpu_seconds_total",         Part::Agent,   "cpu_seconds",     Number),
    ("process_resident_memory_bytes",     Part::Agent,   "resident_bytes",  Number),
    ("process_open_fds",                  Part::Agent,   "open_files",      Number),
    ("scrape_duration_seconds_total",     Part::Agent,   "scrape_seconds",  Number),
    ("cpu_count",                         Part::Cpu,     "count",           Number),
    ("load1",                             Part::Load,    "load1",           Number),
    ("load5",                             Part::Load,    "load5",           Number),
    ("load15",                            Part::Load,    "load15",          Number),
    ("hwmon_chip_names",                  Part::Chips,   "chip_name",       Text),
    ("hwmon_sensor_label",                Part::Sensors, "label",           Text),
    ("hwmon_temp_celsius",                Part::Temperatures, "celsius",    Number),
    ("hwmon_temp_crit_celsius",           Part::Temperatures, "critical_celsius", MoreNumber),
    ("thermal_zone_celsius",              Part::Zones,   "celsius",         Number),
    ("memory_total_bytes",                Part::Memory,  "total_bytes",     Number),
    ("memory_free_bytes",                 Part::Memory,  "free_bytes",      Number),
    ("memory_used_bytes",                 Part::Memory,  "used_bytes",      Number),
    ("memory_available_bytes",            Part::Memory,  "available_bytes", Number),
    ("memory_buffers_bytes",              Part::Memory,  "buffers_bytes",   Number),
    ("memory_cached_bytes",               Part::Memory,  "cached_bytes",    Number),
    ("memory_swap_total_bytes",           Part::Memory,  "swap_total_bytes", Number),
    ("memory_swap_free_bytes",            Part::Memory,  "swap_free_bytes", Number),
    ("filesystem_size_bytes",             Part::Filesystems, "size_bytes",  Number),
    ("filesystem_free_bytes",             Part::Filesystems, "free_bytes",  Number),
    ("filesystem_avail_bytes",            Part::Filesystems, "avail_bytes", Number),
    ("filesystem_readonly",               Part::Filesystems, "readonly",    Truth),
    ("filesystem_device_error",           Part::Filesystems, "device_error", Text),
    ("disk_read_bytes_total",             Part::Disks,   "read_bytes",      Number),
    ("disk_written_bytes_total",          Part::Disks,   "written_bytes",   Number),
    ("disk_reads_completed_total",        Part::Disks,   "reads",           Number),
    ("disk_writes_completed_total",       Part::Disks,   "writes",          Number),
    ("disk_io_in_progress",               Part::Disks,   "in_progress",     Number),
    ("disk_io_time_seconds_total",        Part::Disks,   "busy_seconds",    Number),
    ("disk_size_bytes",                   Part::Disks,   "size_bytes",      MoreNumber),
    ("network_receive_bytes_total",       Part::Network, "receive_bytes",   Number),
    ("network_transmit_bytes_total",      Part::Network, "transmit_bytes",  Number),
    ("network_receive_packets_total",     Part::Network, "receive_packets", Number),
    ("network_transmit_packets_total",    Part::Network, "transmit_packets", Number),
    ("network_receive_errors_total",      Part::Network, "receive_errors",  Number),
    ("network_transmit_errors_total",     Part::Network, "transmit_errors", Number),
    ("network_receive_drop_total",        Part::Network, "receive_dropped", Number),
    ("network_transmit_drop_total",       Part::Network, "transmit_dropped", Number),
    ("network_info",                      Part::Network, "operstate",       MoreText),
    ("network_speed_bytes",               Part::Network, "speed_bytes",     MoreNumber),
    ("network_carrier",                   Part::Network, "carrier",         Hidden),
    ("collector_read_errors_total",       Part::ReadErrors, "errors",       Number),
    ("push_series",                       Part::Pushes,  "series",          Number),
    ("push_families",                     Part::Pushes,  "families",        Number),
    ("push_accepted_total",               Part::Pushes,  "accepted",        Number),
    ("push_refused_total",                Part::Refused, "refused",         Number),
    ("target_up",                         Part::Targets, "up",              Number),
    ("target_scrape_duration_seconds",    Part::Targets, "seconds",         Number),
    ("target_samples",                    Part::Targets, "samples",         Number),
    ("target_samples_refused_total",      Part::Targets, "refused",         Number),
    ("target_errors_total",               Part::Targets, "errors",          Number),
    ("tail_files",                        Part::Logs,    "files",           Number),
    ("tail_read_bytes_total",             Part::Logs,    "read_bytes",      Number),
    ("tail_lines_total",                  Part::Logs,    "lines",           Number),
    ("tail_lines_cut_total",              Part::Logs,    "cut",             Number),
    ("tail_matches_total",                Part::Logs,    "matches",         Number),
    ("tail_truncations_total",            Part::Logs,    "truncations",     Number),
    ("export_samples_total",              Part::Exports, "samples",         Number),
    ("export_sent_bytes_total",           Part::Exports, "sent_bytes",      Number),
    ("export_spool_frames",               Part::Exports, "waiting_frames",  Number),
    ("export_spool_age_seconds",          Part::Exports, "waiting_seconds", Number),
    ("export_dropped_total",              Part::Exports, "dropped",         Number),
];

/// The columns of a part.
pub fn columns(part: Part) -> &'static [Column] {
    let is_its = |(_, of, ..): &Column| *of == part;
    let first = COLUMNS.iter().position(is_its).unwrap_or(COLUMNS.len());
    let rest = COLUMNS.get(first..).unwrap_or_default();
    let count = rest.iter().take_while(|column| is_its(column)).count();
    rest.get(..count).unwrap_or_default()
}

/// Where a sample goes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub part: Part,
    /// Of the family among those of its part.
    column: u8,
    pub form: Form,
    /// Which of its labels tell rows apart; `NO_LABEL` where it has none of that name.
    keys: [u8; KEYS],
    /// Which of its labels is the cell of a text.
    text: u8,
}

/// Beyond all labels.
const NO_LABEL: u8 = u8::MAX;

impl Place {
    /// Of the samples of `family`, if they are shown.
    pub fn of(family: &Family<'_>) -> Option<Place> {
        let (name, labels) = family.names();
        let at = COLUMNS.iter().position(|(known, ..)| *known == name)?;
        let (_, part, key, form) = *COLUMNS.get(at)?;
        let column = at - COLUMNS.iter().position(|(_, other, ..)| *other == part)?;
        let place = |wanted: &str| {
            let at = labels.iter().position(|label| *label == wanted);
            at.and_then(|at| u8::try_from(at).ok()).unwrap_or(NO_LABEL)
        };
        let mut keys = [NO_LABEL; KEYS];
        for (to, (label, _)) in keys.iter_mut().zip(part.labels()) {
            *to = place(label);
        }
        Some(Place { part, column: u8::try_from(column).ok()?, form, keys, text: place(key) })
    }

    /// Which column it is among those of its part.
    pub fn column(&self) -> usize {
        self.column.into()
    }

    /// What tells the row of a sample with these label values.
    #[inline]
    pub fn row<'a>(&self, labels: &[Label<'a>]) -> [&'a [u8]; KEYS] {
        self.keys.map(|at| labels.get(usize::from(at)).map_or(&b""[..], Label::raw))
    }

    /// The text of a sample with these label values.
    pub fn text<'a>(&self, labels: &[Label<'a>]) -> &'a [u8] {
        labels.get(usize::from(self.text)).map_or(b"", Label::raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_a_part_stand_together_and_every_key_once() {
        for (at, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, at);
            let all = COLUMNS.iter().filter(|(_, of, ..)| *of == part).count();
            assert!(all > 0 && all == columns(part).len(), "{part:?}");
            let keys: Vec<_> = columns(part).iter().map(|(_, _, key, _)| *key).collect();
            assert!(keys.iter().all(|key| keys.iter().filter(|k| *k == key).count() == 1));
            assert!(part.labels().len() <= KEYS);
        }
    }
}
