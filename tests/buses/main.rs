//! systemd, logind, ModemManager and supervisord against peers: dbus-daemon with services of the test
//! (`services.py`, `modem.py`), a real supervisord, and a real node_exporter with the same peers. Debian's packages
//! dbus-daemon, python3-dbus, python3-gi and supervisor are required; without them these tests fail and say so.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // the same output, compared once
#![allow(unsafe_code)] // a service is stopped and goes on
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the peers

#[path = "../common/mod.rs"]
mod common;
mod support;

use common::{Agent, Exposition, Server, Temp, free_address, free_port, wait_until};
use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Bus, Running, services};

const PEER: &str = "target/peers/usr/bin/prometheus-node-exporter";

const ALL: [&str; 4] = [
    "--collector.systemd.enable-task-metrics",
    "--collector.systemd.enable-restarts-metrics",
    "--collector.systemd.enable-start-time-metrics",
    r"--collector.systemd.unit-exclude=.+\.(automount|device|scope|slice)",
];

const UNIT_EXCLUDE: &str =
    r"--collector.systemd.unit-exclude=.+\.(automount|device|mount|scope|slice)";

/// A page on which these collectors succeed. Right after the start a scrape waits for peers only a moment,
/// which under load may be too short.
fn complete_page(agent: &Agent, collectors: &[&str]) -> Exposition {
    let mut page = agent.scrape();
    wait_until("peers to have answered", || {
        let is_complete = collectors.iter().all(|name| page.success(name) == Some(true));
        if !is_complete {
            page = agent.scrape();
        }
        is_complete
    });
    page
}

/// Every sample of a collector, by series, and the type of every family.
type Page = (BTreeMap<String, f64>, BTreeMap<String, String>);

fn page(text: &str, prefix: &str) -> Page {
    let lines = || text.lines().filter(|line| line.contains(prefix));
    let types = lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let samples = lines().filter(|line| line.starts_with(prefix)).map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        // No value has a comma.
        let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').collect();
        labels.sort_unstable();
        (format!("{name}{labels:?}"), value.parse().unwrap())
    });
    let types = types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    (samples.collect(), types)
}

/// The same flags for a real node_exporter and for us bring the same.
fn compare(prefix: &str, flags: &[&str], bus: &str) -> usize {
    let address = free_address();
    let mut peer = Command::new(PEER);
    peer.arg("--collector.disable-defaults").args(flags);
    peer.arg(format!("--web.listen-address={address}")).env("DBUS_SYSTEM_BUS_ADDRESS", bus);
    let peer = Server::start(&mut peer, address, "/");
    let plan = Agent::plan().arg("--dialect=node_exporter").arg("--collector.disable-defaults");
    let plan = flags.iter().fold(plan, |plan, flag| plan.arg(*flag));
    let agent = plan.env("DBUS_SYSTEM_BUS_ADDRESS", bus).start();
    let theirs = peer.get("/metrics");
    let theirs = page(&theirs, prefix);
    let name = prefix.trim_start_matches("node_").trim_end_matches('_');
    let complete_page = format!("node_scrape_collector_success{{collector=\"{name}\"}} 1\n");
    let mut text = String::new();
    wait_until("the peer to have answered", || {
        text = agent.get("/metrics").text().to_owned();
        text.contains(&complete_page)
    });
    let ours = page(&text, prefix);
    let only = |these: &Page, others: &Page| {
        let samples = these.0.iter().filter(|(series, value)| others.0.get(*series) != Some(value));
        format!("{:?}", samples.take(5).collect::<Vec<_>>())
    };
    assert_eq!((only(&ours, &theirs), only(&theirs, &ours)), ("[]".into(), "[]".into()));
    assert_eq!(ours.1, theirs.1);
    ours.0.len()
}

