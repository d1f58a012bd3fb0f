//! Exports of the real binary to scripted receivers: the requests, how responses are handled, and what happens to
//! samples in an outage.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "export/formats.rs"]
mod formats;
#[path = "export/outage.rs"]
mod outage;
#[path = "export/paths.rs"]
mod paths;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "export/refusals.rs"]
mod refusals;

use common::agent::Plan;
use common::exposition::Sample;
use common::{Agent, Temp, wait_until};
use receiver::{OK, Received, Receiver, Reply};
use std::collections::BTreeMap;
use std::time::Duration;

/// The series that counts frames: in the frame number n it is n.
const FRAMES: &str = "sysmetrics_export_frames_total";

/// An export of lines of text that tell the number of the frame only.
fn lines(name: &str, url: &str, more: &str) -> String {
    format!(
        "[[export]]\nname = \"{name}\"\ntype = \"influx\"\ndatabase = \"box\"\nendpoint = \"{url}\"\n\
         compression = \"none\"\ninclude = [\"{FRAMES}\"]\n{more}\n"
    )
}

const OFTEN: &str = "interval_secs = \"200ms\"\ntimeout_secs = \"95ms\"\nretry = { max = 100, initial_ms = 10, max_ms = 40 }";

fn file(exports: &[String]) -> String {
    ["[server]\nlisten = \"127.0.0.1:0\"\n", &exports.concat()].concat()
}

fn plan(exports: &[String]) -> Plan {
    Agent::plan().machine("box").file(&file(exports))
}

/// The frames of an export in a body: number and time of each.
fn frames(name: &str, body: &[u8]) -> Vec<(u64, i64)> {
    let text = std::str::from_utf8(body).unwrap();
    let start = format!("{FRAMES},export={name} value=");
    let rest = text.lines().filter_map(|line| line.strip_prefix(&start));
    rest.map(|rest| rest.split_once(' ').unwrap())
        .map(|(number, time)| (number.parse::<f64>().unwrap() as u64, time.parse().unwrap()))
        .collect()
}

fn all_frames(name: &str, received: &[Received]) -> Vec<(u64, i64)> {
    received.iter().flat_map(|received| frames(name, &received.body)).collect()
}

/// Asserts that 1 to `last` are all there, each with one time.
fn assert_whole(got: &[(u64, i64)], last: u64) {
    let mut times = BTreeMap::new();
    for (number, time) in got {
        assert_eq!(*times.entry(*number).or_insert(*time), *time, "two times: {number} in {got:?}");
    }
    let missing: Vec<u64> = (1..=last).filter(|n| !times.contains_key(n)).collect();
    assert!(missing.is_empty(), "{missing:?} of {last} are missing: {got:?}");
    assert!(times.values().is_sorted(), "{times:?}");
}

/// What an export tells of itself; `None` if there is no such sample.
fn metric(agent: &Agent, what: &str, labels: &[(&str, &str)]) -> Option<f64> {
    agent.scrape().find(&["sysmetrics_export_", what].concat(), labels)
}

/// What was dropped of anything, by reason.
fn dropped(agent: &Agent) -> Vec<(String, f64)> {
    let page = agent.scrape();
    let is_it = |s: &&Sample| s.name == "sysmetrics_export_dropped_total" && s.value > 0.0;
    let of_it = page.samples().filter(is_it);
    let reason =
        |labels: &[(String, String)]| labels.iter().find(|(k, _)| k == "reason").unwrap().1.clone();
    of_it.map(|sample| (reason(&sample.labels), sample.value)).collect()
}

fn wait_for(agent: &Agent, what: &str, labels: &[(&str, &str)], least: f64) {
    let is_there = || metric(agent, what, labels).is_some_and(|value| value >= least);
    wait_until(&format!("{what} {labels:?} to be {least}"), is_there);
}

const OUT: [(&str, &str); 1] = [("export", "out")];

