//! One target: its settings, its last answer, and how an answer becomes series.

use super::answer::{Progress, Tools};
use super::asking::{self, Outcome, Plan};
use crate::base::log::{self, Limiter};
use crate::base::wire::shown;
use crate::inputs::push::Tally;
use crate::model::store::{Group, Reason, Store};
use crate::settings::{Scrape, Target};
use crate::workers::{Results, Worker};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// The reasons for which a request brings no series. `status` is an answer other than 200, `text` one
/// that is not of the target's type, `file` a token or password that cannot be read.
pub const REASONS: [&str; 11] = [
    "connect",
    "file",
    "protocol",
    "redirect",
    "resolve",
    "status",
    "text",
    "thread",
    "timeout",
    "too_large",
    "url",
];

/// The label that names the target of a series.
const TARGET: &str = "target";

/// The longest text of a failure that is kept.
const MAX_TEXT: usize = 256;

/// One target.
pub struct State {
    target: Target,
    plan: Option<Plan>,
    group: Group,
    /// The number of its worker; 0 if no thread could be started.
    id: u64,
    worker: Option<Worker<Infallible>>,
    last: Option<LastScrape>,
    /// The last error, and when it happened.
    failure: Option<(String, Instant)>,
    /// Samples that were stored from all its answers.
    accepted: u64,
    errors: [u64; REASONS.len()],
    refused: [u64; Reason::ALL.len()],
    failures: Limiter,
    /// Why it failed last.
    reason: &'static str,
    /// Its failure was logged.
    is_told: bool,
    refusals: Limiter,
}

/// How the last request ended.
#[derive(Clone, Copy, Default)]
pub struct LastScrape {
    /// Whether the request brought series.
    pub up: bool,
    /// How long it took.
    pub duration: Duration,
    /// How many samples were stored.
    pub samples: u64,
    /// How many samples were beyond the limit.
    pub left_out: u64,
}

