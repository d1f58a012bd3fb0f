//! Shared by the tests of log files.

use crate::common::agent::Plan;
use crate::common::{Agent, Exposition, Temp, wait_until};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Counts all lines, and errors by level.
const RULES: &str = "[[logs.rules]]\nmetric = \"lines_total\"\npattern = '^'\nhelp = \"Lines.\"\n\
    [[logs.rules]]\nmetric = \"errors_total\"\npattern = 'level=(?P<level>error|fatal)'\n\
    labels = { level = \"$level\" }\nhelp = \"Errors.\"\n";

pub fn settings(dir: &Temp, path: &str, more: &str) -> String {
    let dir = dir.as_ref().display();
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[tail]\npoll_interval = \"200ms\"\n\
         state_interval = \"100ms\"\nstate_file = \"{dir}/state/offsets\"\n{more}\n\
         [[logs]]\npath = \"{dir}/{path}\"\nfrom_start = true\n{RULES}"
    )
}

pub fn plan(dir: &Temp, path: &str, more: &str) -> Plan {
    Agent::plan().machine("box").file(&settings(dir, path, more))
}

pub fn lines(agent: &Agent) -> f64 {
    agent.scrape().value("lines_total", &[])
}

/// The only series of a family about log files.
pub fn tail(scrape: &Exposition, name: &str) -> f64 {
    scrape.family(&format!("sysmetrics_tail_{name}")).map_or(0.0, |family| family.samples[0].value)
}

pub fn trouble(agent: &Agent, reason: &str) -> f64 {
    agent.scrape().find("sysmetrics_tail_errors_total", &[("reason", reason)]).unwrap_or(0.0)
}

/// Waits until so many lines were counted, and makes sure that it stays at that: a last line comes
/// after all that could be counted twice.
pub fn assert_lines(agent: &Agent, log: &Path, count: u64) {
    wait_until("all lines", || {
        let counted = lines(agent);
        assert!(counted <= count as f64, "{counted} lines of {count}");
        counted == count as f64
    });
    let turns = tail(&agent.scrape(), "turns_total");
    append(log, "the last\n");
    wait_until("the last line", || tail(&agent.scrape(), "turns_total") > turns);
    assert_eq!(lines(agent), (count + 1) as f64);
}

pub fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    open(path).write_all(text.as_ref()).unwrap();
}
