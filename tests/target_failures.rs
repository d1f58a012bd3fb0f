//! Endpoints that fail in every way: their series are removed at once, the reason is counted and logged, and other
//! targets are not affected.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Endpoint, Exposition, Say, free_address, wait_until};
use std::fmt::Write;

const ERRORS: &str = "sysmetrics_target_errors_total";
const UP: &str = "sysmetrics_target_up";

/// Time enough to answer, too.
const OFTEN: &str = "interval_secs = 2";

/// `more` are lines about all targets.
fn settings(targets: &[(&str, &str)], more: &str) -> String {
    let mut file = format!("[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\n{more}\n");
    for (name, url) in targets {
        write!(file, "[[scrape.targets]]\nname = \"{name}\"\nurl = \"{url}\"\n").unwrap();
    }
    file
}

fn is_up(scrape: &Exposition, target: &str) -> Option<bool> {
    scrape.find(UP, &[("target", target)]).map(|up| up == 1.0)
}

fn wait_for(agent: &Agent, target: &str, up: bool) {
    wait_until(&format!("{target} to be {up}"), || is_up(&agent.scrape(), target) == Some(up));
}

#[test]
fn each_failure_has_its_own_reason() {
    let unused = format!("http://{}/", free_address());
    let ways: Vec<(&str, &str, Option<Say>)> = vec![
        ("hangs", "timeout", Some(Say::Nothing)),
        ("trickles", "timeout", Some(Say::Trickle(b"HTTP/1.1 200 OK\r\n\r\na 1\n#".to_vec()))),
        ("dies", "connect", Some(Say::head(200, "Content-Length: 100").and("a 1\n"))),
        ("silent", "connect", Some(Say::Bytes(Vec::new()))),
        ("fails", "status", Some(Say::head(500, "Content-Length: 4").and("a 1\n"))),
        ("refuses", "status", Some(Say::head(401, "Content-Length: 0"))),
        ("html", "text", Some(Say::typed("text/html", "<html><body>a 1</body></html>\n"))),
        ("broken", "text", Some(Say::ok("a 1\nb{ 2\n"))),
        ("binary", "text", Some(Say::ok("a 1\n\0\u{1}\u{2} x\n"))),
        ("large", "too_large", Some(Say::head(200, "Content-Length: 9999"))),
        ("ssh", "protocol", Some(Say::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()))),
        ("circles", "redirect", Some(Say::head(302, "Location: /\r\nContent-Length: 0"))),
        ("nowhere", "connect", None),
    ];
    let good = Endpoint::with("a 1\n");
    let endpoints: Vec<_> = ways.iter().map(|(_, _, say)| say.clone().map(Endpoint::new)).collect();
    let mut targets = vec![("good".to_owned(), good.url())];
    for ((name, _, _), endpoint) in ways.iter().zip(&endpoints) {
        targets.push(((*name).to_owned(), endpoint.as_ref().map_or(unused.clone(), Endpoint::url)));
    }
    targets.push(("unknown".to_owned(), "http://no-such-host.invalid/".to_owned()));
    let all: Vec<_> = targets.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect();
    let file = settings(&all, "interval_secs = 5\nmax_body_bytes = 1024");
    let agent = Agent::plan().machine("box").file(&file).start();
    for (name, reason, _) in &ways {
        wait_for(&agent, name, false);
        let scrape = agent.scrape();
        assert!(scrape.value(ERRORS, &[("target", name), ("reason", reason)]) >= 1.0);
        let errors = &scrape.family(ERRORS).unwrap().samples;
        // That reason and no other.
        assert_eq!(errors.iter().filter(|s| s.labels[0].1 == *name).count(), 1, "{name}");
        assert_eq!(scrape.find("a", &[("target", name)]), None, "{name}");
        assert_eq!(scrape.value("sysmetrics_target_samples", &[("target", name)]), 0.0);
        agent.wait_for_log(&format!("target failed target={name} "), 1);
    }
    wait_for(&agent, "good", true);
    let scrape = agent.scrape();
    assert_eq!(scrape.value("a", &[("target", "good")]), 1.0);
    assert!(scrape.find(ERRORS, &[("target", "good"), ("reason", "timeout")]).is_none());
}

