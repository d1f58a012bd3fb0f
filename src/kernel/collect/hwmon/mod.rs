//! Sensors of the board, the processors and the drives: `/sys/class/hwmon/hwmonN`, a file each
//! (Documentation/hwmon/sysfs-interface.rst).
//!
//! Some drivers talk to the sensor over a slow bus while the file is read: a scrape does not wait for them.
//! A sensor that takes more than 20 ms is read at most once a minute, by a thread that reads one
//! at a time. Scrapes show its last value, and its age as `hwmon_sensor_age_seconds`. A file is read once in a scrape,
//! because some drivers answer EAGAIN for ever: that is an error, and the sensor is left out. Sensors on a
//! 1-wire bus (`w1_slave_temp`) are left to the collector `w1` where that is on, but for node_exporter's names.

mod chips;
mod names;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{Dir, Listing, Patterns, scan};
use crate::model::metric::{Family, Label, Sink, Unit::Millis, Unit::One, Value, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, pattern};
use chips::{Chips, MAX_TEXT, Reading, Sensor, Wanted};
pub(super) use names::clean;
use std::ffi::CStr;
use std::time::{Duration, Instant};

const PATH: &str = "/sys/class/hwmon";

/// After this time files are looked up again even if no chip was added or removed.
const LEARN_AGAIN: Duration = Duration::from_secs(600);

/// The keys of the families whose names come from the files.
const SENSOR: &[&str] = &["chip", "sensor"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("hwmon_chip_names",         One,    "Always 1; the labels have the chip's name.",               &["chip", "chip_name"]),
    gauge("hwmon_sensor_label",       One,    "Always 1; the labels say what the sensor measures.",       &["chip", "sensor", "label"]),
    gauge("hwmon_sensor_age_seconds", Millis, "Time since a slow sensor was read, if not in this scrape.", SENSOR).only_own(),
];

static CHIP_INCLUDE: CollectorOption<Option<Pattern>> = pattern("chip_include", "only these chips");
static CHIP_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("chip_exclude", "chips to leave out").joining_include();
static SENSOR_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("sensor_include", "only these sensors, as chip;sensor");
static SENSOR_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("sensor_exclude", "sensors to leave out, as chip;sensor").joining_include();

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "hwmon",
        node_name: "hwmon",
        on: true,
        help: "temperatures, fans, voltages and other sensors, from /sys/class/hwmon",
        options: &[&CHIP_INCLUDE.row, &CHIP_EXCLUDE.row, &SENSOR_INCLUDE.row, &SENSOR_EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &["hwmon_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let wanted = Wanted {
        is_node: setup.dialect == Dialect::Node,
        chips: Patterns::new([settings.get(&CHIP_INCLUDE), settings.get(&CHIP_EXCLUDE)]),
        sensors: Patterns::new([settings.get(&SENSOR_INCLUDE), settings.get(&SENSOR_EXCLUDE)]),
        claimed: None,
    };
    let listing = Listing::new(setup.root.driver_dir(PATH));
    Box::new(Hwmon { listing, wanted, chips: Chips::default(), learned_at: None })
}

struct Hwmon {
    listing: Listing,
    wanted: Wanted,
    chips: Chips,
    /// When the chips were looked up; `None` if that has to be done again.
    learned_at: Option<Instant>,
}

impl Hwmon {
    /// Updates the list of chips.
    fn follow(&mut self, scrape: &mut Scrape<'_>) -> Result<(), Error> {
        let has_changed = self.listing.has_changed().inspect_err(|_| {
            (self.chips, self.learned_at) = (Chips::default(), None);
        })?;
        let is_recent = |then| scrape.now.saturating_duration_since(then) < LEARN_AGAIN;
        if has_changed || !self.learned_at.is_some_and(is_recent) {
            self.wanted.claimed = scrape.files.claimed_chips();
            self.chips = Chips::learn(&self.listing, &self.wanted, scrape.errors);
            self.learned_at = Some(scrape.now);
            self.wanted.chips.rest();
            self.wanted.sensors.rest();
        }
        Ok(())
    }

