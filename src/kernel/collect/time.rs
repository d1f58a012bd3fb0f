//! The wall clock, the time zone and the kernel's clock sources:
//! `/sys/devices/system/clocksource/clocksource0/{available,current}_clocksource`, names between blanks
//! (since 2.6.18; there is only one such device). The time zone is that of this process: TZ, else
//! `/etc/localtime`, which is read once a minute and at each change of the offset.

mod local;
mod zone;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::clock::WallClock;
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Label, Sink, Unit, Value, families, gauge};
use crate::settings::Subject;
use local::LocalZone;
use std::time::Instant;

const AVAILABLE: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
const CURRENT: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// More clock sources than any machine has.
const MAX_SOURCES: usize = 64;

const SOURCE: &[&str] = &["device", "clocksource"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4] = families![
    gauge("time_seconds",                    Unit::Nanos, "Wall clock time since 1970.",                     &[]),
    gauge("time_zone_offset_seconds",        Unit::One,   "How far local time is ahead of UTC.",             &["time_zone"]),
    gauge("time_clocksource_available_info", Unit::One,   "Always 1; a clock source that the kernel has.",   SOURCE),
    gauge("time_clocksource_current_info",   Unit::One,   "Always 1; the clock source that is used.",        SOURCE),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "time",
        node_name: "time",
        on: true,
        help: "wall clock, time zone and clock sources",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let sources = [AVAILABLE, CURRENT].map(|path| (path, setup.files.whole(path)));
    Box::new(Time { zone: LocalZone::of_process(), sources })
}

struct Time {
    zone: LocalZone,
    sources: [(&'static str, FileId); 2],
}

impl Collector for Time {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let [time, zone, sources @ ..] = &FAMILIES;
        let now = WallClock::now().since_epoch();
        out.single(time, time.value(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)));
        out.family(zone);
        if let Some(local) = self.zone.at(now.as_secs(), Instant::now(), scrape.errors) {
            out.sample(&[Label::of(local.name())], zone.signed(local.ahead));
        }
        for (family, (path, file)) in sources.iter().zip(self.sources) {
            if let Some(text) = scrape.errors.unless_absent(scrape.files.read(file)) {
                out.family(family);
                write_sources(path, text, scrape.errors, out);
            }
        }
        Ok(())
    }
}

/// Writes one sample for each name, once.
fn write_sources(path: &'static str, text: &[u8], errors: &mut PartialErrors, out: &mut dyn Sink) {
    let names = || scan::fields(text.trim_ascii_end());
    for (at, name) in names().enumerate() {
        let is_new = !names().take(at).any(|before| before == name);
        if at < MAX_SOURCES && is_new && name.is_ascii() {
            out.sample(&[Label::of(b"0"), Label::of(name)], Value::Int(1));
        } else {
            errors.refuse(path, "at most 64 names in ASCII, each once", name);
        }
        if at == MAX_SOURCES {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn clock_sources_and_the_time() {
        let tree = Tree::new("time");
        let mut time = tree.open(&SPEC, Dialect::Node, &[]);
        let (samples, errors) = scrape(&mut time, Dialect::Node, &["time_"]);
        assert_eq!((samples.len(), errors), (2, 0), "without the files the others");
        let shown: f64 = samples[0].strip_prefix("time_seconds ").unwrap().parse().unwrap();
        let age = WallClock::now().since_epoch().as_secs_f64() - shown;
        assert!((-1.0..3600.0).contains(&age), "{samples:?}");
        assert!(samples[1].starts_with("time_zone_offset_seconds{time_zone=\""), "{samples:?}");
        tree.put(&AVAILABLE[1..], "tsc hpet tsc h\u{e4} acpi_pm \n");
        tree.put(&CURRENT[1..], "hpet\n");
        let expected = [
            r#"time_clocksource_available_info{device="0",clocksource="tsc"} 1"#,
            r#"time_clocksource_available_info{device="0",clocksource="hpet"} 1"#,
            r#"time_clocksource_available_info{device="0",clocksource="acpi_pm"} 1"#,
            r#"time_clocksource_current_info{device="0",clocksource="hpet"} 1"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut time, Dialect::Node, &["clocksource"]), (expected, 2));
    }
}
