//! How many instructions a scrape takes when every number of every file is another than at the scrape
//! before: the agent runs under callgrind, once for a few scrapes and once for more. What both runs have in
//! common, such as the start, is taken off. Two counts can be compared on any machine with the same compiler.

use crate::client::Client;
use crate::programs::{self, Dialect};
use crate::targets::{self, Verdict, write};
use crate::trees::Tree;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Scrapes of the two runs.
const RUNS: [u64; 2] = [10, 60];

/// What the four collectors read.
const FILES: [&str; 4] = ["stat", "meminfo", "diskstats", "net/dev"];

/// The machine whose files they are, from the directory in which `make` runs.
const MACHINE: &str = "fixtures/box/proc";

/// What the collectors' lines begin with; not one of them may stay as it was.
const MOVING: [&str; 4] = [
    "sysmetrics_cpu_seconds_total",
    "sysmetrics_memory_",
    "sysmetrics_disk_",
    "sysmetrics_network_",
];

/// valgrind makes system calls of its own, which the sandbox does not know.
const UNDER: [&str; 6] = [
    "env",
    "SYSMETRICS_SANDBOX_SECCOMP=off",
    "SYSMETRICS_SANDBOX_LANDLOCK=off",
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
];

/// The figure against its target, where valgrind is installed.
pub fn verdict(agent: &Path) -> Verdict {
    let what = "instructions of a scrape, every number moves";
    match a_scrape(agent) {
        Ok(n) => Verdict::at_most(what, n, targets::INSTRUCTIONS, write::whole),
        Err(e) => Verdict::skipped(what, e),
    }
}

/// Instructions of one scrape.
pub fn a_scrape(agent: &Path) -> io::Result<f64> {
    let [few, more] = RUNS;
    let (of_few, of_more) = (run(agent, few)?, run(agent, more)?);
    Ok(of_more.saturating_sub(of_few) as f64 / (more - few) as f64)
}

/// Instructions of a whole run of so many scrapes.
fn run(agent: &Path, scrapes: u64) -> io::Result<u64> {
    let tree = Tree::empty("moving")?;
    let texts = FILES.map(|file| fs::read_to_string(PathBuf::from(MACHINE).join(file)));
    let turn = |by: u64| -> io::Result<()> {
        for (file, text) in FILES.iter().zip(&texts) {
            let text = text.as_ref().map_err(|e| io::Error::other(format!("{MACHINE}: {e}")))?;
            tree.put(&format!("proc/{file}"), &moved(text, by, *file == "diskstats"))?;
        }
        Ok(())
    };
    turn(0)?;
    let log = tree.path().join("log");
    let mut arguments: Vec<String> = UNDER.map(str::to_owned).into();
    arguments.push(format!("--log-file={}", log.display()));
    arguments.extend(programs::agent_arguments(agent, Dialect::Own));
    arguments.push(format!("--path.procfs={}", tree.path().join("proc").display()));
    arguments.push(format!("--path.sysfs={}", tree.path().join("sys").display()));
    let server = programs::start(&arguments)?;
    let mut client = server.client(false)?;
    let mut before = lines(&mut client)?;
    for by in 1..scrapes {
        turn(by)?;
        let now = lines(&mut client)?;
        if let Some(same) = now.intersection(&before).next() {
            return Err(io::Error::other(format!("it did not move: {same}")));
        }
        before = now;
    }
    server.end()?;
    let log = fs::read_to_string(log)?;
    let count = log.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.ok_or_else(|| io::Error::other(format!("callgrind has no count: {log}")))
}

/// The collectors' lines of one scrape.
fn lines(client: &mut Client) -> io::Result<HashSet<String>> {
    client.scrape()?;
    let text = String::from_utf8_lossy(client.body());
    let is_moving = |line: &&str| MOVING.iter().any(|beginning| line.starts_with(beginning));
    Ok(text.lines().filter(is_moving).map(str::to_owned).collect())
}

/// The same text with every number `by` higher. Of disks the first two name the device.
fn moved(text: &str, by: u64, names_devices: bool) -> String {
    let line = |line: &str| {
        let words = line.split(' ').scan(0, |numbers, word| {
            let Ok(number) = word.parse::<u64>() else { return Some(word.to_owned()) };
            *numbers += 1;
            let stays = names_devices && *numbers <= 2;
            Some(if stays { word.to_owned() } else { (number + by).to_string() })
        });
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_moves_and_no_name() {
        assert_eq!(moved("cpu0 1 99\nMem:  7 kB\n", 3, false), "cpu0 4 102\nMem:  10 kB\n");
        assert_eq!(moved("   8       1 sda1 0 5\n", 2, true), "   8       1 sda1 2 7\n");
        assert_eq!(moved("a|b c|d\neth0: 0  1\n", 1, false), "a|b c|d\neth0: 1  2\n");
    }
}
