//! How long the box has been up, how it was started, and whether its clock can be trusted.
//!
//! - Uptime is CLOCK_BOOTTIME: time since the start, suspended or not (clock_gettime(2), since 2.6.39).
//!   Unlike a start in Unix time it does not move when the wall clock is set.
//! - Starts are counted by `/proc/sys/kernel/random/boot_id` in the file that `state_file` names; without its
//!   directory, or where the default one is in memory, as on OpenWrt, nothing is written, and nothing counted. The
//!   file records whether the box runs. It records an end
//!   once the agent was ended by a signal, as at a shutdown. A run without a recorded end ended
//!   unclean: by a power failure, a crash or a reset. What happens while the agent is ended by
//!   hand goes unnoticed. A crash and restart of the agent is not a start of the box.
//! - The reason of a reset is what watchdogs report in `/sys/class/watchdog/watchdogN/bootstatus`
//!   (Documentation/watchdog/watchdog-api.rst): no sample for those that report 0, which on a Raspberry Pi they
//!   always do. Records of crashes are the files `dmesg-*` of `/sys/fs/pstore`, which often only root may
//!   read, and which systemd moves away.
//! - The clock that runs while the box is off is the one in `/sys/class/rtc` that set the wall clock at the start
//!   (`hctosys` is 1), else the first. Reading its `since_epoch` fails with EINVAL if its battery was too low
//!   (drivers/rtc/sysfs.c). A box without such a clock has no sample of it. `battery_voltage` in microvolts is that of
//!   a Raspberry Pi 5. They are read every ten minutes.
//! - A jump is a change of the wall clock against CLOCK_BOOTTIME from one scrape to the next, by more than 0.1 s
//!   and a thousandth of the time between. The collector timex shows whether NTP keeps the clock.

mod facts;
mod jumps;
mod state;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::clock::WallClock;
use crate::base::error::{Error, KeptError};
use crate::base::log;
use crate::base::sys::{self, Clocks};
use crate::kernel::read::Root;
use crate::model::metric::{Family, Label, Sink, Unit::*, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, path};
use facts::Facts;
use jumps::Jumps;
use state::{Keeper, boot_id};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use state::Boots;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const DEFAULT: &str = "/var/lib/sysmetrics/boot.state";

/// How often chips are read.
const PAUSE: Duration = Duration::from_secs(600);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 12] = families![
    gauge(  "uptime_seconds",          Nanos,  "Time since the box was started, suspended or not.",                  &[]).own_prefix(),
    counter("suspended_seconds_total", Millis, "Time that the box was suspended.",                                   &[]).own_prefix(),
    counter("boots_total",             One,    "Starts of the box that were counted in the state file.",             &[]).own_prefix(),
    counter("boots_unclean_total",     One,    "Starts after a run that ended without a shutdown.",                  &[]).own_prefix(),
    gauge(  "boot_previous_unclean",   One,    "Whether the run before this one ended without a shutdown.",          &[]).own_prefix(),
    gauge(  "boot_reset_cause",        One,    "Always 1; why a watchdog says that the box was reset.",              &["watchdog", "cause"]).own_prefix(),
    gauge(  "boot_crash_records",      One,    "Crashes of the kernel of which records were kept.",                  &[]).own_prefix(),
    gauge(  "clock_rtc_valid",         One,    "Whether the clock that runs while the box is off has kept the time.", &[]).own_prefix(),
    gauge(  "clock_rtc_battery_volts", Micros, "Voltage of that clock's battery.",                                   &[]).own_prefix(),
    counter("clock_jumps_total",       One,    "Times that the wall clock was set, by direction.",                   &["direction"]).own_prefix(),
    gauge(  "clock_last_jump_seconds", Nanos,  "How far the wall clock was set last; below zero for back.",          &[]).own_prefix(),
    gauge(  "clock_plausible",         One,    "Whether the wall clock can be right: not before this program was made.", &[]).own_prefix(),
];

