//! Other endpoints: each target has a worker that asks it and brings back its answer, which
//! becomes series here. A target that hangs costs its sleeping thread; the series of a failed one are removed
//! at once.

mod answer;
mod asking;
pub mod custom;
mod state;

use crate::base::log;
use crate::model::metric::{Family, Label, Sink, Unit, counter, families, gauge};
use crate::model::store::{Group, Reason, Store};
use crate::settings::Scrape;
use crate::workers::Results;
use answer::{Progress, Tools};
use asking::Outcome;
pub use asking::warn_of_secrets;
use state::{REASONS, State};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// Results that may wait; workers that bring more are blocked.
const DESK: usize = 4;

static FAMILIES: &[Family<'static>; 6] = families![
    gauge("target_up", Unit::One, "Whether the last scrape of the target succeeded.", &["target"])
        .only_own(),
    gauge(
        "target_scrape_duration_seconds",
        Unit::Nanos,
        "How long the last request to the target took.",
        &["target"],
    )
    .only_own(),
    gauge(
        "target_samples",
        Unit::One,
        "Samples that were taken from the target's last answer.",
        &["target"],
    )
    .only_own(),
    counter(
        "target_samples_accepted_total",
        Unit::One,
        "Samples that were taken from the target's answers.",
        &["target"],
    )
    .only_own(),
    counter(
        "target_errors_total",
        Unit::One,
        "Requests to the target that brought no series.",
        &["target", "reason"],
    )
    .only_own(),
    counter(
        "target_samples_refused_total",
        Unit::One,
        "Samples of the target's answers that were not taken.",
        &["target", "reason"],
    )
    .only_own(),
];

/// The families about the targets.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

/// All targets.
#[derive(Default)]
pub struct Targets {
    states: Vec<State>,
    results: Option<Results<Outcome>>,
    /// The number of the last worker.
    last_id: u64,
    /// The answer that is being stored, piece by piece.
    taking: Option<Progress>,
    tools: Tools,
}

impl Targets {
    /// Applies a list of targets; those that did not change continue undisturbed. `labels` are added to
    /// every series without a label of that name.
    pub fn apply(
        &mut self,
        settings: &Scrape,
        labels: &[(String, String)],
        store: &mut Store,
        now: Instant,
    ) {
        if let Some(taking) = self.taking.take() {
            let of = self.states.iter().find(|state| state.id() == taking.id);
            of.into_iter().for_each(|state| state.leave(store));
        }
        self.tools.constant = labels.to_vec();
        self.tools.max_series = settings.max_series;
        self.tools.max_labels = settings.max_labels;
        let mut before = std::mem::take(&mut self.states);
        self.open_desk(settings);
        for target in &settings.targets {
            let known = before.iter().position(|state| state.name() == target.name);
            let mut state = match known {
                Some(at) => before.remove(at),
                None => State::new(store.open_group()),
            };
            self.last_id += 1;
            state.apply(target, settings, self.last_id, self.results.as_ref(), store, now);
            self.states.push(state);
        }
        for state in before {
            state.close(store);
        }
    }

    /// Whether the series of `owner` are those of a target.
    pub fn has(&self, owner: Group) -> bool {
        self.states.iter().any(|state| state.group() == owner)
    }

    /// Opens the queue of results, which exists while there are targets.
    fn open_desk(&mut self, settings: &Scrape) {
        if settings.targets.is_empty() {
            self.results = None;
        } else if self.results.is_none() {
            match Results::new(DESK) {
                Ok(results) => self.results = Some(results),
                Err(error) => log::error("no target can be scraped", &[("error", &error)]),
            }
        }
    }

    /// Ready when a worker brought something back.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.results.as_ref().map(AsFd::as_fd)
    }

    /// Stores a piece of an answer; the descriptor stays ready while there is more.
    pub fn turn(&mut self, store: &mut Store, now: Instant) {
        let Some(mut taking) = self.next(store, now) else { return };
        let state = self.states.iter_mut().find(|state| state.id() == taking.id);
        let tools = &mut self.tools;
        let is_over = state.is_none_or(|state| state.take(&mut taking, tools, store, now));
        if !is_over {
            self.taking = Some(taking);
            self.results.as_ref().into_iter().for_each(Results::nudge);
        }
    }

    /// The targets whose requests ever failed: name, whether the last one did, what went wrong last
    /// and when.
    pub fn failures(&self) -> impl Iterator<Item = (&str, bool, &str, Instant)> {
        self.states.iter().filter_map(|state| {
            let (text, at) = state.failure()?;
            Some((state.name(), state.last().is_some_and(|last| !last.up), text, at))
        })
    }

    /// The targets whose last answer had samples beyond the limit, and how many.
    pub fn excesses(&self) -> impl Iterator<Item = (&str, u64)> {
        let left_out = |state: &State| state.last().map_or(0, |last| last.left_out);
        let all = self.states.iter().map(move |state| (state.name(), left_out(state)));
        all.filter(|(_, count)| *count > 0)
    }

    /// The answer that is to be stored now.
    fn next(&mut self, store: &mut Store, now: Instant) -> Option<Progress> {
        if let Some(taking) = self.taking.take() {
            return Some(taking);
        }
        let outcome = self.results.as_ref()?.take()?;
        // What a dropped worker still brings is ignored.
        let state = self.states.iter_mut().find(|state| state.id() == outcome.id)?;
        state.receive(outcome, store, now)
    }

    /// Writes the metrics about the targets.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        if self.states.is_empty() {
            return;
        }
        let [up, duration, samples, accepted, errors, refused] = &FAMILIES;
        let known = || self.states.iter().filter_map(|state| Some((state, state.last()?)));
        out.family(up);
        for (state, last) in known() {
            out.sample(&[state.name().into()], up.value(last.up.into()));
        }
        out.family(duration);
        for (state, last) in known() {
            let nanos = u64::try_from(last.duration.as_nanos()).unwrap_or(u64::MAX);
            out.sample(&[state.name().into()], duration.value(nanos));
        }
        out.family(samples);
        for (state, last) in known() {
            out.sample(&[state.name().into()], samples.value(last.samples));
        }
        out.family(accepted);
        for (state, _) in known() {
            out.sample(&[state.name().into()], accepted.value(state.accepted()));
        }
        out.family(errors);
        for state in &self.states {
            write(out, errors, state.name(), REASONS.into_iter().zip(state.errors()));
        }
        out.family(refused);
        for state in &self.states {
            let words = Reason::ALL.iter().map(|reason| reason.text().0);
            write(out, refused, state.name(), words.zip(state.refused()));
        }
    }
}

/// Writes the counts that are not zero.
fn write<'c>(
    out: &mut dyn Sink,
    family: &Family<'_>,
    target: &str,
    counts: impl Iterator<Item = (&'static str, &'c u64)>,
) {
    for (reason, count) in counts.filter(|(_, count)| **count > 0) {
        out.sample(&[Label::from(target), reason.into()], family.value(*count));
    }
}

#[cfg(test)]
mod tests;
