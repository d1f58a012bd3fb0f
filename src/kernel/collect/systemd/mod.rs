//! systemd's units, as the service manager reports them over D-Bus: `ListUnits` and properties of
//! `org.freedesktop.systemd1` (org.freedesktop.systemd1(5)), on the system bus, which
//! `DBUS_SYSTEM_BUS_ADDRESS` may name. Where there is no bus, and with `private`, systemd is queried at
//! `/run/systemd/private`, which answers root alone.
//!
//! A unit is shown if it is loaded, its name matches `units`, and it does not match `unit_exclude`; the
//! whole name has to match. `units` counts all units that systemd knows. A property that this systemd does not
//! have is left out: restarts came with 235, refused connections with 239.
//!
//! A scrape waits for all answers together a little longer than the last ones took, at most `timeout`. Then
//! the collector fails; old values are not shown.

mod listed;
mod manager;
mod properties;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::dbus::Address;
use crate::kernel::read::{Background, Filter};
use crate::model::metric::{Label, Sink, Value};
use crate::settings::{CollectorOption, Subject, duration, pattern, switch};
use manager::{Manager, STATES};
use properties::{FAMILIES, Group, PROPERTIES};
use std::env;
use std::time::{Duration, Instant};

const PLACE: &str = "D-Bus";

/// The socket of systemd without a bus.
const PRIVATE_SOCKET: &str = "/run/systemd/private";

/// How long a scrape waits without a setting, as in a library.
const PATIENCE: Duration = Duration::from_secs(1);

static UNITS: CollectorOption<Option<Pattern>> = pattern("units", "units to show, by full name")
    .flags(&["collector.systemd.unit-include", "collector.systemd.unit-whitelist"])
    .default(".+");

static UNIT_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("unit_exclude", "units of these to leave out, by full name")
        .flags(&["collector.systemd.unit-exclude", "collector.systemd.unit-blacklist"])
        .default(r".+\.(automount|device|mount|scope|slice)");

static PRIVATE: CollectorOption<bool> =
    switch("private", "ask at /run/systemd/private, as root, without a bus")
        .flags(&["collector.systemd.private"]);

static TASKS: CollectorOption<bool> = switch("enable_task_metrics", "show the tasks of services")
    .flags(&["collector.systemd.enable-task-metrics"]);

static RESTARTS: CollectorOption<bool> =
    switch("enable_restarts_metrics", "show the restarts of services")
        .flags(&["collector.systemd.enable-restarts-metrics"]);

static START_TIME: CollectorOption<bool> =
    switch("enable_start_time_metrics", "show since when units are active")
        .flags(&["collector.systemd.enable-start-time-metrics"]);

static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [1, 60_000], "how long a scrape waits for systemd's answers at most")
        .default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "systemd",
        node_name: "systemd",
        on: false,
        help: "units of systemd, over D-Bus",
        options: &[
            &UNITS.row,
            &UNIT_EXCLUDE.row,
            &PRIVATE.row,
            &TASKS.row,
            &RESTARTS.row,
            &START_TIME.row,
            &TIMEOUT.row,
        ],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let address = if settings.get(&PRIVATE) {
        Address::peer(PRIVATE_SOCKET)
    } else {
        let bus = Address::system(env::var_os("DBUS_SYSTEM_BUS_ADDRESS").as_deref());
        bus.or_peer(PRIVATE_SOCKET)
    };
    let [units, exclude] = [&UNITS, &UNIT_EXCLUDE].map(|option| settings.get(option).map(whole));
    let switches =
        [(&TASKS, Group::Tasks), (&RESTARTS, Group::Restarts), (&START_TIME, Group::StartTime)];
    let on = switches.into_iter().filter(|(switch, _)| settings.get(*switch));
    let manager = Manager::new(address, Filter::new(units, exclude), on.map(|(_, g)| g).collect());
    let timeout = settings.get(&TIMEOUT);
    Box::new(Systemd {
        manager: Background::new("systemd", manager, Manager::ask),
        patience: if timeout.is_zero() { PATIENCE } else { timeout },
        is_machine: setup.root.is_procfs(),
    })
}

