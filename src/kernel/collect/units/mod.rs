//! The use of each systemd unit and container, from control groups of version 2: `/sys/fs/cgroup`, a directory
//! for each slice with its units and slices below it (Documentation/admin-guide/cgroup-v2.rst, since 4.5).
//! A box with version 1 has no data. Off by default: a unit costs some 20 µs of CPU at each reading, and a dozen series.
//!
//! A unit is a group below a slice, three levels down at most, and not a slice itself: services, scopes,
//! containers (`docker-ID.scope`, or a directory below `docker`, `lxc` and the like). Its figures include the
//! groups below it, and are of this run of the unit: they start again when it starts. Counters of a slice
//! remain when its units are gone, so processes that were killed because memory ran out are counted by slice.
//! At most 200 units are shown, those in `system.slice` first, and the others added up as `other`. Sessions and
//! transient units have names that never come again: they are left out unless `exclude` is set otherwise.
//!
//! The groups are read once in `interval`; a scrape in between shows the same figures, and
//! `units_age_seconds` is the age of the figures. `memory.stat` and `memory.max` are read once a minute,
//! because the kernel has to add up the first: a working set is the memory without the part of the
//! page cache that was not used lately. A group that used no CPU time at two readings in a row is read at each
//! fourth only: changes then show up to three readings later.
//!
//! CPU time exists in every group; the rest only where a controller is on. systemd leaves that of IO off
//! (`IOAccounting=`), and a Raspberry Pi that of memory (`cgroup_enable=memory` in `cmdline.txt`). Bytes of
//! IO are those of devices that are not made of others: IO through LVM or LUKS is counted once, on
//! the disk below, and loops, RAM disks and zram are left out.

mod cells;
mod devices;
mod group;
mod tree;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::base::log;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{Dir, Patterns};
use crate::model::metric::{Family, Label, Sink, Unit::*, counter, families, gauge, named};
use crate::settings::{CollectorOption, Subject, duration, pattern, switch};
use cells::{Cells, Column};
use devices::Devices;
use std::time::{Duration, Instant};
use tree::{DIRECTORY, Tree};

/// The file with the available controllers; version 1 has no such file.
const CONTROLLERS: &std::ffi::CStr = c"cgroup.controllers";

/// How often values are read that are costly or hardly change.
const SLOWLY: Duration = Duration::from_secs(60);

/// After this many readings without CPU time a group is read at each `TURNS`-th only.
const IDLE: u8 = 2;
const TURNS: usize = 4;

/// After this time missing files are looked up again.
const LEARN_AGAIN: Duration = Duration::from_secs(600);

/// Room for the names of all controllers.
const MAX_TEXT: usize = 256;

const UNIT: &[&str] = &["unit", "slice"];
const MODE: &[&str] = &["unit", "slice", "mode"];
const RESOURCE: &[&str] = &["unit", "slice", "resource"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 15] = families![
    counter("unit_cpu_seconds_total",              Micros, "CPU time of the unit.",                                    MODE).own_prefix(),
    gauge(  "unit_memory_bytes",                   One,    "Memory of the unit, with its part of the page cache.",     UNIT).own_prefix(),
    gauge(  "unit_memory_working_set_bytes",       One,    "The same without pages of files that were not used lately.", UNIT).own_prefix(),
    gauge(  "unit_memory_limit_bytes",             One,    "Most memory that the unit may have, if there is a limit.", UNIT).own_prefix(),
    gauge(  "unit_tasks",                          One,    "Processes and threads of the unit.",                       UNIT).own_prefix(),
    counter("unit_io_read_bytes_total",            One,    "Bytes that the unit read from devices.",                   UNIT).own_prefix(),
    counter("unit_io_written_bytes_total",         One,    "Bytes that the unit wrote to devices.",                    UNIT).own_prefix(),
    counter("unit_io_reads_total",                 One,    "Reads from devices of the unit.",                          UNIT).own_prefix(),
    counter("unit_io_writes_total",                One,    "Writes to devices of the unit.",                           UNIT).own_prefix(),
    counter("unit_pressure_waiting_seconds_total", Micros, "Time in which a task of the unit waited for the resource.",    RESOURCE).own_prefix(),
    counter("unit_pressure_stalled_seconds_total", Micros, "Time in which all tasks of the unit waited for the resource.", RESOURCE).own_prefix(),
    counter("slice_cpu_seconds_total",             Micros, "CPU time of the slice and all below it.",                  &["slice", "mode"]).own_prefix(),
    gauge(  "slice_memory_bytes",                  One,    "Memory of the slice and all below it.",                    &["slice"]).own_prefix(),
    counter("slice_oom_kills_total",               One,    "Processes of the slice and all below it that were killed because memory ran out.", &["slice"]).own_prefix(),
    gauge(  "units_age_seconds",                   Millis, "Time since the units were read.",                          &[]).own_prefix(),
];

