//! The ways out: frames leave as OTLP, Influx lines, remote write or lines on standard output. Each
//! destination has a courier, which encodes, sends, tries again, and keeps what could not be sent.

mod delivery;
mod destination;
pub mod influx;
pub mod otlp;
mod own;
mod post;
pub mod proto;
pub mod remote_write;
mod said;
pub mod stdout;
mod tally;
mod tee;
mod verdict;
mod way;

pub use own::families;
pub use verdict::Verdict;

use crate::clock::{Boot, BootTime};
use crate::frame::{Recorder, Wanted};
use crate::gather::Gather;
use crate::metric::{Sink, Source};
use crate::settings::{ExportKind, Settings};
use crate::sys;
use delivery::Ending;
use destination::Destination;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};
use std::{fs, io};
use tee::Tee;
use way::{Plan, Way};

/// What an export that was removed still may send.
const SHORT: Duration = Duration::from_secs(3);

/// Who tells which start of the machine this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// All destinations.
pub struct Exports {
    destinations: Vec<Destination>,
    boot_time: BootTime,
    boot: Option<Boot>,
    /// When this program started, in milliseconds since the machine did.
    start: u64,
    labels: Vec<(String, String)>,
    dialect: crate::settings::Dialect,
}

impl Default for Exports {
    fn default() -> Exports {
        Exports {
            destinations: Vec::new(),
            boot_time: BootTime::default(),
            boot: None,
            start: sys::boot_millis(),
            labels: Vec::new(),
            dialect: Default::default(),
        }
    }
}

/// What could have failed and did not.
pub struct Prepared {
    plans: Vec<Plan>,
}

fn plans(settings: &Settings) -> io::Result<Vec<Plan>> {
    settings.exports.iter().map(|export| Plan::new(export, settings)).collect()
}

impl Exports {
    /// Reads the files that `settings` name; changes nothing.
    ///
    /// # Errors
    ///
    /// What failed is named.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        Ok(Prepared { plans: plans(settings)? })
    }

    /// Goes on with other settings; what waits stays.
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings, now: Instant) {
        let labels = settings.custom.labels_of_own();
        let is_same = self.labels == labels && self.dialect == settings.dialect;
        (self.labels, self.dialect) = (labels.to_vec(), settings.dialect);
        let boot = *self.boot.get_or_insert_with(boot);
        let mut before = std::mem::take(&mut self.destinations);
        // Whose fallback is another one now is another one, too.
        let mut stays: Vec<bool> = Vec::new();
        for plan in &prepared.plans {
            let is_it = |to: &Destination| is_same && to.plan() == plan;
            stays.push(before.iter().any(is_it));
        }
        let names: Vec<_> = prepared.plans.iter().map(|plan| plan.export.name.clone()).collect();
        for _ in 0..names.len() {
            for (at, plan) in prepared.plans.iter().enumerate() {
                let to = plan.export.fallback.as_ref();
                let to = to.and_then(|name| names.iter().position(|other| other == name));
                let is_lost = to.is_some_and(|to| stays.get(to) == Some(&false));
                if let Some(stays) = stays.get_mut(at).filter(|_| is_lost) {
                    *stays = false;
                }
            }
        }
        let mut fresh: Vec<(usize, Option<Ending>)> = Vec::new();
        for (plan, stays) in prepared.plans.into_iter().zip(stays) {
            let known = before.iter().position(|to| to.name() == plan.export.name);
            let old = known.map(|at| before.swap_remove(at));
            if let Some(old) = old {
                if stays {
                    self.destinations.push(old);
                    continue;
                }
                old.end(now);
                let ending = old.ending();
                fresh.push((self.destinations.len(), Some(ending)));
                let wanted = self.wanted(&plan);
                self.destinations.push(Destination::new(plan, wanted, Some(old), now));
                continue;
            }
            fresh.push((self.destinations.len(), None));
            let wanted = self.wanted(&plan);
            self.destinations.push(Destination::new(plan, wanted, None, now));
        }
        before.iter().for_each(|old| old.end(now + SHORT));
        for (at, ending) in fresh {
            let Some(to) = self.destinations.get(at) else { continue };
            let name = to.plan().export.fallback.as_deref();
            let fallback = self.destinations.iter().find(|other| Some(other.name()) == name);
            to.start(fallback.map(Destination::as_fallback), ending, boot);
        }
    }

    fn wanted(&self, plan: &Plan) -> Wanted {
        let export = &plan.export;
        Wanted {
            dialect: self.dialect,
            include: export.include.clone(),
            exclude: export.exclude.clone(),
            labels: self.labels.clone(),
            is_delta: export.kind == ExportKind::Otlp && export.is_delta,
            start: self.start,
        }
    }

    /// When a frame is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.destinations.iter().map(Destination::due).min()
    }

    /// Takes the frames that are due; `scrape` writes every sample there is.
    pub fn turn(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), now: Instant) {
        self.record(scrape, |to| to.due() <= now);
        self.destinations.iter_mut().filter(|to| to.due() <= now).for_each(|to| {
            to.advance(now);
        });
    }

    /// Takes a frame of those that `is_due` names.
    fn record(
        &mut self,
        scrape: &mut dyn FnMut(&mut dyn Sink),
        is_due: impl Fn(&Destination) -> bool,
    ) {
        let moment = self.boot_time.moment();
        let mut due = Vec::new();
        for (at, to) in self.destinations.iter_mut().enumerate() {
            if is_due(to) {
                let mut recorder =
                    std::mem::replace(&mut to.recorder, Recorder::new(Wanted::default()));
                recorder.begin(moment);
                due.push((at, recorder));
            }
        }
        let mut tee = Tee::new(due.iter_mut().map(|(_, recorder)| recorder).collect());
        scrape(&mut tee);
        tee.source(Source::Own);
        self.write_self(&mut tee);
        drop(tee);
        for (at, recorder) in due {
            if let Some(to) = self.destinations.get_mut(at) {
                to.recorder = recorder;
                to.dispatch();
            }
        }
    }

    /// Takes a last frame; what waits is sent until then. Nothing is due any more.
    pub fn end(&mut self, scrape: &mut dyn FnMut(&mut dyn Sink), until: Instant) {
        if self.destinations.is_empty() {
            return;
        }
        self.record(scrape, |_| true);
        self.destinations.iter().for_each(|to| to.end(until));
        self.destinations.iter().for_each(|to| to.wait(until));
        self.destinations.clear();
    }

    /// The exports that fail: name, since when or the spool, and why.
    pub fn troubles(&self, mut tell: impl FnMut(&str, Option<Instant>, String)) {
        for to in &self.destinations {
            let tally = to.tally();
            if let Some((since, text)) = &tally.failing {
                tell(to.name(), Some(*since), text.clone());
            }
            if let Some(trouble) = &tally.spool.trouble {
                tell(to.name(), None, trouble.clone());
            }
        }
    }
}

