//! Paths of OTLP receivers, spools that cannot be used, and health.

use super::refusals::{RETRY, dropped, file, health, lines, metric, start};
use crate::common::fuse::Fuse;
use crate::common::{Agent, Temp, limits, wait_until};
use crate::receiver::{OK, Receiver, Reply};
use std::fs;
use std::time::Duration;

/// Health tells of it meanwhile, and nobody has to start the agent again.
#[test]
fn an_export_begins_when_there_is_room_for_its_thread() {
    let receiver = Receiver::start(|_| OK);
    let none = "[server]\nlisten = \"127.0.0.1:0\"\n";
    let agent = Agent::plan().machine("box").file(none).without_landlock().start();
    assert_eq!(health(&agent).0, 200);
    // Less than a stack.
    let room = agent.status("VmSize") * 1024 + (700 << 10);
    limits::limit_address_space(agent.id(), room);
    agent.reload(&file(&lines(&receiver.url(), RETRY)));
    agent.wait_for_log("no room for another thread", 1);
    let (status, text) = health(&agent);
    assert!(status == 503 && text.contains("no room for another thread"), "{text}");
    limits::limit_address_space(agent.id(), libc::RLIM_INFINITY);
    wait_until("samples to arrive", || metric(&agent, "success_total", "") >= 1.0);
    assert_eq!(health(&agent).0, 200);
    assert_eq!(agent.lines_with("no room for another thread"), 1);
}

#[test]
fn a_spool_that_fails_is_logged_once_and_when_it_is_over() {
    let (receiver, dir) = (Receiver::start(|_| Reply::say("503 Away")), Temp::new());
    let in_the_way = dir.write("file", "mine");
    let export = |spool: &std::path::Path| {
        lines(&receiver.url(), &format!("{RETRY}\nspool = {{ dir = {spool:?} }}"))
    };
    let agent = start(&export(&in_the_way));
    wait_until("frames to wait", || metric(&agent, "spool_frames", "") >= 5.0);
    assert_eq!(agent.lines_with("the spool fails"), 1, "{:#?}", agent.log());
    let (status, text) = health(&agent);
    assert!(status == 503 && text.contains("\"spool\"") && text.contains("file"), "{text}");
    agent.reload(&file(&export(&dir.path("good"))));
    agent.wait_for_log("the spool works again", 1);
    assert_eq!(agent.lines_with("the spool fails"), 1);
    assert!(dir.path("good/out").is_dir());
}

/// The worker before still sends for some seconds, and has the spool meanwhile.
#[test]
fn an_export_that_is_taken_out_and_put_back_keeps_its_spool() {
    let (receiver, dir) = (Receiver::start(|_| Reply::Hang), Temp::new());
    let export =
        format!("{RETRY}\nlong_timeout = true\nspool = {{ dir = {:?} }}", dir.path("spool"));
    let with = file(&lines(&receiver.url(), &export)).replace("95ms", "1s");
    let agent = Agent::plan().machine("box").file(&with).start();
    wait_until("frames to wait", || metric(&agent, "spool_frames", "") >= 3.0);
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    agent.wait_for_log("settings reloaded", 1);
    agent.reload(&with);
    agent.wait_for_log("settings reloaded", 2);
    receiver.answer(|_| OK);
    wait_until("samples to arrive", || metric(&agent, "success_total", "") >= 3.0);
    assert_eq!(agent.lines_with("the spool fails"), 0, "{:#?}", agent.log());
}

#[test]
fn check_config_names_a_spool_that_cannot_be_written() {
    let dir = Temp::new();
    let (in_the_way, good) = (dir.write("file", "mine"), dir.path("not/yet"));
    let read_only = dir.path("read-only");
    fs::create_dir(&read_only).unwrap();
    for (spool, is_named) in [(in_the_way, true), (read_only.clone(), true), (good, false)] {
        let export = lines("http://h", &format!("spool = {{ dir = {spool:?} }}"));
        let file = format!("[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\n{export}\n");
        let mount = format!(
            "exec unshare -m sh -c 'mount -t tmpfs -o ro none {} && \"$0\" \"$@\"; echo over >&2' \"$@\"",
            read_only.display()
        );
        let agent = Agent::plan().file(&file).arg("--check-config").shell(&mount).spawn();
        agent.wait_for_log("over", 1);
        let path = spool.display().to_string();
        let lines = agent.lines_with("the spool fails export=influx");
        assert_eq!(lines, usize::from(is_named), "{:#?}", agent.log());
        assert_eq!(agent.lines_with(&path), lines, "{:#?}", agent.log());
        assert!(is_named || !spool.exists(), "nothing is made");
    }
}

