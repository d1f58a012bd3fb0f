//! Refusals of receivers: late samples, frames that fail alone, unknown paths, and what health shows.

use super::FRAMES;
use crate::common::{Agent, Temp, wait_until};
use crate::receiver::{OK, Received, Receiver, Reply};
use std::time::{SystemTime, UNIX_EPOCH};

pub const RETRY: &str = "retry = { max = 2, initial_ms = 10, max_ms = 40 }";

pub fn file(export: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ninterval_secs = \"200ms\"\n\
         timeout_secs = \"95ms\"\n{export}\n"
    )
}

pub fn start(export: &str) -> Agent {
    Agent::plan().machine("box").file(&file(export)).start()
}

/// Influx lines that tell the number of the frame only.
pub fn lines(url: &str, more: &str) -> String {
    format!(
        "type = \"influx\"\ndatabase = \"box\"\nendpoint = \"{url}\"\ncompression = \"none\"\n\
         include = [\"{FRAMES}\"]\n{more}"
    )
}

pub fn remote_write(url: &str) -> String {
    format!("type = \"remote_write\"\nversion = \"1.0\"\nendpoint = \"{url}\"\n{RETRY}")
}

/// Samples of the export, by the start of the line. The page has time stamps at times.
pub fn sum(agent: &Agent, start: &str) -> f64 {
    let page = agent.get("/metrics");
    let lines = page.text().lines().filter_map(|line| line.strip_prefix(start));
    lines.map(|rest| rest.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

pub fn metric(agent: &Agent, what: &str, reason: &str) -> f64 {
    let reason = if reason.is_empty() { "}" } else { &format!(",reason=\"{reason}\"}}") };
    sum(agent, &format!("sysmetrics_export_{what}{{export=\"out\"{reason}"))
}

pub fn dropped(agent: &Agent) -> f64 {
    sum(agent, "sysmetrics_export_dropped_total{")
}

/// The number of the frame that an Influx request has.
fn number(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).unwrap();
    let start = text.find("value=").unwrap() + 6;
    let end = text[start..].find(' ').unwrap();
    text[start..start + end].parse::<f64>().unwrap() as u64
}

fn numbers(received: &[Received]) -> Vec<u64> {
    received.iter().map(|received| number(&received.body)).collect()
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

pub fn health(agent: &Agent) -> (u16, String) {
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
        wait_until("them to be set aside", || metric(&agent, "dropped_total", "poison") == count);
        wait_until("others", || numbers(&receiver.taken()).iter().any(|n| *n >= 8));
        wait_until("nothing to wait", || metric(&agent, "spool_frames", "") == 0.0);
        let got = numbers(&receiver.taken());
        assert!((1..=8).all(|n| got.contains(&n) != poison.contains(&n)), "{more}: {got:?}");
        assert!(more.contains("fresh") || got.is_sorted(), "{got:?}");
        let tries = numbers(&receiver.received()).iter().filter(|n| **n == poison[0]).count();
        assert!(tries >= 3, "{tries}");
        assert_eq!((dropped(&agent), metric(&agent, "failure_total", "poison")), (count, count));
        assert!(agent.lines_with("samples were refused") >= 1);
    }
}

#[test]
fn a_receiver_that_recovers_while_later_frames_are_tried_gets_all() {
    let receiver = Receiver::start(|_| OK);
    let mut is_up = false;
    receiver.answer_by(move |_, body| {
        is_up |= number(body) >= 4;
        if is_up { OK } else { Reply::say("500 Down") }
    });
    let agent = start(&lines(&receiver.url(), RETRY));
    wait_until("others", || numbers(&receiver.taken()).iter().any(|n| *n >= 8));
    wait_until("nothing to wait", || metric(&agent, "spool_frames", "") == 0.0);
    let got = numbers(&receiver.taken());
    assert!((1..=8).all(|n| got.contains(&n)), "{got:?}");
    assert_eq!(dropped(&agent), 0.0);
}

#[test]
fn a_receiver_that_fails_for_all_is_down() {
    let receiver = Receiver::start(|_| Reply::say("500 Down"));
    let agent = start(&lines(&receiver.url(), RETRY));
    wait_until("many tries", || receiver.received().len() >= 40);
    assert_eq!(dropped(&agent), 0.0);
    receiver.answer(|_| OK);
    wait_until("all of it", || metric(&agent, "spool_frames", "") == 0.0);
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
    wait_until("it", || {
        other.taken().iter().any(|received| has(&received.body, "export=out value=3"))
    });
    assert_eq!(dropped(&agent), 0.0);
}

/// As Prometheus does with remote write 1.0: all of a request is refused for one sample.
fn refuse(names: &'static [&'static str]) -> impl FnMut(&str, &[u8]) -> Reply {
    move |_, body| match names.iter().any(|name| has(&plain(body), name)) {
        true => Reply::with_body("400 Bad Request", "out of order sample\n"),
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
    wait_until("them to be refused", || metric(&agent, "dropped_total", "out_of_order") == 2.0);
    wait_until("them to be left out", || metric(&agent, "dropped_total", "stale") >= 9.0);
    let bodies: Vec<_> = receiver.received().iter().map(|received| plain(&received.body)).collect();
    // The frame's own samples never share a request with stamped ones.
    let stamped = |body: &&Vec<u8>| has(body, "late_") || has(body, "fine");
    assert!(!bodies.iter().filter(stamped).any(|body| has(body, "plain") || has(body, FRAMES)));
    assert_eq!(bodies.iter().filter(|body| has(body, "late_a")).count(), 3, "all, a and b, a");
    assert_eq!(receiver.taken().iter().filter(|h| has(&plain(&h.body), "fine")).count(), 1);
    assert_eq!(metric(&agent, "dropped_total", "out_of_order"), 2.0);
    assert!(metric(&agent, "failure_total", "out_of_order") >= 4.0);
    let (status, text) = health(&agent);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("out of order"), "{text}");
    // A later one is sent, an earlier one is not.
    push(&agent, &[of("fine", now + 5)]);
    let fine = || receiver.taken().iter().filter(|h| has(&plain(&h.body), "fine")).count();
    wait_until("the later one", || fine() == 2);
    push(&agent, &[of("fine", now + 2)]);
    let stale = metric(&agent, "dropped_total", "stale");
    wait_until("the earlier one", || metric(&agent, "dropped_total", "stale") >= stale + 3.0);
    assert_eq!(fine(), 2);
}

