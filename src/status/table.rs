//! What of a scrape is shown, and under which key: families come one after the other, each with a
//! sample for every device; shown is each device with all that is known of it. So the samples are
//! laid into tables, a row for each device and a column for each family, for the time of one request.

use super::json::Json;
use crate::metric::{Family, Value};
use crate::settings::Dialect;

/// Rows of one table; devices beyond that are counted.
const MAX_ROWS: usize = 1024;

/// A table of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The agent itself.
    Agent,
    /// All CPUs together.
    Cpu,
    /// Their time by mode.
    Modes,
    /// Memory and swap.
    Memory,
    /// Block devices.
    Disks,
    /// Network interfaces.
    Network,
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

impl Part {
    /// Every part.
    pub const ALL: [Part; 11] = [
        Part::Agent,
        Part::Cpu,
        Part::Modes,
        Part::Memory,
        Part::Disks,
        Part::Network,
        Part::Pushes,
        Part::Refused,
        Part::Targets,
        Part::Logs,
        Part::Exports,
    ];

    /// The label that tells rows apart; empty where there is one row.
    fn label(self) -> &'static str {
        match self {
            Part::Agent | Part::Cpu | Part::Memory | Part::Pushes => "",
            Part::Modes => "mode",
            Part::Disks => "device",
            Part::Network => "interface",
            Part::Refused => "reason",
            Part::Targets => "target",
            Part::Logs => "path",
            Part::Exports => "export",
        }
    }
}

/// A family by our own name, the table it is in, and its key there. Families of one table stand together.
#[rustfmt::skip] // a table
const COLUMNS: &[(&str, Part, &str)] = &[
    ("process_cpu_seconds_total",         Part::Agent,   "cpu_seconds"),
    ("process_resident_memory_bytes",     Part::Agent,   "resident_bytes"),
    ("process_open_fds",                  Part::Agent,   "open_files"),
    ("scrape_duration_seconds_total",     Part::Agent,   "scrape_seconds"),
    ("cpu_count",                         Part::Cpu,     "count"),
    ("cpu_seconds_total",                 Part::Modes,   "seconds"),
    ("memory_total_bytes",                Part::Memory,  "total_bytes"),
    ("memory_free_bytes",                 Part::Memory,  "free_bytes"),
    ("memory_used_bytes",                 Part::Memory,  "used_bytes"),
    ("memory_available_bytes",            Part::Memory,  "available_bytes"),
    ("memory_buffers_bytes",              Part::Memory,  "buffers_bytes"),
    ("memory_cached_bytes",               Part::Memory,  "cached_bytes"),
    ("memory_swap_total_bytes",           Part::Memory,  "swap_total_bytes"),
    ("memory_swap_free_bytes",            Part::Memory,  "swap_free_bytes"),
    ("disk_read_bytes_total",             Part::Disks,   "read_bytes"),
    ("disk_written_bytes_total",          Part::Disks,   "written_bytes"),
    ("disk_reads_completed_total",        Part::Disks,   "reads"),
    ("disk_writes_completed_total",       Part::Disks,   "writes"),
    ("disk_io_in_progress",               Part::Disks,   "in_progress"),
    ("disk_io_time_seconds_total",        Part::Disks,   "busy_seconds"),
    ("network_receive_bytes_total",       Part::Network, "receive_bytes"),
    ("network_transmit_bytes_total",      Part::Network, "transmit_bytes"),
    ("network_receive_packets_total",     Part::Network, "receive_packets"),
    ("network_transmit_packets_total",    Part::Network, "transmit_packets"),
    ("network_receive_errors_total",      Part::Network, "receive_errors"),
    ("network_transmit_errors_total",     Part::Network, "transmit_errors"),
    ("network_receive_drop_total",        Part::Network, "receive_dropped"),
    ("network_transmit_drop_total",       Part::Network, "transmit_dropped"),
    ("push_series",                       Part::Pushes,  "series"),
    ("push_families",                     Part::Pushes,  "families"),
    ("push_accepted_total",               Part::Pushes,  "accepted"),
    ("push_refused_total",                Part::Refused, "refused"),
    ("target_up",                         Part::Targets, "up"),
    ("target_scrape_duration_seconds",    Part::Targets, "seconds"),
    ("target_samples",                    Part::Targets, "samples"),
    ("target_samples_refused_total",      Part::Targets, "refused"),
    ("target_errors_total",               Part::Targets, "errors"),
    ("tail_files",                        Part::Logs,    "files"),
    ("tail_read_bytes_total",             Part::Logs,    "read_bytes"),
    ("tail_lines_total",                  Part::Logs,    "lines"),
    ("tail_lines_cut_total",              Part::Logs,    "cut"),
    ("tail_matches_total",                Part::Logs,    "matches"),
    ("tail_truncations_total",            Part::Logs,    "truncations"),
    ("export_samples_total",              Part::Exports, "samples"),
    ("export_sent_bytes_total",           Part::Exports, "sent_bytes"),
    ("export_spool_frames",               Part::Exports, "waiting_frames"),
    ("export_spool_age_seconds",          Part::Exports, "waiting_seconds"),
    ("export_dropped_total",              Part::Exports, "dropped"),
];