/// The destination of a group's column: its family, its third label (second of a slice), and whether it is
/// of slices.
struct ColumnRow {
    family: &'static Family<'static>,
    label: &'static str,
    of_slice: bool,
    column: Column,
}

const fn unit(family: &str, label: &'static str, column: Column) -> ColumnRow {
    ColumnRow { family: named(FAMILIES, family), label, of_slice: false, column }
}

const fn slice(family: &str, label: &'static str, column: Column) -> ColumnRow {
    ColumnRow { family: named(FAMILIES, family), label, of_slice: true, column }
}

/// In the order of the families.
#[rustfmt::skip] // a table
static SHOWN: [ColumnRow; 20] = [
    unit("unit_cpu_seconds_total",              "user",   Column::User),
    unit("unit_cpu_seconds_total",              "system", Column::System),
    unit("unit_memory_bytes",                   "",       Column::Memory),
    unit("unit_memory_working_set_bytes",       "",       Column::WorkingSet),
    unit("unit_memory_limit_bytes",             "",       Column::Limit),
    unit("unit_tasks",                          "",       Column::Tasks),
    unit("unit_io_read_bytes_total",            "",       Column::ReadBytes),
    unit("unit_io_written_bytes_total",         "",       Column::WrittenBytes),
    unit("unit_io_reads_total",                 "",       Column::Reads),
    unit("unit_io_writes_total",                "",       Column::Writes),
    unit("unit_pressure_waiting_seconds_total", "cpu",    Column::CpuWaiting),
    unit("unit_pressure_waiting_seconds_total", "io",     Column::IoWaiting),
    unit("unit_pressure_waiting_seconds_total", "memory", Column::MemoryWaiting),
    unit("unit_pressure_stalled_seconds_total", "cpu",    Column::CpuStalled),
    unit("unit_pressure_stalled_seconds_total", "io",     Column::IoStalled),
    unit("unit_pressure_stalled_seconds_total", "memory", Column::MemoryStalled),
    slice("slice_cpu_seconds_total",            "user",   Column::User),
    slice("slice_cpu_seconds_total",            "system", Column::System),
    slice("slice_memory_bytes",                 "",       Column::Memory),
    slice("slice_oom_kills_total",              "",       Column::OomKills),
];

static INTERVAL: CollectorOption<Duration> =
    duration("interval", [1000, 3_600_000], "how often the groups are read").default("60s");
static PRESSURE: CollectorOption<bool> = switch(
    "pressure",
    "show how long units waited for CPU, IO and memory: three more files of each",
);
static INCLUDE: CollectorOption<Option<Pattern>> = pattern("include", "only these units");
static EXCLUDE: CollectorOption<Option<Pattern>> = pattern("exclude", "units to leave out")
    .default(r"^(session-.*|run-.*)\.scope$|^run-.*\.service$");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "units",
        node_name: "",
        on: false,
        help: "use of CPU, memory and IO by each systemd unit and container, from /sys/fs/cgroup",
        options: &[&INTERVAL.row, &PRESSURE.row, &INCLUDE.row, &EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let patterns = Patterns::new([settings.get(&INCLUDE), settings.get(&EXCLUDE)]);
    Box::new(Units {
        interval: settings.get(&INTERVAL),
        with_pressure: settings.get(&PRESSURE),
        dir: setup.root.dir(DIRECTORY),
        tree: Tree::new(patterns),
        devices: Devices::new(setup.root),
        other: Cells::default(),
        read_at: None,
        slowly_at: None,
        learned_at: None,
        readings: 0,
        has_no_memory: false,
        result: Ok(()),
    })
}

