//! statsd lines: every kind of them, a flood, reloads, and lines of real clients.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // its loop has no sockets of others
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the clients

mod common;

use common::{Agent, wait_until};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Where real clients are installed.
const PYTHON: &str = "target/clients/bin/python3";

/// A settings file that listens there for lines.
fn file(listen: &str, more: &str) -> String {
    format!("[server]\nlisten = \"127.0.0.1:0\"\n[statsd]\nlisten = \"{listen}\"\n{more}")
}

fn agent() -> Agent {
    Agent::plan().machine("box").file(&file("127.0.0.1:0", "")).start()
}

/// Where it receives, as logged last.
fn address(agent: &Agent) -> String {
    let log = agent.log();
    let mut lines = log.iter().filter(|line| line.contains("receiving statsd lines"));
    lines.next_back().unwrap().rsplit_once("listen=").unwrap().1.to_owned()
}

fn client(to: &str) -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(to).unwrap();
    client
}

/// The value of a series as it is written, if there is one.
fn find(agent: &Agent, series: &str) -> Option<f64> {
    let answer = agent.get("/metrics");
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

fn of_statsd(agent: &Agent, name: &str) -> u64 {
    find(agent, &format!("sysmetrics_statsd_{name}")).unwrap_or_default() as u64
}

/// Until so many datagrams have been taken or lost.
fn wait_for(agent: &Agent, datagrams: u64) {
    wait_until("all datagrams", || {
        let dropped = of_statsd(agent, "datagrams_dropped_total");
        of_statsd(agent, "datagrams_total") + dropped == datagrams
    });
}

#[test]
fn every_kind_of_line_is_scraped() {
    let more = "[metrics]\nnamespace = \"ns\"\nlabels = { env = \"prod\" }\n\
                [[metrics.histograms]]\nname = \"size\"\nbuckets = [1, 4]\n";
    let agent = Agent::plan().machine("box").file(&file("127.0.0.1:0", more)).start();
    let client = client(&address(&agent));
    client
        .send(b"page.views:1|c\npage.views:2|c|@0.1\nload:7|g\nload:-2|g\nt-x:320|ms|@0.5\n")
        .unwrap();
    client
        .send(
            b"tagged:1:2|c|#zone:b,urgent|c:in-5\nsize:3|h|#le:1\nsize:3|d\nbad\nusers:1|s\n\
               sfx[zone=b,host=x]:2|c\nsfx[zone=b:2|c",
        )
        .unwrap();
    wait_for(&agent, 2);
    for (series, value) in [
        ("ns_page_views{env=\"prod\"}", 21.0),
        ("ns_load{env=\"prod\"}", 5.0),
        ("ns_t_x_bucket{env=\"prod\",le=\"0.25\"}", 0.0),
        ("ns_t_x_bucket{env=\"prod\",le=\"0.5\"}", 2.0),
        ("ns_t_x_sum{env=\"prod\"}", 0.64),
        ("ns_tagged{env=\"prod\",zone=\"b\"}", 3.0),
        ("ns_sfx{env=\"prod\",host=\"x\",zone=\"b\"}", 2.0),
        ("sysmetrics_statsd_lines_refused_total{reason=\"brackets\"}", 1.0),
        ("ns_size_bucket{env=\"prod\",le=\"4\"}", 1.0),
        ("ns_size_count{env=\"prod\"}", 1.0),
        ("sysmetrics_statsd_datagrams_total", 2.0),
        ("sysmetrics_statsd_lines_total", 12.0),
        ("sysmetrics_statsd_lines_refused_total{reason=\"line\"}", 1.0),
        ("sysmetrics_statsd_lines_refused_total{reason=\"set\"}", 1.0),
        ("sysmetrics_statsd_lines_refused_total{reason=\"label_name\"}", 1.0),
        ("sysmetrics_statsd_tags_refused_total", 1.0),
        ("sysmetrics_statsd_datagrams_dropped_total", 0.0),
    ] {
        assert_eq!(find(&agent, series), Some(value), "{series}");
    }
    // Said once, however many there are.
    agent.wait_for_log("statsd line refused", 1);
    assert_eq!(agent.lines_with("statsd line refused"), 1);
    assert_eq!(agent.lines_with("carry no token"), 0);
}

#[test]
fn without_an_address_nothing_is_received() {
    let agent = Agent::plan().machine("box").start();
    assert!(!agent.get("/metrics").text().contains("sysmetrics_statsd_"));
}

/// Scrapes are answered while datagrams come faster than they are taken, and what the kernel gave
/// is counted to the last line.
#[test]
fn a_flood_delays_no_scrape() {
    let agent = agent();
    let address = address(&agent);
    let over = AtomicBool::new(false);
    let datagram = "flood:1|c|#k:v\nflood.time:5|ms\n".repeat(20);
    let sent = std::thread::scope(|scope| {
        let flood = || {
            let client = client(&address);
            let mut sent = 0;
            while !over.load(Relaxed) {
                client.send(datagram.as_bytes()).unwrap();
                sent += 1;
            }
            sent
        };
        let floods = [scope.spawn(flood), scope.spawn(flood)];
        for _ in 0..30 {
            assert_eq!(agent.get("/metrics").status, 200);
        }
        wait_until("some of the flood", || of_statsd(&agent, "datagrams_total") > 1000);
        over.store(true, Relaxed);
        floods.map(|flood| flood.join().unwrap()).iter().sum()
    });
    wait_for(&agent, sent);
    let received = of_statsd(&agent, "datagrams_total") as f64;
    assert_eq!(of_statsd(&agent, "lines_total") as f64, 40.0 * received);
    assert_eq!(find(&agent, "flood{k=\"v\"}"), Some(20.0 * received));
    assert_eq!(find(&agent, "flood_time_count"), Some(20.0 * received));
}

/// The longest datagrams that there are, with as many series as there is room for.
#[test]
fn series_of_lines_are_bounded_like_pushed_ones() {
    let more = "[push]\nmax_series = 100\n";
    let agent = Agent::plan().machine("box").file(&file("127.0.0.1:0", more)).start();
    let client = client(&address(&agent));
    let lines: Vec<_> = (0..3000).map(|i| format!("many:1|c|#n:{i}")).collect();
    client.send(lines.join("\n").as_bytes()).unwrap();
    wait_for(&agent, 1);
    assert_eq!(find(&agent, "sysmetrics_push_series"), Some(100.0));
    assert_eq!(of_statsd(&agent, "lines_refused_total{reason=\"series\"}"), 2900);
}

#[test]
fn the_socket_stays_over_a_reload() {
    let agent = agent();
    let first = address(&agent);
    let one = client(&first);
    // Lines keep coming; none is lost, as it is the same socket.
    for round in 1..=5 {
        for _ in 0..20 {
            one.send(b"kept:1|c").unwrap();
        }
        agent.reload(&file("127.0.0.1:0", "[push]\nttl = \"1h\"\n"));
        one.send(b"kept:1|c").unwrap();
        agent.wait_for_log("settings reloaded", round);
    }
    wait_for(&agent, 105);
    assert_eq!(find(&agent, "kept"), Some(105.0));
    assert_eq!(agent.lines_with("receiving statsd lines"), 1);
    // An address that somebody else has: the old one stays.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other = taken.local_addr().unwrap().to_string();
    agent.reload(&file(&other, ""));
    agent.wait_for_log("settings not reloaded", 1);
    let log = agent.log();
    let line = log.iter().find(|line| line.contains("settings not reloaded")).unwrap();
    assert!(line.contains("statsd.listen") && line.contains(&other), "{line}");
    one.send(b"kept:1|c").unwrap();
    wait_for(&agent, 106);
    // Another one: what is known goes on, and the old one is free.
    drop(taken);
    agent.reload(&file(&other, ""));
    agent.wait_for_log("settings reloaded", 6);
    assert_eq!(address(&agent), other);
    client(&other).send(b"kept:1|c").unwrap();
    wait_for(&agent, 107);
    assert_eq!(find(&agent, "kept"), Some(107.0));
    UdpSocket::bind(&first).unwrap();
    // None.
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    agent.wait_for_log("settings reloaded", 7);
    UdpSocket::bind(&other).unwrap();
    assert!(!agent.get("/metrics").text().contains("sysmetrics_statsd_"));
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut agent = Agent::plan().machine("box").file(&file(&address, "")).spawn();
    assert_eq!(agent.wait().code(), Some(1));
    agent.wait_for_log("cannot go on", 1);
    let line = agent.log().pop().unwrap();
    assert!(line.contains("statsd.listen") && line.contains(&address), "{line}");
}

#[test]
fn listening_for_other_machines_is_warned_about() {
    let agent = Agent::plan().machine("box").file(&file("0.0.0.0:0", "")).start();
    assert_eq!(agent.lines_with("carry no token"), 1);
}

#[test]
fn real_clients_are_understood() {
    assert!(
        Path::new(PYTHON).exists(),
        "this test needs the Python packages statsd and datadog in {PYTHON}: .ci/install.sh"
    );
    let agent = agent();
    let address = address(&agent);
    let (host, port) = address.split_once(':').unwrap();
    let script = "tests/clients/statsd_clients.py";
    let done = Command::new(PYTHON).args([script, host, port]).status().unwrap();
    assert!(done.success());
    let tags = "{env=\"prod\",host=\"a.b\",team=\"x\"}";
    let dog = |name: &str| format!("dog_{name}{tags}");
    let team = |name: &str| format!("dog_{name}{{team=\"x\"}}");
    // The last that was sent.
    wait_until("the service check", || {
        of_statsd(&agent, "lines_refused_total{reason=\"service_check\"}") == 1
    });
    for (series, value) in [
        ("app_logins".to_owned(), 7.0),
        ("app_load".to_owned(), 50.0),
        ("app_below".to_owned(), -5.0),
        ("app_request_sum".to_owned(), 0.32),
        ("app_request_bucket{le=\"0.5\"}".to_owned(), 1.0),
        ("app_block_count".to_owned(), 1.0),
        ("app_piped".to_owned(), 2.0),
        ("app_piped_gauge".to_owned(), 0.5),
        ("app_piped_time_sum".to_owned(), 0.0125),
        (dog("views"), 2.0),
        (dog("load"), 2.5),
        (dog("size_sum"), 12.0),
        (team("spread_count"), 1.0),
        (team("time_sum"), 0.25),
    ] {
        assert_eq!(find(&agent, &series), Some(value), "{series}");
    }
    // A counter that goes down, sets, and the tag without a value.
    for (reason, count) in [("negative", 2), ("set", 2), ("event", 1), ("service_check", 1)] {
        let name = format!("lines_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(of_statsd(&agent, &name), count, "{reason}");
    }
    let refused = agent.get("/metrics").text().matches("statsd_lines_refused_total{").count();
    assert_eq!(refused, 4, "nothing else");
    assert!(of_statsd(&agent, "tags_refused_total") >= 4);
}
