//! What is measured of the agent alone: memory, start, writing, size of the machine, throughput.

use crate::crowd;
use crate::exports;
use crate::found::{Effort, Found};
use crate::inside;
use crate::logs;
use crate::programs::{self, Dialect, Programs};
use crate::pushes;
use crate::server::{Memory, Server};
use crate::startup;
use crate::stats::Summary;
use crate::targets::{self, Verdict, write};
use crate::trees::Many;
use std::io;
use std::process::Command;

/// Everything, one after the other.
pub fn measure(programs: &Programs, effort: Effort) -> Found {
    let mut found = Found::default();
    type Section = fn(&Programs, Effort, &mut Found) -> io::Result<()>;
    let sections: [(&str, Section); 9] = [
        ("memory", memory),
        ("start", start),
        ("writing", writing),
        ("large machines", many),
        ("log lines", |_, effort, found| {
            logs::measure(effort.log_megabytes, effort.repeats.min(9), found)
        }),
        ("throughput", throughput),
        ("pushes", pushes::measure),
        ("targets", targets_that_hang),
        ("exports", exports::measure),
    ];
    for (name, section) in sections {
        eprintln!("bench: {name}");
        if let Err(e) = section(programs, effort, &mut found) {
            found.verdicts.push(Verdict::skipped(name, e));
        }
    }
    found
}

/// Memory after 10, after 1000, and after the last scrape.
fn grow(server: &Server, gzip: bool, scrapes: usize) -> io::Result<[Memory; 3]> {
    let mut client = server.client(gzip)?;
    let mut seen = [Memory::default(); 3];
    let mut done = 0;
    for (until, seen) in [10, 1000, scrapes].into_iter().zip(&mut seen) {
        while done < until {
            client.scrape()?;
            done += 1;
        }
        *seen = server.memory();
    }
    Ok(seen)
}

fn memory(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let kilobytes = |n: u64| write::kilobytes(n as f64);
    let arguments = programs::agent_arguments(&programs.agent, Dialect::Own);
    for ((gzip, name), target) in
        [(false, "plain"), (true, "gzip")].into_iter().zip(targets::RESIDENT)
    {
        let server = programs::start(&arguments)?;
        let [first, middle, last] = grow(&server, gzip, effort.scrapes)?;
        let what = format!("RSS after 1000 scrapes, {name}");
        found.at_most(&what, middle.resident as f64, target as f64, write::kilobytes);
        let what = format!("growth of RssAnon from 10 to {} scrapes, {name}", effort.scrapes);
        let growth = last.anonymous as i64 - first.anonymous as i64;
        found.at_most(&what, growth as f64, targets::GROWTH as f64, write::kilobytes);
        found.facts.push(format!(
            "{name}: RSS {} after 10 scrapes, {} after 1000, {} after {}; of that anonymous {}, {}, {}",
            kilobytes(first.resident),
            kilobytes(middle.resident),
            kilobytes(last.resident),
            effort.scrapes,
            kilobytes(first.anonymous),
            kilobytes(middle.anonymous),
            kilobytes(last.anonymous),
        ));
    }
    for (name, peer) in &programs.peers {
        let server = programs::start(&programs::peer_arguments(peer))?;
        let [first, middle, _] = grow(&server, true, 1000)?;
        let (first, middle) = (kilobytes(first.resident), kilobytes(middle.resident));
        found.facts.push(format!("{name}: RSS {first} after 10 gzip scrapes, {middle} after 1000"));
    }
    Ok(())
}

fn start(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let spread = |s: Summary| {
        let ms = s.per(1e6);
        format!("{:.2} ms ({:.2}–{:.2})", ms.median, ms.min, ms.max)
    };
    let four = programs::agent_arguments(&programs.agent, Dialect::Own);
    let all = programs::default_arguments(&programs.agent, Dialect::Own);
    for (name, arguments) in [("the four collectors", &four), ("as it comes", &all)] {
        let handed = startup::handed_over(arguments, effort.starts)?;
        let retried = startup::retried(arguments, effort.starts)?;
        let what = format!("exec to first scrape, {name}");
        found.at_most(&what, handed.median, targets::STARTUP, write::millis);
        found.at_most(
            &format!("{what}, client retries"),
            retried.median,
            targets::STARTUP,
            write::millis,
        );
        let (handed, retried) = (spread(handed), spread(retried));
        found.facts.push(format!(
            "exec to first scrape, {name}: socket handed over {handed}, client retries {retried}"
        ));
    }
    for (name, peer) in &programs.peers {
        let times = effort.starts.min(20);
        let retried = spread(startup::retried(&programs::peer_arguments(peer), times)?);
        found.facts.push(format!("exec to first scrape, {name}: client retries {retried}"));
    }
    Ok(())
}

fn writing(_: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let one = inside::writing(effort.repeats);
    found.at_most("writing a sample", one.median, targets::WRITING, write::nanos);
    found.facts.push(format!(
        "writing a sample with two labels: {:.1} ns ({:.1}–{:.1}), {:.1} million a second",
        one.median,
        one.min,
        one.max,
        1e3 / one.median
    ));
    Ok(())
}

fn many(_: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    for many in Many::ALL {
        let small = inside::scale(many, 512, effort.repeats)?;
        let large = inside::scale(many, 4096, effort.repeats)?;
        let what = format!("512 → 4096 {}, user space", many.name());
        found.at_most(&what, large.steady / small.steady, targets::LINEAR, write::ratio);
        let what = format!("512 → 4096 {}, first scrape", many.name());
        found.at_most(&what, large.first / small.first, targets::LINEAR, write::ratio);
        if many == Many::Cpus {
            let what = "a scrape of 4096 CPUs, user space";
            found.at_most(what, large.steady, targets::MANY_CPUS, write::millis);
        }
        for (count, scale) in [(512, small), (4096, large)] {
            found.facts.push(format!(
                "{count} {}: {} without reading, {} reading, first scrape {}, {} bytes",
                many.name(),
                write::millis(scale.steady),
                write::millis(scale.reading),
                write::millis(scale.first),
                scale.bytes,
            ));
        }
    }
    Ok(())
}

fn throughput(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let server = programs::start(&programs::agent_arguments(&programs.agent, Dialect::Own))?;
    for path in ["/health", "/metrics"] {
        let out = Command::new("wrk")
            .args(["-t1", "-c8", &format!("-d{}s", effort.wrk_seconds)])
            .arg(format!("http://{}{path}", server.address))
            .output();
        let text = match out {
            Ok(out) => String::from_utf8_lossy(&out.stdout).into_owned(),
            Err(e) => {
                found.facts.push(format!("SKIPPED requests a second: wrk: {e}"));
                return Ok(());
            }
        };
        let rate = text.lines().find_map(|l| l.trim().strip_prefix("Requests/sec:"));
        let rate = rate.map_or("?", str::trim);
        found.facts.push(format!("requests a second, 8 connections, {path}: {rate}"));
    }
    Ok(())
}

fn targets_that_hang(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let crowd = crowd::measure(programs, effort.scrapes / 10)?;
    let what = "p99 of a scrape, 50 targets of which 10 hang / none";
    found.at_most(what, crowd.busy / crowd.none, targets::CROWD, write::ratio);
    let what = "the same / the page of 50 with nothing going on";
    found.at_most(what, crowd.busy / crowd.still, targets::CROWD, write::ratio);
    found.facts.push(crowd.text());
    Ok(())
}
