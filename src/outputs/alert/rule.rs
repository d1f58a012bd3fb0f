//! One rule and its alerts: inactive, pending for a while, firing, resolved. Each series for which the
//! condition holds has an alert of its own; a series that no longer exists has none.

use super::evaluate::{Entry, Evaluator};
use super::evaluation::{Audience, Evaluation};
use super::instance::{Instance, find};
use super::notice::{Notice, fingerprint};
use super::rate::{RateWindow, Rings};
use super::text::number;
use crate::base::clock::WallClock;
use crate::base::text::expr::{Expr, Selector, Want};
use crate::base::text::template::Template;
use crate::settings::Alert;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most alerts that are pending or firing, of all rules together.
pub const MAX_ACTIVE: usize = 1000;

/// The most counters whose growth is computed, for all rules together.
const MAX_RATES: usize = 2000;

/// An Alertmanager resolves an alert that is not sent again: this is the interval.
pub const RESEND: Duration = Duration::from_secs(60);

/// The label that identifies the box.
const INSTANCE: &str = "instance";

/// One rule.
pub struct Rule {
    settings: Alert,
    /// The label `instance` of alerts that have none; `""` for none.
    agent: String,
    expr: Expr,
    labels: Vec<(String, Template)>,
    annotations: Vec<(String, Template)>,
    /// The index of its first selector among those of all rules.
    first: u32,
    /// The counters of each selector.
    rings: Vec<Rings>,
    /// Which selectors ever had a series.
    matched: Vec<bool>,
    /// Sorted by the labels of their series.
    pub instances: Vec<Instance>,
}

impl Rule {
    /// A rule from settings, `None` if they are invalid, on the box of that name.
    pub fn new(settings: &Alert, agent: &str) -> Option<Rule> {
        let expr = Expr::parse(&settings.expr).ok()?;
        let parsed = |texts: &[(String, String)]| -> Option<Vec<(String, Template)>> {
            let mut parsed = Vec::new();
            for (name, text) in texts {
                parsed.push((name.clone(), Template::parse(text).ok()?));
            }
            Some(parsed)
        };
        Some(Rule {
            labels: parsed(&settings.labels)?,
            annotations: parsed(&settings.annotations)?,
            rings: expr.series.iter().map(|_| Rings::default()).collect(),
            matched: vec![false; expr.series.len()],
            settings: settings.clone(),
            agent: agent.to_owned(),
            expr,
            first: 0,
            instances: Vec::new(),
        })
    }