impl State {
    /// A target without any result yet; its series are those of `group`.
    pub fn new(group: Group) -> State {
        State {
            target: Target::default(),
            plan: None,
            group,
            id: 0,
            worker: None,
            last: None,
            failure: None,
            accepted: 0,
            errors: [0; REASONS.len()],
            refused: [0; Reason::ALL.len()],
            failures: Limiter::default(),
            reason: "",
            is_told: false,
            refusals: Limiter::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.target.name
    }

    /// The group of its series.
    pub fn group(&self) -> Group {
        self.group
    }

    /// The number of its worker.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How the last request ended, if one did.
    pub fn last(&self) -> Option<LastScrape> {
        self.last
    }

    /// The last error, and when it happened.
    pub fn failure(&self) -> Option<(&str, Instant)> {
        self.failure.as_ref().map(|(text, at)| (text.as_str(), *at))
    }

    /// Samples that were stored from all its answers.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Failed requests, in the order of `REASONS`.
    pub fn errors(&self) -> &[u64] {
        &self.errors
    }

    /// Refused samples, in the order of `Reason::ALL`.
    pub fn refused(&self) -> &[u64] {
        &self.refused
    }

    /// Changes the settings to `target`. The worker stays if its plan is the same; otherwise a new one
    /// gets the number `id`.
    pub fn apply(
        &mut self,
        target: &Target,
        all: &Scrape,
        id: u64,
        results: Option<&Results<Outcome>>,
        store: &mut Store,
        now: Instant,
    ) {
        if self.target.url != target.url || self.target.kind != target.kind {
            // The name now belongs to another target.
            self.forget(store);
            (self.last, self.failure) = (None, None);
        }
        self.target.clone_from(target);
        let plan = Plan::new(target, all);
        if self.worker.is_some() && self.plan.as_ref() == Some(&plan) {
            return;
        }
        self.plan = Some(plan.clone());
        self.id = id;
        // The old one ends by itself; results that it still brings have another number.
        self.worker = None;
        let Some(slot) = results.map(Results::slot) else { return };
        let work = move |stop: &_| asking::work(id, &plan, stop, &slot);
        match Worker::start("target", 1, work) {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => {
                let text = ["no room for another thread: ", &error.to_string()].concat();
                self.fail(Duration::ZERO, "thread", &text, store, now);
            }
        }
    }

    /// Removes the target.
    pub fn close(self, store: &mut Store) {
        store.close_group(self.group);
    }

    fn forget(&self, store: &mut Store) {
        store.begin(self.group);
        store.end(self.group);
    }

    /// Handles a worker's result: an answer to store, or a failure.
    pub fn receive(
        &mut self,
        outcome: Outcome,
        store: &mut Store,
        now: Instant,
    ) -> Option<Progress> {
        match outcome.result {
            Ok(content) => {
                store.begin(self.group);
                Some(Progress::new(outcome.id, outcome.duration, content))
            }
            Err(failure) => {
                self.fail(outcome.duration, failure.reason, &failure.text, store, now);
                None
            }
        }
    }

    /// Stores the next piece. Returns whether it was the last.
    pub fn take(
        &mut self,
        taking: &mut Progress,
        tools: &mut Tools,
        store: &mut Store,
        now: Instant,
    ) -> bool {
        let own = [(TARGET.to_owned(), self.target.name.clone())];
        match taking.go_on(&self.target, self.group, &own, tools, store, now) {
            Ok(false) => return false,
            Ok(true) => {
                store.end(self.group);
                self.succeed(taking.duration, taking.tally(), now);
            }
            Err(text) => self.fail(taking.duration, "text", &text, store, now),
        }
        true
    }

    /// Abandons an answer that is partly stored; its series stay until the next answer.
    pub fn leave(&self, store: &mut Store) {
        store.leave(self.group);
    }

    fn succeed(&mut self, duration: Duration, tally: &Tally, now: Instant) {
        let samples = tally.taken as u64;
        self.accepted += samples;
        // A target that comes and goes is logged once a minute, as its failures are.
        if std::mem::take(&mut self.is_told) {
            let fields: [log::Field<'_>; 2] =
                [("target", &self.target.name), ("samples", &samples)];
            log::info("target answers again", &fields);
        }
        let no_room = tally.reasons().filter(|(reason, _)| reason.is_room());
        let left_out = no_room.map(|(_, count)| u64::from(count)).sum();
        self.last = Some(LastScrape { up: true, duration, samples, left_out });
        for (reason, more) in tally.reasons() {
            if let Some(count) = self.refused.get_mut(reason as usize) {
                *count += u64::from(more);
            }
        }
        if let Some((name, reason)) = &tally.first {
            self.tell_refused(name, *reason, now);
        }
    }

    fn tell_refused(&mut self, name: &str, reason: Reason, now: Instant) {
        let Some(held_back) = self.refusals.pass(now) else { return };
        let fields: [log::Field<'_>; 4] = [
            ("target", &self.target.name),
            ("metric", &name),
            ("reason", &reason.text().1),
            ("answers_before", &held_back),
        ];
        log::warn("samples of a target are refused, this one first", &fields);
    }

    fn fail(
        &mut self,
        duration: Duration,
        reason: &'static str,
        text: &str,
        store: &mut Store,
        now: Instant,
    ) {
        self.forget(store);
        let was_up = self.last.is_none_or(|last| last.up);
        self.last = Some(LastScrape { up: false, duration, ..LastScrape::default() });
        self.failure = Some((text.chars().take(MAX_TEXT).collect(), now));
        let at = REASONS.iter().position(|word| *word == reason);
        if let Some(count) = at.and_then(|at| self.errors.get_mut(at)) {
            *count += 1;
        }
        if std::mem::replace(&mut self.reason, reason) != reason && was_up {
            // It is another failure.
            self.failures = Limiter::default();
        }
        let Some(held_back) = self.failures.pass(now) else { return };
        self.is_told = true;
        let fields: [log::Field<'_>; 5] = [
            ("target", &self.target.name),
            ("url", &shown(&self.target.url)),
            ("reason", &reason),
            ("error", &text),
            ("failures_before", &held_back),
        ];
        log::warn("target failed", &fields);
    }
}