#[test]
fn what_was_refused_for_now_comes_again_with_its_times() {
    let receiver = Receiver::start(|n| if n < 3 { Reply::say("503 Busy") } else { OK });
    let agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("eight frames", || all_frames("out", &receiver.taken()).len() >= 8);
    let taken = all_frames("out", &receiver.taken());
    let last = taken.iter().map(|(number, _)| *number).max().unwrap();
    wait_until("nothing to wait", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    assert_eq!(dropped(&agent), []);
    let taken = all_frames("out", &receiver.taken());
    assert_whole(&taken, last);
    // Those that were refused are among those that arrived, bit by bit.
    for refused in &receiver.received()[..3] {
        assert!(receiver.taken().iter().any(|received| received.body == refused.body));
    }
    assert!(metric(&agent, "retried_total", &OUT).unwrap() >= 2.0);
    wait_for(&agent, "failure_total", &[("export", "out"), ("reason", "server")], 3.0);
}

/// A receiver that comes and goes fills no log.
#[test]
fn a_flapping_link_is_logged_once_a_minute() {
    let receiver = Receiver::start(|n| if n % 2 == 0 { Reply::say("503 Busy") } else { OK });
    let agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("eight frames", || receiver.taken().len() >= 8);
    assert_eq!(agent.lines_with("samples could not be sent yet"), 1, "{:#?}", agent.log());
    assert_eq!(agent.lines_with("samples arrive again"), 1);
}

#[test]
fn who_wants_to_be_left_alone_is() {
    let receiver =
        Receiver::start(|n| if n == 0 { Reply::say("429 Slow\r\nRetry-After: 1") } else { OK });
    let _agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("two frames", || receiver.taken().len() >= 2);
    let received = receiver.received();
    assert!(received[1].at - received[0].at >= Duration::from_secs(1));
    wait_until("the first", || all_frames("out", &receiver.taken()).iter().any(|(n, _)| *n == 1));
}

#[test]
fn what_is_refused_for_good_is_dropped_and_counted() {
    let receiver = Receiver::start(|n| if n == 0 { Reply::say("400 No\r\n") } else { OK });
    let agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("four frames", || receiver.taken().len() >= 4);
    let received = receiver.received();
    let first = frames("out", &received[0].body)[0];
    assert_eq!(
        all_frames("out", &received[1..]).iter().filter(|frame| **frame == first).count(),
        0
    );
    let labels = [("export", "out"), ("reason", "refused")];
    assert_eq!(metric(&agent, "dropped_total", &labels), Some(1.0));
    agent.wait_for_log("samples were refused", 1);
}

#[test]
fn a_network_that_wants_a_login_costs_nothing() {
    let portal = Receiver::start(|_| OK);
    let location = format!("\r\nLocation: {}/login", portal.url());
    for status in ["302 Found", "307 There", "511 Network Authentication Required"] {
        let (status, location) = (status.to_owned(), location.clone());
        let receiver = Receiver::start(move |_| Reply::say(&[&*status, &location].concat()));
        let often = OFTEN.replace("max = 100", "max = 1");
        let agent = plan(&[lines("out", &receiver.url(), &often)]).start();
        let redirects = [("export", "out"), ("reason", "redirect")];
        wait_for(&agent, "failure_total", &redirects, 6.0);
        let health = agent.get("/api/health");
        assert_eq!(health.status, 503);
        assert!(health.text().contains("redirects"), "{}", health.text());
        receiver.answer(|_| OK);
        let last = metric(&agent, "frames_total", &OUT).unwrap() as u64;
        wait_for(&agent, "success_total", &OUT, last as f64);
        assert_whole(&all_frames("out", &receiver.taken()), last);
        assert_eq!(dropped(&agent), []);
        assert_eq!(agent.get("/api/health").status, 200);
    }
    assert!(portal.received().is_empty(), "nothing follows where it leads");
}

#[test]
fn what_is_too_large_goes_in_halves() {
    let receiver = Receiver::start(|n| if n < 2 { Reply::say("413 Large") } else { OK });
    let more = "interval_secs = 60\ninclude = [\"sysmetrics_memory_*\"]";
    let export =
        lines("out", &receiver.url(), "").replace(&format!("include = [\"{FRAMES}\"]\n"), more);
    let agent = plan(&[export]).start();
    wait_for(&agent, "success_total", &OUT, 3.0);
    let sorted = |bodies: &[Received]| {
        let mut lines: Vec<String> = bodies
            .iter()
            .flat_map(|received| std::str::from_utf8(&received.body).unwrap().lines())
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let received = receiver.received();
    let whole = sorted(&received[..1]);
    assert!(whole.len() > 10);
    assert_eq!(sorted(&receiver.taken()), whole);
    assert_eq!(dropped(&agent), []);
}

#[test]
fn remote_write_goes_back_a_version() {
    for refusal in ["415 What", "204 Gone"] {
        let receiver = Receiver::start(move |n| match n {
            0 => Reply::say(refusal),
            _ => Reply::say("204 Fine"),
        });
        let export = format!(
            "[[export]]\ntype = \"remote_write\"\nname = \"out\"\nendpoint = \"{}\"\n{OFTEN}\n",
            receiver.url()
        );
        let agent = plan(&[export]).start();
        wait_until("three requests", || receiver.received().len() >= 4);
        let version = |version: &str| {
            let line = format!("\r\nX-Prometheus-Remote-Write-Version: {version}\r\n");
            move |received: &Received| received.head.contains(&line)
        };
        let received = receiver.received();
        assert!(version("2.0.0")(&received[0]) && received[1..].iter().all(version("0.1.0")));
        assert_eq!(dropped(&agent), []);
    }
}

#[test]
fn a_token_that_was_changed_is_read() {
    let secrets = Temp::new();
    let token = secrets.write("token", "old");
    let receiver = Receiver::start(|_| OK);
    let more = format!("{OFTEN}\ntoken_file = {token:?}");
    let agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("a frame", || !receiver.taken().is_empty());
    secrets.write("token", "new");
    receiver.answer_by_head(|head| match head.contains("Authorization: Bearer new\r\n") {
        true => OK,
        false => Reply::say("401 Who"),
    });
    let before = receiver.taken().len();
    wait_until("more", || receiver.taken().len() >= before + 2);
    assert_whole(&all_frames("out", &receiver.taken()), 3);
    assert_eq!(dropped(&agent), []);
}