#[test]
fn what_can_be_stored_is_stored() {
    const LATE: [&str; 2] = ["sysmetrics_memory_free_bytes", "sysmetrics_export_retried_total"];
    let receiver = Receiver::start(|_| OK);
    receiver.answer_by(refuse(&LATE));
    let agent = start(&remote_write(&receiver.url()));
    wait_until("two frames", || metric(&agent, "dropped_total", "out_of_order") >= 4.0);
    let received = receiver.received();
    let page = agent.scrape();
    let names: Vec<_> = page.samples().map(|s| s.name.clone()).collect();
    let taken: Vec<u8> = receiver.taken().iter().flat_map(|h| plain(&h.body)).collect();
    let is_late = |name: &&String| !LATE.contains(&name.as_str());
    for name in names.iter().filter(|n| n.starts_with("sysmetrics_memory")).filter(is_late) {
        assert!(has(&taken, name), "{name}");
    }
    let first = received.iter().position(|h| has(&plain(&h.body), FRAMES)).unwrap();
    assert_eq!(first, 0);
    assert!(received.len() < 200, "{} requests", received.len());
}

#[test]
fn a_receiver_of_2_0_stores_the_others_itself() {
    let late = "400 Bad Request\r\nX-Prometheus-Remote-Write-Samples-Written: 5";
    let receiver = Receiver::start(move |_| Reply::with_body(late, "out of order sample"));
    let export = remote_write(&receiver.url()).replace("\"1.0\"", "\"2.0\"");
    let agent = start(&export);
    wait_until("three frames", || receiver.received().len() >= 3);
    wait_until("it to be counted", || metric(&agent, "dropped_total", "out_of_order") > 10.0);
    assert!(receiver.received().len() as f64 <= metric(&agent, "frames_total", ""), "not parted");
    assert_eq!(metric(&agent, "dropped_total", "rejected"), 0.0);
    let (status, text) = health(&agent);
    assert!(status == 200 && text.contains("out of order sample"), "{text}");
}

#[test]
fn parting_ends_where_nothing_is_stored() {
    let receiver = Receiver::start(|_| Reply::with_body("400 Bad Request", "too old sample"));
    let agent = start(&remote_write(&receiver.url()));
    wait_until("three frames", || metric(&agent, "frames_total", "") >= 4.0);
    let frames = metric(&agent, "frames_total", "");
    assert!(receiver.received().len() as f64 <= 34.0 * frames, "{}", receiver.received().len());
    let (status, text) = health(&agent);
    assert!(status == 503 && text.contains("too old sample"), "{text}");
}

#[test]
fn otlp_is_out_of_order_too() {
    let receiver = Receiver::start(|_| OK);
    receiver.answer_by(|_, body| match has(body, "sysmetrics_memory_free_bytes") {
        true => Reply::with_body("400 Bad Request", "out of order sample\n"),
        false => OK,
    });
    let export = format!(
        "type = \"otlp\"\ncompression = \"none\"\nendpoint = \"{}/v1/metrics\"",
        receiver.url()
    );
    let agent = start(&export);
    wait_until("it", || metric(&agent, "dropped_total", "out_of_order") >= 2.0);
    assert!(receiver.taken().iter().any(|h| has(&h.body, "sysmetrics_memory_total_bytes")));
    assert!(metric(&agent, "failure_total", "out_of_order") >= 2.0);
}

#[test]
fn health_fails_while_everything_is_refused() {
    let receiver = Receiver::start(|_| OK);
    let agent = start(&remote_write(&receiver.url()));
    for (status, reason) in
        [(400, "refused"), (401, "refused"), (404, "refused"), (302, "redirect")]
    {
        receiver.answer(move |_| Reply::with_body(&format!("{status} No"), "why not"));
        wait_until("refusals", || metric(&agent, "failure_total", reason) >= 1.0);
        wait_until("health to fail", || health(&agent).0 == 503);
        let (_, text) = health(&agent);
        assert!(text.contains(&status.to_string()), "{text}");
        receiver.answer(|_| OK);
        wait_until("health to be well", || health(&agent).0 == 200);
    }
}
