//! Pushes as to a Pushgateway: by hand, and with the official Python client (`.ci/install.sh` installs it; without
//! it these tests fail and say so).
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the client

mod common;

use common::{Agent, Answer, Client, Exposition, Format, Temp, wait_until};
use std::process::Command;

/// Has the official client.
const PYTHON: &str = "target/clients/bin/python3";

fn send(client: &mut Client, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}");
    client.send(format!("{head}Content-Length: {length}\r\n\r\n{body}")).answer()
}

/// 200 and nothing to say.
fn push(client: &mut Client, method: &str, path: &str, body: &str) {
    let answer = send(client, method, path, "", body);
    assert_eq!((answer.status, answer.text()), (200, ""), "{method} {path}");
}

/// Runs `script` with the official client; it knows the agent as `gateway`.
fn python(agent: &Agent, script: &str) -> Result<(), String> {
    let head = "from prometheus_client import *\nfrom prometheus_client.exposition import basic_auth_handler\n\
                import sys\ngateway = sys.argv[1]\nregistry = CollectorRegistry()\n";
    let mut command = Command::new(PYTHON);
    command.args(["-c", &[head, script].concat(), &agent.address()]);
    let output = command.output().unwrap_or_else(|e| panic!("{PYTHON}: {e}: .ci/install.sh"));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("ModuleNotFoundError"), "{text}\nprometheus_client: .ci/install.sh");
    if output.status.success() { Ok(()) } else { Err(text) }
}

#[test]
fn groups_are_replaced_added_to_and_deleted() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let path = "/metrics/job/backup/instance/a%20b";
    let group = [("instance", "a b"), ("job", "backup")];
    push(&mut client, "PUT", path, "# TYPE x gauge\nx 1\ny{job=\"mine\"} 2\n");
    push(&mut client, "POST", path, "x 3\n");
    let scrape = agent.scrape();
    assert_eq!((scrape.value("x", &group), scrape.value("y", &group)), (3.0, 2.0));
    assert!(scrape.value("push_time_seconds", &group) > 1.7e9);
    assert_eq!(scrape.value("push_failure_time_seconds", &group), 0.0);
    assert_eq!(scrape.value("sysmetrics_push_groups", &[]), 1.0);
    let refused = send(&mut client, "PUT", path, "", "x 4\nx{ 5\n");
    assert!(refused.sentence(400).contains("in line 2"), "{refused:?}");
    assert_eq!(agent.scrape().value("push_failure_time_seconds", &group), 0.0);
    let refused = send(&mut client, "POST", path, "", "x 4 1700000000000\n");
    assert!(refused.sentence(400).contains("time stamp"), "{refused:?}");
    let scrape = agent.scrape();
    assert_eq!(scrape.value("x", &group), 3.0);
    assert!(scrape.value("push_failure_time_seconds", &group) > 1.7e9);
    let deleted = send(&mut client, "DELETE", path, "", "");
    assert_eq!((deleted.status, deleted.text()), (202, ""));
    let text = agent.get("/metrics").text().to_owned();
    assert!(!text.contains("backup") && text.contains("{path=\"/metrics/job\",code=\"202\"} 1"));
}

#[test]
fn an_invalid_group_is_refused() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for path in
        ["/metrics/job/", "/metrics/job/a/b", "/metrics/job/a/__b/c", "/metrics/job@base64/!"]
    {
        send(&mut client, "PUT", path, "", "x 1\n").sentence(400);
    }
    for (method, path, status, allow) in [
        ("GET", "/metrics/job/a", 405, Some("PUT, POST, DELETE")),
        ("PATCH", "/metrics/job/a", 405, Some("PUT, POST, DELETE")),
        ("PUT", "/metrics", 405, Some("GET, HEAD")),
        ("DELETE", "/update", 405, Some("POST")),
        ("PUT", "/metrics/jobs/a", 404, None),
        ("PUT", "/metrics/job", 404, None),
    ] {
        let answer = send(&mut client, method, path, "", "");
        answer.sentence(status);
        assert_eq!(answer.header("Allow"), allow, "{method} {path}");
    }
    let other = "Content-Type: application/vnd.google.protobuf; encoding=text\r\n";
    for headers in [other, "Content-Encoding: br\r\n"] {
        send(&mut client, "PUT", "/metrics/job/a", headers, "x 1\n").sentence(415);
    }
    assert!(!agent.get("/metrics").text().contains("\nx"));
}

#[test]
fn names_labels_and_times_to_live_are_those_of_all_pushes() {
    let agent = Agent::plan()
        .machine("box")
        .set("push.ttl_by_source", "quick=100ms, kept=0")
        .set("metrics.prefix", "shop")
        .set("metrics.labels", "env=prod")
        .set("server.metrics_path", "/metrics/all")
        .start();
    let mut client = agent.connect();
    for job in ["quick", "kept"] {
        push(&mut client, "PUT", &format!("/metrics/job/{job}"), "x 1\n");
    }
    let kept = [("env", "prod"), ("job", "kept")];
    wait_until("the quick one to go", || {
        let text = agent.get("/metrics/all").text().to_owned();
        let scrape = Exposition::parse(&text, Format::Prometheus);
        assert_eq!(scrape.value("shop_x", &kept), 1.0);
        scrape.value("sysmetrics_push_groups", &[]) == 1.0
    });
}

