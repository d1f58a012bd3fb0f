//! What leaves, over the real binary, to receivers that do as the test says: what they hear, what the
//! agent makes of their answers, and what becomes of samples while they do not answer.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "export/refusals.rs"]
mod refusals;

use common::agent::Plan;
use common::exposition::Sample;
use common::{Agent, Temp, wait_until};
use receiver::{Heard, OK, Receiver, Reply};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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

fn all_frames(name: &str, heard: &[Heard]) -> Vec<(u64, i64)> {
    heard.iter().flat_map(|heard| frames(name, &heard.body)).collect()
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
fn told(agent: &Agent, what: &str, labels: &[(&str, &str)]) -> Option<f64> {
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
    let is_there = || told(agent, what, labels).is_some_and(|value| value >= least);
    wait_until(&format!("{what} {labels:?} to be {least}"), is_there);
}

const OUT: [(&str, &str); 1] = [("export", "out")];

#[test]
fn each_way_has_its_head() {
    let receiver = Receiver::start(|_| OK);
    let secrets = Temp::new();
    let token = secrets.write("token", "to-ken\n");
    let password = secrets.write("password", "sesame\n");
    let headers = secrets.write("headers", "X-Scope-OrgID: 7\n\nX-Key: from the file\n");
    let url = receiver.url();
    let export = |kind: &str, name: &str, more: &str| {
        format!(
            "[[export]]\ntype = \"{kind}\"\nname = \"{name}\"\nendpoint = \"{url}\"\n\
             interval_secs = 60\n{more}\n"
        )
    };
    let path = |path: &str| receiver.url() + path;
    let agent = plan(&[
        export("otlp", "a", &format!("token_file = {token:?}\nheaders_file = {headers:?}")),
        export("otlp", "b", "protocol = \"http/json\"\nheaders = { X-Key = \"k\" }")
            .replace(&url, &path("/deep/v1/metrics")),
        export(
            "influx",
            "c",
            &format!("database = \"d\"\nusername = \"me\"\npassword_file = {password:?}"),
        ),
        export("influx", "d", &format!("bucket = \"b\"\norg = \"o r\"\ntoken_file = {token:?}")),
        export("remote_write", "e", "version = \"1.0\""),
        export("remote_write", "f", "").replace("http://", "http://me:p%40ss@"),
    ])
    .start();
    for (start, wanted) in [
        (
            "POST /v1/metrics HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf",
                "Content-Encoding: gzip",
                "Authorization: Bearer to-ken",
                "X-Scope-OrgID: 7",
                "X-Key: from the file",
            ][..],
        ),
        ("POST /deep/v1/metrics HTTP/1.1\r\n", &["Content-Type: application/json", "X-Key: k"]),
        ("POST /write?db=d&precision=ms HTTP/1.1\r\n", &["Authorization: Basic bWU6c2VzYW1l"]),
        (
            "POST /api/v2/write?org=o%20r&bucket=b&precision=ms HTTP/1.1\r\n",
            &["Content-Type: text/plain; charset=utf-8", "Authorization: Token to-ken"],
        ),
        (
            "POST /api/v1/write HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf",
                "Content-Encoding: snappy",
                "X-Prometheus-Remote-Write-Version: 0.1.0",
            ],
        ),
        (
            "POST /api/v1/write HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "X-Prometheus-Remote-Write-Version: 2.0.0",
                "Authorization: Basic bWU6cEBzcw==",
            ],
        ),
    ] {
        let is_it = |heard: &Heard| {
            let has = |line: &&str| heard.head.contains(&["\r\n", line, "\r\n"].concat());
            heard.head.starts_with(start) && wanted.iter().all(has)
        };
        wait_until(&format!("{start} {wanted:?}"), || receiver.heard().iter().any(is_it));
    }
    assert!(!agent.log().join("\n").contains("p%40ss"));
}

