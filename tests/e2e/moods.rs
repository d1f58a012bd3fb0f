//! A collector whose responses vary: what it wants later is sent again, what it refuses is not, and nothing else is
//! lost.

use crate::collector::Collector;
use crate::common::{Agent, wait_until};
use crate::frames::{arrived, assert_same_twice, few_collectors, taken, wait_until_all_is_sent};

/// Over HTTP, and over gRPC where that is another thing.
const PASSING: [(&str, &str); 6] = [
    ("status 503", "grpc 14"),
    ("status 429 1", "grpc 8 300"),
    ("slow 0.5", "slow 0.5"),
    ("dead", "grpc 4"),
    ("half", "grpc 10"),
    ("partial 3", "partial 3"),
];

fn agent(collector: &Collector, protocol: &str) -> Agent {
    agent_with(collector, protocol, "timeout_secs = \"90ms\"")
}

fn agent_with(collector: &Collector, protocol: &str, more: &str) -> Agent {
    let url = if protocol == "grpc" { collector.grpc_url() } else { collector.http_url() };
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ntype = \"otlp\"\n\
         endpoint = \"{url}\"\nprotocol = \"{protocol}\"\ninterval_secs = \"200ms\"\n\
         {more}\nretry = {{ max = 100, initial_ms = 50, max_ms = 200 }}\n"
    );
    few_collectors(Agent::plan()).file(&file).machine("box").start()
}

fn value(agent: &Agent, name: &str) -> f64 {
    let page = agent.scrape();
    let all = page.samples().filter(|s| s.name == ["sysmetrics_export_", name].concat());
    all.map(|s| s.value).sum()
}

#[test]
fn what_passes_loses_nothing() {
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        let collector = Collector::start(&[]);
        let agent = agent(&collector, protocol);
        for (http, grpc) in PASSING {
            let requests = collector.requests().len();
            collector.mode(if protocol == "grpc" { grpc } else { http });
            wait_until("it to be asked in that mood", || {
                collector.requests().len() >= requests + 2
            });
            collector.mode("ok");
            wait_until_all_is_sent(&agent);
        }
        let (life, frames) = taken(&agent);
        wait_until_all_is_sent(&agent);
        let rows = collector.rows();
        assert_same_twice(&rows);
        let got = arrived(&rows, life);
        let missing: Vec<u64> = (1..frames).filter(|n| !got.contains(n)).collect();
        assert!(missing.is_empty(), "{protocol}: of {frames} frames {missing:?} are missing");
        // What was partly refused is counted, and was not sent again.
        assert!(value(&agent, "dropped_total") >= 3.0, "{protocol}");
        assert!(value(&agent, "failure_total") >= 5.0, "{protocol}");
    }
}

#[test]
fn what_is_refused_is_not_sent_again() {
    for (protocol, mood) in
        [("http/protobuf", "status 400"), ("http/json", "status 500"), ("grpc", "grpc 3")]
    {
        let collector = Collector::start(&[]);
        collector.mode(mood);
        let agent = agent(&collector, protocol);
        wait_until("three to be refused", || value(&agent, "failure_total") >= 3.0);
        // One request a frame: nothing is tried again.
        let (requests, frames) = (collector.requests().len() as u64, taken(&agent).1);
        assert!(requests <= frames, "{protocol}: {requests} requests for {frames} frames");
        assert!(value(&agent, "dropped_total") > 100.0, "{protocol}");
        collector.mode("ok");
        wait_until("the next to arrive", || !collector.points().is_empty());
    }
}

/// The status says so, whatever stands beside it; with deltas a second time would count twice.
#[test]
fn what_arrived_is_not_sent_again() {
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        let collector = Collector::start(&[]);
        let agent = agent_with(&collector, protocol, "timeout_secs = 30\nlong_timeout = true");
        for mode in ["torn", "long 300000", "torn"] {
            collector.mode(mode);
            let requests = collector.requests().len();
            wait_until("it to be asked in that mood", || {
                collector.requests().len() >= requests + 3
            });
        }
        agent.wait_for_log("it took them; its answer cannot be read: ", 1);
        collector.mode("ok");
        wait_until_all_is_sent(&agent);
        assert_eq!(value(&agent, "dropped_total"), 0.0, "{protocol}");
        assert_eq!(value(&agent, "failure_total"), 0.0, "{protocol}");
        // Frames go on meanwhile: what is counted last is no less.
        let requests = collector.requests().len() as u64;
        let frames = taken(&agent).1;
        assert!(requests <= frames, "{protocol}: {requests} requests for {frames} frames");
    }
}

/// As they are on the wire, compressed.
#[test]
fn bytes_that_were_sent_are_counted() {
    for protocol in ["http/protobuf", "grpc"] {
        let collector = Collector::start(&[]);
        let per_request = |compression: &str| {
            let more =
                format!("timeout_secs = 30\nlong_timeout = true\ncompression = \"{compression}\"");
            let agent = agent_with(&collector, protocol, &more);
            wait_until("some to arrive", || value(&agent, "success_total") >= 3.0);
            wait_until_all_is_sent(&agent);
            let page = agent.scrape();
            let of = |name| page.value(name, &[("export", "out")]);
            of("sysmetrics_export_sent_bytes_total") / of("sysmetrics_export_requests_total")
        };
        let (plain, packed) = (per_request("none"), per_request("gzip"));
        assert!(packed > 100.0 && packed < plain / 3.0, "{protocol}: {packed} of {plain}");
    }
}
