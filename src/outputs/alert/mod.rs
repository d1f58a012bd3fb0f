//! Alerts: conditions over the samples of a scrape, and messages to receivers.
//!
//! At every evaluation the whole scrape goes into a sink that keeps the series that conditions select (`watch`).
//! Each rule evaluates its condition (`evaluate`, `rate`) and moves its alerts from state to
//! state (`rule`). Notices wait for each destination on this side (`destination`) and are
//! sent by its worker (`transport`: `json`, `mail` by `smtp` or `sendmail`). Without rules none of
//! this exists.

mod destination;
mod evaluate;
mod evaluation;
mod instance;
mod json;
mod mail;
mod notice;
mod rate;
mod rule;
mod samples;
mod self_metrics;
mod send_error;
mod sendmail;
mod smtp;
mod text;
mod transport;
mod watch;

pub use self_metrics::families;

use crate::base::dialect::Dialect;
use crate::base::log;
use crate::base::text::expr::Selector;
use crate::model::metric::Sink;
use crate::settings::{Alert, Alerting};
use crate::workers::Results;
use destination::{Destination, Report};
use evaluate::Evaluator;
use evaluation::{Audience, Dropped, Evaluation};
use instance::Instance;
use notice::Notice;
use rule::Rule;
use samples::ScrapeSamples;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use transport::Transport;
use watch::{Watch, WatchedFamily};

/// Reports that may wait, beyond one of each destination: those of destinations that were removed.
const SPARE_REPORTS: usize = 16;

/// The least time between two evaluations if a stall requests the second.
const SOONEST: Duration = Duration::from_secs(1);

/// The most destinations; more in the settings are ignored.
const MAX_DESTINATIONS: usize = 32;

/// All rules, their state, and the destinations.
#[derive(Default)]
pub struct Alerts {
    rules: Vec<Rule>,
    interval: Duration,
    repeat: Duration,
    /// When the rules are evaluated next; `None` without rules.
    next: Option<Instant>,
    /// When they were evaluated last.
    evaluated: Option<Instant>,
    /// Whether a stall causes an immediate evaluation.
    pub starts_at_stalls: bool,
    wanted: Vec<Selector>,
    family: WatchedFamily,
    scraped: ScrapeSamples,
    evaluator: Evaluator,
    fingerprints: Vec<u64>,
    notices: Vec<(Audience, Arc<Notice>)>,
    left_out: Dropped,
    evaluations: u64,
    took: Duration,
    destinations: Vec<Destination>,
    last_id: u32,
    results: Option<Results<Report>>,
}

/// An alert that is pending or firing, to be shown.
pub struct Active<'a> {
    rule: &'a Rule,
    instance: &'a Instance,
}

impl<'a> Active<'a> {
    /// The name of its rule.
    pub fn name(&self) -> &'a str {
        self.rule.name()
    }

    /// Whether it fires; otherwise it is pending.
    pub fn is_firing(&self) -> bool {
        self.instance.fired.is_some()
    }

    /// Its labels, sorted, `alertname` among them.
    pub fn labels(&self) -> &'a [(String, String)] {
        &self.instance.labels
    }

    /// Since when its condition holds.
    pub fn since(&self) -> Instant {
        self.instance.since
    }

    /// The value of the condition's left side at the last evaluation.
    pub fn value(&self) -> f64 {
        self.instance.value
    }

    /// The annotations, filled in.
    pub fn annotations(&self) -> impl Iterator<Item = (&'a str, String)> + use<'a> {
        self.rule.annotations(self.instance)
    }
}

impl Alerts {
    /// Applies a list of rules; those that did not change keep their state.
    pub fn apply(&mut self, alerting: &Alerting, alerts: &[Alert], now: Instant) {
        let mut before = std::mem::take(&mut self.rules);
        for alert in alerts {
            let known = before.iter().position(|rule| rule.is_of(alert, &alerting.instance));
            let rule = known.map(|at| before.swap_remove(at));
            let rule = rule.or_else(|| Rule::new(alert, &alerting.instance));
            match rule {
                Some(rule) => self.rules.push(rule),
                None => log::error("an alert's condition is wrong", &[("alert", &alert.name)]),
            }
        }
        (self.interval, self.repeat) = (alerting.interval, alerting.repeat);
        self.wanted.clear();
        for rule in &mut self.rules {
            rule.add_selectors(&mut self.wanted);
        }
        self.apply_destinations(alerting, now);
        for rule in before {
            rule.end(&mut self.notices);
        }
        self.fingerprints.clear();
        self.rules.iter().for_each(|rule| rule.add_fingerprints(&mut self.fingerprints));
        self.queue_notices(now);
        if self.rules.is_empty() {
            (self.family, self.scraped) = Default::default();
            (self.evaluator, self.next) = Default::default();
        } else {
            self.next = Some(now);
        }
    }

