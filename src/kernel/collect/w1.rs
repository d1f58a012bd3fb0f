//! Temperatures of 1-wire sensors: `/sys/bus/w1/devices/28-XXXXXXXXXXXX/temperature` in thousandths of a degree
//! Celsius (Documentation/w1/slaves/w1_therm.rst, since 5.8), or else `w1_slave`, two lines of which the first
//! ends in `YES` where the checksum is right, and the second in `t=23125`. Families 10, 22, 28, 3b and 42.
//!
//! A sensor takes up to 750 ms, one after the other: a thread reads them once in `interval`, and
//! `w1_age_seconds` is the age of the temperatures. It begins with the agent; no scrape waits for it longer than 20 ms. The
//! kernel returns an empty text where a sensor could not be read: it has no sample then. 85 °C is the value of a sensor
//! that has just got its power, and is shown only for one that was within 10 K of it before; 127.937 °C
//! means that there was not enough power, and is never shown. Both are counted as errors. A bulk conversion
//! (`therm_bulk_read`) is not used: it needs root to write to sysfs, saves time that nobody waits for, and a
//! sensor that is not read then returns the old value later, however old. While this collector is on, `hwmon`
//! leaves the same sensors (`w1_slave_temp`) to it, except under node_exporter's names.

use super::slow::{Found, Slow};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listing, scan};
use crate::model::metric::{Family, Sink, Unit::Millis, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, duration};
use std::time::Duration;

const DIRECTORY: &str = "/sys/bus/w1/devices";

/// The driver's name of its sensors in `/sys/class/hwmon`.
const CHIP: &str = "w1_slave_temp";

/// More sensors than one box has; what comes after is left out and counted.
const MAX_SENSORS: usize = 256;

/// Room for both lines of `w1_slave`.
const MAX_TEXT: usize = 256;

/// The family codes of the driver.
const FAMILY_CODES: [&[u8]; 5] = [b"10-", b"22-", b"28-", b"3b-", b"42-"];

/// The value after power-on, how near the last one must have been, and the value without enough power.
const POWER_ON: i64 = 85_000;
const NEAR: u64 = 10_000;
const NO_POWER: i64 = 127_937;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("w1_temperature_celsius", Millis, "Temperature of the 1-wire sensor.",     &["sensor"]).own_prefix(),
    gauge("w1_age_seconds",         Millis, "Time since the sensors were all read.", &[]).own_prefix(),
];

static INTERVAL: CollectorOption<Duration> =
    duration("interval", [1000, 86_400_000], "how often the sensors are read").default("60s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "w1",
        node_name: "",
        on: true,
        help: "temperatures of 1-wire sensors, from /sys/bus/w1",
        options: &[&INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    if setup.dialect == Dialect::Own {
        setup.files.claim_chips(CHIP);
    }
    let period = setup.settings.get(&INTERVAL);
    Box::new(Sensors(Slow::new(setup, "w1", DIRECTORY, is_sensor, read_all, period)))
}

struct Sensors(Slow);

impl Collector for Sensors {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.0.collect(scrape, &FAMILIES[1], out)
    }
}

fn is_sensor(name: &[u8]) -> bool {
    let family = name.get(..3).map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
    FAMILY_CODES.contains(&&*family)
}

/// Reads every sensor.
fn read_all(listing: &mut Listing, found: &mut Found) {
    if let Err(error) = listing.has_changed() {
        found.before.clear();
        return found.record(error);
    }
    let before = std::mem::take(&mut found.before);
    let mut names = listing.names().filter(|name| is_sensor(name.as_bytes()));
    for name in names.by_ref().take(MAX_SENSORS) {
        let known = before.iter().find(|(known, _)| known == name.as_bytes());
        let mut last = known.map(|(_, last)| *last);
        match read(&listing.dir, name, last) {
            Ok(None) => {}
            Ok(Some(celsius)) => {
                last = Some(celsius);
                let family = &FAMILIES[0];
                found.push(family, [name.as_bytes(), b"", b""], family.signed(celsius));
            }
            Err(error) => found.record(error),
        }
        found.before.extend(last.map(|last| (name.as_bytes().to_vec(), last)));
    }
    if names.next().is_some() {
        found.record(Error::parse(DIRECTORY, "at most 256 sensors", b""));
    }
}