#[test]
fn otlp_finds_its_path() {
    for (path, unknown) in [
        (
            "/opentelemetry/v1/metrics",
            Reply::with_body("400 Bad Request", "unsupported path requested"),
        ),
        ("/api/v1/otlp/v1/metrics", Reply::with_body("404 Not Found", "404 page not found")),
        ("/otlp/v1/metrics", Reply::say("404 Not Found")),
        ("/v1/metrics", Reply::say("404 Not Found")),
    ] {
        let receiver = Receiver::start(|_| OK);
        let line = format!("POST {path} HTTP/1.1");
        let known = line.clone();
        receiver.answer_by_head(move |head| match head.starts_with(&known) {
            true => OK,
            false => unknown.clone(),
        });
        let agent = start(&format!("type = \"otlp\"\nendpoint = \"{}\"", receiver.url()));
        wait_until("frames", || receiver.taken().len() >= 4);
        let received = receiver.received();
        let elsewhere = received.iter().filter(|h| !h.head.starts_with(&line)).count();
        assert!(elsewhere <= 3, "it is kept: {elsewhere}");
        assert_eq!(agent.lines_with(path), 1 + usize::from(path != "/v1/metrics") - 1);
        assert_eq!((dropped(&agent), health(&agent).0), (0.0, 200));
    }
}

#[test]
fn a_path_that_is_named_is_used_as_it_is() {
    let receiver = Receiver::start(|_| Reply::say("404 Not Found"));
    let agent = start(&format!("type = \"otlp\"\nendpoint = \"{}/mine\"", receiver.url()));
    wait_until("frames", || receiver.received().len() >= 3);
    assert!(receiver.received().iter().all(|h| h.head.starts_with("POST /mine HTTP/1.1")));
    drop(agent);
    for (name, end, path) in [
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "", "/"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/v1/metrics", "/v1/metrics"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "/deep", "/deep/v1/metrics"),
    ] {
        let receiver = Receiver::start(|_| Reply::say("404 Not Found"));
        let _agent = Agent::plan()
            .machine("box")
            .env(name, receiver.url() + end)
            .env("OTEL_METRIC_EXPORT_INTERVAL", "200")
            .env("OTEL_METRIC_EXPORT_TIMEOUT", "90")
            .start();
        wait_until("frames", || receiver.received().len() >= 3);
        let line = format!("POST {path} HTTP/1.1");
        assert!(receiver.received().iter().all(|h| h.head.starts_with(&line)), "{line}");
    }
    // Where none takes it, the log says so.
    let receiver = Receiver::start(|_| Reply::with_body("404 Not Found", "nothing here"));
    let agent = start(&format!("type = \"otlp\"\nendpoint = \"{}\"", receiver.url()));
    agent.wait_for_log("nothing here; no known path of OTLP is taken", 1);
    wait_until("health to fail", || health(&agent).0 == 503);
}

#[test]
fn health_fails_where_the_file_system_hangs() {
    let (receiver, hung) = (Receiver::start(|_| OK), Fuse::mute());
    // Directories that do not answer are waited for together: a third of a second for each would be too long.
    let dir = hung.path(&format!("{}spool", "below/".repeat(60)));
    let begun = std::time::Instant::now();
    let mut agent = start(&lines(&receiver.url(), &format!("spool = {{ dir = {dir:?} }}")));
    assert!(begun.elapsed() < Duration::from_secs(10));
    wait_until("health to fail", || health(&agent).0 == 503);
    let (_, text) = health(&agent);
    assert!(text.contains("does not come back") && text.contains("spool.dir"), "{text}");
    // The agent itself goes on, and ends in time.
    assert!(metric(&agent, "frames_total", "") > 1.0);
    agent.signal(libc::SIGTERM);
    let start = std::time::Instant::now();
    agent.wait();
    assert!(start.elapsed() < Duration::from_secs(10));
}
