//! The program accepts every example, and its printed form again, unless that contains a secret. The sample file of
//! a small metrics service works unchanged.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test runs the program

mod common;

use common::{Agent, Temp};
use std::path::Path;
use std::process::Command;

/// What `--check-config` prints, without remarks.
fn check(file: &Path) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let done =
        command.env_clear().arg("--config").arg(file).arg("--check-config").output().unwrap();
    let errors = String::from_utf8(done.stderr).unwrap();
    // The files with secrets of its targets are not here.
    let is_fine = errors.lines().all(|line| {
        let is_absent = line.ends_with("No such file or directory (os error 2)\"");
        file.ends_with("scrape.toml") && line.contains("warn target failed ") && is_absent
    });
    assert!(done.status.success() && is_fine, "{}: {errors}", file.display());
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().map(|line| line.split("  # from ").next().unwrap().to_owned()).collect()
}

#[test]
fn examples_are_taken_and_taken_again() {
    let dir = Temp::new();
    let (mut count, mut taken_again) = (0, 0);
    for entry in std::fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let first = check(&path);
        count += 1;
        // That is not printed.
        if first.iter().any(|line| line.contains("= \"<secret>\"") || line.contains("/<secret>\""))
        {
            continue;
        }
        taken_again += 1;
        let again = dir.write("again.toml", first.join("\n"));
        assert_eq!(check(&again), first, "{}", path.display());
    }
    assert!(count >= 11 && taken_again >= 8, "{count} {taken_again}");
}

#[test]
fn the_sample_file_of_a_service_works_as_it_stands() {
    let file = std::fs::read_to_string("examples/sample-service.toml").unwrap();
    let free = common::free_port();
    // Agents are started with METRICS_CONFIG.
    let plan = Agent::plan().machine("box").file(&file).env("EXPORTER_PORT", free.to_string());
    let agent = plan.env("APP__METRICS__METRICS_NAMESPACE", "shop").start();
    assert_eq!(agent.address(), format!("0.0.0.0:{free}"));
    let scrape = agent.scrape();
    for gauge in ["shop_errors", "shop_active_sessions"] {
        assert_eq!(scrape.value(gauge, &[]), 0.0);
    }
    assert!(scrape.collectors().starts_with(&["cpu", "memory", "network"]));
    agent.reload(&file.replace("enabled = true", "enabled = false"));
    agent.wait_for_log("settings reloaded", 1);
    let scrape = agent.scrape();
    assert!(scrape.collectors().is_empty() && !scrape.has("sysmetrics_cpu"));
    assert_eq!(scrape.value("shop_errors", &[]), 0.0);
}

#[test]
fn the_endpoint_may_come_from_the_environment() {
    let file = "[server]\nhost = \"127.0.0.1\"\nport = 0\n";
    let endpoint = "APP__METRICS__PROMETHEUS_ENDPOINT";
    let agent = Agent::plan().machine("box").file(file).env(endpoint, "/prom").start();
    assert_eq!(agent.get("/prom").status, 200);
    assert_eq!(agent.get("/metrics").status, 404);
}