/// The temperature of the sensor, which was `last` before; `None` if it is gone or has no driver.
fn read(dir: &Dir, name: &str, last: Option<i64>) -> Result<Option<i64>, Error> {
    let mut room = [0; MAX_TEXT];
    let path = Joined::of(name.as_bytes(), "temperature");
    let (path, text, celsius) = match dir.read(path.path(), &mut room) {
        Ok(text) => (path, text, scan::int(text.trim_ascii())),
        Err(Error::Absent(_)) => {
            let path = Joined::of(name.as_bytes(), "w1_slave");
            match dir.read(path.path(), &mut room) {
                Ok(text) => (path, text, of_both_lines(text)),
                Err(Error::Absent(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    let refused = |expected| Err(Error::parse(dir.place(path.path()), expected, text));
    match celsius {
        None => refused("a temperature"),
        Some(NO_POWER) => refused("a sensor with enough power"),
        Some(POWER_ON) if last.is_none_or(|last| last.abs_diff(POWER_ON) > NEAR) => {
            refused("a temperature other than the one after power-on")
        }
        celsius => Ok(celsius),
    }
}

/// The temperature at the end of the second line, if the checksum in the first is right.
fn of_both_lines(text: &[u8]) -> Option<i64> {
    let mut lines = scan::lines(text);
    let is_right = lines.next()?.trim_ascii_end().ends_with(b" YES");
    let celsius = scan::fields(lines.next()?).find_map(|field| field.strip_prefix(b"t="));
    celsius.filter(|_| is_right).and_then(|celsius| scan::int(celsius.trim_ascii_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree};
    use std::time::Instant;

    const WORDS: [&str; 1] = ["celsius"];

    fn put(tree: &Tree, sensor: &str, file: &str, text: &str) {
        tree.put(&format!("sys/bus/w1/devices/{sensor}/{file}"), text);
    }

    fn both_lines(check: &str, celsius: &str) -> String {
        let bytes = "72 01 4b 46 7f ff 0e 10 57";
        format!("{bytes} : crc=57 {check}\n{bytes} t={celsius}\n")
    }

    fn line(sensor: &str, celsius: &str) -> String {
        format!(r#"w1_temperature_celsius{{sensor="{sensor}"}} {celsius}"#)
    }

    #[test]
    fn sensors_of_both_forms_are_read() {
        let tree = Tree::new("w1");
        put(&tree, "28-0316a2795bff", "temperature", "23125\n");
        put(&tree, "28-0316a2795bff", "w1_slave", &both_lines("YES", "99000"));
        put(&tree, "10-000802b5f8a1", "w1_slave", &both_lines("YES", "-1250"));
        put(&tree, "3B-000000182f61", "temperature", "0\n");
        put(&tree, "00-400000000000", "temperature", "1000\n");
        put(&tree, "w1_bus_master1", "temperature", "2000\n");
        put(&tree, "22-000000000001", "id", "x");
        let mut w1 = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            line("10-000802b5f8a1", "-1.250"),
            line("28-0316a2795bff", "23.125"),
            line("3B-000000182f61", "0"),
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let scraped = w1.scrape_at(Instant::now(), dialect, &WORDS);
            assert_eq!(scraped, (expected.to_vec(), 0));
        }
    }

    #[test]
    fn bad_temperatures_have_no_sample() {
        let tree = Tree::new("w1-broken");
        for (sensor, text) in
            [("28-01", ""), ("28-02", "85000\n"), ("28-03", "127937\n"), ("28-04", "2x\n")]
        {
            put(&tree, sensor, "temperature", text);
        }
        for (sensor, text) in [
            ("10-05", both_lines("NO", "5000")),
            ("10-06", both_lines("YES", "")),
            ("10-07", String::new()),
            ("10-08", "50 05 : crc=1c YES\n".to_owned()),
        ] {
            put(&tree, sensor, "w1_slave", &text);
        }
        put(&tree, "42-09", "temperature", "9000\n");
        let mut w1 = tree.open(&SPEC, Dialect::Own, &[]);
        let scraped = w1.scrape_at(Instant::now(), Dialect::Own, &WORDS);
        assert_eq!(scraped, (vec![line("42-09", "9")], 8));
        let none = Tree::new("w1-none");
        none.put("sys/bus/w1/devices/w1_bus_master1/name", "x");
        for tree in [&none, &Tree::new("w1-missing")] {
            let mut w1 = tree.open(&SPEC, Dialect::Own, &[]);
            assert_eq!(w1.scrape_at(Instant::now(), Dialect::Own, &["_"]), (vec![], 0));
        }
    }

    #[test]
    fn the_power_on_value_of_85_degrees_needs_a_near_one_before() {
        let tree = Tree::new("w1-85");
        let start = Instant::now();
        let mut w1 = tree.open(&SPEC, Dialect::Own, &[("interval", "60s")]);
        let at = |w1: &mut Opened, minute: u64, celsius: &str| {
            put(&tree, "28-1", "temperature", celsius);
            let now = start + Duration::from_secs(60 * minute);
            let (lines, errors) = w1.scrape_at(now, Dialect::Own, &WORDS);
            (lines.first().map(|line| line.rsplit(' ').next().unwrap().to_owned()), errors)
        };
        let shown = |celsius: &str| (Some(celsius.to_owned()), 0);
        assert_eq!(at(&mut w1, 0, "85000"), (None, 1), "nothing is known before");
        assert_eq!(at(&mut w1, 1, "74000"), shown("74"));
        assert_eq!(at(&mut w1, 2, "85000"), (None, 1), "11 K");
        assert_eq!(at(&mut w1, 3, "85000"), (None, 1), "11 K still");
        assert_eq!(at(&mut w1, 4, "75000"), shown("75"));
        assert_eq!(at(&mut w1, 5, "85000"), shown("85"));
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted() {
        let tree = Tree::new("w1-many");
        for sensor in 0..=MAX_SENSORS {
            put(&tree, &format!("28-{sensor:012x}"), "temperature", "1000\n");
        }
        let mut w1 = tree.open(&SPEC, Dialect::Own, &[]);
        let (lines, errors) = w1.scrape_at(Instant::now(), Dialect::Own, &WORDS);
        assert_eq!((lines.len(), errors), (MAX_SENSORS, 1));
    }
}