/// Name and label keys of a family as our own dialect has them, or as the only one that has it.
pub fn own_name<'a>(family: &Family<'a>) -> (&'a str, &'a [&'a str]) {
    family.named(Dialect::Own).unwrap_or((family.name, family.labels))
}

/// Where a sample goes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub part: Part,
    /// Of the family among those of its part.
    column: usize,
    /// Which of its labels tells rows apart.
    label: Option<usize>,
}

impl Place {
    /// Of the samples of `family`, if they are shown.
    pub fn of(family: &Family<'_>) -> Option<Place> {
        let (name, labels) = own_name(family);
        let at = COLUMNS.iter().position(|(known, ..)| *known == name)?;
        let (_, part, _) = COLUMNS.get(at)?;
        let column = at - COLUMNS.iter().position(|(_, other, _)| other == part)?;
        let label = labels.iter().position(|label| *label == part.label());
        Some(Place { part: *part, column, label })
    }

    /// What tells the row of a sample with these label values.
    pub fn row<'a>(&self, labels: &[crate::metric::Label<'a>]) -> &'a [u8] {
        self.label.and_then(|at| labels.get(at)).map_or(b"", |label| label.raw())
    }
}

/// The samples of one part.
pub struct Table {
    part: Part,
    keys: Vec<&'static str>,
    rows: Vec<Row>,
    /// Where the row of the next sample is looked for first: it follows the one before.
    hand: usize,
    left_out: u64,
    /// The first sample in it, as its sink counts them.
    first: usize,
}

struct Row {
    name: Box<[u8]>,
    cells: Box<[Option<Value>]>,
}

impl Table {
    /// An empty one.
    pub fn of(part: Part) -> Table {
        let columns = COLUMNS.iter().filter(|(_, of, _)| *of == part);
        let keys = columns.map(|(.., key)| *key).collect();
        Table { part, keys, rows: Vec::new(), hand: 0, left_out: 0, first: usize::MAX }
    }

    /// Adds a sample, the `count`th of all; those of one row and column are added up.
    pub fn add(&mut self, place: Place, name: &[u8], value: Value, count: usize) {
        self.first = self.first.min(count);
        let Some(at) = self.find(name) else {
            self.left_out += 1;
            return;
        };
        self.hand = at + 1;
        let cells = self.rows.get_mut(at).map(|row| &mut row.cells);
        if let Some(cell) = cells.and_then(|cells| cells.get_mut(place.column)) {
            *cell = Some(cell.map_or(value, |before| sum(before, value)));
        }
    }

    /// The row `name`, which is made if there is none and there is room.
    fn find(&mut self, name: &[u8]) -> Option<usize> {
        let (before, after) = self.rows.split_at_checked(self.hand)?;
        let is = |row: &Row| *row.name == *name;
        let found = after.iter().position(is).map(|at| at + before.len());
        let found = found.or_else(|| before.iter().position(is));
        if found.is_none() && self.rows.len() < MAX_ROWS {
            let cells = vec![None; self.keys.len()].into();
            self.rows.push(Row { name: name.into(), cells });
            return Some(self.rows.len() - 1);
        }
        found
    }

    /// Forgets everything if the sample `count` or a later one was the first.
    pub fn rewind(&mut self, count: usize) {
        if self.first >= count {
            *self = Table::of(self.part);
        }
    }

