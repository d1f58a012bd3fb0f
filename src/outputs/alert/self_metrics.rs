//! Metrics about alerts.

use super::Alerts;
use super::destination::Destination;
use super::evaluation::Dropped;
use crate::model::metric::{Family, Labels, Point, Sink, Unit, Value, counter, families, gauge};

const DESTINATION: &[&str] = &["destination"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge(  "alerts",                            Unit::One,   "1 for each alert that is pending or firing, with alertname, alertstate and its labels.", &[]).only_own(),
    counter("alert_evaluations_total",           Unit::One,   "Looks at the conditions of all alerts.",                                    &[]).only_own(),
    counter("alert_evaluation_seconds_total",    Unit::Nanos, "Time spent on looking at the conditions of alerts, with the scrape for it.", &[]).only_own(),
    counter("alert_left_out_total",              Unit::One,   "What exceeded a limit of an evaluation: series, rates, alerts; and alerts that are the same as another.", &["reason"]).only_own(),
    counter("alert_notifications_total",         Unit::One,   "Messages about alerts that arrived.",                                       DESTINATION).only_own(),
    counter("alert_notifications_failed_total",  Unit::One,   "Tries to send a message about alerts that failed, by reason.",              &["destination", "reason"]).only_own(),
    counter("alert_notifications_dropped_total", Unit::One,   "Alerts that were not sent to a destination: refused, or too many waited.",  DESTINATION).only_own(),
    gauge(  "alert_notifications_waiting",       Unit::One,   "Alerts that wait to be sent to a destination.",                             DESTINATION).only_own(),
];

/// The families about alerts, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

impl Alerts {
    /// Writes the metrics about the alerts.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        if self.next.is_none() && self.destinations.is_empty() {
            return;
        }
        let [alerts, evaluations, took, left_out, ..] = &FAMILIES;
        out.family(alerts);
        for active in self.active() {
            let labels = Labels::rendered(&active.instance.shown);
            out.labelled(labels, Point::Number(Value::Int(1)), None);
        }
        let nanos = u64::try_from(self.took.as_nanos()).unwrap_or(u64::MAX);
        for (family, raw) in [(evaluations, self.evaluations), (took, nanos)] {
            out.family(family);
            out.sample(&[], family.value(raw));
        }
        out.family(left_out);
        let Dropped { rates, alerts, twins } = self.left_out;
        let reasons = [
            ("series", self.scraped.left_out),
            ("rates", rates),
            ("alerts", alerts),
            ("same", twins),
        ];
        for (reason, count) in reasons {
            out.sample(&[reason.into()], left_out.value(count));
        }
        write_destinations(&self.destinations, out);
    }
}

/// Writes the results of messages.
fn write_destinations(all: &[Destination], out: &mut dyn Sink) {
    let [.., sent, failed, dropped, waiting] = &FAMILIES;
    type Of = fn(&Destination) -> u64;
    let each: [(&Family<'_>, Of); 3] = [
        (sent, |to| to.counts.sent),
        (dropped, |to| to.counts.dropped),
        (waiting, |to| to.waiting() as u64),
    ];
    for (family, raw) in each {
        out.family(family);
        for to in all {
            out.sample(&[to.name.as_str().into()], family.value(raw(to)));
        }
    }
    out.family(failed);
    for to in all {
        for (reason, count) in &to.counts.failed {
            out.sample(&[to.name.as_str().into(), (*reason).into()], failed.value(*count));
        }
    }
}
