//! Measures sysmetrics against its targets and its peers; README.md says how.

mod agent;
mod alloc;
mod budgets;
mod client;
mod comparison;
mod crowd;
mod echo;
mod exports;
mod floor;
mod found;
mod frames;
mod inside;
mod logs;
mod plot;
mod profile;
mod programs;
mod pushes;
mod report;
mod rows;
mod run;
mod server;
mod single;
mod startup;
mod stats;
mod sys;
mod targets;
mod trace;
mod trees;

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        // A missed target is no failure of measuring it.
        ["run"] => run::run(false).map(|_| true),
        ["quick"] => run::run(true).map(|_| true),
        ["rows"] => run::compare().map(|()| true),
        ["pushes"] => run::section(pushes::measure, "pushes").map(|()| true),
        ["exports"] => run::section(exports::measure, "exports").map(|()| true),
        ["budgets"] => run::check(),
        ["echo", address] => echo::serve(address).map(|()| true),
        ["logs", megabytes, times] => logs(megabytes, times),
        ["writing"] => {
            println!("{:.1?}", inside::writing(51));
            Ok(true)
        }
        ["crowd", scrapes] => crowd(scrapes),
        ["allocations"] => inside::allocations().map(|[plain, gzip]| {
            println!("{plain} {gzip}");
            true
        }),
        ["scrapes", fixture, dialect, encoding, count] => {
            scrapes(fixture, dialect, encoding, count)
        }
        ["frames", fixture, name, count] => frames(fixture, name, count),
        ["profile", file, count] => profile(file, count),
        _ => {
            eprintln!("{USAGE}");
            Ok(false)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("bench: {e}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str =
    "usage: sysmetrics-bench run | quick | rows | pushes | exports | budgets, by way of make
       sysmetrics-bench echo ADDRESS
       sysmetrics-bench allocations | writing
       sysmetrics-bench crowd SCRAPES
       sysmetrics-bench logs MEGABYTES TIMES
       sysmetrics-bench scrapes FIXTURE DIALECT plain|gzip COUNT
       sysmetrics-bench frames FIXTURE page|frame|otlp|remote_write|influx COUNT
       sysmetrics-bench profile CALLGRIND_FILE COUNT";

fn crowd(scrapes: &str) -> io::Result<bool> {
    let scrapes = scrapes.parse().map_err(io::Error::other)?;
    println!("{}", crowd::measure(&programs::Programs::find()?, scrapes)?.text());
    Ok(true)
}

fn scrapes(fixture: &str, dialect: &str, encoding: &str, count: &str) -> io::Result<bool> {
    let count = count.parse().map_err(io::Error::other)?;
    let bytes = inside::scrapes(fixture, dialect, encoding == "gzip", count)?;
    println!("{bytes} bytes an answer");
    Ok(true)
}

fn frames(fixture: &str, name: &str, count: &str) -> io::Result<bool> {
    let count = count.parse().map_err(io::Error::other)?;
    println!("{} bytes each", frames::frames(fixture, name, count)?);
    Ok(true)
}

fn logs(megabytes: &str, times: &str) -> io::Result<bool> {
    let (megabytes, times) = (megabytes.parse(), times.parse());
    let mut found = found::Found::default();
    logs::measure(
        megabytes.map_err(io::Error::other)?,
        times.map_err(io::Error::other)?,
        &mut found,
    )?;
    let mut text = String::new();
    report::write_verdicts(&found.verdicts, &mut text);
    println!("{text}{}", found.facts.join("\n"));
    Ok(true)
}

fn profile(file: &str, count: &str) -> io::Result<bool> {
    let count = count.parse().map_err(io::Error::other)?;
    print!("{}", profile::report(&std::fs::read_to_string(file)?, count));
    Ok(true)
}
