//! Applies settings: exports that did not change continue undisturbed, others get a new
//! worker, which takes over what waits once the old one has ended.

use super::Exports;
use super::destination::Destination;
use super::ending::Ending;
use super::plan::Plan;
use crate::base::clock::Boot;
use crate::base::{log, sys};
use crate::model::frame::Wanted;
use crate::outputs::spool;
use crate::settings::{ExportKind, Settings};
use crate::workers::{Tls, random};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an export that was removed may still send.
const SHORT: Duration = Duration::from_secs(3);

/// The file that identifies this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const MAX_BOOT_ID: u64 = 64;

/// Results of the steps that may fail.
pub struct Prepared {
    plans: Vec<(Plan, Option<Tls>)>,
}

/// Reads the files that exports name, logs which exports are left out and which directories of spools
/// cannot be used, and returns how many these are; nothing is created.
///
/// # Errors
///
/// The program would not start: a file cannot be read. The error names it.
pub fn check(settings: &Settings) -> io::Result<usize> {
    let mut warnings = settings.exports.len() - plans(settings)?.len();
    for export in &settings.exports {
        let Some(spool) = &export.spool else { continue };
        if let Err(error) = spool::check(&spool.dir.join(&export.name)) {
            log::warn("the spool fails", &[("export", &export.name), ("error", &error)]);
            warnings += 1;
        }
    }
    Ok(warnings)
}

/// The plan of each export.
pub fn plans(settings: &Settings) -> io::Result<Vec<(Plan, Option<Tls>)>> {
    let mut plans = Vec::new();
    for export in &settings.exports {
        match Plan::tls(export) {
            // Variables of the environment are for many programs, and must not prevent the start.
            Err(error) if export.tls.is_of_environment => {
                let fields: [log::Field<'_>; 2] = [("export", &export.name), ("error", &error)];
                log::warn("nothing is exported to this destination", &fields);
            }
            Err(error) => {
                let text = ["export ", &export.name, ": ", &error.to_string()].concat();
                return Err(io::Error::new(error.kind(), text));
            }
            Ok(tls) => plans.push((Plan::new(export, settings)?, tls)),
        }
    }
    Ok(plans)
}

/// A new destination, the one it replaces, and its TLS client.
struct NewDestination {
    at: usize,
    before: Option<Ending>,
    tls: Option<Tls>,
}

impl Exports {
    /// Reads the files that `settings` name; changes nothing.
    ///
    /// # Errors
    ///
    /// A step failed; the error names it.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        Ok(Prepared { plans: plans(settings)? })
    }

    /// Applies other settings; frames that wait stay.
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings, now: Instant) {
        let labels = settings.custom.labels_of_own();
        let is_same = self.labels == labels && self.dialect == settings.dialect;
        (self.labels, self.dialect) = (labels.to_vec(), settings.dialect);
        let mut before = std::mem::take(&mut self.destinations);
        report_left(&before, &prepared.plans);
        let stays =
            stays(&prepared.plans, |plan| is_same && before.iter().any(|to| to.plan() == plan));
        self.leaving.retain(|(_, ending)| ending.over.sleep(Duration::ZERO));
        let mut fresh = Vec::new();
        for ((plan, tls), stays) in prepared.plans.into_iter().zip(stays) {
            let known = before.iter().position(|to| to.name() == plan.export.name);
            let old = known.map(|at| before.swap_remove(at));
            let old = match old {
                Some(old) if stays => {
                    self.destinations.push(old);
                    continue;
                }
                old => old,
            };
            old.iter().for_each(|old| old.end(now));
            let ending = old.as_ref().map(Destination::ending);
            let ending = ending.or_else(|| self.take_leaving(&plan.export.name));
            fresh.push(NewDestination { at: self.destinations.len(), before: ending, tls });
            let wanted = self.wanted(&plan);
            self.destinations.push(Destination::new(plan, wanted, old, now));
        }
        for old in before {
            old.end(now + SHORT);
            self.leaving.push((old.name().to_owned(), old.ending()));
        }
        self.start(fresh);
    }

    /// The last one of this name that still has its spool.
    fn take_leaving(&mut self, name: &str) -> Option<Ending> {
        let at = self.leaving.iter().rposition(|(other, _)| other == name)?;
        Some(self.leaving.swap_remove(at).1)
    }

    /// Starts the workers, now that all fallbacks exist.
    fn start(&mut self, fresh: Vec<NewDestination>) {
        let boot = *self.boot.get_or_insert_with(boot);
        for NewDestination { at, before, tls } in fresh {
            let name =
                self.destinations.get(at).and_then(|to| to.plan().export.fallback.as_deref());
            let fallback = self.destinations.iter().find(|other| Some(other.name()) == name);
            let fallback = fallback.map(Destination::as_fallback);
            if let Some(to) = self.destinations.get_mut(at) {
                to.start(tls, fallback, before, boot);
            }
        }
    }

    /// What its frames have to contain.
    pub(super) fn wanted(&self, plan: &Plan) -> Wanted {
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
}