/// The pattern anchored at both ends.
fn whole(pattern: Pattern) -> Pattern {
    Pattern::new(&["^(?:", pattern.as_str(), ")$"].concat())
}

struct Systemd {
    manager: Background<Manager>,
    patience: Duration,
    /// Whether the tree is not a stored one, which has no bus.
    is_machine: bool,
}

impl Collector for Systemd {
    fn begin(&mut self, now: Instant) {
        if self.is_machine {
            self.manager.begin(now + self.patience);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_machine {
            return Err(Error::Unsupported(PLACE.into()));
        }
        let answer = self.manager.answer();
        let manager = answer.map_err(|errno| Error::Read(PLACE.into(), errno))?;
        manager.result?;
        manager.errors.drain(..).for_each(|error| scrape.errors.record(error.error()));
        write(manager, out);
        Ok(())
    }
}

/// Writes what is known of the manager itself and of all units together, then the units.
fn write(manager: &Manager, out: &mut dyn Sink) {
    let [version, virtualization, units, ..] = &FAMILIES;
    let about = &manager.about;
    if let Some(text) = &about.version
        && let Some(number) = version_number(text)
    {
        out.family(version);
        out.sample(&[Label::of(text)], number);
    }
    out.family(virtualization);
    let kind = match &about.virtualization {
        None => b"unknown",
        Some(text) if text.is_empty() => &b"none"[..],
        Some(text) => text,
    };
    out.sample(&[Label::of(kind)], Value::Int(1));
    out.family(units);
    for (state, count) in STATES.iter().zip(manager.states) {
        out.sample(&[Label::of(state.as_bytes())], Value::Int(count));
    }
    for (state, count) in manager.other_states() {
        out.sample(&[Label::of(state)], Value::Int(count));
    }
    write_units(manager, out);
}

/// Writes the units that are shown. The family of the manager's own state is between theirs, in the table's order.
#[inline(always)] // in one place
fn write_units(manager: &Manager, out: &mut dyn Sink) {
    let [_, _, _, unit_state, running, ..] = &FAMILIES;
    out.family(unit_state);
    for (at, unit) in manager.units.iter().enumerate() {
        let (name, kind) = (manager.name(at), manager.type_of(at));
        for (number, state) in STATES.iter().enumerate() {
            let labels = [name, state.as_bytes(), kind].map(Label::of);
            out.sample(&labels, Value::Int((unit.state == Some(number)).into()));
        }
    }
    if let Some(is_running) = manager.about.is_running {
        out.family(running);
        out.sample(&[], Value::Int(is_running.into()));
    }
    for (property, numbers) in PROPERTIES.iter().zip(&manager.numbers) {
        for family in property.families {
            out.family(family);
            for (unit, number) in numbers {
                out.sample(&[Label::of(manager.name(*unit))], family.value(*number));
            }
        }
    }
}

/// The number in a version: the first three or more digits, and digits after a point.
fn version_number(text: &[u8]) -> Option<Value> {
    const MAX_PLACES: usize = 9;
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text;
    let (whole, rest) = loop {
        let start = rest.iter().position(u8::is_ascii_digit)?;
        let (number, behind) = rest.get(start..)?.split_at(digits(rest.get(start..)?));
        if number.len() >= 3 {
            break (number, behind);
        }
        rest = behind;
    };
    let places = rest.strip_prefix(b".").unwrap_or_default();
    let places = places.get(..digits(places).min(MAX_PLACES))?;
    let sum = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    let sum = whole.iter().chain(places).try_fold(0, sum)?;
    Some(match places.len() {
        0 => Value::Int(sum),
        places => Value::Fixed(sum, places as u8),
    })
}