/// Which start of the machine this is. Where nobody tells, it is none that was before.
fn boot() -> Boot {
    let text = fs::read_to_string(BOOT_ID).unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let number = u128::from_str_radix(&digits, 16).unwrap_or_else(|_| {
        let random = || RandomState::new().build_hasher().finish();
        u128::from(random()) << 64 | u128::from(random())
    });
    Boot(number.to_be_bytes())
}

/// One frame to every destination, or to standard output where there is none. Whether all took it.
///
/// # Errors
///
/// What failed is named.
pub fn once(settings: &Settings, gather: &mut Gather) -> io::Result<bool> {
    let mut clock = BootTime::default();
    let all = plans(settings)?;
    let mut ours = Exports::default();
    (ours.labels, ours.dialect) = (settings.custom.labels_of_own().to_vec(), settings.dialect);
    let record = |wanted: Wanted, clock: &mut BootTime, gather: &mut Gather| {
        let mut recorder = Recorder::new(wanted);
        recorder.begin(clock.moment());
        let all = gather.all();
        gather.scrape(all, &mut recorder);
        recorder.finish()
    };
    let boot_time = clock.now().unwrap_or_default();
    if all.is_empty() {
        let wanted =
            Wanted { dialect: ours.dialect, labels: ours.labels.clone(), ..Wanted::default() };
        let frame = record(wanted, &mut clock, gather);
        let mut out = Vec::new();
        stdout::encode(&frame.view(boot_time), settings.once_format, &mut out);
        return Ok(way::print(&out) == Verdict::Done);
    }
    let mut is_done = true;
    for plan in all {
        let frame = record(ours.wanted(&plan), &mut clock, gather);
        let export = plan.export.clone();
        let bounds = destination::bounds(&plan, boot());
        let ending = Ending::new();
        let spool = crate::spool::Spool::open(bounds, Instant::now());
        let tally = tally::Shared::default();
        let way = Way::new(plan);
        let mut delivery = delivery::Delivery::new(way, spool, tally, None, ending);
        is_done &= delivery.once(frame, boot_time, export.retry.max);
    }
    Ok(is_done)
}
