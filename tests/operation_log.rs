//! The log: one line for each event, valid in every format, never in the way of serving, never a flood.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::json::Json;
use common::{Agent, Temp, get, wait_until};
use std::fs::File;
use std::process::Stdio;

/// Serves on a Unix socket, for when the log cannot tell the port.
fn on_unix(dir: &Temp) -> (String, common::agent::Plan) {
    let path = dir.path("agent.sock");
    let address = format!("unix:{}", path.display());
    (address, Agent::plan().file(&format!("[server]\nlisten = \"unix:{}\"\n", path.display())))
}

fn wait_for_service(address: &str) {
    wait_until("the socket", || common::Client::try_connect(address).is_ok());
}

/// `2026-01-02T03:04:05.678Z`.
fn is_time(text: &str) -> bool {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(shape).eq("0000-00-00T00:00:00.000Z".chars())
}

#[test]
fn text_is_one_line_an_event() {
    let mut agent = Agent::plan().machine("missing").start();
    agent.scrape();
    agent.signal(libc::SIGTERM);
    agent.wait();
    agent.wait_for_log("ending", 1);
    for line in agent.log() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(is_time(time), "{line}");
        let level = rest.split(' ').next().unwrap();
        assert!(["error", "warn", "info"].contains(&level), "{line}");
    }
    assert_eq!(agent.lines_with(" error collector failed collector=cpu "), 1);
    assert_eq!(agent.lines_with("missing/proc/stat"), 2, "where cpu and stat looked for it");
}

#[test]
fn json_is_one_object_a_line() {
    let mut agent = Agent::plan().machine("missing").arg("--log-format=json").start();
    agent.scrape();
    agent.reload("x = \"\n\\");
    agent.wait_for_log("settings not reloaded", 1);
    agent.signal(libc::SIGTERM);
    agent.wait();
    agent.wait_for_log("ending", 1);
    for line in agent.log() {
        let event = Json::parse(&line);
        assert!(is_time(event.text("time")), "{line}");
        assert!(["error", "warn", "info"].contains(&event.text("level")), "{line}");
        assert!(!event.text("message").is_empty(), "{line}");
    }
}

#[test]
fn logfmt_is_pairs_and_the_file_of_the_settings_is_named() {
    let mut agent = Agent::plan().machine("missing").file("[log]\nformat = \"logfmt\"\n").start();
    agent.scrape();
    agent.signal(libc::SIGTERM);
    agent.wait();
    agent.wait_for_log("msg=ending", 1);
    for line in agent.log() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(is_time(time.strip_prefix("time=").unwrap()), "{line}");
        let (level, rest) = rest.split_once(' ').unwrap();
        assert!(["level=error", "level=warn", "level=info"].contains(&level), "{line}");
        assert!(rest.starts_with("msg="), "{line}");
    }
    assert_eq!(agent.lines_with("msg=\"settings read\" file=/"), 1, "{:?}", agent.log());
    assert_eq!(agent.lines_with("msg=\"collector failed\" collector=cpu"), 1);
}

#[test]
fn each_run_of_a_collector_is_logged_at_debug_level() {
    let agent = Agent::plan().machine("box").arg("--log-format=json").arg("--log-level=debug");
    let agent = agent.start();
    agent.scrape();
    agent.wait_for_log("\"message\":\"collector ran\"", 4);
    let log = agent.log();
    let line = log.iter().find(|l| l.contains("\"collector\":\"disk\"")).unwrap();
    assert!(Json::parse(line).number("duration_us") >= 0.0, "{line}");
}