struct Units {
    interval: Duration,
    with_pressure: bool,
    dir: Dir,
    tree: Tree,
    devices: Devices,
    /// The sum of the units that are not shown.
    other: Cells,
    /// When all files, slow ones, and missing ones were last read.
    read_at: Option<Instant>,
    slowly_at: Option<Instant>,
    learned_at: Option<Instant>,
    readings: usize,
    /// It was logged that the memory controller is off.
    has_no_memory: bool,
    /// The result of the last reading.
    result: Result<(), KeptError>,
}

fn is_due(last: Option<Instant>, now: Instant, period: Duration) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= period)
}

impl Units {
    fn read(&mut self, now: Instant, errors: &mut PartialErrors) -> Result<(), Error> {
        let followed = self.follow(errors).map_err(Error::of_optional);
        followed.inspect_err(|_| {
            self.tree.forget();
            self.dir.close();
        })?;
        if is_due(self.learned_at, now, LEARN_AGAIN) {
            self.learned_at = Some(now);
            self.devices.forget();
            self.tree.groups.iter_mut().for_each(|group| group.absent = 0);
        }
        let is_slow = is_due(self.slowly_at, now, SLOWLY);
        if is_slow {
            self.slowly_at = Some(now);
        }
        self.read_groups(is_slow, errors);
        self.dir.rest();
        Ok(())
    }

    /// Updates the list of groups, and logs once if there is no memory controller.
    fn follow(&mut self, errors: &mut PartialErrors) -> Result<(), Error> {
        self.tree.follow(&mut self.dir, errors)?;
        let mut text = [0; MAX_TEXT];
        let controllers = self.dir.read(CONTROLLERS, &mut text)?;
        let has_memory = controllers.split(|byte| *byte == b' ').any(|word| word == b"memory");
        if !has_memory && !self.has_no_memory {
            let help = "boot with cgroup_enable=memory";
            log::info("units: the kernel's memory controller is off", &[("help", &help)]);
        }
        self.has_no_memory = !has_memory;
        Ok(())
    }

    fn read_groups(&mut self, is_slow: bool, errors: &mut PartialErrors) {
        self.readings += 1;
        let Units { dir, tree, devices, other, with_pressure, readings, .. } = self;
        other.begin();
        for (place, group) in tree.groups.iter_mut().enumerate() {
            let before = group.cells.values;
            group.slow_is_due |= is_slow;
            if group.idle < IDLE || place % TURNS == *readings % TURNS {
                group.read(dir, *with_pressure, devices, errors);
                group.idle = group.cells.idle_since(&before, group.idle);
            }
            if !group.is_slice && !group.is_shown {
                other.add(&group.cells, &before);
            }
        }
    }

    fn write(&self, out: &mut dyn Sink) {
        let mut last: Option<&'static Family<'static>> = None;
        for shown in &SHOWN {
            if !last.is_some_and(|last| std::ptr::eq(last, shown.family)) {
                out.family(shown.family);
                last = Some(shown.family);
            }
            let (third, keys) = (Label::from(shown.label), shown.family.names().1.len());
            let mut write = |[first, second]: [Label<'_>; 2], cells: &Cells| {
                let Some(raw) = cells.get(shown.column) else { return };
                let labels = [first, if shown.of_slice { third } else { second }, third];
                out.sample(labels.get(..keys).unwrap_or_default(), shown.family.value(raw));
            };
            for group in self.tree.groups.iter().filter(|group| group.is_shown) {
                if group.is_slice == shown.of_slice {
                    write(group.labels(), &group.cells);
                }
            }
            if !shown.of_slice {
                write([Label::from("other"), Label::from("")], &self.other);
            }
        }
    }
}

impl Collector for Units {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if is_due(self.read_at, scrape.now, self.interval) {
            self.read_at = Some(scrape.now);
            self.result = self.read(scrape.now, scrape.errors).map_err(KeptError::from);
        }
        self.result?;
        self.write(out);
        let [.., age] = &FAMILIES;
        let then = self.read_at.unwrap_or(scrape.now);
        out.family(age);
        let millis = scrape.now.saturating_duration_since(then).as_millis();
        out.sample(&[], age.value(u64::try_from(millis).unwrap_or(u64::MAX)));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
