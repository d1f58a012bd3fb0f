//! A collector that has its moods: what it says to be tried again is, what it refuses is not, and
//! nothing else is lost.

use crate::collector::Collector;
use crate::common::{Agent, wait_until};
use crate::frames::{arrived, assert_same_twice, taken, wait_until_all_is_sent};

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
    let url = if protocol == "grpc" { collector.grpc_url() } else { collector.http_url() };
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ntype = \"otlp\"\n\
         endpoint = \"{url}\"\nprotocol = \"{protocol}\"\ninterval_secs = \"200ms\"\n\
         timeout_secs = \"90ms\"\nretry = {{ max = 100, initial_ms = 50, max_ms = 200 }}\n"
    );
    Agent::plan().file(&file).machine("box").start()
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
