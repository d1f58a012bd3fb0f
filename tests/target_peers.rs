//! Real endpoints: a node_exporter and a Prometheus (Debian packages `prometheus-node-exporter` and `prometheus`)
//! as targets, and promtool's check of the page with all of their series.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts the peers

mod common;

use common::{Agent, Endpoint, Say, Server, Temp, free_address, wait_until};
use std::io::Write;
use std::process::{Command, Stdio};

/// A program that serves its own metrics.
fn start(name: &str, address: String, args: &[String]) -> Server {
    let mut command = Command::new(name);
    command.arg(format!("--web.listen-address={address}")).args(args);
    Server::start(&mut command, address, "/metrics")
}

fn promtool(text: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8([&output.stdout[..], &output.stderr].concat()).unwrap()
}

/// What a Prometheus makes itself.
const FEDERATED: &str =
    "/federate?match%5B%5D=%7B__name__%3D~%22up%7Cscrape_.%2A%22%2Ctarget%3D%22%22%7D";

/// Name, labels and type of every series, without those that come and go.
fn series(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut all: Vec<_> = lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect();
    all.sort();
    all
}

#[test]
fn a_node_exporter_and_a_prometheus_are_merged() {
    let (of_prometheus, of_node) = (free_address(), free_address());
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\ntargets = [\n\
         {{ name = \"node\", url = \"http://{of_node}/metrics\" }},\n\
         {{ name = \"prometheus\", url = \"http://{of_prometheus}/metrics\" }},\n\
         {{ name = \"federated\", url = \"http://{of_prometheus}{FEDERATED}\" }} ]\n"
    );
    let agent = Agent::plan().file(&file).start();
    let data = Temp::new();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n\
         - job_name: agent\n  static_configs: [{{targets: [\"{}\"]}}]\n",
        agent.address()
    );
    let config = data.write("prometheus.yml", config);
    let args = [
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.path("data").display()),
    ];
    let prometheus = start("prometheus", of_prometheus, &args);
    let node = start("prometheus-node-exporter", of_node, &[]);
    let mut text = String::new();
    wait_until("both to be there", || {
        text = agent.get("/metrics").text().to_owned();
        let is_there = |name: &str| text.contains(&format!("target_up{{target=\"{name}\"}} 1\n"));
        is_there("node") && is_there("prometheus")
    });
    // What they say themselves: no more, and no less.
    for (name, peer) in [("node", &node), ("prometheus", &prometheus)] {
        let own = format!("target=\"{name}\"");
        let theirs = series(&peer.get("/metrics"));
        assert!(theirs.len() > 200, "{name}: {}", theirs.len());
        let count = text.lines().filter(|l| l.contains(&own) && !l.contains("sysmetrics_")).count();
        let expected = theirs.len();
        // Interfaces and statistics come and go between two readings.
        assert!(count.abs_diff(expected) <= 30, "{name}: {count} of {expected}");
    }
    assert_eq!(text.matches("# TYPE go_goroutines gauge\n").count(), 1);
    assert!(text.contains("go_goroutines{target=\"node\"} "));
    assert!(text.contains("go_goroutines{target=\"prometheus\"} "));
    assert!(text.contains("go_gc_duration_seconds{target=\"prometheus\",quantile=\"0.5\"} "));
    assert!(text.contains(
        "prometheus_http_request_duration_seconds_bucket{handler=\"/metrics\",target=\"prometheus\",le=\"+Inf\"} "
    ));
    // Under the same names, too: nothing is refused.
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\ntargets = [\n\
         {{ name = \"node\", url = \"http://{}/metrics\" }} ]\n",
        node.address
    );
    let twin = Agent::plan().file(&file).arg("--dialect=node_exporter").start();
    let mut both = twin.scrape();
    wait_until("the twin to have it", || {
        both = twin.scrape();
        both.samples().filter(|s| s.labels.contains(&("target".into(), "node".into()))).count()
            > 200
    });
    let own = |sample: &&common::exposition::Sample| {
        sample.name == "node_cpu_seconds_total" && sample.labels.len() == 2
    };
    assert!(both.samples().filter(own).count() >= 8, "its own are there, too");
    assert!(
        both.find("node_cpu_seconds_total", &[("cpu", "0"), ("mode", "idle"), ("target", "node")])
            .is_some()
    );
    assert_eq!(twin.lines_with("are refused"), 0, "{:?}", twin.log());
    // What it makes of its scrapes comes through.
    let labels = format!("instance=\"{}\",job=\"agent\",target=\"federated\"", agent.address());
    wait_until("federated series", || {
        text = agent.get("/metrics").text().to_owned();
        let has = |name: &str| text.contains(&format!("\n{name}{{{labels}}} "));
        has("up") && has("scrape_samples_scraped") && has("scrape_duration_seconds")
    });
    // The linter has no complaint that it has not about the peers themselves.
    let complaints = promtool(&text);
    let pages = [(&node, "/metrics"), (&prometheus, "/metrics"), (&prometheus, FEDERATED)];
    let theirs = pages.map(|(peer, path)| promtool(&peer.get(path)));
    for line in complaints.lines() {
        assert!(theirs.iter().any(|said| said.contains(line)), "{line}");
    }
    // And Prometheus reads what it said itself, and what the other did.
    for target in ["node", "prometheus"] {
        let query = format!("/api/v1/query?query=go_goroutines%7Btarget%3D%22{target}%22%7D");
        wait_until("Prometheus to have it", || {
            prometheus.get(&query).contains("\"job\":\"agent\"")
        });
    }
}

#[test]
fn promtool_finds_nothing_to_mend_in_what_is_added() {
    let text = "# HELP jobs_done_total Jobs.\n# TYPE jobs_done_total counter\njobs_done_total 1\n\
        # HELP job_seconds How long.\n# TYPE job_seconds histogram\n\
        job_seconds_bucket{le=\"1\"} 1\njob_seconds_bucket{le=\"+Inf\"} 2\n\
        job_seconds_sum 3\njob_seconds_count 2\n";
    let endpoints = [
        Endpoint::with(text),
        Endpoint::with(text),
        Endpoint::new(Say::typed("application/json", "{\"up\":true,\"queue\":{\"depth\":[1,2]}}")),
        Endpoint::new(Say::head(500, "Content-Length: 0")),
    ];
    let mut file = "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\n".to_owned();
    for (at, endpoint) in endpoints.iter().enumerate() {
        let kind = if at == 2 { "custom" } else { "prometheus" };
        let url = endpoint.url();
        file +=
            &format!("[[scrape.targets]]\nname = \"t{at}\"\nurl = \"{url}\"\ntype = \"{kind}\"\n");
    }
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut text = String::new();
    wait_until("all to have answered", || {
        text = agent.get("/metrics").text().to_owned();
        text.matches("\nsysmetrics_target_up{").count() == 4
    });
    assert!(text.contains("job_seconds_count{target=\"t1\"} 2") && text.contains("t2_up{target"));
    assert!(text.contains("t2_queue_depth{index=\"0\",target=\"t2\"} 1\n"));
    assert_eq!(promtool(&text), "");
}
