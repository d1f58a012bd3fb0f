//! Real peers: promtool's linter, and a Prometheus server that scrapes the agent. Both are in the Debian package
//! `prometheus`; without it these tests fail and say so.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the peers

mod common;

use common::prometheus::Prometheus;
use common::{Agent, Exposition, Format, wait_until};
use std::io::Write;
use std::process::{Command, Stdio};

fn peer(name: &str) -> Command {
    let found = Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    assert!(found, "this test needs {name}: apt-get install prometheus");
    Command::new(name)
}

/// What `promtool check metrics` has to say; nothing if all is well.
fn promtool(text: &str) -> String {
    let mut command = peer("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.success(), text.is_empty(), "{text}");
    text
}

#[test]
fn promtool_finds_nothing_to_mend() {
    let clean = |agent: &Agent, machine: &str| {
        assert_eq!(promtool(agent.get("/metrics").text()), "", "{machine}");
    };
    for machine in ["box", "single", "many", "old", "hostile"] {
        clean(&Agent::plan().machine(machine).start(), machine);
    }
    clean(&Agent::start(), "this machine");
    assert!(promtool("no exposition\n").contains("error"), "it would");
}

/// A server that scrapes each `(job, address)`.
fn scraping(targets: &[(&str, &str)]) -> Prometheus {
    let job = |(job, address): &(&str, &str)| {
        format!("- job_name: {job}\n  static_configs: [{{targets: [\"{address}\"]}}]\n")
    };
    Prometheus::start(peer("prometheus"), &targets.iter().map(job).collect::<String>())
}

#[test]
fn prometheus_scrapes_both_dialects() {
    let own = Agent::plan().machine("box").start();
    let node = Agent::plan().machine("box").arg("--dialect=node_exporter").start();
    let prometheus = scraping(&[("own", &own.address()), ("node", &node.address())]);
    for job in ["own", "node"] {
        let up = format!("min_over_time(up{{job=\"{job}\"}}[1m])");
        let twice = format!("count_over_time(up{{job=\"{job}\"}}[1m])");
        wait_until(&up, || prometheus.value(&twice).is_some_and(|count| count >= 2.0));
        assert_eq!(prometheus.value(&up), Some(1.0), "{job}: every scrape so far");
    }
    for (job, agent) in [("own", &own), ("node", &node)] {
        let answer = agent.get("/metrics");
        let metrics = Exposition::parse(answer.text(), Format::Prometheus);
        for prefix in ["cpu_", "memory_", "disk_", "network_"] {
            let prefix = format!("{}_{prefix}", if job == "own" { "sysmetrics" } else { "node" });
            let of = metrics.samples().filter(|s| s.name.starts_with(&prefix));
            let of: Vec<f64> = of.map(|s| s.value).collect();
            let select = format!("{{job=\"{job}\",__name__=~\"{prefix}.*\"}}");
            assert_eq!(
                prometheus.value(&format!("count({select})")),
                Some(of.len() as f64),
                "{select}"
            );
            let sum = prometheus.value(&format!("sum({select})")).unwrap();
            let expected: f64 = of.iter().sum();
            assert!((sum - expected).abs() <= expected * 1e-9, "{select}: {sum} {expected}");
        }
    }
    let total = 16_266_104.0 * 1024.0;
    assert_eq!(prometheus.value("sysmetrics_memory_total_bytes"), Some(total));
    assert_eq!(prometheus.value("node_memory_MemTotal_bytes"), Some(total));
    // OpenMetrics was what it asked for; the counters have kept their names.
    let idle = "sum(sysmetrics_cpu_seconds_total) - sum(node_cpu_seconds_total)";
    assert!(prometheus.value(idle).unwrap().abs() < 1e-3);
}
