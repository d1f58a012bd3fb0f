//! Series by series against a real node_exporter, all collectors, with the same flags: on stored machines the same
//! names, labels, types and values; on this machine values between two readings of the peer. Intended differences
//! are in `DIFFERENCES`. The peer is the release in `target/peers` (`.ci/peers.sh`), or the program that
//! NODE_EXPORTER names.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // the same output, compared once
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts the peer

mod common;

use common::{Agent, Server, free_address};
use std::collections::BTreeMap;
use std::process::Command;
use sysmetrics::kernel::collect::COLLECTORS;

/// The release that the dialect follows; an older one differs in more than is listed.
const LIKE: &str = "version 1.11";

const PEER: &str = "target/peers/usr/bin/prometheus-node-exporter";

/// Upstream's default; Debian's build has another.
const MOUNT_POINTS: &str = "--collector.filesystem.mount-points-exclude=\
    ^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";

/// What stored machines are asked besides.
const MORE: [&str; 5] = [
    "--collector.stat.softirq",
    "--collector.netstat.fields=.",
    "--collector.vmstat.fields=.",
    "--collector.diskstats.device-exclude=^$",
    "--collector.filesystem.fs-types-exclude=^$",
];

/// Of themselves and of their scrape, not of the machine.
const NOT_COMPARED: [&str; 2] =
    ["node_exporter_build_info", "node_scrape_collector_duration_seconds"];

/// How often both are read: a value that moves both ways lies between two readings of the peer in one
/// of the rounds, if not in each.
const ROUNDS: usize = 12;

/// What differs on purpose.
struct Difference {
    /// A stored machine; any place if empty, where it need not differ.
    place: &'static str,
    /// Part of the series.
    series: &'static str,
    reason: &'static str,
}

#[rustfmt::skip] // a table
const DIFFERENCES: &[Difference] = &[
    differs("", "node_filesystem_readonly{", "1.11 joins options without a comma and then finds no ro; mended in 1.12"),
    differs("", "node_disk_info{", "1.11 says rotational=0 of a queue that lacks one of thirty files; mended in 1.12"),
    differs("", "node_procs_running", "of an instant: on a busy machine no round may find it between"),
    differs("box", "chip=\"platform_nct6775_656", "two chips of one device: told apart as 1.12 does"),
    differs("", "collector_success{collector=\"ksmd\"}", "without KSM there is nothing to fail"),
    differs("box", "node_edac_channel_", "came with 1.12"),
    differs("box", "node_cpu_frequency_avg_hertz", "came with 1.12"),
    differs("", "node_ksmd_general_profit_bytes", "came after 1.12"),
    differs("box", "node_drm_card_info", "a label without a text is as none; here all cards have the same keys"),
    differs("box", "node_btrfs_global_rsv_size_bytes", "not all files of a block group are stored; the peer then has 0"),
    differs("old", "device=\"sda2\"", "the peer skips rows of four columns, partitions before 2.6.25"),
    differs("old", "node_cpu_guest_seconds_total", "this kernel has no column guest_nice: no 0 is shown"),
    differs("old", "collector_success{collector=\"cpufreq\"}", "the peer needs cpu/offline; here nothing is absent"),
];

const fn differs(place: &'static str, series: &'static str, reason: &'static str) -> Difference {
    Difference { place, series, reason }
}

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
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let twice = reading.series.insert(sorted(series), value.parse().unwrap());
                assert!(twice.is_none(), "{series} twice");
            }
        }
        reading
    }
}