    /// Whether these are its settings.
    pub fn is_of(&self, settings: &Alert, agent: &str) -> bool {
        self.settings == *settings && self.agent == agent
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// A metric it selects that never had a series.
    pub fn unmatched(&self) -> Option<&str> {
        let mut series = self.expr.series.iter().zip(&self.matched);
        let never = |(of, matched): &(&Selector, &bool)| of.want != Want::Absent && !**matched;
        series.find(never).map(|(of, _)| of.name.as_str())
    }

    /// Adds its selectors to those of all rules.
    pub fn add_selectors(&mut self, wanted: &mut Vec<Selector>) {
        self.first = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        wanted.extend(self.expr.series.iter().cloned());
    }

    /// Evaluates the condition and updates the alerts.
    pub fn evaluate(&mut self, evaluator: &mut Evaluator, evaluation: &mut Evaluation<'_>) {
        let (scraped, first) = (evaluation.scraped, self.first);
        for (place, matched) in (first..).zip(&mut self.matched) {
            *matched |= scraped.has(place);
        }
        let (expr, rings) = (&self.expr, &mut self.rings);
        let series = |at: usize, out: &mut Vec<Entry>| {
            if let (Some(selector), Some(rings)) = (expr.series.get(at), rings.get_mut(at)) {
                values(selector, first + at as u32, rings, evaluation, out);
            }
        };
        let entries = evaluator.evaluate(expr, series, |span| scraped.labels(span));
        self.instances.iter_mut().for_each(|instance| instance.holds = false);
        for entry in entries {
            self.update(scraped.labels(entry.labels), entry.value, evaluation);
        }
        self.advance(evaluation);
    }

    /// Handles a series for which the condition holds.
    fn update(&mut self, key: &[u8], value: f64, evaluation: &mut Evaluation<'_>) {
        let place = match self.instances.binary_search_by(|i| (*i.key).cmp(key)) {
            Ok(place) => place,
            Err(_) if evaluation.fingerprints.len() >= MAX_ACTIVE => {
                evaluation.left_out.alerts += 1;
                return;
            }
            Err(place) => {
                let instance =
                    Instance::begin(&self.settings.name, &self.labels, key, value, evaluation.now);
                if evaluation.fingerprints.contains(&instance.fingerprint) {
                    evaluation.left_out.twins += 1;
                    return;
                }
                evaluation.fingerprints.push(instance.fingerprint);
                self.instances.insert(place, instance);
                place
            }
        };
        if let Some(instance) = self.instances.get_mut(place) {
            (instance.holds, instance.value) = (true, value);
        }
    }

    /// Changes the states, and adds notices about the changes.
    fn advance(&mut self, evaluation: &mut Evaluation<'_>) {
        let now = evaluation.now;
        let since = |then: Instant| now.saturating_duration_since(then);
        let mut instances = std::mem::take(&mut self.instances);
        instances.retain_mut(|instance| {
            if !instance.holds {
                self.resolve(instance, evaluation.notices);
                evaluation.fingerprints.retain(|other| *other != instance.fingerprint);
                return false;
            }
            if instance.fired.is_none() && since(instance.since) >= self.settings.for_ {
                instance.fire(now);
                evaluation.notices.extend(self.notice(instance, None).map(|n| (Audience::All, n)));
            }
            let Some(fired) = &mut instance.fired else { return true };
            let people = since(fired.to_people) >= evaluation.repeat;
            let managers = evaluation.has_managers
                && since(fired.to_managers) >= RESEND.min(evaluation.repeat);
            if people {
                fired.to_people = now;
            }
            if managers {
                fired.to_managers = now;
            }
            let audience = match (people, managers) {
                (true, true) => Audience::All,
                (true, false) => Audience::People,
                (false, true) => Audience::Managers,
                (false, false) => return true,
            };
            evaluation.notices.extend(self.notice(instance, None).map(|n| (audience, n)));
            true
        });
        self.instances = instances;
    }

    /// The notice about an alert that fires or, with `ends`, was resolved.
    fn notice(&self, instance: &mut Instance, ends: Option<WallClock>) -> Option<Arc<Notice>> {
        let fired = instance.fired.as_mut()?;
        let starts = WallClock::at(fired.start.since_epoch());
        // The clock may have been set back meanwhile.
        let ends = ends.map(|ends| WallClock::at(ends.since_epoch().max(starts.since_epoch())));
        let labels = self.labels_outside(instance);
        Some(Arc::new(Notice {
            name: self.settings.name.clone(),
            annotations: self.annotations(instance).map(|(n, v)| (n.to_owned(), v)).collect(),
            value: number(instance.value),
            starts,
            ends,
            fingerprint: fingerprint(&labels),
            labels,
        }))
    }

    /// The labels of one of its alerts for receivers that know several boxes.
    fn labels_outside(&self, instance: &Instance) -> Vec<(String, String)> {
        let mut labels = instance.labels.clone();
        let place = labels.partition_point(|(name, _)| name.as_str() < INSTANCE);
        let has_one = labels.get(place).is_some_and(|(name, _)| name == INSTANCE);
        if !has_one && !self.agent.is_empty() {
            labels.insert(place, (INSTANCE.to_owned(), self.agent.clone()));
        }
        labels
    }

    /// The annotations of one of its alerts, filled in.
    pub fn annotations<'a>(
        &'a self,
        instance: &'a Instance,
    ) -> impl Iterator<Item = (&'a str, String)> {
        let (value, labels) = (number(instance.value), self.labels_outside(instance));
        self.annotations.iter().map(move |(name, template)| {
            (name.as_str(), template.fill(&value, |label| find(&labels, label)))
        })
    }

    fn resolve(&self, instance: &mut Instance, notices: &mut Vec<(Audience, Arc<Notice>)>) {
        notices.extend(self.notice(instance, Some(WallClock::now())).map(|n| (Audience::All, n)));
    }

    /// Resolves its firing alerts, because the rule is removed.
    pub fn end(mut self, notices: &mut Vec<(Audience, Arc<Notice>)>) {
        for mut instance in std::mem::take(&mut self.instances) {
            self.resolve(&mut instance, notices);
        }
    }

    /// Notices about its firing alerts, for a new destination.
    pub fn firing_notices(&mut self) -> Vec<Arc<Notice>> {
        let mut instances = std::mem::take(&mut self.instances);
        let notices = instances.iter_mut().filter_map(|i| self.notice(i, None)).collect();
        self.instances = instances;
        notices
    }

    /// The number of counters whose growth it computes.
    pub fn rates(&self) -> usize {
        self.rings.iter().map(Rings::len).sum()
    }

    /// Adds the fingerprints of its alerts.
    pub fn add_fingerprints(&self, fingerprints: &mut Vec<u64>) {
        fingerprints.extend(self.instances.iter().map(|instance| instance.fingerprint));
    }
}

/// Appends the series of the selector at `place`.
fn values(
    selector: &Selector,
    place: u32,
    rings: &mut Rings,
    evaluation: &mut Evaluation<'_>,
    out: &mut Vec<Entry>,
) {
    let all = evaluation.scraped.of(place).iter();
    let (Want::Rate(window) | Want::Increase(window)) = selector.want else {
        out.extend(all.map(|series| Entry { labels: series.labels, value: series.value }));
        return;
    };
    let range = RateWindow { now: evaluation.now, interval: evaluation.interval, window };
    evaluation.rates -= rings.len();
    rings.sweep(range);
    for series in all {
        let has_room = evaluation.rates + rings.len() < MAX_RATES;
        match rings.push(evaluation.scraped.labels(series.labels), series.value, range, has_room) {
            Err(()) => evaluation.left_out.rates += 1,
            Ok(growth) => out.extend(growth.map(|growth| {
                let is_rate = matches!(selector.want, Want::Rate(_));
                let by = if is_rate { growth.seconds } else { 1.0 };
                Entry { labels: series.labels, value: growth.increase / by }
            })),
        }
    }
    evaluation.rates += rings.len();
}