#[test]
fn the_python_client_pushes_every_type() {
    let agent = Agent::plan().machine("box").start();
    python(
        &agent,
        "Gauge('g', 'A gauge.', ['l'], registry=registry).labels('q\"\\\\\\n').set(-1.5)\n\
         Counter('c', 'A counter.', registry=registry).inc(3)\n\
         h = Histogram('h', 'A histogram.', buckets=[1, 2.5], registry=registry)\n\
         h.observe(1.5)\nh.observe(9)\n\
         s = Summary('s', 'A summary.', registry=registry)\ns.observe(2)\ns.observe(3)\n\
         Info('i', 'An info.', registry=registry).info({'version': '1.2'})\n\
         Enum('e', 'An enum.', states=['on', 'off'], registry=registry).state('off')\n\
         push_to_gateway(gateway, job='every type', registry=registry)\n",
    )
    .unwrap();
    let scrape = agent.scrape();
    let job = ("job", "every+type");
    assert_eq!(scrape.value("g", &[job, ("l", "q\"\\\n")]), -1.5);
    for (name, labels, value) in [
        ("c_total", vec![job], 3.0),
        ("h_bucket", vec![job, ("le", "1")], 0.0),
        ("h_bucket", vec![job, ("le", "2.5")], 1.0),
        ("h_bucket", vec![job, ("le", "+Inf")], 2.0),
        ("h_sum", vec![job], 10.5),
        ("h_count", vec![job], 2.0),
        ("s_sum", vec![job], 5.0),
        ("s_count", vec![job], 2.0),
        ("i_info", vec![job, ("version", "1.2")], 1.0),
        ("e", vec![("e", "on"), job], 0.0),
        ("e", vec![("e", "off"), job], 1.0),
    ] {
        assert_eq!(scrape.value(name, &labels), value, "{name}");
    }
    // It is a gauge of its own here, which OpenMetrics could not distinguish from a part of h.
    assert!(scrape.find("h_created", &[job]).is_none());
}

#[test]
fn the_python_client_replaces_adds_and_deletes_groups() {
    let agent = Agent::plan().machine("box").start();
    let key = "key = {'path': '/var/tmp', 'empty': '', 'zone': 'é/ü'}\n";
    let gauge = |name: &str| format!("Gauge('{name}', 'G.', registry=registry).set(7)\n");
    let run = |script: &str| python(&agent, &[key, script].concat()).unwrap();
    let first = "push_to_gateway(gateway, 'a/b', registry, key)\n";
    run(&[&*gauge("one"), &gauge("two"), first].concat());
    let add = first.replace("push_to", "pushadd_to");
    run(&[gauge("two"), gauge("three"), add].concat());
    let group = [("job", "a/b"), ("path", "/var/tmp"), ("zone", "é/ü")];
    let names = |names: &[&str]| {
        let scrape = agent.scrape();
        for name in names {
            assert_eq!(scrape.value(name, &group), 7.0, "{name}");
        }
        let is_one = |line: &&str| line.contains("job=\"a/b\"") && line.ends_with(" 7");
        agent.get("/metrics").text().lines().filter(is_one).count()
    };
    assert_eq!(names(&["one", "two", "three"]), 3);
    run(&[&*gauge("three"), first].concat());
    assert_eq!(names(&["three"]), 1);
    run("delete_from_gateway(gateway, 'a/b')\n");
    assert_eq!(names(&["three"]), 1);
    run("delete_from_gateway(gateway, 'a/b', key)\n");
    assert_eq!(names(&[]), 0);
}

#[test]
fn the_python_client_shows_its_token() {
    let dir = Temp::new();
    let file = dir.write("tokens", "sesame\n");
    let agent = Agent::plan().machine("box").set("push.token_file", file.to_str().unwrap()).start();
    let script = |password: &str| {
        format!(
            "def auth(**call):\n    return basic_auth_handler(**call, username='anybody', password='{password}')\n\
             Gauge('g', 'G.', registry=registry).set(1)\n\
             push_to_gateway(gateway, 'j', registry, handler=auth)\n"
        )
    };
    let refused = python(&agent, &script("wrong")).unwrap_err();
    assert!(refused.contains("401"), "{refused}");
    python(&agent, &script("sesame")).unwrap();
    assert_eq!(agent.scrape().value("g", &[("job", "j")]), 1.0);
    send(&mut agent.connect(), "DELETE", "/metrics/job/j", "", "").sentence(401);
}

