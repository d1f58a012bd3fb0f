//! Settings of the real binary: help and version, secrets, variables of the environment, and the identity of the
//! box in what is sent.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests run the program

mod common;
#[path = "settings/exports.rs"]
mod exports;
#[path = "settings/flags.rs"]
mod flags;
#[path = "support/receiver.rs"]
#[allow(dead_code)] // not all of it is used here
mod receiver;

use common::{Agent, Temp};
use std::process::Command;

/// What the program says with these arguments: its status, standard output and error.
fn run(args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let done = command.env_clear().envs(env.iter().copied()).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn the_version_has_commit_target_and_features() {
    let (status, out, _) = run(&["--version"], &[]);
    let lines: Vec<&str> = out.lines().collect();
    let [first, commit, target, features] = lines[..] else { panic!("{out}") };
    assert_eq!((status, first), (Some(0), concat!("sysmetrics ", env!("CARGO_PKG_VERSION"))));
    let commit = commit.strip_prefix("commit ").unwrap();
    let is_hash = commit.len() == 12 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{commit}");
    assert!(target.starts_with("target ") && target.contains("linux"), "{target}");
    let features: Vec<&str> = features.split(' ').collect();
    assert!(features[0] == "features" && features[1..].is_sorted(), "{features:?}");
    assert!(features.contains(&"hub") && !features.contains(&"default"), "{features:?}");
    assert_eq!(features.contains(&"tls"), cfg!(feature = "tls"));
}

#[test]
fn a_short_help_lists_flags_and_the_long_one_all() {
    let (_, short, _) = run(&["-h"], &[]);
    let (_, long, _) = run(&["--help"], &[]);
    assert!(short.lines().all(|line| line.chars().count() <= 100), "{short}");
    assert!(short.contains("\n  --check-config") && !short.contains("APP__"), "{short}");
    for part in ["APP__SERVER__LISTEN", "SYSMETRICS_SERVER_LISTEN", "export.endpoint", "${NAME}"] {
        assert!(long.contains(part), "{part}");
    }
}

#[test]
fn checking_ends_with_a_verdict() {
    let dir = Temp::new();
    let check = |text: &str, env: &[(&str, &str)]| {
        let file = dir.write("sysmetrics.toml", text);
        run(&["--check-config", "--config", file.to_str().unwrap()], env)
    };
    let (status, out, error) = check("[scrape]\ninterval_secs = 0.9\n", &[]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert!(out.contains("\ninterval_secs = \"900ms\"  # from "), "{out}");
    assert!(out.ends_with("\n# The settings are right: sysmetrics starts with them.\n"), "{out}");

    let odd = [("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")];
    let (status, out, error) = check("", &odd);
    assert_eq!((status, error.lines().count()), (Some(0), 1));
    assert!(error.contains("OTEL_EXPORTER_OTLP_TIMEOUT: expected a number of"), "{error}");
    assert!(out.ends_with("starts with these settings, and warns as it did now.\n"), "{out}");

    let (status, out, error) = check("[metrics]\ncustom_gauges = ['sysmetrics_load1', 'a']\n", &[]);
    assert_eq!((status, error.lines().count()), (Some(0), 1));
    assert!(error.contains("metric not declared name=sysmetrics_load1"), "{error}");
    assert!(out.ends_with("starts with these settings, and warns as it did now.\n"), "{out}");

    let unread = "[[scrape.targets]]\nname = 'a'\nurl = 'http://h/'\ntoken_file = '/nonexistent/t'\n\
                  [[scrape.targets]]\nname = 'b'\nurl = 'http://h/'\nusername = 'u'\n\
                  password_file = '/dev/null'\n[tail]\nmemory_file = '/proc/no-memory'\n\
                  [[logs]]\npath = '/nonexistent/*'\n[[logs.rules]]\nmetric = 'm'\npattern = 'x'\n";
    let (status, out, error) = check(unread, &[]);
    assert_eq!((status, error.lines().count()), (Some(0), 3), "{error}");
    for text in [
        "target=a error=\"reading /nonexistent/t",
        "target=b error=\"reading /dev/null: it is",
        "tail.memory_file is not written",
    ] {
        assert!(error.contains(text), "{error}");
    }
    assert!(out.ends_with("starts with these settings, and warns as it did now.\n"), "{out}");

    let (status, out, error) = check("[server]\nport = 'x'\n", &[]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(error.ends_with("\nThe settings are wrong: sysmetrics does not start with them.\n"));

    let group = "[server]\nlisten = 'unix:/nonexistent/x'\nsocket_group = 'no-such-group'\n";
    let (status, _, error) = check(group, &[]);
    assert!(status == Some(2) && error.contains("socket_group no-such-group: not in"), "{error}");
    assert!(error.ends_with("\nThe settings are wrong: sysmetrics does not start with them.\n"));

    let secret = "[alerting]\nwebhook = 'http://me:s3cret@hooks/T0/s3cret'\n\
                  headers = { Authorization = 'Bearer ${TOKEN}' }\n";
    let (_, out, _) = check(secret, &[("TOKEN", "s3cret")]);
    assert!(!out.contains("s3cret") && out.contains("\"Authorization\" = \"<secret>\""), "{out}");
    assert!(out.starts_with("# Secrets are shown as <secret>: this cannot be read back"), "{out}");
    assert_eq!(check(&out, &[]).0, Some(2));
    let (status, _, error) = check(secret, &[]);
    assert!(status == Some(2) && error.contains("it names the variable TOKEN"), "{error}");
}

/// A service manager starts the program again after a signal, and not after status 2.
#[test]
fn a_full_disk_changes_no_exit_status_and_no_verdict() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
        command.env_clear().args(args);
        command
    };
    for (args, expected) in [
        (&["--no-such-flag"][..], 2),
        (&["--check-config", "--no-such-flag"], 2),
        (&["--health", "http://127.0.0.1:1"], 1),
    ] {
        assert_eq!(run(args).stderr(full()).status().unwrap().code(), Some(expected), "{args:?}");
    }
    let done = run(&["--check-config"]).stdout(full()).output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(error.contains("cannot write to standard output"), "{error}");
    assert!(!error.contains("The settings are wrong"), "{error}");
}

/// With the batch of its users.
#[test]
fn the_example_of_a_metrics_server_works_as_it_stands() {
    let file = std::fs::read_to_string("examples/metrics-server.toml").unwrap();
    let (_, shown, _) = run(&["--check-config", "--config", "examples/metrics-server.toml"], &[]);
    assert!(shown.contains("listen = \"127.0.0.1:8080\""), "{shown}");
    let agent = Agent::plan().machine("box").file(&file).env("EXPORTER_PORT", "0").start();
    let batch = r#"{"metrics":[{"name":"request_count","metric_type":"counter","help":"Total number of requests","labels":{"service":"api_gateway","endpoint":"/users"},"value":{"value":42.0,"timestamp":null}}],"source":"my_application"}"#;
    let head = format!(
        "POST /api/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        batch.len()
    );
    let answer = agent.connect().send([&head, batch].concat()).answer();
    assert_eq!(answer.status, 200, "{answer:?}");
    let labels = [("endpoint", "/users"), ("service", "api_gateway"), ("source", "my_application")];
    let labels = labels.map(|(name, value)| format!("{name}=\"{value}\"")).join(",");
    let page = agent.get("/metrics");
    let name = "metrics_server_app_request_count";
    for line in [
        format!("# HELP {name} Total number of requests"),
        format!("# TYPE {name} counter"),
        format!("{name}{{{labels}}} 42"),
    ] {
        assert!(page.text().lines().any(|known| known == line), "{line}: {}", page.text());
    }
    assert!(page.text().contains("\nsysmetrics_cpu_seconds_total{"));
}

#[test]
fn the_endpoint_takes_a_path_or_an_address_with_one() {
    let name = "APP__METRICS__PROMETHEUS_ENDPOINT";
    let agent = Agent::plan().machine("box").file("").env(name, "127.0.0.1:0/prom").start();
    assert_eq!(agent.get("/prom").status, 200);
    assert!(agent.address().starts_with("127.0.0.1:"));
    let (status, _, error) = run(&["--config", "/dev/null"], &[(name, "0.0.0.0:9090")]);
    assert_eq!(status, Some(2), "{error}");
    let (status, _, error) = run(&[], &[(name, "0.0.0.0:9090")]);
    assert_eq!(status, Some(2));
    assert!(error.contains("an address needs a path after it"), "{error}");
}

#[test]
fn our_own_variables_are_taken() {
    let plan = Agent::plan().machine("box").file("").env("SYSMETRICS_SERVER_LISTEN", "127.0.0.1:0");
    let plan = plan.env("SYSMETRICS__METRICS__LABELS", "a=b").env("SYSMETRICS_PORT", "tcp://1:2");
    let agent = plan.env("SYSMETRICS_METRICS_LABELS_ON_ALL", "true").start();
    assert!(agent.get("/metrics").text().contains("sysmetrics_memory_total_bytes{a=\"b\"}"));
}

/// The program knows its own pages: the metrics cannot be at the path of one, nor below.
#[test]
fn the_metrics_cannot_be_where_another_page_is() {
    let dir = Temp::new();
    let check = |path: &str| {
        let file = dir.write("sysmetrics.toml", format!("[server]\nmetrics_path = '{path}'\n"));
        let (status, _, error) = run(&["--check-config", "--config", file.to_str().unwrap()], &[]);
        (status, error)
    };
    for page in [
        "/health",
        "/health/live",
        "/status",
        "/api/status",
        "/api/health",
        "/api/metrics",
        "/update",
        "/-/ready",
        "/metrics/job",
        "/metrics/job/a",
        "/metrics/job@base64/YQ",
    ] {
        let (status, error) = check(page);
        assert_eq!(status, Some(2), "{page}: {error}");
        let expected = ":2:16: server.metrics_path: expected a path such as /metrics, other than";
        assert!(error.contains(expected) && error.contains(page), "{page}: {error}");
    }
    for free in ["/", "/metrics", "/healthy", "/metrics/jobs", "/metrics/all", "/api", "/a/b-c_d"] {
        assert_eq!(check(free), (Some(0), String::new()), "{free}");
    }
    for place in ["127.0.0.1:1/health", "http://h/status"] {
        let set = [("SYSMETRICS_METRICS_PROMETHEUS_ENDPOINT", place)];
        let (status, _, error) = run(&["--check-config"], &set);
        assert_eq!(status, Some(2), "{place}: {error}");
        assert!(error.contains("SYSMETRICS_METRICS_PROMETHEUS_ENDPOINT: "), "{error}");
    }
}
