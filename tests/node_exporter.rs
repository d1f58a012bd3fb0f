//! Series by series against a real node_exporter (Debian package `prometheus-node-exporter`, or the
//! program that NODE_EXPORTER names): the same names, labels and types, and values that lie between
//! two readings of the peer. What another release than `LIKE` does otherwise is listed here.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // the same output, compared once
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts the peer

mod common;

use common::{Agent, wait_until};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// The release that the dialect follows.
const LIKE: (u32, u32) = (1, 11);

const FLAGS: [&str; 5] = [
    "--collector.disable-defaults",
    "--collector.cpu",
    "--collector.meminfo",
    "--collector.diskstats",
    "--collector.netdev",
];

/// Name and labels, with the value; and the type of each family.
#[derive(Default)]
struct Reading {
    series: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Reading {
    fn of(text: &str) -> Reading {
        let mut reading = Reading::default();
        for line in text.lines().filter(|line| is_compared(line)) {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                let (name, kind) = typed.split_once(' ').unwrap();
                reading.types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                reading.series.insert(sorted(series), value.parse().unwrap());
            }
        }
        reading
    }
}

/// Only the collectors' families, and whether they succeeded.
fn is_compared(line: &str) -> bool {
    let name = line.trim_start_matches("# TYPE ");
    let subjects = ["cpu_", "memory_", "disk_", "network_", "scrape_collector_success"];
    name.strip_prefix("node_").is_some_and(|n| subjects.iter().any(|s| n.starts_with(s)))
}

/// The labels of a series in order: `name{a="1",b="2"}`.
fn sorted(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else { return series.to_owned() };
    let labels = labels.strip_suffix('}').unwrap();
    let mut labels: Vec<_> =
        labels.split_inclusive("\",").map(|l| l.trim_end_matches(',')).collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// Whether a release before `LIKE` is known to differ in this series.
fn is_known(series: &str, release: (u32, u32)) -> bool {
    if release >= LIKE {
        return false;
    }
    // Labels and devices that came or went; lines of meminfo that its library does not know any more.
    let dropped = "Balloon FileHugePages FilePmdMapped GPU Hugetlb KReclaimable SecPageTables \
        Unaccepted EarlyMemtestBad";
    series.starts_with("node_disk_info")
        || series.starts_with("node_cpu_online")
        || series.contains("device=\"zram")
        || series.contains("device=\"lo\"")
        || dropped.split(' ').any(|name| series.starts_with(&format!("node_memory_{name}")))
}

struct Peer {
    child: Child,
    address: String,
    release: (u32, u32),
}

impl Peer {
    fn start() -> Peer {
        let name = std::env::var("NODE_EXPORTER");
        let name = name.unwrap_or_else(|_| "prometheus-node-exporter".to_owned());
        let version = Command::new(&name).arg("--version").output().unwrap_or_else(|e| {
            panic!("{name}: {e}; this test needs it: apt-get install prometheus-node-exporter")
        });
        let version = String::from_utf8([version.stdout, version.stderr].concat()).unwrap();
        let number = version.split("version ").nth(1).unwrap();
        let mut numbers = number.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap());
        let release = (numbers.next().unwrap(), numbers.next().unwrap());
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(&name);
        command.args(FLAGS).arg(format!("--web.listen-address={free}")).stderr(Stdio::null());
        let peer = Peer { child: command.spawn().unwrap(), address: free.to_string(), release };
        wait_until("node_exporter", || TcpStream::connect(&peer.address).is_ok());
        peer
    }

    fn read(&self) -> Reading {
        // HTTP/1.0: no chunks, and the end of the connection is the end of the answer.
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        Reading::of(&answer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_series_is_there_and_no_other() {
    let peer = Peer::start();
    let mut plan = Agent::plan().arg("--dialect=node_exporter");
    for flag in FLAGS {
        plan = plan.arg(flag);
    }
    let agent = plan.start();
    let before = peer.read();
    let ours = Reading::of(agent.get("/metrics").text());
    let after = peer.read();
    let mut wrong = Vec::new();
    for (series, low) in before.series.iter().filter(|(s, _)| !is_known(s, peer.release)) {
        let high = after.series.get(series).unwrap_or(low);
        let slack = 0.02 * high.abs().max(low.abs()) + 1.5;
        match ours.series.get(series) {
            None => wrong.push(format!("absent: {series}")),
            Some(value) if (low.min(*high) - slack..=low.max(*high) + slack).contains(value) => {}
            Some(value) => wrong.push(format!("{series}: {value}, there {low} to {high}")),
        }
    }
    let others = ours.series.keys().filter(|s| !before.series.contains_key(*s));
    wrong.extend(others.filter(|s| !is_known(s, peer.release)).map(|s| format!("too many: {s}")));
    for (name, kind) in &before.types {
        if ours.types.get(name).is_some_and(|ours| ours != kind) {
            wrong.push(format!("{name} is a {kind} there"));
        }
    }
    assert!(before.series.len() > 50, "the peer told next to nothing");
    assert_eq!(wrong, [""; 0], "node_exporter {:?}", peer.release);
}