#[test]
fn requests_are_logged_at_debug_level_only() {
    let agent = Agent::plan().arg("--log-format=json").arg("--log-level=debug").start();
    agent.get("/health");
    // tiny_http's front does not report requests.
    if cfg!(not(feature = "tiny_http")) {
        agent.wait_for_log("\"message\":\"request\"", 1);
        let log = agent.log();
        let event = Json::parse(log.iter().find(|l| l.contains("request")).unwrap());
        assert_eq!((event.text("path"), event.number("status")), ("/health", 200.0));
        assert_eq!(event.text("method"), "GET");
        assert!(event.text("client").starts_with("127.0.0.1:"), "{log:?}");
        if cfg!(feature = "hub") {
            let head = "POST /update HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\n";
            let mut client = agent.connect();
            let refused = client.send([head, "Content-Length: 0\r\n\r\n"].concat()).answer();
            assert_eq!(refused.status, 403);
            agent.wait_for_log("\"path\":\"/update\",\"status\":403", 1);
        }
    }
    let quiet = Agent::start();
    quiet.get("/health");
    quiet.scrape();
    let log = quiet.log();
    assert_eq!(log.len(), 3, "the file, the sandbox and the address, nothing else: {log:?}");
}

#[test]
fn a_repeated_error_is_logged_once_a_minute() {
    let agent = Agent::plan().machine("container").start();
    for _ in 0..50 {
        let metrics = agent.scrape();
        assert_eq!(metrics.success("disk"), Some(false));
        assert_eq!(metrics.success("memory"), Some(true));
    }
    let labels = [("collector", "disk")];
    assert_eq!(agent.scrape().value("sysmetrics_collector_errors_total", &labels), 51.0);
    assert_eq!(agent.lines_with("collector=disk"), 1, "{:?}", agent.log());
    let log = agent.log();
    let line = log.iter().find(|l| l.contains("collector=disk")).unwrap();
    assert!(line.contains("/proc/diskstats") && line.ends_with("repeated=0"), "{line}");
}

#[test]
fn an_unread_log_never_blocks() {
    let dir = Temp::new();
    let (address, plan) = on_unix(&dir);
    let (_unread, pipe) = std::io::pipe().unwrap();
    let plan = plan.machine("container").arg("--log-level=debug").arg("--log-format=json");
    let mut agent = plan.stderr(Stdio::from(pipe)).spawn();
    wait_for_service(&address);
    let before = agent.cpu_ticks();
    let mut client = common::Client::connect(&address);
    for _ in 0..1000 {
        assert_eq!(client.get("/health").text(), "ok\n");
    }
    let metrics = client.get("/metrics");
    let metrics = common::Exposition::parse(metrics.text(), common::Format::Prometheus);
    let dropped = metrics.value("sysmetrics_log_lines_dropped_total", &[]);
    // A pipe takes 64 kB; requests are told only by the own loop.
    assert!(dropped > 0.0 || cfg!(feature = "tiny_http"), "{dropped}");
    assert!(agent.is_running() && agent.cpu_ticks() >= before);
}

#[test]
fn a_log_whose_reader_left_changes_nothing() {
    let dir = Temp::new();
    let (address, plan) = on_unix(&dir);
    let (unread, pipe) = std::io::pipe().unwrap();
    drop(unread);
    let plan = plan.machine("container").arg("--log-level=debug");
    let mut agent = plan.stderr(Stdio::from(pipe)).spawn();
    wait_for_service(&address);
    for _ in 0..10 {
        assert_eq!(get(&address, "/metrics").status, 200);
    }
    assert!(agent.is_running());
    agent.signal(libc::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
}

#[test]
fn a_closed_stderr_changes_nothing() {
    let dir = Temp::new();
    let (address, plan) = on_unix(&dir);
    let plan = plan.machine("container").arg("--log-level=debug");
    let mut agent = plan.shell("exec \"$@\" 0<&- 1>&- 2>&-").spawn();
    wait_for_service(&address);
    for _ in 0..10 {
        let answer = get(&address, "/metrics");
        assert!(answer.text().ends_with('\n'), "no log line has got among the answer");
        common::Exposition::parse(answer.text(), common::Format::Prometheus);
    }
    agent.signal(libc::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
}

#[test]
fn a_full_disk_under_the_log_changes_nothing() {
    let dir = Temp::new();
    let (address, plan) = on_unix(&dir);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut agent = plan.machine("container").stderr(Stdio::from(full)).spawn();
    wait_for_service(&address);
    assert_eq!(get(&address, "/metrics").status, 200);
    assert!(agent.is_running());
}
