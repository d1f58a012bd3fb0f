//! Starts of the machine, counted by the real binary: the next start knows how the last run ended.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the program

mod common;

use common::{Agent, Temp, wait_until};
use std::fs;
use std::process::Command;

/// The agent of a machine whose `/proc/sys/kernel/random/boot_id` says `id`.
fn agent(dir: &Temp, id: &str) -> Agent {
    let id = format!("0b9c1d7e-1111-4222-8333-a4b5c6d7e8f{id}\n");
    fs::create_dir_all(dir.path("proc/sys/kernel/random")).unwrap();
    fs::write(dir.path("proc/sys/kernel/random/boot_id"), id).unwrap();
    let state = dir.path("state/boot.state");
    let proc = dir.path("proc");
    let plan = Agent::plan().arg(format!("--collector.boot.state-file={}", state.display()));
    plan.arg(format!("--path.procfs={}", proc.display())).start()
}

fn state(dir: &Temp) -> String {
    fs::read_to_string(dir.path("state/boot.state")).unwrap()
}

fn boots(agent: &Agent) -> Vec<String> {
    let answer = agent.get("/metrics");
    let page = answer.text();
    let lines = page.lines().filter(|line| line.starts_with("sysmetrics_boot"));
    lines.map(|line| line.strip_prefix("sysmetrics_").unwrap().to_owned()).collect()
}

#[test]
fn a_signal_ends_a_run_well_and_a_kill_does_not() {
    let dir = Temp::new();
    let mut first = agent(&dir, "1");
    assert!(state(&dir).contains(" 1 0 unknown running\n"), "before the first scrape");
    assert_eq!(boots(&first), ["boots_total 1", "boots_unclean_total 0"]);
    // A reload is no end.
    first.signal(libc::SIGHUP);
    first.wait_for_log("settings reloaded", 1);
    assert!(state(&dir).contains(" 1 0 unknown running\n"));
    assert_eq!(boots(&first), ["boots_total 1", "boots_unclean_total 0"]);
    first.signal(libc::SIGTERM);
    assert!(first.wait().success());
    assert!(state(&dir).contains(" 1 0 unknown ended\n"));
    let mut second = agent(&dir, "2");
    let expected = ["boots_total 2", "boots_unclean_total 0", "boot_previous_unclean 0"];
    assert_eq!(boots(&second), expected);
    second.signal(libc::SIGKILL);
    second.wait();
    // Killed and started again: the machine still runs.
    let mut again = agent(&dir, "2");
    assert_eq!(boots(&again), expected);
    again.signal(libc::SIGKILL);
    again.wait();
    let third = agent(&dir, "3");
    let expected = ["boots_total 3", "boots_unclean_total 1", "boot_previous_unclean 1"];
    wait_until("the third start", || boots(&third) == expected);
}

#[test]
fn a_single_scrape_reads_only() {
    let dir = Temp::new();
    let state = format!("--collector.boot.state-file={}", dir.path("state/boot.state").display());
    let mut program = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let printed = program.arg("--print-metrics").arg(state).env_clear().output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("\nsysmetrics_boots_total 1\n"), "{printed}");
    assert!(!dir.path("state").exists());
}
