//! Rules from state to state, without workers.

use super::*;
use crate::model::metric::{Family, Labels, Point, Unit, Value, gauge};

const SECOND: Duration = Duration::from_secs(1);

fn alerting() -> Alerting {
    // Nobody listens there; nothing is sent.
    let alertmanagers = vec!["http://127.0.0.1:9/".to_owned()];
    Alerting { interval: 10 * SECOND, repeat: 600 * SECOND, alertmanagers, ..Alerting::default() }
}

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn rule(name: &str, expr: &str, seconds: u32) -> Alert {
    Alert {
        name: name.to_owned(),
        expr: expr.to_owned(),
        for_: seconds * SECOND,
        labels: texts(&[("severity", "page"), ("gone", "")]),
        annotations: texts(&[("summary", "{{ $labels.device }} has {{ $value }}")]),
    }
}

/// Alerts, driven by hand.
struct Driven {
    alerts: Alerts,
    start: Instant,
}

impl Driven {
    fn new(rules: &[Alert]) -> Driven {
        let (mut alerts, start) = (Alerts::default(), Instant::now());
        alerts.apply(&alerting(), rules, start);
        Driven { alerts, start }
    }

    /// Evaluates after so many seconds with these `used{device=…}`; returns the notices.
    fn evaluate(&mut self, seconds: u32, used: &[(&str, f64)]) -> Vec<String> {
        let now = self.start + seconds * SECOND;
        let mut scrape = |out: &mut dyn Sink| {
            out.family(&gauge("used", Unit::One, "Used.", &["device"]));
            for (device, value) in used {
                out.sample(&[(*device).into()], Value::Float(*value));
            }
        };
        self.alerts.evaluate(Dialect::Own, &mut scrape, now);
        self.alerts
            .notices
            .drain(..)
            .map(|(audience, notice)| described(audience, &notice))
            .collect()
    }

    fn states(&self) -> Vec<String> {
        let mut known = Known::default();
        self.alerts.write_self_metrics(&mut known);
        known.0
    }
}

fn described(audience: Audience, notice: &Notice) -> String {
    let device = notice.labels.iter().find(|(name, _)| name == "device");
    let device = device.map_or("", |(_, value)| value);
    format!("{audience:?} {} {device} {}", notice.status(), notice.value)
}

/// The labels of what is exposed as `alerts`.
#[derive(Default)]
struct Known(Vec<String>);