    /// Reads every sensor, and writes all values.
    fn write(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) {
        let Chips { chips, sensors, families, readings } = &mut self.chips;
        let dir = &self.listing.dir;
        let mut family = None;
        for reading in readings {
            let read = read(dir, &reading.path, reading.factor);
            if matches!(read, Err(Error::Absent(_))) && dir.waiting() == 0 {
                self.learned_at = None;
            }
            let last = scrape.errors.unless_absent(read).flatten();
            reading.age = dir.age().filter(|_| last.is_some());
            let sensor = sensors.get(reading.sensor).and_then(|s| s.labels(chips));
            let this = families.get(reading.family);
            let (Some(raw), Some(labels), Some((made, stamp))) = (last, sensor, this) else {
                continue;
            };
            let named = Family::dynamic(made.kind, made.unit, &made.name, &made.help, *stamp);
            if family != Some(reading.family) {
                family = Some(reading.family);
                out.family(&named.keyed(SENSOR));
            }
            out.sample(&labels, named.signed(raw));
        }
    }

    /// Writes the age of the values of slow sensors, the oldest of each.
    fn write_ages(&self, family: &Family<'_>, out: &mut dyn Sink) {
        let Chips { chips, sensors, readings, .. } = &self.chips;
        out.family(family);
        for (at, reading) in
            readings.iter().enumerate().filter(|(_, reading)| reading.age.is_some())
        {
            let same = |other: &&Reading| other.sensor == reading.sensor && other.age.is_some();
            if readings.iter().take(at).any(|other| same(&other)) {
                continue;
            }
            let ages = readings.iter().filter(same).filter_map(|reading| reading.age);
            let oldest = ages.max().unwrap_or_default();
            let millis = u64::try_from(oldest.as_millis()).unwrap_or(u64::MAX);
            if let Some(labels) = sensors.get(reading.sensor).and_then(|s| s.labels(chips)) {
                out.sample(&labels, family.value(millis));
            }
        }
    }
}

impl Collector for Hwmon {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.follow(scrape).map_err(Error::of_optional)?;
        let [chip_names, sensor_label, age] = &FAMILIES;
        out.family(chip_names);
        for chip in &self.chips.chips {
            if let Some(chip_name) = &chip.chip_name {
                out.sample(&[(&*chip.name).into(), (&**chip_name).into()], Value::Int(1));
            }
        }
        out.family(sensor_label);
        for sensor in &self.chips.sensors {
            if let (Some([chip, name]), Some(label)) =
                (sensor.labels(&self.chips.chips), &sensor.label)
            {
                out.sample(&[chip, name, Label::of(label)], Value::Int(1));
            }
        }
        self.write(scrape, out);
        if !self.wanted.is_node {
            self.write_ages(age, out);
        }
        Ok(())
    }
}

impl Sensor {
    fn labels<'a>(&'a self, chips: &'a [chips::Chip]) -> Option<[Label<'a>; 2]> {
        Some([(&*chips.get(self.chip)?.name).into(), (&*self.name).into()])
    }
}

/// The number in a sensor's file; `None` for per cents and `unknown`, which power meters of ACPI write as a text.
fn read(dir: &Dir, path: &CStr, factor: i64) -> Result<Option<i64>, Error> {
    let mut room = [0; MAX_TEXT];
    let text = dir.read(path, &mut room)?.trim_ascii_start();
    if text.ends_with(b"%") || text == b"unknown" {
        return Ok(None);
    }
    let number = scan::int(text).and_then(|raw| raw.checked_mul(factor));
    let number = number.ok_or_else(|| Error::parse(dir.place(path), "an integer", text))?;
    Ok(Some(number))
}

#[cfg(test)]
mod tests;
