//! What can be checked without a clock, and therefore in CI: sizes, threads, allocations, system
//! calls, descriptors, instructions. The same checks are part of every record.

use crate::instructions;
use crate::programs::{self, Dialect, Programs};
use crate::targets::{self, Verdict, write};
use crate::trace;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// All of them; system calls are counted over `traced` scrapes.
pub fn verdicts(programs: &Programs, traced: u32) -> Vec<Verdict> {
    eprintln!("bench: budgets");
    let mut all = sizes(programs);
    all.extend(allocations());
    all.push(instructions::verdict(&programs.agent));
    for (dialect, name) in [(Dialect::Own, "own names"), (Dialect::Node, "node names")] {
        let what = format!("threads, calls, descriptors, {name}");
        let checked = of_the_kernel(&programs.agent, dialect, name, traced);
        all.extend(checked.unwrap_or_else(|e| vec![Verdict::skipped(&what, e)]));
    }
    all
}

fn sizes(programs: &Programs) -> Vec<Verdict> {
    let builds = [("default", Some(&programs.agent)), ("exporter alone", programs.bare.as_ref())];
    let size = |((name, build), target): ((&str, Option<&_>), u64)| {
        let what = format!("binary size, {name}");
        match build.map(fs::metadata) {
            Some(Ok(file)) => {
                Verdict::at_most(&what, file.len() as f64, target as f64, write::kilobytes)
            }
            _ => Verdict::skipped(&what, "not built"),
        }
    };
    builds.into_iter().zip(targets::SIZES).map(size).collect()
}

/// Counted in a process of their own, which has the counting allocator and the whole poll loop.
fn allocations() -> Vec<Verdict> {
    let counted =
        std::env::current_exe().and_then(|us| Command::new(us).arg("allocations").output());
    let text = counted.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    let text = text.unwrap_or_default();
    let counts: Vec<u64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let verdict = |(at, name): (usize, &str)| {
        let what = format!("allocations in 1000 steady scrapes, {name}");
        match counts.get(at) {
            Some(n) => {
                Verdict::at_most(&what, *n as f64, targets::ALLOCATIONS as f64, write::plain)
            }
            None => Verdict::skipped(&what, "counting failed; run `sysmetrics-bench allocations`"),
        }
    };
    ["plain", "gzip"].into_iter().enumerate().map(verdict).collect()
}

/// Scrapes ahead of a trace: memory is given back after the answers 1, 4, 16, 64 and 4096, none of which is traced.
const AHEAD: usize = 70;

fn of_the_kernel(
    agent: &Path,
    dialect: Dialect,
    name: &str,
    traced: u32,
) -> io::Result<Vec<Verdict>> {
    let server = programs::start(&programs::agent_arguments(agent, dialect))?;
    let mut client = server.client(false)?;
    for _ in 0..AHEAD {
        client.scrape()?;
    }
    let mut all = vec![Verdict::at_most(
        &format!("threads, {name}"),
        server.threads() as f64,
        targets::THREADS as f64,
        write::plain,
    )];
    let what = format!("system calls a scrape besides the reads, {name}");
    all.push(
        calls(&what, &server, &mut client, traced).unwrap_or_else(|e| Verdict::skipped(&what, e)),
    );
    drop(server);

    let server = programs::start(&programs::default_arguments(agent, dialect))?;
    let mut client = server.client(true)?;
    for _ in 0..10 {
        client.scrape()?;
    }
    all.push(Verdict::at_most(
        &format!("open descriptors, all collectors, {name}"),
        server.descriptors() as f64,
        targets::DESCRIPTORS as f64,
        write::plain,
    ));
    Ok(all)
}

fn calls(
    what: &str,
    server: &crate::server::Server,
    client: &mut crate::client::Client,
    traced: u32,
) -> io::Result<Verdict> {
    let scrape = trace::steps(server, client)?;
    let calls = trace::calls_per_scrape(server, client, traced)?;
    let reads = scrape.steps.len() as f64;
    // The call it slept in while strace came, and the one it sleeps in when strace goes, are not
    // in all counts: up to one call in the whole run.
    let besides = (calls - reads - 1.0 / f64::from(traced)).max(0.0);
    let mut verdict = Verdict::at_most(what, besides, targets::CALLS_BESIDES_READS, write::ratio);
    verdict.measured += &format!(" ({calls:.2} calls, {reads} of them reads)");
    if !scrape.others.is_empty() {
        verdict.measured += &format!("; also {}", scrape.others.join(", "));
    }
    Ok(verdict)
}