    /// Applies the destinations; existing ones continue, new ones get all firing alerts.
    fn apply_destinations(&mut self, alerting: &Alerting, now: Instant) {
        let (transports, wrong) = match self.rules.is_empty() && self.destinations.is_empty() {
            true => Default::default(),
            false => Transport::all(alerting),
        };
        for sentence in wrong {
            log::error("an alert destination cannot be used", &[("error", &sentence)]);
        }
        let mut before = std::mem::take(&mut self.destinations);
        let firing: Vec<_> = self.rules.iter_mut().flat_map(Rule::firing_notices).collect();
        for transport in transports.into_iter().take(MAX_DESTINATIONS) {
            if let Some(at) = before.iter().position(|to| *to.transport() == transport) {
                self.destinations.push(before.swap_remove(at));
                continue;
            }
            let mut name = transport.name();
            let is_taken = |name: &str, all: &[Destination]| all.iter().any(|d| d.name == name);
            let mut number = 1;
            while is_taken(&name, &self.destinations) {
                number += 1;
                name = [&transport.name(), "#", &number.to_string()].concat();
            }
            self.last_id = self.last_id.wrapping_add(1);
            // Perhaps only its other settings changed.
            let old = before.iter().position(|to| to.name == name);
            let old = old.map(|at| before.swap_remove(at));
            let mut to = Destination::new(self.last_id, name, transport, old, now);
            firing.iter().for_each(|notice| to.push(notice, now));
            self.destinations.push(to);
        }
        if !self.destinations.is_empty() && self.results.is_none() {
            match Results::new(MAX_DESTINATIONS + SPARE_REPORTS) {
                Ok(results) => self.results = Some(results),
                Err(error) => log::error("alerts cannot be sent", &[("error", &error)]),
            }
        }
    }

    /// Ready when a worker has a report.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.results.as_ref().map(AsFd::as_fd)
    }

    /// When the rules are evaluated next, or there is something to send.
    pub fn deadline(&self) -> Option<Instant> {
        let sends = self.destinations.iter().filter_map(Destination::deadline);
        let sends = sends.filter(|_| self.results.is_some());
        sends.chain(self.next).min()
    }

    /// Evaluates the rules at once after an event that conditions may react to, but not within `SOONEST` of the
    /// last evaluation.
    pub fn evaluate_soon(&mut self, now: Instant) {
        let soonest = self.evaluated.map_or(now, |evaluated| now.max(evaluated + SOONEST));
        if self.starts_at_stalls {
            self.next = self.next.map(|next| next.min(soonest));
        }
    }

    /// Receives the workers' reports, evaluates the rules when it is time, and sends what is due.
    /// `scrape` writes every sample, in `dialect`.
    pub fn turn(&mut self, dialect: Dialect, scrape: &mut dyn FnMut(&mut dyn Sink), now: Instant) {
        while let Some(report) = self.results.as_ref().and_then(Results::take) {
            if let Some(to) = self.destinations.iter_mut().find(|to| to.is_current(&report)) {
                to.take_report(report, now);
            }
        }
        if self.next.is_some_and(|next| next <= now) {
            self.next = Some(now + self.interval.max(Duration::from_millis(1)));
            self.evaluated = Some(now);
            self.evaluate(dialect, scrape, now);
            self.queue_notices(now);
        }
        if let Some(results) = &self.results {
            let slot = results.slot();
            self.destinations.iter_mut().for_each(|to| to.dispatch(&slot, now));
        }
    }

    fn evaluate(&mut self, dialect: Dialect, scrape: &mut dyn FnMut(&mut dyn Sink), now: Instant) {
        let start = Instant::now();
        scrape(&mut Watch::new(dialect, &self.wanted, &mut self.family, &mut self.scraped));
        self.scraped.sort();
        self.scraped.turn_absent(&self.wanted);
        let mut evaluation = Evaluation {
            now,
            interval: self.interval,
            repeat: self.repeat,
            has_managers: self.destinations.iter().any(|to| to.transport().is_manager()),
            scraped: &self.scraped,
            rates: self.rules.iter().map(Rule::rates).sum(),
            fingerprints: &mut self.fingerprints,
            notices: &mut self.notices,
            left_out: &mut self.left_out,
        };
        for rule in &mut self.rules {
            rule.evaluate(&mut self.evaluator, &mut evaluation);
        }
        self.evaluations += 1;
        self.took += start.elapsed();
    }

    /// Adds the notices to the queues of their destinations.
    fn queue_notices(&mut self, now: Instant) {
        for (audience, notice) in self.notices.drain(..) {
            for to in &mut self.destinations {
                let is_addressed = match audience {
                    Audience::All => true,
                    Audience::Managers => to.transport().is_manager(),
                    Audience::People => !to.transport().is_manager(),
                };
                if is_addressed {
                    to.push(&notice, now);
                }
            }
        }
    }

    /// The alerts that are pending or firing.
    pub fn active(&self) -> impl Iterator<Item = Active<'_>> {
        let of = |rule| {
            let rule: &Rule = rule;
            rule.instances.iter().map(move |instance| Active { rule, instance })
        };
        self.rules.iter().flat_map(of)
    }

    /// The rules with a metric that has had no series since the start, and the metric.
    pub fn unmatched(&self) -> impl Iterator<Item = (&str, &str)> {
        let has_evaluated = self.evaluations > 0;
        let rules = self.rules.iter().filter(move |_| has_evaluated);
        rules.filter_map(|rule| Some((rule.name(), rule.unmatched()?)))
    }

    /// The destinations that cannot be reached: name, alerts that wait, and since when.
    pub fn unreached(&self) -> impl Iterator<Item = (&str, usize, Instant)> {
        let failing = |to| {
            let to: &Destination = to;
            Some((to.name.as_str(), to.waiting(), to.failing()?))
        };
        self.destinations.iter().filter_map(failing)
    }
}

#[cfg(test)]
mod tests;