#[test]
fn systemd_and_logind_are_shown_as_by_node_exporter() {
    let bus = Bus::start();
    let flags = [&["--collector.systemd"], &ALL[..]].concat();
    assert!(compare("node_systemd_", &flags, &bus.address) > 2500);
    // Upstream's default; Debian's build has another.
    let usual = ["--collector.systemd", UNIT_EXCLUDE];
    assert!(compare("node_systemd_", &usual, &bus.address) > 1500);
    let some = ["--collector.systemd", "--collector.systemd.unit-include=(dbus|many1).+"];
    assert!(compare("node_systemd_", &some, &bus.address) > 500);
    assert_eq!(compare("node_logind_", &["--collector.logind"], &bus.address), 2 * 7 * 5 * 3);
}

#[test]
fn our_own_names_stand_for_the_same() {
    let bus = Bus::start();
    let plan = Agent::plan().arg("--collector.systemd").arg("--collector.logind");
    let plan = plan.arg("--collector.systemd.enable-start-time-metrics");
    let agent = plan.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address).start();
    let page = complete_page(&agent, &["systemd", "logind"]);
    let value = |name: &str, labels| page.value(&["sysmetrics_", name].concat(), labels);
    assert_eq!(value("systemd_version", &[("version", "252.38-1~deb12u1")]), 252.38);
    assert_eq!(value("systemd_units", &[("state", "reloading")]), 1.0);
    let unit = &[("name", "dbus.service"), ("state", "active"), ("type", "notify")];
    assert_eq!(value("systemd_unit_state", unit), 1.0);
    let start = value("systemd_unit_start_time_seconds", &[("name", "dbus.service")]);
    assert_eq!(start, 1_700_000_000.123_456);
    let refused = &[("name", "dbus.socket")];
    assert_eq!(value("systemd_socket_refused_connections_total", refused), 6.0);
    let sessions = &[("seat", ""), ("remote", "true"), ("type", "tty"), ("class", "user")];
    assert_eq!(value("logind_sessions", sessions), 2.0);
    // No descriptor is kept, and no second thread is made.
    let (files, threads) = (agent.descriptors(), agent.status("Threads"));
    assert_eq!(threads, 3);
    agent.scrape();
    // A connection of the scrape before may have been open.
    wait_until("no new descriptor", || agent.descriptors().iter().all(|fd| files.contains(fd)));
    assert_eq!(agent.status("Threads"), threads);
}

#[test]
fn a_service_that_hangs_costs_its_collectors_and_only_for_as_long() {
    let bus = Bus::start();
    let plan = Agent::plan().arg("--collector.systemd").arg("--collector.logind");
    let plan =
        plan.arg("--collector.systemd.timeout=200ms").arg("--collector.logind.timeout=200ms");
    let agent = plan.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address).start();
    let good = |page: &Exposition| [page.success("systemd"), page.success("logind")];
    complete_page(&agent, &["systemd", "logind"]);
    bus.services.signal(libc::SIGSTOP);
    for _ in 0..3 {
        let start = Instant::now();
        let page = agent.scrape();
        assert_eq!(good(&page), [Some(false); 2]);
        assert!(!page.has("sysmetrics_systemd_") && page.has("sysmetrics_load1"));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert!(agent.lines_with("timed out") > 0, "{:?}", agent.log());
    bus.services.signal(libc::SIGCONT);
    wait_until("systemd and logind to be told again", || good(&agent.scrape()) == [Some(true); 2]);
    // Without a bus nothing is told, and the rest still is.
    drop(bus);
    let page = agent.scrape();
    assert_eq!(good(&page), [Some(false); 2]);
    assert!(page.has("sysmetrics_load1"));
}