static STATE_FILE: CollectorOption<PathBuf> =
    path("state_file", "file that counts the starts of the box; \"\" for none").default(DEFAULT);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "boot",
        node_name: "",
        on: true,
        help: "uptime, how the box was started, and whether its clock is right",
        options: &[&STATE_FILE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let path = setup.state_file(&STATE_FILE, DEFAULT);
    let is_default = path == Path::new(DEFAULT);
    Box::new(Boot {
        // Clocks belong to the running kernel, not to a stored tree.
        is_machine: setup.root.is_procfs(),
        root: setup.root.clone(),
        keeper: Keeper::new(path, is_default),
        facts: Facts::new(setup.root),
        learned_at: None,
        jumps: Jumps::default(),
    })
}

struct Boot {
    is_machine: bool,
    root: Root,
    keeper: Keeper,
    facts: Facts,
    /// When chips were read.
    learned_at: Option<Instant>,
    jumps: Jumps,
}

impl Collector for Boot {
    fn serving(&mut self, begins: bool) {
        if !self.keeper.is_on() {
            return;
        }
        let done = if begins {
            self.keeper.serve();
            self.boots().map(|_| self.keeper.sync())
        } else {
            self.keeper.end()
        };
        // A failure at the start is repeated, and reported, at the first scrape.
        if let Err(error) = done
            && self.keeper.is_on()
        {
            log::warn("the starts of the box are not kept", &[("error", &error)]);
        }
    }

    fn unkept(&self) -> Option<KeptError> {
        self.keeper.unkept
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let is_recent = |then| scrape.now.saturating_duration_since(then) < PAUSE;
        if !self.learned_at.is_some_and(is_recent) {
            let is_whole = self.facts.learn(scrape.errors);
            self.learned_at = is_whole.then_some(scrape.now);
        }
        let [uptime, suspended, rest @ ..] = &FAMILIES;
        let [boots, unclean, previous, cause, records, valid, battery, clock @ ..] = rest;
        let clocks = if self.is_machine { sys::clocks() } else { None };
        if let Some(clocks) = clocks {
            self.jumps.compare(clocks);
            one(uptime, u64::try_from(clocks.boot).ok(), out);
            one(suspended, Some(self.jumps.suspended), out);
        }
        let known = self.keeper.is_on().then(|| self.boots());
        if let Some(known) = known.and_then(|known| scrape.errors.unless_absent(known)) {
            one(boots, Some(known.count), out);
            one(unclean, Some(known.unclean), out);
            one(previous, known.was_unclean.map(u64::from), out);
        }
        self.facts.causes.write(cause, out);
        one(records, self.facts.records, out);
        one(valid, self.facts.is_rtc_valid.map(u64::from), out);
        one(battery, self.facts.battery, out);
        if let Some(clocks) = clocks {
            write_clock(clock, &self.jumps, clocks, out);
        }
        Ok(())
    }
}

impl Boot {
    /// The counts of starts; the files are read until they could be kept.
    fn boots(&mut self) -> Result<Boots, Error> {
        if let Some(boots) = self.keeper.known() {
            return Ok(boots);
        }
        let text = self.root.read(BOOT_ID)?;
        let id = boot_id(&text).ok_or_else(|| Error::parse(BOOT_ID, "the id of a start", &text))?;
        self.keeper.counts_in(id)
    }
}

fn one(family: &Family<'_>, raw: Option<u64>, out: &mut dyn Sink) {
    if let Some(raw) = raw {
        out.family(family);
        out.sample(&[], family.value(raw));
    }
}

fn write_clock(families: &[Family<'_>], jumps: &Jumps, clocks: Clocks, out: &mut dyn Sink) {
    let [count, size, plausible] = families else { return };
    out.family(count);
    for (direction, n) in ["forward", "backward"].into_iter().zip(jumps.count) {
        out.sample(&[Label::from(direction)], count.value(n));
    }
    if let Some(nanos) = jumps.size {
        out.family(size);
        out.sample(&[], size.signed(nanos));
    }
    let now = Duration::from_nanos(u64::try_from(clocks.real).unwrap_or_default());
    one(plausible, Some(WallClock::at(now).is_plausible().into()), out);
}
