//! The record as text: machine, rows, verdicts, facts.

use crate::programs::Programs;
use crate::rows::Row;
use crate::stats::Summary;
use crate::targets::Verdict;
use std::env;
use std::fmt::Write;
use std::fs;

/// All of a run.
pub struct Report {
    pub head: Vec<(&'static str, String)>,
    pub rows: Vec<Row>,
    pub verdicts: Vec<Verdict>,
    pub facts: Vec<String>,
}

/// Where and of what the figures are.
pub fn head(programs: &Programs, command: &str) -> Vec<(&'static str, String)> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let from_make = |key: &str| env::var(key).unwrap_or_else(|_| "unknown".into());
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")).unwrap_or_default();
    let peers: Vec<_> = programs.peers.iter().map(|(name, _)| name.as_str()).collect();
    let tiny = if programs.tiny.is_some() { "built" } else { "SKIPPED, no such front yet" };
    vec![
        ("commit", from_make("COMMIT")),
        ("date", from_make("DATE")),
        ("command", command.to_owned()),
        ("machine", format!("{cpus} CPUs, {} memory", memory.trim())),
        ("CPU", model.map_or("unknown", |(_, name)| name).to_owned()),
        ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ("load", read("/proc/loadavg").trim().to_owned()),
        ("rustc", from_make("RUSTC_VERSION")),
        ("peers", peers.join(", ")),
        ("tiny_http", tiny.to_owned()),
    ]
}

impl Report {
    /// The commit and the day, as the record's file is called.
    pub fn name(&self) -> String {
        let of = |key| self.head.iter().find(|(k, _)| *k == key).map_or("", |(_, v)| v.as_str());
        format!("{}-{}", of("date"), of("commit"))
    }

    /// Whether a target was missed.
    pub fn missed(&self) -> bool {
        self.verdicts.iter().any(|v| v.met == Some(false))
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.head {
            let _ = writeln!(out, "{key:<10} {value}");
        }
        if !self.rows.is_empty() {
            self.write_rows(&mut out);
        }
        write_verdicts(&self.verdicts, &mut out);
        let _ = writeln!(out, "\nFigures");
        for fact in &self.facts {
            let _ = writeln!(out, "  {fact}");
        }
        out
    }

    fn write_rows(&self, out: &mut String) {
        let wide = self.rows.iter().map(|r| r.name.chars().count()).max().unwrap_or(0);
        let _ = writeln!(out, "\nCPU µs a scrape, all threads: median (min–max)");
        let _ = writeln!(
            out,
            "  {:<wide$}  {:>24}  {:>26}  {:>8}  {:>8}  {:>7}  threads",
            "", "warm", "once a second", "p50 µs", "p99 µs", "bytes"
        );
        for row in &self.rows {
            let _ = writeln!(
                out,
                "  {:<wide$}  {:>24}  {:>26}  {:>8.1}  {:>8.1}  {:>7}  {:>7}",
                row.name,
                spread(row.warm),
                spread(row.paced),
                row.p50 / 1e3,
                row.p99 / 1e3,
                dash(row.body as u64),
                dash(row.threads),
            );
        }
    }
}

fn spread(nanos: Summary) -> String {
    let us = nanos.per(1e3);
    format!("{:.1} ({:.1}–{:.1})", us.median, us.min, us.max)
}

fn dash(n: u64) -> String {
    if n == 0 { "-".into() } else { n.to_string() }
}

/// A table of targets, with what was met.
pub fn write_verdicts(verdicts: &[Verdict], out: &mut String) {
    let wide = |of: fn(&Verdict) -> &str| {
        verdicts.iter().map(|v| of(v).chars().count()).max().unwrap_or(0)
    };
    let (what, target) = (wide(|v| &v.what), wide(|v| &v.target));
    let _ = writeln!(out, "\nTargets");
    for v in verdicts {
        let word = v.word();
        let _ =
            writeln!(out, "  {word:<7}  {:<what$}  {:<target$}  {}", v.what, v.target, v.measured);
    }
}
