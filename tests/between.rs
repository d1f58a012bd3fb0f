//! Events between two scrapes: stalls that the kernel reports, and peaks of single seconds; in the sandbox, by the
//! real binary. If the kernel gives this user no triggers, the part about stalls is skipped, with a message.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // starts the program to check settings

mod common;

use common::{Agent, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

const SERVER: &str = "[server]\nlisten = \"127.0.0.1:0\"\n";
const STALLS: &str = "sysmetrics_pressure_stalls_total";
const LOOKS: &str = "sysmetrics_alert_evaluations_total";

/// The labels of a trigger on the CPU.
fn of_cpu(stall: &str) -> [(&str, &str); 4] {
    [("resource", "cpu"), ("kind", "some"), ("stall", stall), ("window", "2s")]
}

fn triggers(stalls: &[&str]) -> String {
    let one = |stall: &&str| {
        format!("[[pressure.triggers]]\nresource = \"cpu\"\nstall = \"{stall}\"\nwindow = \"2s\"\n")
    };
    [SERVER, &stalls.iter().map(one).collect::<String>()].concat()
}

/// More threads than CPUs, until `done` says so.
fn while_busy(done: impl Fn()) {
    let is_over = Arc::new(AtomicBool::new(false));
    let busy = (0..=thread::available_parallelism().map_or(1, usize::from)).map(|_| {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || while !is_over.load(Relaxed) {})
    });
    let busy: Vec<_> = busy.collect();
    done();
    is_over.store(true, Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_stall_is_counted_and_has_the_alerts_looked_at() {
    let alerts = "[alerting]\ninterval_secs = 3600\n[[alerts]]\nname = \"a\"\nexpr = \"load1 > 1e9\"\n\
         # Whoever reads the file all the time takes the events away.\n[collectors]\npressure = false\n";
    let file = |stalls: &[&str]| [&triggers(stalls), alerts].concat();
    let agent = Agent::plan().file(&file(&["1ms"])).start();
    if agent.lines_with("stalls are not counted") > 0 {
        return eprintln!("!!! NOT TESTED: no triggers here: {:?}", agent.log());
    }
    while_busy(|| {
        wait_until("a stall", || agent.scrape().find(STALLS, &of_cpu("1ms")) >= Some(1.0));
        wait_until("a look", || agent.scrape().find(LOOKS, &[]) >= Some(2.0));
    });
    // What was locked in sets other triggers, and keeps those that stay.
    agent.reload(&file(&["1ms", "2s"]));
    agent.wait_for_log("settings reloaded", 1);
    let page = agent.scrape();
    assert!(page.find(STALLS, &of_cpu("1ms")) >= Some(1.0));
    assert!(page.find(STALLS, &of_cpu("2s")).is_some(), "{:?}", agent.log());
    agent.reload(&file(&[]));
    agent.wait_for_log("settings reloaded", 2);
    assert!(!agent.scrape().has(STALLS));
}

#[test]
fn what_cannot_be_set_is_in_the_log_and_in_health() {
    let agent = Agent::plan().machine("box").file(&triggers(&["1ms"])).start();
    assert_eq!(agent.lines_with("stalls are not counted"), 1, "{:?}", agent.log());
    let health = agent.get("/api/health");
    assert_eq!(health.status, 200, "nothing that a restart would mend");
    assert!(health.text().contains("stalls are not counted"), "{}", health.text());
    assert!(!agent.scrape().has(STALLS));
}

#[test]
fn peaks_come_without_a_scrape() {
    let agent = Agent::plan().set("peaks.enabled", "true").start();
    let cpu = "sysmetrics_peak_cpu_usage_ratio";
    while_busy(|| wait_until("a busy second", || agent.scrape().find(cpu, &[]) > Some(0.5)));
    assert!(agent.scrape().find("sysmetrics_peak_memory_used_bytes", &[]) > Some(1e6));
    assert!(!Agent::start().scrape().has(cpu), "off by default");
}

#[test]
fn check_config_names_what_kernel_log_needs() {
    let here = std::fs::File::open("/dev/kmsg").is_ok();
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_sysmetrics"))
        .args(["--check-config", "--collector.kernel_log"])
        .args(if here { &["--path.rootfs=/proc/self/fdinfo"][..] } else { &[] })
        .output()
        .unwrap();
    let text = String::from_utf8(check.stderr).unwrap();
    assert!(
        text.contains("the kernel's log cannot be read") && text.contains("ProtectKernelLogs=no")
    );
    assert!(String::from_utf8(check.stdout).unwrap().contains("and warns as it did now"));
}