#[test]
fn a_failure_removes_the_series_and_is_logged_once() {
    let endpoint = Endpoint::with("a 1\n");
    let agent =
        Agent::plan().machine("box").file(&settings(&[("t", &endpoint.url())], OFTEN)).start();
    wait_for(&agent, "t", true);
    endpoint.say(Say::head(503, "Content-Length: 0"));
    wait_for(&agent, "t", false);
    assert!(agent.scrape().family("a").is_none());
    // Time and again, without a word.
    wait_until("more failures", || {
        agent.scrape().value(ERRORS, &[("target", "t"), ("reason", "status")]) >= 3.0
    });
    assert_eq!(agent.lines_with("target failed"), 1);
    assert_eq!(agent.lines_with("expected status 200, found 503"), 1);
    endpoint.say(Say::ok("a 2\n"));
    wait_for(&agent, "t", true);
    assert_eq!(agent.scrape().value("a", &[("target", "t")]), 2.0);
    let asked = endpoint.heads().len();
    wait_until("more answers", || endpoint.heads().len() > asked + 1);
    assert_eq!(agent.lines_with("target answers again"), 1);
    endpoint.say(Say::ok("a 2\n<html>\n"));
    wait_for(&agent, "t", false);
    assert!(agent.scrape().family("a").is_none());
    agent.wait_for_log("reason=text", 1);
}

/// A target that comes and goes fills no log.
#[test]
fn a_flapping_target_is_logged_once_a_minute() {
    let endpoint = Endpoint::with("a 1\n");
    let agent =
        Agent::plan().machine("box").file(&settings(&[("t", &endpoint.url())], OFTEN)).start();
    for _ in 0..4 {
        endpoint.say(Say::head(503, "Content-Length: 0"));
        wait_for(&agent, "t", false);
        endpoint.say(Say::ok("a 1\n"));
        wait_for(&agent, "t", true);
    }
    assert_eq!(agent.lines_with("target failed"), 1, "{:#?}", agent.log());
    assert_eq!(agent.lines_with("target answers again"), 1);
}

#[test]
fn a_target_has_so_many_series_and_no_more() {
    let mut body = String::new();
    for n in 0..30 {
        writeln!(body, "a{{n=\"{n}\"}} {n}").unwrap();
    }
    let endpoint = Endpoint::with(&body);
    let file = settings(&[("t", &endpoint.url())], "max_series = 20");
    let agent = Agent::plan().machine("box").file(&file).start();
    wait_for(&agent, "t", true);
    let scrape = agent.scrape();
    assert_eq!(scrape.family("a").unwrap().samples.len(), 20);
    assert_eq!(scrape.value("sysmetrics_target_samples", &[("target", "t")]), 20.0);
    let refused = "sysmetrics_target_samples_refused_total";
    assert!(scrape.value(refused, &[("target", "t"), ("reason", "series")]) >= 10.0);
}

#[test]
fn fifty_targets_of_which_ten_hang_delay_no_scrape() {
    let hanging = Endpoint::new(Say::Nothing);
    let fine = Endpoint::with("a 1\n");
    let names: Vec<String> = (0..50).map(|n| format!("t{n}")).collect();
    let url = |n: usize| if n.is_multiple_of(5) { hanging.url() } else { fine.url() };
    let urls: Vec<String> = (0..50).map(url).collect();
    let targets: Vec<_> = names.iter().zip(&urls).map(|(n, u)| (n.as_str(), u.as_str())).collect();
    // They hang for longer than the test lasts.
    let file = settings(&targets, "interval_secs = 60\ntimeout_secs = 60");
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut client = agent.connect();
    wait_until("all others to be fresh", || {
        let text = client.get("/metrics").text().to_owned();
        text.matches("\nsysmetrics_target_up{").count() == 40
            && text.matches("\na{target=").count() == 40
    });
    wait_until("the ten to be asked", || hanging.heads().len() == 10);
    wait_until("no thread besides", || agent.threads() == 1 + 50);
    // Nothing is known about those that hang, so nothing is said.
    assert_eq!(is_up(&agent.scrape(), "t0"), None);
    let asked = fine.heads().len();
    assert!(asked <= 2 * 40, "{asked}");
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    wait_until("those that do not hang to end", || agent.threads() <= 1 + 10);
    assert_eq!(agent.get("/metrics").status, 200);
}