#[test]
fn modems_are_shown_while_modemmanager_runs() {
    let bus = Bus::start();
    let plan = Agent::plan().arg("--collector.modemmanager");
    let plan = plan.arg("--collector.modemmanager.signal-interval=30s");
    let agent = plan.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address).start();
    assert!(!agent.scrape().has("sysmetrics_modem_"));
    let modem = services("tests/buses/modem.py", &bus.address);
    complete_page(&agent, &["modemmanager"]);
    // It was told to measure by the scrape before.
    let page = agent.scrape();
    let labels = [("port", "cdc-wdm0"), ("model", "EM7455")];
    let value = |name: &str, labels| page.value(&["sysmetrics_modem_", name].concat(), labels);
    assert_eq!(value("state", &labels), 11.0);
    assert_eq!(value("signal_quality_ratio", &labels), 0.57);
    assert_eq!(value("signal_interval_seconds", &labels), 30.0);
    assert_eq!(value("connections", &labels), 1.0);
    assert_eq!(value("receive_bytes_total", &labels), 0.0);
    assert_eq!(value("rsrp_dbm", &[&labels[..], &[("technology", "lte")]].concat()), -92.5);
    drop(modem);
    wait_until("the modem to be gone", || !agent.scrape().has("sysmetrics_modem_"));
    let lines = agent.lines_with("modemmanager");
    assert!(!agent.scrape().has("sysmetrics_modem_"));
    assert_eq!(agent.lines_with("modemmanager"), lines, "that is no fault: {:?}", agent.log());
}

/// Others wait for a scrape: it does not wait out the time of peers that never say a word.
#[test]
fn peers_that_keep_silent_from_the_start_do_not_hold_the_first_scrape() {
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (tcp, udp) = (tcp.unwrap(), udp.unwrap());
    let [web, ntp] = [tcp.local_addr(), udp.local_addr()].map(|at| at.unwrap().port());
    let plan = Agent::plan().arg("--collector.supervisord").arg("--collector.ntp");
    let plan = plan.arg("--collector.supervisord.timeout=30s").arg("--collector.ntp.timeout=30s");
    let plan = plan.arg(format!("--collector.supervisord.url=http://127.0.0.1:{web}/RPC2"));
    let agent = plan.arg(format!("--collector.ntp.server-port={ntp}")).start();
    for _ in 0..2 {
        let start = Instant::now();
        let page = agent.scrape();
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        let silent = ["supervisord", "ntp"].map(|name| page.success(name));
        assert_eq!(silent, [Some(false); 2]);
        assert!(page.has("sysmetrics_load1"));
    }
}

#[test]
fn supervisord_is_shown_as_by_node_exporter() {
    let dir = Temp::new();
    let port = free_port();
    let socket = dir.path("supervisor.sock").display().to_string();
    let text = include_str!("supervisord.conf");
    let text = text.replace("@DIR@", &dir.path("").display().to_string());
    let file = dir.write("supervisord.conf", text.replace("@PORT@", &port.to_string()));
    let mut command = Command::new("/usr/bin/supervisord");
    command.arg("--configuration").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    let supervisord = Running::start(&mut command);
    let url = format!("--collector.supervisord.url=unix://{socket}");
    let agent = Agent::plan().arg("--collector.supervisord").arg(&url).start();
    let state = |process| {
        let labels = &[("name", process), ("group", process)];
        agent.scrape().find("sysmetrics_supervisord_state", labels)
    };
    wait_until("processes to be where they stay", || {
        ["up", "done", "broken"].map(state) == [Some(20.0), Some(100.0), Some(200.0)]
    });
    let start = agent.scrape();
    let labels = &[("name", "up"), ("group", "up")];
    assert!(start.value("sysmetrics_supervisord_start_time_seconds", labels) > 1.7e9);
    let labels = &[("name", "done"), ("group", "done")];
    assert_eq!(start.value("sysmetrics_supervisord_exit_status", labels), 3.0);
    let tcp = format!("--collector.supervisord.url=http://user:pass@127.0.0.1:{port}/RPC2");
    for url in [&url, &tcp] {
        let flags = ["--collector.supervisord", url];
        assert_eq!(compare("node_supervisord_", &flags, ""), 7 * 3 + 4);
    }
    drop(supervisord);
    assert_eq!(agent.scrape().success("supervisord"), Some(false));
}
