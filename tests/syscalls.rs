//! System calls of a scrape on a kept connection: the reads, and three others.
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

/// Names of all calls that have returned, in order. The line of another begins before it does anything.
#[cfg(feature = "hub")]
fn calls(trace: &Path) -> Vec<String> {
    let text = fs::read_to_string(trace).unwrap_or_default();
    let returned = text.lines().filter(|line| line.contains(") = "));
    returned.filter_map(call).map(str::to_owned).collect()
}

/// The calls between two answers, in order, as the trace has them.
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
    let text = fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| call(line).is_some()).collect();
    let sends: Vec<usize> = (0..lines.len()).filter(|i| is_answer(lines[*i])).collect();
    assert_eq!(sends.len(), 5, "an answer is one send: {text}");
    lines[sends[3] + 1..=sends[4]].iter().map(|line| (*line).to_owned()).collect()
}

/// `1234  pread64(5, "…` → `pread64`.
fn call(line: &str) -> Option<&str> {
    let (_pid, rest) = line.split_once(' ')?;
    Some(rest.trim_start().split_once('(')?.0)
}

fn is_answer(line: &str) -> bool {
    matches!(call(line), Some("sendto" | "send")) && line.contains("\"HTTP/1.1 200")
}

/// What reads, and what asks the kernel without a file.
fn is_read(call: &str) -> bool {
    // The process' own CPU time and the number of its open files are read in this way.
    matches!(
        call,
        "pread64"
            | "clock_gettime"
            | "clock_gettime64"
            | "fstat"
            | "statx"
            | "newfstatat"
            | "statfs"
            | "uname"
            | "adjtimex"
    )
}

/// A directory of sysfs is listed anew at every scrape.
fn is_listing(call: &str) -> bool {
    // A debug build looks whether what it closes is open.
    matches!(call, "lseek" | "getdents64" | "fcntl")
}

#[test]
fn a_scrape_costs_its_reads_and_three_calls() {
    let lines = calls_of_a_scrape();
    let of = |is: &dyn Fn(&str) -> bool| lines.iter().filter(|l| is(call(l).unwrap())).count();
    // What this kernel does not have is looked for once more: it may come.
    let absent = lines.iter().filter(|l| l.contains("openat(") && l.contains("= -1 ENO"));
    let (absent, from_kernel) =
        (absent.count(), lines.iter().filter(|l| l.contains("RTM_GETLINK")));
    assert_eq!(from_kernel.count(), 1, "one dump of the interfaces: {lines:#?}");
    let parts = lines.iter().filter(|l| l.contains("NLMSG_DONE") || l.contains("RTM_NEWLINK"));
    let parts = parts.filter(|l| l.contains("recvfrom(")).count();
    let mount_polls =
        lines.iter().filter(|l| l.contains("poll(") && l.contains("events=POLLPRI")).count();
    assert_eq!(mount_polls, 1, "whether a mount came or went: {lines:#?}");
    // Directories that have nothing to read at every scrape are not kept open.
    let opened = lines.iter().filter(|l| l.contains("openat(") && !l.contains("= -1 ")).count();
    assert_eq!(of(&|call| call == "close"), opened, "{lines:#?}");
    assert!(opened <= 20, "{lines:#?}");
    let listed = of(&is_listing) + 2 * opened;
    let others = lines.len() - of(&is_read) - listed - absent - 1 - parts - mount_polls;
    assert_eq!(others, 3, "poll, recvfrom and sendto of the answer: {lines:#?}");
    for name in ["poll", "sendto", "recvfrom"] {
        let own = match name {
            "poll" => mount_polls,
            "sendto" => 1,
            _ => parts,
        };
        assert_eq!(of(&|call| call == name) - own, 1, "{name}: {lines:#?}");
    }
    // Those files that come record by record are read until nothing comes, which on a box with many
    // devices takes more.
    let reads = of(&|call| call == "pread64");
    assert!((20..80).contains(&reads), "{reads}: {lines:#?}");
    assert!(of(&is_listing) <= 5 * 6, "six directories at most: {lines:#?}");
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