#[test]
fn what_was_refused_for_now_comes_again_with_its_times() {
    let receiver = Receiver::start(|n| if n < 3 { Reply::say("503 Busy") } else { OK });
    let agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("eight frames", || all_frames("out", &receiver.taken()).len() >= 8);
    let taken = all_frames("out", &receiver.taken());
    let last = taken.iter().map(|(number, _)| *number).max().unwrap();
    wait_until("nothing to wait", || told(&agent, "spool_frames", &OUT) == Some(0.0));
    assert_eq!(dropped(&agent), []);
    let taken = all_frames("out", &receiver.taken());
    assert_whole(&taken, last);
    // Those that were refused are among those that arrived, bit by bit.
    for refused in &receiver.heard()[..3] {
        assert!(receiver.taken().iter().any(|heard| heard.body == refused.body));
    }
    assert!(told(&agent, "retried_total", &OUT).unwrap() >= 2.0);
    wait_for(&agent, "failure_total", &[("export", "out"), ("reason", "server")], 3.0);
}

/// A receiver that comes and goes fills no log.
#[test]
fn a_link_that_flaps_is_told_once_a_minute() {
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
    let heard = receiver.heard();
    assert!(heard[1].at - heard[0].at >= Duration::from_secs(1));
    wait_until("the first", || all_frames("out", &receiver.taken()).iter().any(|(n, _)| *n == 1));
}

#[test]
fn what_is_refused_for_good_is_dropped_and_counted() {
    let receiver = Receiver::start(|n| if n == 0 { Reply::say("400 No\r\n") } else { OK });
    let agent = plan(&[lines("out", &receiver.url(), OFTEN)]).start();
    wait_until("four frames", || receiver.taken().len() >= 4);
    let heard = receiver.heard();
    let first = frames("out", &heard[0].body)[0];
    assert_eq!(all_frames("out", &heard[1..]).iter().filter(|frame| **frame == first).count(), 0);
    let labels = [("export", "out"), ("reason", "refused")];
    assert_eq!(told(&agent, "dropped_total", &labels), Some(1.0));
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
        let last = told(&agent, "frames_total", &OUT).unwrap() as u64;
        wait_for(&agent, "success_total", &OUT, last as f64);
        assert_whole(&all_frames("out", &receiver.taken()), last);
        assert_eq!(dropped(&agent), []);
        assert_eq!(agent.get("/api/health").status, 200);
    }
    assert!(portal.heard().is_empty(), "nothing follows where it leads");
}

