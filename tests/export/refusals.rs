//! What receivers refuse, over the real binary: late samples, frames that one fails for alone, paths
//! that it does not know, and what health says of it all.

use super::FRAMES;
use crate::common::fuse::Fuse;
use crate::common::{Agent, Temp, limits, wait_until};
use crate::receiver::{Heard, OK, Receiver, Reply};
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const RETRY: &str = "retry = { max = 2, initial_ms = 10, max_ms = 40 }";

fn file(export: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ninterval_secs = \"200ms\"\n\
         timeout_secs = \"95ms\"\n{export}\n"
    )
}

fn start(export: &str) -> Agent {
    Agent::plan().machine("box").file(&file(export)).start()
}

/// Influx lines that tell the number of the frame only.
fn lines(url: &str, more: &str) -> String {
    format!(
        "type = \"influx\"\ndatabase = \"box\"\nendpoint = \"{url}\"\ncompression = \"none\"\n\
         include = [\"{FRAMES}\"]\n{more}"
    )
}

fn remote_write(url: &str) -> String {
    format!("type = \"remote_write\"\nversion = \"1.0\"\nendpoint = \"{url}\"\n{RETRY}")
}

/// Samples of the export, by the start of the line. The page has time stamps at times.
fn sum(agent: &Agent, start: &str) -> f64 {
    let page = agent.get("/metrics");
    let lines = page.text().lines().filter_map(|line| line.strip_prefix(start));
    lines.map(|rest| rest.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

fn told(agent: &Agent, what: &str, reason: &str) -> f64 {
    let reason = if reason.is_empty() { "}" } else { &format!(",reason=\"{reason}\"}}") };
    sum(agent, &format!("sysmetrics_export_{what}{{export=\"out\"{reason}"))
}

fn dropped(agent: &Agent) -> f64 {
    sum(agent, "sysmetrics_export_dropped_total{")
}

/// The number of the frame that an Influx request has.
fn number(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).unwrap();
    let start = text.find("value=").unwrap() + 6;
    let end = text[start..].find(' ').unwrap();
    text[start..start + end].parse::<f64>().unwrap() as u64
}

fn numbers(heard: &[Heard]) -> Vec<u64> {
    heard.iter().map(|heard| number(&heard.body)).collect()
}

fn plain(body: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(body).unwrap()
}

fn has(body: &[u8], part: &str) -> bool {
    body.windows(part.len()).any(|window| window == part.as_bytes())
}

/// Pushes gauges, each with a time in milliseconds or none.
fn push(agent: &Agent, gauges: &[(&str, Option<u128>)]) {
    let one = |(name, time): &(&str, Option<u128>)| {
        let time = time.map_or(String::new(), |time| format!(r#","timestamp":{time}"#));
        format!(r#"{{"name":"{name}","type":"gauge","value":1.5{time}}}"#)
    };
    let all: Vec<_> = gauges.iter().map(one).collect();
    let body = format!("[{}]", all.join(","));
    let length = body.len();
    let head =
        format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    let answer = agent.connect().send(head + &body).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("\"refused\":0"), "{}", answer.text());
}

fn health(agent: &Agent) -> (u16, String) {
    let health = agent.get("/api/health");
    (health.status, health.text().to_owned())
}

/// Fails for the frames of these numbers, and for no other.
fn fail_for(numbers: &'static [u64]) -> impl FnMut(&str, &[u8]) -> Reply {
    |_, body| match numbers.contains(&number(body)) {
        true => Reply::say("500 Bug"),
        false => OK,
    }
}

#[test]
fn frames_that_fail_alone_are_set_aside() {
    let spool = Temp::new();
    for (poison, more) in [
        (&[3][..], String::new()),
        (&[1, 3, 4, 5], String::new()),
        (&[3, 4], "order = \"fresh_first\"".to_owned()),
        (&[2, 3], format!("spool = {{ dir = {:?} }}", spool.path(""))),
    ] {
        let receiver = Receiver::start(|_| OK);
        receiver.answer_by(fail_for(poison));
        let agent = start(&lines(&receiver.url(), &format!("{RETRY}\n{more}")));
        let count = poison.len() as f64;
        wait_until("them to be set aside", || told(&agent, "dropped_total", "poison") == count);
        wait_until("others", || numbers(&receiver.taken()).iter().any(|n| *n >= 8));
        wait_until("nothing to wait", || told(&agent, "spool_frames", "") == 0.0);
        let got = numbers(&receiver.taken());
        assert!((1..=8).all(|n| got.contains(&n) != poison.contains(&n)), "{more}: {got:?}");
        assert!(more.contains("fresh") || got.is_sorted(), "{got:?}");
        let tries = numbers(&receiver.heard()).iter().filter(|n| **n == poison[0]).count();
        assert!(tries >= 3, "{tries}");
        assert_eq!((dropped(&agent), told(&agent, "failure_total", "poison")), (count, count));
        assert!(agent.lines_with("samples were refused") >= 1);
    }
}

#[test]
fn a_receiver_that_fails_for_all_is_down() {
    let receiver = Receiver::start(|_| Reply::say("500 Down"));
    let agent = start(&lines(&receiver.url(), RETRY));
    wait_until("many tries", || receiver.heard().len() >= 40);
    assert_eq!(dropped(&agent), 0.0);
    receiver.answer(|_| OK);
    wait_until("all of it", || told(&agent, "spool_frames", "") == 0.0);
    let got = numbers(&receiver.taken());
    let last = *got.last().unwrap();
    assert!((1..=last).all(|n| got.contains(&n)), "{got:?}");
    assert_eq!(dropped(&agent), 0.0);
}

#[test]
fn the_fallback_gets_a_frame_that_fails_alone() {
    let (receiver, other) = (Receiver::start(|_| OK), Receiver::start(|_| OK));
    receiver.answer_by(fail_for(&[3]));
    let fallback = lines(&other.url(), "name = \"other\"\ninterval_secs = 3600");
    let more = format!("{RETRY}\nfallback = \"other\"\n[[export]]\n{fallback}");
    let agent = start(&lines(&receiver.url(), &more));
    wait_until("others", || numbers(&receiver.taken()).iter().any(|n| *n >= 6));
    wait_until("it", || other.taken().iter().any(|heard| has(&heard.body, "export=out value=3")));
    assert_eq!(dropped(&agent), 0.0);
}

/// As Prometheus does with remote write 1.0: all of a request is refused for one sample.
fn refuse(names: &'static [&'static str]) -> impl FnMut(&str, &[u8]) -> Reply {
    move |_, body| match names.iter().any(|name| has(&plain(body), name)) {
        true => Reply::tell("400 Bad Request", "out of order sample\n"),
        false => Reply::say("204 No Content"),
    }
}

#[test]
fn a_late_sample_travels_alone_and_once() {
    let receiver = Receiver::start(|_| OK);
    receiver.answer_by(refuse(&["late_a", "late_b"]));
    let agent = start(&remote_write(&receiver.url()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let old = now - 3_000_000;
    let of = |name, time| (name, Some(time));
    push(&agent, &[of("late_a", old), of("late_b", old), of("fine", now), ("plain", None)]);
    wait_until("them to be refused", || told(&agent, "dropped_total", "out_of_order") == 2.0);
    wait_until("them to be left out", || told(&agent, "dropped_total", "stale") >= 9.0);
    let bodies: Vec<_> = receiver.heard().iter().map(|heard| plain(&heard.body)).collect();
    // The frame's own samples never share a request with stamped ones.
    let stamped = |body: &&Vec<u8>| has(body, "late_") || has(body, "fine");
    assert!(!bodies.iter().filter(stamped).any(|body| has(body, "plain") || has(body, FRAMES)));
    assert_eq!(bodies.iter().filter(|body| has(body, "late_a")).count(), 3, "all, a and b, a");
    assert_eq!(receiver.taken().iter().filter(|h| has(&plain(&h.body), "fine")).count(), 1);
    assert_eq!(told(&agent, "dropped_total", "out_of_order"), 2.0);
    assert!(told(&agent, "failure_total", "out_of_order") >= 4.0);
    let (status, text) = health(&agent);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("out of order"), "{text}");
    // A later one is sent, an earlier one is not.
    push(&agent, &[of("fine", now + 5)]);
    let fine = || receiver.taken().iter().filter(|h| has(&plain(&h.body), "fine")).count();
    wait_until("the later one", || fine() == 2);
    push(&agent, &[of("fine", now + 2)]);
    let stale = told(&agent, "dropped_total", "stale");
    wait_until("the earlier one", || told(&agent, "dropped_total", "stale") >= stale + 3.0);
    assert_eq!(fine(), 2);
}

#[test]
fn what_can_be_stored_is_stored() {
    const LATE: [&str; 2] = ["sysmetrics_memory_free_bytes", "sysmetrics_export_retried_total"];
    let receiver = Receiver::start(|_| OK);
    receiver.answer_by(refuse(&LATE));
    let agent = start(&remote_write(&receiver.url()));
    wait_until("two frames", || told(&agent, "dropped_total", "out_of_order") >= 4.0);
    let heard = receiver.heard();
    let page = agent.scrape();
    let names: Vec<_> = page.samples().map(|s| s.name.clone()).collect();
    let taken: Vec<u8> = receiver.taken().iter().flat_map(|h| plain(&h.body)).collect();
    let is_late = |name: &&String| !LATE.contains(&name.as_str());
    for name in names.iter().filter(|n| n.starts_with("sysmetrics_memory")).filter(is_late) {
        assert!(has(&taken, name), "{name}");
    }
    let first = heard.iter().position(|h| has(&plain(&h.body), FRAMES)).unwrap();
    assert_eq!(first, 0);
    assert!(heard.len() < 200, "{} requests", heard.len());
}

#[test]
fn a_receiver_of_2_0_stores_the_others_itself() {
    let late = "400 Bad Request\r\nX-Prometheus-Remote-Write-Samples-Written: 5";
    let receiver = Receiver::start(move |_| Reply::tell(late, "out of order sample"));
    let export = remote_write(&receiver.url()).replace("\"1.0\"", "\"2.0\"");
    let agent = start(&export);
    wait_until("three frames", || receiver.heard().len() >= 3);
    wait_until("it to be counted", || told(&agent, "dropped_total", "out_of_order") > 10.0);
    assert!(receiver.heard().len() as f64 <= told(&agent, "frames_total", ""), "not parted");
    assert_eq!(told(&agent, "dropped_total", "rejected"), 0.0);
    let (status, text) = health(&agent);
    assert!(status == 200 && text.contains("out of order sample"), "{text}");
}

#[test]
fn parting_ends_where_nothing_is_stored() {
    let receiver = Receiver::start(|_| Reply::tell("400 Bad Request", "too old sample"));
    let agent = start(&remote_write(&receiver.url()));
    wait_until("three frames", || told(&agent, "frames_total", "") >= 4.0);
    let frames = told(&agent, "frames_total", "");
    assert!(receiver.heard().len() as f64 <= 34.0 * frames, "{}", receiver.heard().len());
    let (status, text) = health(&agent);
    assert!(status == 503 && text.contains("too old sample"), "{text}");
}

#[test]
fn otlp_is_out_of_order_too() {
    let receiver = Receiver::start(|_| OK);
    receiver.answer_by(|_, body| match has(body, "sysmetrics_memory_free_bytes") {
        true => Reply::tell("400 Bad Request", "out of order sample\n"),
        false => OK,
    });
    let export = format!(
        "type = \"otlp\"\ncompression = \"none\"\nendpoint = \"{}/v1/metrics\"",
        receiver.url()
    );
    let agent = start(&export);
    wait_until("it", || told(&agent, "dropped_total", "out_of_order") >= 2.0);
    assert!(receiver.taken().iter().any(|h| has(&h.body, "sysmetrics_memory_total_bytes")));
    assert!(told(&agent, "failure_total", "out_of_order") >= 2.0);
}

#[test]
fn health_fails_while_everything_is_refused() {
    let receiver = Receiver::start(|_| OK);
    let agent = start(&remote_write(&receiver.url()));
    for (status, reason) in
        [(400, "refused"), (401, "refused"), (404, "refused"), (302, "redirect")]
    {
        receiver.answer(move |_| Reply::tell(&format!("{status} No"), "why not"));
        wait_until("refusals", || told(&agent, "failure_total", reason) >= 1.0);
        wait_until("health to fail", || health(&agent).0 == 503);
        let (_, text) = health(&agent);
        assert!(text.contains(&status.to_string()), "{text}");
        receiver.answer(|_| OK);
        wait_until("health to be well", || health(&agent).0 == 200);
    }
}

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
    wait_until("samples to arrive", || told(&agent, "success_total", "") >= 1.0);
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
    wait_until("frames to wait", || told(&agent, "spool_frames", "") >= 5.0);
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
    wait_until("frames to wait", || told(&agent, "spool_frames", "") >= 3.0);
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    agent.wait_for_log("settings reloaded", 1);
    agent.reload(&with);
    agent.wait_for_log("settings reloaded", 2);
    receiver.answer(|_| OK);
    wait_until("samples to arrive", || told(&agent, "success_total", "") >= 3.0);
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
        let said = agent.lines_with("the spool fails export=influx");
        assert_eq!(said, usize::from(is_named), "{:#?}", agent.log());
        assert_eq!(agent.lines_with(&path), said, "{:#?}", agent.log());
        assert!(is_named || !spool.exists(), "nothing is made");
    }
}

#[test]
fn otlp_finds_its_path() {
    for (path, unknown) in [
        ("/opentelemetry/v1/metrics", Reply::tell("400 Bad Request", "unsupported path requested")),
        ("/api/v1/otlp/v1/metrics", Reply::tell("404 Not Found", "404 page not found")),
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
        let heard = receiver.heard();
        let elsewhere = heard.iter().filter(|h| !h.head.starts_with(&line)).count();
        assert!(elsewhere <= 3, "it is kept: {elsewhere}");
        assert_eq!(agent.lines_with(path), 1 + usize::from(path != "/v1/metrics") - 1);
        assert_eq!((dropped(&agent), health(&agent).0), (0.0, 200));
    }
}

#[test]
fn a_path_that_is_named_is_used_as_it_is() {
    let receiver = Receiver::start(|_| Reply::say("404 Not Found"));
    let agent = start(&format!("type = \"otlp\"\nendpoint = \"{}/mine\"", receiver.url()));
    wait_until("frames", || receiver.heard().len() >= 3);
    assert!(receiver.heard().iter().all(|h| h.head.starts_with("POST /mine HTTP/1.1")));
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
        wait_until("frames", || receiver.heard().len() >= 3);
        let line = format!("POST {path} HTTP/1.1");
        assert!(receiver.heard().iter().all(|h| h.head.starts_with(&line)), "{line}");
    }
    // Where none takes it, the log says so.
    let receiver = Receiver::start(|_| Reply::tell("404 Not Found", "nothing here"));
    let agent = start(&format!("type = \"otlp\"\nendpoint = \"{}\"", receiver.url()));
    agent.wait_for_log("nothing here; no known path of OTLP is taken", 1);
    wait_until("health to fail", || health(&agent).0 == 503);
}

#[test]
fn health_fails_where_the_file_system_hangs() {
    let (receiver, hung) = (Receiver::start(|_| OK), Fuse::mute());
    let spool = format!("spool = {{ dir = {:?} }}", hung.path("spool"));
    let mut agent = start(&lines(&receiver.url(), &spool));
    wait_until("health to fail", || health(&agent).0 == 503);
    let (_, text) = health(&agent);
    assert!(text.contains("does not come back") && text.contains("spool.dir"), "{text}");
    // The agent itself goes on, and ends in time.
    assert!(told(&agent, "frames_total", "") > 1.0);
    agent.signal(libc::SIGTERM);
    let start = std::time::Instant::now();
    agent.wait();
    assert!(start.elapsed() < Duration::from_secs(10));
}
