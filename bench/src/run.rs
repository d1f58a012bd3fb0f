//! A whole run: the comparison, the budgets, the agent alone; printed, and recorded.

use crate::budgets;
use crate::comparison;
use crate::found;
use crate::plot;
use crate::programs::Programs;
use crate::report::{self, Report};
use crate::rows;
use crate::single;
use crate::sys;
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

const FULL: (rows::Effort, found::Effort) = (
    rows::Effort { blocks: 31, block: Duration::from_millis(40), seconds: 30 },
    found::Effort {
        scrapes: 100_000,
        starts: 200,
        repeats: 51,
        wrk_seconds: 3,
        pushes: 20_000,
        log_megabytes: 256,
    },
);

/// For development: the same, with less to stand on.
const QUICK: (rows::Effort, found::Effort) = (
    rows::Effort { blocks: 5, block: Duration::from_millis(10), seconds: 3 },
    found::Effort {
        scrapes: 3000,
        starts: 15,
        repeats: 7,
        wrk_seconds: 1,
        pushes: 1000,
        log_megabytes: 64,
    },
);

/// Measures everything and prints it; the full run is also recorded under RECORD.
pub fn run(quick: bool) -> io::Result<bool> {
    let programs = Programs::find()?;
    let (rows_effort, single_effort) = if quick { QUICK } else { FULL };
    // Before anything runs: the load must be others'.
    let mut head = report::head(&programs, if quick { "make bench-quick" } else { "make bench" });
    head.push(("pinned", pin()?));
    let mut verdicts = budgets::verdicts(&programs, if quick { 200 } else { 1000 });
    let found::Found { facts, verdicts: of_single } = single::measure(&programs, single_effort);
    let rows = comparison::measure(&programs, rows_effort)?;
    verdicts.splice(0..0, comparison::verdicts(&rows, &programs));
    verdicts.extend(of_single);
    let report = Report { head, rows, verdicts, facts };
    let text = report.text();
    print!("{text}");
    if !quick {
        let dir = PathBuf::from(env::var_os("RECORD").unwrap_or_else(|| "record".into()));
        fs::create_dir_all(&dir)?;
        for (ending, content) in [("txt", text), ("svg", plot::draw(&report))] {
            let path = dir.join(format!("{}.{ending}", report.name()));
            fs::write(&path, content)?;
            eprintln!("bench: recorded in {}", path.display());
        }
    }
    Ok(!report.missed())
}

/// The rows alone, quickly.
pub fn compare() -> io::Result<()> {
    let programs = Programs::find()?;
    let mut head = report::head(&programs, "sysmetrics-bench rows");
    head.push(("pinned", pin()?));
    let rows = comparison::measure(&programs, QUICK.0)?;
    let verdicts = comparison::verdicts(&rows, &programs);
    print!("{}", Report { head, rows, verdicts, facts: Vec::new() }.text());
    Ok(())
}

/// Client and servers share one CPU: on two, a wake-up across them costs either side up to 30 µs or
/// nothing, as the scheduler's fancy has it, which is more than all that is measured here. PIN is
/// the CPU (the last one by default), or `no`.
fn pin() -> io::Result<String> {
    let last = std::thread::available_parallelism()?.get() - 1;
    let cpu = match env::var("PIN") {
        Ok(no) if no == "no" => return Ok(no),
        Ok(cpu) if !cpu.is_empty() => cpu.parse().map_err(io::Error::other)?,
        _ => last,
    };
    sys::pin(cpu)?;
    Ok(format!("everything to CPU {cpu}"))
}

/// One section alone.
pub fn section(
    measure: fn(&Programs, found::Effort, &mut found::Found) -> io::Result<()>,
    name: &str,
) -> io::Result<()> {
    let programs = Programs::find()?;
    let mut head = report::head(&programs, &["sysmetrics-bench ", name].concat());
    head.push(("pinned", pin()?));
    let mut found = found::Found::default();
    measure(&programs, FULL.1, &mut found)?;
    let found::Found { facts, verdicts } = found;
    print!("{}", Report { head, rows: Vec::new(), verdicts, facts }.text());
    Ok(())
}

/// The budgets alone; false if one is broken.
pub fn check() -> io::Result<bool> {
    let verdicts = budgets::verdicts(&Programs::find()?, 1000);
    let mut text = String::new();
    report::write_verdicts(&verdicts, &mut text);
    print!("{text}");
    Ok(verdicts.iter().all(|v| v.met != Some(false)))
}