impl Sink for Known {
    fn family(&mut self, _: &Family<'_>) {}
    fn sample(&mut self, _: &[crate::model::metric::Label<'_>], _: Value) {}
    fn labelled(&mut self, labels: Labels<'_>, _: Point<'_>, _: Option<i64>) {
        self.0.push(String::from_utf8(labels.text().to_vec()).unwrap());
    }
    fn mark(&self) -> usize {
        0
    }
    fn rewind(&mut self, _: usize) {}
}

#[test]
fn an_alert_is_pending_then_fires_and_is_resolved() {
    let mut driven = Driven::new(&[rule("Full", "used > 0.9", 20)]);
    assert!(driven.evaluate(0, &[("a", 0.5), ("b", 0.95)]).is_empty());
    let labels = "alertname=\"Full\",alertstate=\"pending\",device=\"b\",severity=\"page\"";
    assert_eq!(driven.states(), [labels]);
    assert!(driven.evaluate(10, &[("a", 0.91), ("b", 0.95)]).is_empty());
    assert_eq!(driven.evaluate(20, &[("a", 0.91), ("b", 0.96)]), ["All firing b 0.96"]);
    assert_eq!(driven.states()[1], labels.replace("pending", "firing"));
    // One that was only pending is forgotten in silence; another one starts anew.
    assert!(driven.evaluate(30, &[("a", 0.5), ("b", 0.97)]).is_empty());
    assert!(driven.evaluate(40, &[("a", 0.99), ("b", 0.97)]).is_empty());
    let active: Vec<_> = driven.alerts.active().collect();
    let shown = |at: usize| -> (bool, f64, String) {
        let active = &active[at];
        (active.is_firing(), active.value(), active.annotations().next().unwrap().1)
    };
    assert_eq!(shown(0), (false, 0.99, "a has 0.99".to_owned()));
    assert_eq!(shown(1), (true, 0.97, "b has 0.97".to_owned()));
    assert_eq!(active[1].since(), driven.start);
    assert_eq!(active[1].name(), "Full");
    assert_eq!(active[1].labels().len(), 3);
    // A series that is gone has no alert.
    assert_eq!(driven.evaluate(50, &[("a", 0.5)]), ["All resolved b 0.97"]);
    assert!(driven.states().is_empty());
    assert_eq!(driven.alerts.fingerprints.len(), 0);
}

#[test]
fn alerts_that_go_on_are_sent_again() {
    let mut driven = Driven::new(&[rule("Full", "used > 0.9", 0)]);
    assert_eq!(driven.evaluate(0, &[("a", 1.0)]), ["All firing a 1"]);
    assert!(driven.evaluate(59, &[("a", 1.0)]).is_empty());
    assert_eq!(driven.evaluate(60, &[("a", 2.0)]), ["Managers firing a 2"]);
    assert!(driven.evaluate(119, &[("a", 2.0)]).is_empty());
    assert_eq!(driven.evaluate(600, &[("a", 3.0)]), ["All firing a 3"]);
    assert_eq!(driven.evaluate(660, &[("a", 3.0)]), ["Managers firing a 3"]);
    assert_eq!(driven.evaluate(1230, &[("a", 3.0)]), ["All firing a 3"]);
}

#[test]
fn rules_that_stay_keep_their_state() {
    let rules = [rule("Full", "used > 0.9", 0), rule("Empty", "used < 0.1", 0)];
    let mut driven = Driven::new(&rules);
    assert_eq!(driven.evaluate(0, &[("a", 1.0), ("b", 0.0)]).len(), 2);
    // In another order, and one of them changed.
    let changed = Alert { for_: SECOND, ..rules[0].clone() };
    driven.alerts.apply(&alerting(), &[rules[1].clone(), changed], driven.start);
    assert!(driven.evaluate(10, &[("a", 1.0), ("b", 0.0)]).is_empty());
    assert_eq!(driven.states().len(), 2);
    assert_eq!(
        driven.evaluate(11, &[("a", 1.0), ("b", 0.5)]),
        ["All resolved b 0", "All firing a 1"]
    );
    driven.alerts.apply(&alerting(), &[], driven.start);
    assert!(driven.states().is_empty() && driven.alerts.next.is_none());
}

#[test]
fn no_two_alerts_are_the_same_and_not_too_many() {
    let mut one = rule("Full", "used > 0.9", 0);
    one.labels.push(("device".to_owned(), "any".to_owned()));
    let mut driven = Driven::new(&[one.clone(), one]);
    assert_eq!(driven.evaluate(0, &[("a", 1.0), ("b", 1.0)]).len(), 1);
    assert_eq!(driven.alerts.left_out.twins, 3);
    let devices: Vec<_> = (0..1500).map(|at| at.to_string()).collect();
    let used: Vec<_> = devices.iter().map(|device| (device.as_str(), 1.0)).collect();
    let mut driven = Driven::new(&[rule("Full", "used > 0.9", 0)]);
    assert_eq!(driven.evaluate(0, &used).len(), 1000);
    assert_eq!(driven.alerts.left_out.alerts, 500);
    assert_eq!(driven.evaluate(10, &[]).len(), 1000);
    let mut driven = Driven::new(&[
        rule("One", "rate(used[1m]) > 0", 0),
        rule("Two", "increase(used[1m]) > 0", 0),
    ]);
    driven.evaluate(0, &used);
    assert_eq!(driven.alerts.left_out.rates, 1000);
    let all: usize = driven.alerts.rules.iter().map(Rule::rates).sum();
    assert_eq!(all, 2000);
}

#[test]
fn rates_belong_to_their_rule() {
    let mut driven = Driven::new(&[
        rule("Rate", "rate(used[1m]) > 2", 0),
        rule("Increase", "increase(used{device!=\"b\"}[30s]) * 2 >= used", 0),
    ]);
    assert!(driven.evaluate(0, &[("a", 0.0), ("b", 0.0)]).is_empty());
    assert_eq!(
        driven.evaluate(10, &[("a", 20.0), ("b", 30.0)]),
        ["All firing b 3", "All firing a 40"]
    );
}

#[test]
fn without_rules_there_is_nothing() {
    let mut alerts = Alerts::default();
    let webhooks = vec!["http://127.0.0.1:9/".to_owned()];
    alerts.apply(&Alerting { webhooks, ..alerting() }, &[], Instant::now());
    assert!(alerts.deadline().is_none() && alerts.fd().is_none());
    let mut known = Known::default();
    alerts.write_self_metrics(&mut known);
    assert!(known.0.is_empty());
}

#[test]
fn a_stall_evaluates_the_rules_at_most_once_a_second() {
    let Driven { mut alerts, start } = Driven::new(&[rule("a", "used > 1", 0)]);
    let turn = |alerts: &mut Alerts, millis| {
        alerts.turn(Dialect::Own, &mut |_| (), start + Duration::from_millis(millis));
    };
    let hastened = |alerts: &mut Alerts, millis| {
        alerts.evaluate_soon(start + Duration::from_millis(millis));
        alerts.next.map(|next| (next - start).as_millis())
    };
    turn(&mut alerts, 0);
    assert_eq!(hastened(&mut alerts, 300), Some(10_000), "it is not wanted");
    alerts.starts_at_stalls = true;
    assert_eq!(hastened(&mut alerts, 300), Some(1000));
    assert_eq!(hastened(&mut alerts, 400), Some(1000));
    turn(&mut alerts, 900);
    assert_eq!(alerts.evaluations, 1);
    turn(&mut alerts, 1000);
    assert_eq!(hastened(&mut alerts, 5000), Some(5000));
    turn(&mut alerts, 5000);
    assert_eq!((alerts.evaluations, hastened(&mut alerts, 14_999)), (3, Some(14_999)));
    turn(&mut alerts, 14_999);
    assert_eq!(hastened(&mut alerts, 60_000), Some(24_999), "what is due is not put off");
    alerts.apply(&alerting(), &[], start);
    assert_eq!(hastened(&mut alerts, 0), None);
}
