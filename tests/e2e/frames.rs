//! The frames of one process, distinguished by the count of frames that each contains.

use crate::common::{Agent, Plan, wait_until};
use crate::rows::Rows;
use std::collections::BTreeMap;

/// The series that counts frames, and the one that tells processes apart.
const FRAMES: &str = "sysmetrics_export_frames_total";
const STARTED: &str = "process_start_time_seconds";

/// When it started, and how many frames it took.
pub fn taken(agent: &Agent) -> (u64, u64) {
    let page = agent.scrape();
    let frames = page.value(FRAMES, &[("export", "out")]) as u64;
    (page.value(STARTED, &[]).to_bits(), frames)
}

/// Of a machine that has everything, frames take a debug build and a receiver in Python long. How they
/// fare does not depend on what is in them.
pub fn few_collectors(plan: Plan) -> Plan {
    let names = ["cpu", "memory", "disk", "network"].map(|name| format!("--collector.{name}"));
    names.into_iter().fold(plan.arg("--collector.disable-defaults"), Plan::arg)
}

pub fn wait_until_all_is_sent(agent: &Agent) {
    let waiting = || agent.scrape().value("sysmetrics_export_spool_frames", &[("export", "out")]);
    wait_until("all to be sent", || waiting() == 0.0);
}

/// The numbers of the frames of one process.
pub fn arrived(rows: &Rows, life: u64) -> Vec<u64> {
    let of = |name: &str| {
        let mut all = rows.all.iter().filter(|((n, _), _)| n == name);
        let (_, samples) = all.next().unwrap();
        assert!(all.next().is_none(), "one series of {name}");
        samples.clone()
    };
    let lives: BTreeMap<i64, u64> =
        of(STARTED).iter().map(|(time, v)| (*time, v.to_bits())).collect();
    let frames = of(FRAMES).into_iter();
    frames.filter(|(time, _)| lives.get(time) == Some(&life)).map(|(_, n)| n as u64).collect()
}

/// Nothing came twice with different values.
pub fn assert_same_twice(rows: &Rows) {
    for (key, samples) in &rows.all {
        let mut values = BTreeMap::new();
        for (time, value) in samples {
            let before = values.insert(*time, value.to_bits());
            assert!(before.is_none_or(|bits| bits == value.to_bits()), "{key:?} at {time}");
        }
    }
}
