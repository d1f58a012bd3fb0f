//! Whether the agent does its work, for supervisors that restart or replace it: failing (503) with reasons
//! when something of its own is broken, otherwise ok (200). Failures of others (a target that does not
//! answer) are noted and leave it ok: a restart would not help.
//!
//! Reasons come from the collectors' last runs, from the clock, and from `Pipelines::troubles`, to which each
//! part of the pipelines contributes.

use super::json::Json;
use crate::base::clock::WallClock;
use crate::kernel::gather::Gather;
use crate::model::metric::{Buffer, NullSink, Value};
use std::time::{Duration, Instant};

/// Collectors that have not run for this long run again: perhaps there are no scrapes.
const STALE: Duration = Duration::from_secs(60);

/// The most reasons that are reported; more are counted.
const MAX_TROUBLES: usize = 256;

struct Trouble {
    fails: bool,
    part: &'static str,
    name: String,
    reason: String,
}

/// Collects troubles and writes them as JSON.
#[derive(Default)]
pub struct Health {
    troubles: Vec<Trouble>,
    failing: bool,
    left_out: u64,
}

impl Health {
    /// Checks the collectors, which run if they have not for a while, and the clock.
    pub fn check(&mut self, gather: &mut Gather, now: Instant) {
        let is_recent = |ran: Instant| now.saturating_duration_since(ran) < STALE;
        if !gather.reports().all(|report| report.ran.is_some_and(is_recent)) {
            let all = gather.all();
            gather.scrape(all, &mut NullSink);
        }
        for report in gather.reports().filter(|report| !report.success) {
            let reason = report.error.map(|(error, _)| error.text());
            let reason = reason.unwrap_or_else(|| "it failed".to_owned());
            self.add(!report.is_unsupported(), "collector", report.name, reason);
        }
        for report in gather.reports() {
            if let Some(error) = report.unkept {
                self.fails("collector", report.name, error.text());
            }
        }
        if !WallClock::now().is_plausible() {
            let reason = format!("it says {}: set it", WallClock::now().rfc3339());
            self.fails("clock", "wall clock", reason);
        }
    }

    /// Adds a reason why the agent does not do its work.
    pub fn fails(&mut self, part: &'static str, name: &str, reason: String) {
        self.add(true, part, name, reason);
    }

    /// Adds a note; the agent does its work.
    pub fn notes(&mut self, part: &'static str, name: &str, reason: String) {
        self.add(false, part, name, reason);
    }

    fn add(&mut self, fails: bool, part: &'static str, name: &str, reason: String) {
        self.failing |= fails;
        if self.troubles.len() < MAX_TROUBLES {
            self.troubles.push(Trouble { fails, part, name: name.to_owned(), reason });
        } else {
            self.left_out += 1;
        }
    }

    /// Whether anything fails.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// The status as a word.
    pub(super) fn word(&self) -> &'static [u8] {
        if self.failing { b"failing" } else { b"ok" }
    }

    /// Writes everything that was collected.
    pub fn write(&self, out: &mut Buffer) {
        let mut json = Json::new(out);
        json.open(b"{");
        json.text_of("status", self.word());
        self.write_lists(&mut json);
        json.number_of("left_out", Some(Value::Int(self.left_out)));
        json.close(b"}");
    }

    /// Writes the reasons and the notes.
    pub(super) fn write_lists(&self, json: &mut Json<'_>) {
        for (key, fails) in [("reasons", true), ("notes", false)] {
            json.inside(key, b"[");
            for trouble in self.troubles.iter().filter(|trouble| trouble.fails == fails) {
                json.open(b"{");
                json.text_of("part", trouble.part.as_bytes());
                json.text_of("name", trouble.name.as_bytes());
                json.text_of("reason", trouble.reason.as_bytes());
                json.close(b"}");
            }
            json.close(b"]");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(health: &Health) -> String {
        let mut out = Buffer::default();
        health.write(&mut out);
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    #[test]
    fn failures_of_others_are_notes() {
        let mut health = Health::default();
        health.notes("target", "a\"pi", "expected status 200, found 500".to_owned());
        assert!(!health.is_failing());
        assert_eq!(
            text(&health),
            "{\"status\":\"ok\",\"reasons\":[],\"notes\":[{\"part\":\"target\",\"name\":\"a\\\"pi\",\
             \"reason\":\"expected status 200, found 500\"}],\"left_out\":0}"
        );
    }

    #[test]
    fn reasons_are_bounded_and_the_last_one_still_fails() {
        let mut health = Health::default();
        for _ in 0..MAX_TROUBLES {
            health.notes("log", "a", String::new());
        }
        assert!(!health.is_failing());
        health.fails("store", "series", "full".to_owned());
        assert!(health.is_failing());
        let text = text(&health);
        assert!(text.starts_with("{\"status\":\"failing\",\"reasons\":[],"), "{text}");
        assert!(text.ends_with("\"left_out\":1}"), "{text}");
    }
}
