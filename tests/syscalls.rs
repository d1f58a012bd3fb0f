//! What a scrape on a kept connection asks of the kernel: the reads, and three calls besides.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // counts the poll loop's calls
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::agent::Plan;
use common::{Agent, Temp};
use std::fs;
use std::path::Path;

/// The agent under strace, which writes to `trace`.
fn traced(plan: Plan, trace: &Path) -> Agent {
    // -D: strace is the grandchild, so that the child is the agent.
    let line = format!("exec strace -D -f -qq -o {} \"$@\"", trace.display());
    assert!(
        fs::metadata("/usr/bin/strace").is_ok(),
        "this test needs strace: apt-get install strace"
    );
    plan.shell(&line).start()
}

/// Names of all calls so far, in order.
fn calls(trace: &Path) -> Vec<String> {
    let text = fs::read_to_string(trace).unwrap_or_default();
    text.lines().filter_map(call).map(str::to_owned).collect()
}

/// Names of the calls between two answers, in order.
fn calls_of_a_scrape() -> Vec<String> {
    let dir = Temp::new();
    let trace = dir.path("trace");
    let mut agent = traced(Agent::plan(), &trace);
    let mut client = agent.connect();
    for _ in 0..5 {
        assert_eq!(client.get("/metrics").status, 200);
    }
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    common::wait_until("the end of the trace", || {
        fs::read_to_string(&trace).unwrap_or_default().contains("exit_group(0)")
    });
    let calls = calls(&trace);
    let sends: Vec<usize> = (0..calls.len()).filter(|i| is_send(&calls[*i])).collect();
    assert_eq!(sends.len(), 5, "an answer is one send: {calls:?}");
    calls[sends[3] + 1..=sends[4]].to_vec()
}

/// `1234  pread64(5, "…` → `pread64`.
fn call(line: &str) -> Option<&str> {
    let (_pid, rest) = line.split_once(' ')?;
    Some(rest.trim_start().split_once('(')?.0)
}

fn is_send(call: &str) -> bool {
    matches!(call, "sendto" | "send")
}

fn is_read(call: &str) -> bool {
    // The process' own CPU time and the number of its open files are read in this way.
    matches!(
        call,
        "pread64" | "clock_gettime" | "clock_gettime64" | "fstat" | "statx" | "newfstatat"
    )
}

#[test]
fn a_scrape_costs_its_reads_and_three_calls() {
    let calls = calls_of_a_scrape();
    println!("{calls:#?}");
    let others: Vec<&str> = calls.iter().map(String::as_str).filter(|c| !is_read(c)).collect();
    assert_eq!(others, ["poll", "recvfrom", "sendto"], "{calls:?}");
    let reads = calls.iter().filter(|call| *call == "pread64").count();
    // stat, meminfo, diskstats, net/dev and statm; those that come record by record until nothing
    // comes, which on a box with many devices takes more.
    assert!((5..40).contains(&reads), "{calls:?}");
    assert_eq!(calls.len() - others.len() - reads, 2, "the clock and the descriptors: {calls:?}");
}

/// Datagrams that come one by one.
#[cfg(feature = "hub")]
#[test]
fn a_statsd_datagram_costs_one_call_besides_poll() {
    let dir = Temp::new();
    let trace = dir.path("trace");
    let plan = Agent::plan().set("statsd.listen", "127.0.0.1:0");
    let agent = traced(plan, &trace);
    let log = agent.log();
    let line = log.iter().find(|line| line.contains("receiving statsd lines")).unwrap();
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(line.rsplit_once("listen=").unwrap().1).unwrap();
    let taken = || calls(&trace).iter().filter(|call| *call == "recvmmsg").count();
    for count in 1..=5 {
        client.send(b"single:1|c").unwrap();
        common::wait_until("the datagram to be taken", || taken() == count);
    }
    let calls = calls(&trace);
    let first = calls.iter().position(|call| call == "recvmmsg").unwrap();
    let expected = ["recvmmsg", "poll"].iter().cycle();
    assert!(calls.iter().skip(first).eq(expected.take(calls.len() - first)), "{calls:?}");
}
