//! One alert of a rule: the series it is about, its labels, and its state.

use super::notice::{fingerprint, rendered};
use super::text::number;
use crate::base::clock::Start;
use crate::base::sys;
use crate::base::text::template::Template;
use crate::model::metric::Labels;
use std::time::Instant;

/// One alert that is pending or firing.
pub struct Instance {
    /// The labels of its series.
    pub key: Box<[u8]>,
    /// The labels of the alert, sorted.
    pub labels: Vec<(String, String)>,
    /// The labels as they are exposed, with the state.
    pub shown: Vec<u8>,
    /// The fingerprint of the labels.
    pub fingerprint: u64,
    /// The last value of the condition's left side.
    pub value: f64,
    /// Since when the condition holds.
    pub since: Instant,
    /// Since when it fires.
    pub fired: Option<Fired>,
    /// The condition holds in the current evaluation.
    pub holds: bool,
}

/// When a firing alert was sent.
pub struct Fired {
    /// When it began to fire.
    pub start: Start,
    /// When it was last sent to destinations with long intervals.
    pub to_people: Instant,
    /// When it was last sent to Alertmanagers.
    pub to_managers: Instant,
}

impl Instance {
    /// An alert of the rule `name`, with `more` labels, about the series with these labels. Its labels are filled
    /// in once, as they identify it.
    pub fn begin(
        name: &str,
        more: &[(String, Template)],
        key: &[u8],
        value: f64,
        now: Instant,
    ) -> Instance {
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let pairs = Labels::rendered(key).pairs();
        let of_series: Vec<_> = pairs.map(|(name, value)| (lossy(&name), lossy(&value))).collect();
        let mut labels = of_series.clone();
        for (name, template) in more {
            let filled = template.fill(&number(value), |name| find(&of_series, name));
            set(&mut labels, name, filled);
        }
        set(&mut labels, "alertname", name.to_owned());
        labels.retain(|(_, value)| !value.is_empty());
        sys::sort(&mut labels, Ord::cmp);
        Instance {
            key: key.into(),
            fingerprint: fingerprint(&labels),
            shown: shown(&labels, "pending"),
            labels,
            value,
            since: now,
            fired: None,
            holds: true,
        }
    }

    /// Lets the alert fire, with notices to all destinations.
    pub fn fire(&mut self, now: Instant) {
        self.shown = shown(&self.labels, "firing");
        self.fired = Some(Fired { start: Start::now(), to_people: now, to_managers: now });
    }
}

/// Sets or replaces a label.
fn set(labels: &mut Vec<(String, String)>, name: &str, value: String) {
    labels.retain(|(other, _)| other != name);
    labels.push((name.to_owned(), value));
}

/// The value of a label; empty where there is none.
pub fn find(labels: &[(String, String)], name: &str) -> String {
    let found = labels.iter().find(|(other, _)| other == name);
    found.map_or_else(String::new, |(_, value)| value.clone())
}

/// The labels of an alert as a series, with its state.
fn shown(labels: &[(String, String)], state: &str) -> Vec<u8> {
    let mut labels = labels.to_vec();
    set(&mut labels, "alertstate", state.to_owned());
    sys::sort(&mut labels, Ord::cmp);
    rendered(&labels)
}