/// As Go's and Rust's clients push, encoded by the official runtime.
#[cfg(not(feature = "tiny_http"))] // it has rules of its own for chunks
#[test]
fn protocol_buffers_are_taken_as_they_are_packed_and_in_chunks() {
    let agent = Agent::plan().machine("box").start();
    for how in ["plain", "gzip", "chunked"] {
        let mut command = Command::new(PYTHON);
        command.args(["tests/clients/push_protobuf.py", &agent.address(), how, how]);
        let output = command.output().unwrap_or_else(|e| panic!("{PYTHON}: {e}: .ci/install.sh"));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{how}: {text}");
        let text = agent.get("/metrics").text().to_owned();
        for sample in [
            "pb_total{job=\"J\",l=\"q\\\"\\\\\\n é\"} 3",
            "pb_down_total{job=\"J\"} -2",
            "pb_gauge{job=\"J\"} -Inf",
            "pb_gauge{job=\"J\",l=\"0\"} 0",
            "pb_summary{job=\"J\",quantile=\"0.5\"} 2",
            "pb_summary_sum{job=\"J\"} 5",
            "pb_summary_count{job=\"J\"} 2",
            "pb_untyped{job=\"J\"} NaN",
            "pb_hist_bucket{job=\"J\",l=\"a\",le=\"0.5\"} 1",
            "pb_hist_bucket{job=\"J\",l=\"a\",le=\"2.5\"} 2",
            "pb_hist_bucket{job=\"J\",l=\"a\",le=\"+Inf\"} 3",
            "pb_hist_sum{job=\"J\",l=\"a\"} 4.5",
            "pb_hist_count{job=\"J\",l=\"a\"} 3",
            "pb_hist_bucket{job=\"J\",l=\"b\",le=\"+Inf\"} 5",
            "pb_hist_count{job=\"J\",l=\"b\"} 5",
        ] {
            let sample = sample.replace('J', how);
            assert!(text.lines().any(|line| line == sample), "{sample}: {text}");
        }
    }
    let text = agent.get("/metrics").text().to_owned();
    assert!(
        text.contains("# HELP pb_total A \\\\ of\\nlines.\n# TYPE pb_total counter\n"),
        "{text}"
    );
    let kind = "Content-Type: application/vnd.google.protobuf\r\n";
    let refused = send(&mut agent.connect(), "PUT", "/metrics/job/bad", kind, "x 1\n");
    assert!(refused.sentence(400).contains("at byte 0"), "{refused:?}");
    assert!(!agent.get("/metrics").text().contains("job=\"bad\""));
}

/// As npm's client pushes: in chunks, without a Content-Type, a slash as `%2F`.
#[cfg(not(feature = "tiny_http"))] // it has rules of its own for chunks
#[test]
fn text_comes_in_chunks_and_for_any_job() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for (method, job, path) in
        [("PUT", "plain", "plain"), ("POST", "a/b c", "a%2Fb%20c"), ("PUT", "é%", "%C3%A9%25")]
    {
        let head = format!("{method} /metrics/job/{path} HTTP/1.1\r\nHost: localhost\r\n");
        let body = "Transfer-Encoding: chunked\r\n\r\n2\r\nx \r\n2\r\n7\n\r\n0\r\n\r\n";
        let answer = client.send([&head, body].concat()).answer();
        assert_eq!((answer.status, answer.text()), (200, ""), "{job}");
        assert_eq!(agent.scrape().value("x", &[("job", job)]), 7.0);
    }
    send(&mut client, "DELETE", "/metrics/job/a%2fb%20c", "", "");
    assert!(agent.scrape().find("x", &[("job", "a/b c")]).is_none());
}

#[test]
fn it_reports_that_it_is_ready() {
    let agent = Agent::plan().machine("box").start();
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(agent.get(path).status, 200, "{path}");
        send(&mut agent.connect(), "PUT", path, "", "").sentence(405);
    }
}

#[test]
fn a_put_replaces_type_and_help() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for (kind, help, value) in
        [("counter", "One.", "3"), ("gauge", "Two.", "-4"), ("counter", "Two.", "-5")]
    {
        let body = format!("# HELP x {help}\n# TYPE x {kind}\nx {value}\n");
        push(&mut client, "PUT", "/metrics/job/j", &body);
        let text = agent.get("/metrics").text().to_owned();
        let expected = format!("# HELP x {help}\n# TYPE x {kind}\nx{{job=\"j\"}} {value}\n");
        assert!(text.contains(&expected), "{text}");
    }
    push(&mut client, "PUT", "/metrics/job/j", "# TYPE x counter\nx NaN\n");
    assert!(agent.get("/metrics").text().contains("\nx{job=\"j\"} NaN\n"));
}

#[test]
fn the_metrics_path_is_no_groups() {
    let path = "--metrics-path=/metrics/job/a";
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let output = command.args([path, "--check-config"]).output().unwrap();
    assert!(!output.status.success());
}
