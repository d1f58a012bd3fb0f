//! A whole run: the comparison, the budgets, the agent alone; printed, and recorded.

use crate::programs::Programs;
use crate::report::{self, Report};
use crate::{budgets, comparison, plot, rows, single};
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

const FULL: (rows::Effort, single::Effort) = (
    rows::Effort { blocks: 31, block: Duration::from_millis(40), seconds: 30 },
    single::Effort { scrapes: 100_000, starts: 200, repeats: 51, wrk_seconds: 3 },
);

/// For development: the same, with less to stand on.
const QUICK: (rows::Effort, single::Effort) = (
    rows::Effort { blocks: 5, block: Duration::from_millis(10), seconds: 3 },
    single::Effort { scrapes: 3000, starts: 15, repeats: 7, wrk_seconds: 1 },
);

/// Measures everything and prints it; the full run is also recorded under RECORD.
pub fn run(quick: bool) -> io::Result<bool> {
    let programs = Programs::find()?;
    let (rows_effort, single_effort) = if quick { QUICK } else { FULL };
    // Before anything runs: the load must be others'.
    let head = report::head(&programs, if quick { "make bench-quick" } else { "make bench" });
    eprintln!("bench: budgets");
    let mut verdicts = budgets::verdicts(&programs);
    let single::Found { facts, verdicts: of_single } = single::measure(&programs, single_effort);
    eprintln!("bench: comparison");
    let rows = comparison::measure(&programs, rows_effort)?;
    verdicts.splice(0..0, comparison::verdicts(&rows, &programs));
    verdicts.extend(of_single);
    let report = Report { head, rows, verdicts, facts };
    let text = report.text();
    print!("{text}");
    if !quick {
        let dir = PathBuf::from(env::var_os("RECORD").unwrap_or_else(|| "record".into()));
        for (ending, content) in [("txt", text), ("svg", plot::draw(&report))] {
            let path = dir.join(format!("{}.{ending}", report.name()));
            fs::write(&path, content)?;
            eprintln!("bench: recorded in {}", path.display());
        }
    }
    Ok(!report.missed())
}

/// The budgets alone; false if one is broken.
pub fn check() -> io::Result<bool> {
    let verdicts = budgets::verdicts(&Programs::find()?);
    let mut text = String::new();
    report::write_verdicts(&verdicts, &mut text);
    print!("{text}");
    Ok(verdicts.iter().all(|v| v.met != Some(false)))
}
