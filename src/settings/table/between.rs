//! The options for events between two scrapes.

use crate::base::text::number::time_of;
use crate::settings::table::checks::{Check, wrong};
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::row::{Section, TableRow, choose, words};
use crate::settings::types::{Kind, Settings, StallTrigger};

/// `[[pressure.triggers]]`; each uses a descriptor.
const MAX_TRIGGERS: usize = 16;

// Bounds of times, in milliseconds; those of triggers are the kernel's.
const SHORTEST: u64 = 1;
const SHORTEST_WINDOW: u64 = 500;
const LONGEST_WINDOW: u64 = 10_000;
const SHORTEST_PEAKS: u64 = 5000;
const LONGEST_PEAKS: u64 = 3_600_000;

pub static PRESSURE: Section =
    Section::new("pressure", "Stalls between scrapes", &[PRESSURE_TABLE.rows()]);
pub static TRIGGERS: Section = Section::new(
    "pressure.triggers",
    "Triggers: which stalls are counted",
    &[TRIGGER_TABLE.rows()],
)
.list(MAX_TRIGGERS, |s| s.pressure.triggers.push(StallTrigger::default()))
.check(trigger);
pub static PEAKS: Section = Section::new("peaks", "Peaks between scrapes", &[PEAKS_TABLE.rows()]);

const RESOURCES: [(&str, &str); 4] =
    [("cpu", "cpu"), ("io", "io"), ("memory", "memory"), ("irq", "irq")];
/// Whether all tasks wait.
const KINDS: [(&str, bool); 2] = [("some", false), ("full", true)];

static PRESSURE_TABLE: Table<{ PRESSURE_ROWS.len() }> =
    Table::of(PRESSURE_ROWS, &texts::<{ length(PRESSURE_ROWS) }>(PRESSURE_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const PRESSURE_ROWS: &[TableRow] = &[
    TableRow::new("stalls", Kind::Switch, "false", "Count stalls that no scrape sees. Unless [[pressure.triggers]] names others: in 2 s a task waits 1 s for a CPU or 200 ms for memory, or all wait 500 ms for I/O.")
        .set(|s, v| s.pressure.stalls = v.is_on()),
    TableRow::new("alerts", Kind::Switch, "true", "A stall starts an evaluation of the alerts at once, at most once a second.")
        .set(|s, v| s.pressure.starts_evaluation = v.is_on()),
];

static TRIGGER_TABLE: Table<{ TRIGGER_ROWS.len() }> =
    Table::of(TRIGGER_ROWS, &texts::<{ length(TRIGGER_ROWS) }>(TRIGGER_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const TRIGGER_ROWS: &[TableRow] = &[
    TableRow::new("resource", Kind::Choice(&words(&RESOURCES)), "", "What tasks wait for; irq (kind full, Linux 6.1) is time that interrupts took.")
        .required().set(|s, v| one(s, |t| choose(&RESOURCES, v, &mut t.resource))),
    TableRow::new("kind", Kind::Choice(&words(&KINDS)), "some", "Whether some task waits, or all of them at once.")
        .set(|s, v| one(s, |t| choose(&KINDS, v, &mut t.is_full))),
    TableRow::new("stall", Kind::Time(SHORTEST, LONGEST_WINDOW), "300ms", "How long they wait in total within the window.")
        .set(|s, v| one(s, |t| t.stall = v.duration())),
    TableRow::new("window", Kind::Time(SHORTEST_WINDOW, LONGEST_WINDOW), "2s", "The window; one that is not a multiple of 2 s needs CAP_SYS_RESOURCE.")
        .set(|s, v| one(s, |t| t.window = v.duration())),
];

static PEAKS_TABLE: Table<{ PEAKS_ROWS.len() }> =
    Table::of(PEAKS_ROWS, &texts::<{ length(PEAKS_ROWS) }>(PEAKS_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const PEAKS_ROWS: &[TableRow] = &[
    TableRow::new("enabled", Kind::Switch, "false", "Sample CPU, tasks, memory and interfaces every second, and show the highest values.")
        .set(|s, v| s.peaks.are_on = v.is_on()),
    TableRow::new("window", Kind::Time(SHORTEST_PEAKS, LONGEST_PEAKS), "1m", "Length of the window; at least the longest scrape interval.")
        .set(|s, v| s.peaks.window = v.duration()),
    TableRow::new("exclude_devices", Kind::Pattern, "^(lo|veth|docker|br-|virbr|dummy|ifb|tap)", "Interfaces that are left out.")
        .set(|s, v| v.put(&mut s.peaks.exclude_devices)),
];

fn one(settings: &mut Settings, set: impl FnOnce(&mut StallTrigger)) {
    settings.pressure.triggers.last_mut().map(set);
}

fn trigger(settings: &mut Settings) -> Check {
    let Some((last, before)) = settings.pressure.triggers.split_last() else { return Ok(()) };
    if last.stall > last.window {
        let (stall, window) = (time_of(last.stall), time_of(last.window));
        return wrong("stall", &["expected at most the window, ", &window, ", found ", &stall]);
    }
    if last.is_full && last.resource == "cpu" {
        return wrong("kind", &["a whole box never has all tasks wait for a CPU; write \"some\""]);
    }
    if !last.is_full && last.resource == "irq" {
        return wrong("kind", &["an interrupt stops all tasks of its CPU; write \"full\""]);
    }
    if before.contains(last) {
        return wrong("resource", &["there is the same trigger already; keep one"]);
    }
    Ok(())
}