#[test]
fn what_is_too_large_goes_in_halves() {
    let receiver = Receiver::start(|n| if n < 2 { Reply::say("413 Large") } else { OK });
    let more = "interval_secs = 60\ninclude = [\"sysmetrics_memory_*\"]";
    let export =
        lines("out", &receiver.url(), "").replace(&format!("include = [\"{FRAMES}\"]\n"), more);
    let agent = plan(&[export]).start();
    wait_for(&agent, "success_total", &OUT, 3.0);
    let sorted = |bodies: &[Heard]| {
        let mut lines: Vec<String> = bodies
            .iter()
            .flat_map(|heard| std::str::from_utf8(&heard.body).unwrap().lines())
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let heard = receiver.heard();
    let whole = sorted(&heard[..1]);
    assert!(whole.len() > 10);
    assert_eq!(sorted(&receiver.taken()), whole);
    assert_eq!(dropped(&agent), []);
}

#[test]
fn a_dead_receiver_delays_nobody() {
    let (dead, well) = (Receiver::start(|_| Reply::Hang), Receiver::start(|_| OK));
    let agent =
        plan(&[lines("dead", &dead.url(), OFTEN), lines("out", &well.url(), OFTEN)]).start();
    wait_until("ten frames", || all_frames("out", &well.taken()).len() >= 10);
    let got = all_frames("out", &well.taken());
    assert_whole(&got, 10);
    wait_for(&agent, "failure_total", &[("export", "dead"), ("reason", "timeout")], 1.0);
    wait_for(&agent, "spool_frames", &[("export", "dead")], 3.0);
    assert!(dead.taken().is_empty());
}

#[test]
fn the_fallback_gets_what_the_first_does_not_and_only_then() {
    let (first, other) = (Receiver::start(|_| Reply::say("503 Away")), Receiver::start(|_| OK));
    let often = OFTEN.replace("max = 100", "max = 1");
    let agent = plan(&[
        lines("out", &first.url(), &format!("{often}\nfallback = \"other\"")),
        lines("other", &other.url(), "interval_secs = 3600"),
    ])
    .start();
    let passed = || all_frames("out", &other.taken());
    wait_until("the fallback to take over", || passed().iter().any(|(n, _)| *n >= 5));
    first.answer(|_| OK);
    wait_until("the first to take more", || all_frames("out", &first.taken()).len() >= 5);
    let mut all = all_frames("out", &first.taken());
    let last = all.iter().map(|(number, _)| *number).max().unwrap();
    wait_until("nothing to wait", || told(&agent, "spool_frames", &OUT) == Some(0.0));
    all = all_frames("out", &first.taken());
    let count = passed().len();
    wait_for(&agent, "success_total", &OUT, all.len() as f64 + 3.0);
    assert_eq!(passed().len(), count, "it is the first's again");
    // The fallback's own first frame tells of this export, too.
    assert_eq!(told(&agent, "passed_frames_total", &OUT), Some(count as f64 - 1.0));
    all.extend(passed());
    assert_whole(
        &{
            all.sort_unstable();
            all
        },
        last,
    );
}

#[test]
fn without_a_spool_frames_wait_however_often_they_failed() {
    for away in [Reply::say("503 Away"), Reply::say("500 Down"), Reply::Hang] {
        let receiver = Receiver::start(move |_| away.clone());
        let often = OFTEN.replace("max = 100", "max = 1");
        let agent = plan(&[lines("out", &receiver.url(), &often)]).start();
        wait_for(&agent, "spool_frames", &OUT, 12.0);
        assert!(receiver.heard().len() >= 10);
        receiver.answer(|_| OK);
        let last = told(&agent, "frames_total", &OUT).unwrap() as u64;
        wait_for(&agent, "success_total", &OUT, last as f64);
        let got = all_frames("out", &receiver.taken());
        assert_whole(&got, last);
        assert!(got.is_sorted(), "by time: {got:?}");
        assert_eq!(dropped(&agent), []);
    }
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
        wait_until("three requests", || receiver.heard().len() >= 4);
        let version = |version: &str| {
            let line = format!("\r\nX-Prometheus-Remote-Write-Version: {version}\r\n");
            move |heard: &Heard| heard.head.contains(&line)
        };
        let heard = receiver.heard();
        assert!(version("2.0.0")(&heard[0]) && heard[1..].iter().all(version("0.1.0")));
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

#[test]
fn a_reload_keeps_what_waits_and_what_did_not_change() {
    let [kept, changed, removed] = [(); 3].map(|()| Receiver::start(|_| OK));
    changed.answer(|_| Reply::say("503 Away"));
    let one =
        |name: &str, to: &Receiver, more: &str| lines(name, &to.url(), &format!("{OFTEN}\n{more}"));
    let first = [one("kept", &kept, ""), one("out", &changed, ""), one("gone", &removed, "")];
    let agent = plan(&first).without_landlock().start();
    wait_for(&agent, "spool_frames", &OUT, 3.0);
    wait_until("frames", || removed.taken().len() >= 2 && kept.taken().len() >= 2);
    let added = Receiver::start(|_| OK);
    let second = [
        one("kept", &kept, ""),
        one("out", &changed, "headers = { X-New = \"1\" }"),
        one("new", &added, ""),
    ];
    changed.answer_by_head(|head| match head.contains("X-New: 1\r\n") {
        true => OK,
        false => Reply::say("503 Away"),
    });
    agent.reload(&file(&second));
    agent.wait_for_log("settings reloaded", 1);
    let count = removed.taken().len();
    wait_until("the new one", || added.taken().len() >= 2);
    wait_until("what waited", || told(&agent, "spool_frames", &OUT) == Some(0.0));
    let got = all_frames("out", &changed.taken());
    assert_whole(
        &{
            let mut got = got.clone();
            got.sort_unstable();
            got
        },
        got.iter().map(|(n, _)| *n).max().unwrap(),
    );
    let of_kept = all_frames("kept", &kept.taken());
    assert_whole(&of_kept, of_kept.last().unwrap().0);
    // One frame may have been under way, and the last one is no more.
    assert!(removed.taken().len() <= count + 1);
    assert!(told(&agent, "success_total", &[("export", "gone")]).is_none());
    assert_eq!(kept.connections(), 1, "undisturbed");
}

#[test]
fn the_end_takes_along_what_waits() {
    let receiver = Receiver::start(|_| OK);
    let more = "interval_secs = 3600\nretry = { initial_ms = 10, max_ms = 40 }";
    let mut agent = plan(&[lines("out", &receiver.url(), more)]).start();
    wait_until("the first frame", || receiver.taken().len() == 1);
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert_whole(&all_frames("out", &receiver.taken()), 2);
}

#[test]
fn nothing_is_lost_where_the_end_comes_upon_a_receiver_that_hangs() {
    let (receiver, spool) = (Receiver::start(|_| Reply::Hang), Temp::new());
    // One request takes longer than there is time at the end.
    let more =
        format!("interval_secs = 60\ntimeout_secs = 25\nspool = {{ dir = {:?} }}", spool.path(""));
    let mut agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("the first frame to be under way", || receiver.heard().len() == 1);
    let start = Instant::now();
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert!(start.elapsed() < Duration::from_secs(25), "it waited for the receiver");
    let before = frames("out", &receiver.heard()[0].body);
    receiver.answer(|_| OK);
    let _agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("both frames and a new one", || receiver.taken().len() >= 3);
    let got = all_frames("out", &receiver.taken());
    assert!(got.contains(&before[0]), "{got:?} {before:?}");
    assert_eq!(got.iter().filter(|(number, _)| *number == 2).count(), 1, "the last: {got:?}");
}

#[test]
fn what_waits_on_disk_survives_a_kill() {
    let (receiver, spool) = (Receiver::start(|_| Reply::say("503 Away")), Temp::new());
    let more = format!("{OFTEN}\nspool = {{ dir = {:?} }}", spool.path(""));
    let mut agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_for(&agent, "spool_frames", &OUT, 6.0);
    let last = told(&agent, "frames_total", &OUT).unwrap() as u64;
    agent.signal(libc::SIGKILL);
    agent.wait();
    receiver.answer(|_| OK);
    let agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("all of it", || told(&agent, "spool_frames", &OUT) == Some(0.0));
    let mut got = all_frames("out", &receiver.taken());
    // Two processes count: by time, the first comes first.
    got.sort_unstable_by_key(|(_, time)| *time);
    let second = got.iter().skip(1).position(|(number, _)| *number == 1).unwrap() + 1;
    assert_whole(&got[..second], last - 1);
    assert_eq!(dropped(&agent), []);
}

#[test]
fn what_ended_is_said_once() {
    const STALE: [u8; 8] = 0x7ff0_0000_0000_0002u64.to_le_bytes();
    let receiver = Receiver::start(|_| Reply::say("204 Fine"));
    let export = format!(
        "[[export]]\ntype = \"remote_write\"\nversion = \"1.0\"\nname = \"out\"\nendpoint = \"{}\"\n\
         include = [\"odd*\", \"{FRAMES}\"]\n{OFTEN}\n",
        receiver.url()
    );
    let agent = plan(&[export]).start();
    let ask = |method: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "{method} /metrics/job/e2e HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        );
        let status = agent.connect().send(head + body).answer().status;
        assert!((200..300).contains(&status), "{status}");
    };
    let bodies = || -> Vec<Vec<u8>> {
        let heard = receiver.taken();
        heard.iter().map(|h| snap::raw::Decoder::new().decompress_vec(&h.body).unwrap()).collect()
    };
    let has = |body: &[u8], part: &[u8]| body.windows(part.len()).any(|window| window == part);
    ask("PUT", "odd 5\n");
    wait_until("it", || bodies().iter().any(|body| has(body, b"odd")));
    ask("DELETE", "");
    wait_until("its end", || bodies().iter().any(|body| has(body, &STALE)));
    let count = receiver.taken().len();
    wait_until("more", || receiver.taken().len() >= count + 4);
    let stale: Vec<_> = bodies().into_iter().filter(|body| has(body, &STALE)).collect();
    assert_eq!(stale.len(), 1);
    assert!(has(&stale[0], b"odd") && !has(bodies().last().unwrap(), b"odd"));
}
