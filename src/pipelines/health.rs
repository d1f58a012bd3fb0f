//! Reports what keeps the pipelines from their work.

use super::Pipelines;
use crate::outputs::export::{Exports, Trouble};
use crate::outputs::status::Health;
use std::time::{Duration, Instant};

/// How long a refusal because of a limit is reported as trouble.
const RECENT: Duration = Duration::from_secs(60);

impl Pipelines {
    /// Reports what keeps each part from its work, and notes about others; this is the only place that
    /// decides it.
    pub fn troubles(&self, now: Instant, to: &mut Health) {
        let Pipelines { inputs, outputs, .. } = self;
        if inputs.store.was_full(now, RECENT) {
            let reason = "there was no room for what was pushed: push.max_series, push.max_families, push.max_bytes, \
                          or 1000 groups";
            to.fails("store", "series", reason.to_owned());
        }
        if let Some(path) = inputs.tails.unkept_state() {
            let reason = "how far log files were read cannot be kept there; the log says why";
            to.fails("log", &path.to_string_lossy(), reason.to_owned());
        }
        for (name, why) in inputs.stalls.lacking() {
            to.notes("pressure", &name, ["stalls are not counted: ", why].concat());
        }
        for (name, waiting, since) in outputs.alerts.unreached() {
            let age = now.saturating_duration_since(since).as_secs().to_string();
            let waiting = waiting.to_string();
            let text = ["no message arrived for ", &age, " s, alerts that wait: ", &waiting];
            to.fails("alert", name, [&text.concat(), "; the log says why"].concat());
        }
        for (name, metric) in outputs.alerts.unmatched() {
            let text = ["no series since the start with that name and those labels: ", metric];
            to.notes("alert", name, text.concat());
        }
        report_exports(&outputs.exports, now, to);
        for (name, _, text, _) in inputs.targets.failures().filter(|(_, is_down, ..)| *is_down) {
            to.notes("target", name, text.to_owned());
        }
        for (name, count) in inputs.targets.excesses() {
            let bounds = "scrape.max_series, push.max_families, push.max_bytes";
            let text = format!("samples without room: {count}; see {bounds}");
            to.notes("target", name, text);
        }
    }
}

fn report_exports(exports: &Exports, now: Instant, to: &mut Health) {
    exports.troubles(now, &mut |name, trouble, text| match trouble {
        Trouble::Failing(since) | Trouble::Hanging(since) => {
            let age = now.saturating_duration_since(since).as_secs().to_string();
            to.fails("export", name, format!("nothing arrived for {age} s: {text}"));
        }
        Trouble::Spool => to.fails("spool", name, text.to_owned()),
        Trouble::Late => {
            to.notes("export", name, ["samples are out of order: ", text].concat());
        }
    });
}