fn is_compared(line: &str) -> bool {
    let name = line.strip_prefix("# TYPE ").unwrap_or(line);
    name.starts_with("node_") && !NOT_COMPARED.iter().any(|other| name.starts_with(other))
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

fn start_peer(flags: &[String]) -> Server {
    let name = std::env::var("NODE_EXPORTER").unwrap_or_else(|_| PEER.to_owned());
    let version = Command::new(&name).arg("--version").output();
    let version =
        version.unwrap_or_else(|e| panic!("{name}: {e}; this test needs it: run .ci/peers.sh"));
    let version = String::from_utf8([version.stdout, version.stderr].concat()).unwrap();
    assert!(version.contains(LIKE), "{name} is not {LIKE}: {version}");
    let address = free_address();
    let mut command = Command::new(&name);
    command.args(flags).arg(format!("--web.listen-address={address}"));
    Server::start(&mut command, address, "/")
}

/// Collectors of which the peer asks the running kernel wherever the files are, or that want links where a
/// stored machine has directories (one of them before the peer starts), or all files where it has some.
const NOT_STORED: [&str; 11] = [
    "ethtool",
    "infiniband",
    "mdadm",
    "mountstats",
    "network_route",
    "pcidevice",
    "processes",
    "qdisc",
    "rapl",
    "tcpstat",
    "wifi",
];

/// Collectors that tell something else to each who asks: counts since the program started, and how a
/// question fared.
const NEVER_THE_SAME: [&str; 2] = ["ntp", "perf"];

/// Collectors that came with 1.12.
const LATER: [&str; 2] = ["dmmultipath", "nvmesubsystem"];

/// Both programs with all collectors but `except`, and `more` flags.
fn start(more: &[String], except: &[&str]) -> (Server, Agent) {
    let names = COLLECTORS.iter().map(|spec| spec.subject.node_name);
    let left_out = [except, &NEVER_THE_SAME, &LATER].concat();
    let is_left_out = |name: &&str| name.is_empty() || left_out.contains(name);
    let names = names.filter(|name| !is_left_out(name));
    let names = names.map(|name| format!("--collector.{name}"));
    let flags = ["--collector.disable-defaults".to_owned(), MOUNT_POINTS.to_owned()];
    let flags: Vec<_> = flags.into_iter().chain(names).chain(more.iter().cloned()).collect();
    let plan = Agent::plan().arg("--dialect=node_exporter");
    let agent = flags.iter().fold(plan, |plan, flag| plan.arg(flag)).start();
    (start_peer(&flags), agent)
}

/// What is wrong with our page in every round; each lies between two of the peer's.
fn compare((peer, agent): (Server, Agent)) -> BTreeMap<String, String> {
    let round = || {
        let (before, ours) =
            (Reading::of(&peer.get("/metrics")), Reading::of(agent.get("/metrics").text()));
        wrong_with(&ours, &before, &Reading::of(&peer.get("/metrics")))
    };
    let first = round();
    (1..ROUNDS).map(|_| round()).fold(first, |mut wrong, of_round| {
        wrong.retain(|series, _| of_round.contains_key(series));
        wrong
    })
}

fn wrong_with(ours: &Reading, before: &Reading, after: &Reading) -> BTreeMap<String, String> {
    assert!(before.series.len() > 50, "the peer told next to nothing");
    let mut wrong = BTreeMap::new();
    for (series, low) in &before.series {
        let Some(high) = after.series.get(series) else { continue };
        let size = high.abs().max(low.abs());
        // The peer computes in floats.
        let slack = 1e-15 * size;
        let what = match ours.series.get(series) {
            None => "absent".to_owned(),
            Some(value) if (low.min(*high) - slack..=low.max(*high) + slack).contains(value) => {
                continue;
            }
            Some(value) if value.is_nan() && low.is_nan() => continue,
            Some(value) => format!("{value}, there {low} to {high}"),
        };
        wrong.insert(series.clone(), what);
    }
    for series in ours.series.keys() {
        if !before.series.contains_key(series) && !after.series.contains_key(series) {
            wrong.insert(series.clone(), "too many".to_owned());
        }
    }
    for (name, kind) in &before.types {
        if ours.types.get(name).is_some_and(|ours| ours != kind) {
            wrong.insert(name.clone(), format!("a {} is a {kind} there", ours.types[name]));
        }
    }
    wrong
}

/// Fails unless what is wrong is listed, and what is listed is wrong.
fn judge(place: &str, mut wrong: BTreeMap<String, String>) {
    for row in DIFFERENCES.iter().filter(|row| [place, ""].contains(&row.place)) {
        let count = wrong.len();
        wrong.retain(|series, _| !series.contains(row.series));
        let is_used = wrong.len() < count || row.place.is_empty();
        assert!(is_used, "{place}: {} is the same ({})", row.series, row.reason);
    }
    let wrong: Vec<_> = wrong.iter().map(|(series, what)| format!("{series}: {what}")).collect();
    assert!(wrong.is_empty(), "{place}:\n{}", wrong.join("\n"));
}

#[test]
fn on_this_machine() {
    let flags = ["--collector.netdev.address-info".to_owned()];
    judge("this machine", compare(start(&flags, &[])));
}

#[test]
fn on_stored_machines() {
    for place in ["box", "single", "many", "hotplug-before", "old"] {
        let tree = format!("{}/fixtures/{place}", env!("CARGO_MANIFEST_DIR"));
        let trees = ["procfs=/proc", "sysfs=/sys", "udev.data=/udev/data", "rootfs=/"];
        let path = |path: &&str| format!("--path.{}", path.replace('=', &format!("={tree}")));
        let mut flags: Vec<_> = trees.iter().map(path).collect();
        // It tells of the running kernel, wherever the files are.
        flags.extend(["netdev", "arp"].map(|name| format!("--no-collector.{name}.netlink")));
        flags.extend(MORE.map(str::to_owned));
        judge(place, compare(start(&flags, &NOT_STORED)));
    }
}