/// Reports frames on disk that no export reads from now on.
fn report_left(before: &[Destination], plans: &[(Plan, Option<Tls>)]) {
    for old in before {
        let Some(dir) = old.plan().spool_dir() else { continue };
        let is_read = plans.iter().any(|(plan, _)| plan.spool_dir().as_ref() == Some(&dir));
        let levels = old.tally().spool.clone();
        if !is_read && levels.disk_bytes > 0 {
            let dir = dir.to_string_lossy();
            let fields: [log::Field<'_>; 3] =
                [("export", &old.name()), ("dir", &dir), ("frames", &levels.frames)];
            log::warn("frames stay on disk until an export has this directory again", &fields);
        }
    }
}

/// Which exports are unchanged. One whose fallback changed is changed, too.
fn stays(plans: &[(Plan, Option<Tls>)], is_known: impl Fn(&Plan) -> bool) -> Vec<bool> {
    let mut stays: Vec<bool> = plans.iter().map(|(plan, _)| is_known(plan)).collect();
    let place = |name: &str| plans.iter().position(|(plan, _)| plan.export.name == name);
    for _ in plans {
        for (at, (plan, _)) in plans.iter().enumerate() {
            let to = plan.export.fallback.as_deref().and_then(place);
            let is_lost = to.is_some_and(|to| stays.get(to) == Some(&false));
            if let Some(stays) = stays.get_mut(at).filter(|_| is_lost) {
                *stays = false;
            }
        }
    }
    stays
}

/// Identifies this boot. Without the file the result differs from that of any earlier boot.
pub fn boot() -> Boot {
    let text = sys::read_file(Path::new(BOOT_ID), MAX_BOOT_ID).unwrap_or_default();
    let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit());
    let digits: String = digits.copied().map(char::from).collect();
    let number = u128::from_str_radix(&digits, 16)
        .unwrap_or_else(|_| u128::from(random()) << 64 | u128::from(random()));
    Boot(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Export;

    #[test]
    fn an_export_with_a_changed_fallback_is_changed() {
        let export = |name: &str, to: Option<&str>| {
            let (name, fallback) = (name.to_owned(), to.map(str::to_owned));
            let export = Export { name, fallback, kind: ExportKind::Stdout, ..Export::default() };
            (Plan::new(&export, &Settings::default()).unwrap(), None)
        };
        let all =
            [export("a", Some("b")), export("b", Some("c")), export("c", None), export("d", None)];
        let known = |of: &'static [&str]| move |plan: &Plan| of.contains(&&*plan.export.name);
        assert_eq!(stays(&all, known(&["a", "b", "c", "d"])), [true; 4]);
        assert_eq!(stays(&all, known(&["a", "b", "d"])), [false, false, false, true]);
        assert_eq!(stays(&all, known(&["b", "c"])), [false, true, true, false]);
    }
}