    /// The members of the object that the only row is.
    pub fn write_members(&self, json: &mut Json<'_>) {
        let row = self.rows.first();
        for (at, key) in self.keys.iter().enumerate() {
            json.number_of(key, row.and_then(|row| *row.cells.get(at)?));
        }
    }

    /// The members of the object that has a number for each row.
    pub fn write_numbers(&self, json: &mut Json<'_>) {
        for row in &self.rows {
            json.key(&row.name);
            json.number(row.cells.first().copied().flatten());
        }
    }

    /// An object for each row, to which `more` adds members.
    pub fn write_rows(&self, json: &mut Json<'_>, more: &dyn Fn(&[u8], &mut Json<'_>)) {
        for row in &self.rows {
            json.open(b"{");
            json.text_of(self.part.label(), &row.name);
            for (key, value) in self.keys.iter().zip(&row.cells) {
                json.number_of(key, *value);
            }
            more(&row.name, json);
            json.close(b"}");
        }
    }

    /// Samples for which there was no room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// Both together: exactly, where that is a number of ours.
fn sum(a: Value, b: Value) -> Value {
    let exact = match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(b).map(Value::Int),
        (Value::Centi(a), Value::Centi(b)) => a.checked_add(b).map(Value::Centi),
        (Value::Milli(a), Value::Milli(b)) => a.checked_add(b).map(Value::Milli),
        (Value::Nano(a), Value::Nano(b)) => a.checked_add(b).map(Value::Nano),
        _ => None,
    };
    exact.unwrap_or(Value::Float(a.as_f64() + b.as_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Buffer, Label, Unit, counter};

    const READ: Family<'_> = counter("disk_read_bytes_total", Unit::One, "R.", &["device"]);
    const MODES: Family<'_> = counter("cpu_seconds_total", Unit::One, "S.", &["cpu", "mode"]);

    fn text(write: impl Fn(&mut Json<'_>)) -> String {
        let mut out = Buffer::default();
        write(&mut Json::new(&mut out));
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    #[test]
    fn families_of_a_part_stand_together_and_every_key_once() {
        for part in Part::ALL {
            let of_part: Vec<_> = COLUMNS.iter().map(|(_, p, _)| *p == part).collect();
            let changes = of_part.windows(2).filter(|w| w[0] != w[1]).count();
            assert!(changes <= 2, "{part:?}");
            let keys = Table::of(part).keys;
            assert!(keys.iter().all(|key| keys.iter().filter(|k| *k == key).count() == 1));
        }
    }

    #[test]
    fn samples_of_one_row_and_column_are_added_up() {
        let place = Place::of(&MODES).unwrap();
        let mut table = Table::of(place.part);
        for (cpu, mode, ticks) in [("0", "user", 150), ("0", "idle", 7), ("1", "user", 275)] {
            let labels = [Label::from(cpu), Label::from(mode)];
            table.add(place, place.row(&labels), Value::Centi(ticks), 0);
        }
        assert_eq!(text(|json| table.write_numbers(json)), "\"user\":4.25,\"idle\":0.07");
        table.add(place, b"user", Value::Int(1), 0);
        assert_eq!(text(|json| table.write_numbers(json)), "\"user\":5.25,\"idle\":0.07");
        let beyond = sum(Value::Centi(u64::MAX), Value::Centi(u64::MAX));
        assert_eq!(beyond, Value::Float(u64::MAX as f64 / 50.0));
    }

    #[test]
    fn what_begins_after_a_mark_is_forgotten() {
        let place = Place::of(&READ).unwrap();
        let mut table = Table::of(place.part);
        table.add(place, b"sda", Value::Int(1), 5);
        table.rewind(6);
        assert_eq!(table.rows.len(), 1);
        table.rewind(5);
        assert_eq!(table.rows.len(), 0);
    }

    #[test]
    fn rows_are_bounded() {
        let place = Place::of(&READ).unwrap();
        let mut table = Table::of(place.part);
        for i in 0..MAX_ROWS + 3 {
            table.add(place, i.to_string().as_bytes(), Value::Int(1), i);
        }
        assert_eq!((table.rows.len(), table.left_out()), (MAX_ROWS, 3));
        table.add(place, b"7", Value::Int(1), 0);
        assert_eq!(table.rows[7].cells[0], Some(Value::Int(2)));
    }
}
