//! The library face against metrics-exporter-prometheus, in turns: what a call costs, what a page
//! costs, what stays in memory, and what a program pays for it in crates, build time and size.
//! Prints a line for each target; nothing is judged here but what is printed.

mod build;
mod calls;
mod figure;
mod memory;
mod series;

use figure::Figure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["calls"] => Ok(calls::measure()),
        ["series"] => Ok(series::measure()),
        ["memory"] => Ok(memory::measure()),
        ["programs", directory] => build::measure(directory.as_ref()),
        _ => {
            eprintln!(
                "usage: sysmetrics-bench-library calls | series | memory | programs DIRECTORY"
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(figures) => {
            figures.iter().for_each(print);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(figure: &Figure) {
    let Figure { what, ours, theirs, unit, share } = figure;
    let word = if *ours <= theirs * share { "met" } else { "MISSED" };
    let ratio = ours / theirs;
    println!(
        "  {word:<7}  {what:<52}  ≤ {share:<5.2}  {ratio:<7.3}  {ours:.1} {unit} against {theirs:.1}"
    );
}
