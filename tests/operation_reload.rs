//! SIGHUP: the settings are read again; if they are invalid, the old ones stay in effect.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Exposition, Format};

/// A receiver that hangs holds its own thread, however often the settings change meanwhile.
#[cfg(feature = "hub")]
#[cfg(not(feature = "tiny_http"))] // the reference front sends nothing
#[test]
fn five_hundred_reloads_leave_no_more_threads_than_one() {
    let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = receiver.local_addr().unwrap();
    let with = |path: usize| {
        file(&format!(
            "[[export]]\ntype = \"influx\"\nname = \"a\"\nendpoint = \"http://{endpoint}/{path}\"\n\
             database = \"d\"\ninterval_secs = 3600\ntimeout_secs = 1000\n"
        ))
    };
    let agent = Agent::plan().machine("old").file(&with(0)).start();
    // It has the first frame, and does not answer.
    let _first = receiver.accept().unwrap();
    agent.reload(&with(1));
    agent.wait_for_log("settings reloaded", 1);
    let after_one = agent.threads();
    for count in 2..=500 {
        agent.reload(&with(count));
        agent.wait_for_log("settings reloaded", count);
    }
    assert_eq!(agent.threads(), after_one);
    assert_eq!(agent.get("/health").status, 200);
}

/// The file that the harness writes first, with more behind it.
fn file(more: &str) -> String {
    format!("[server]\nlisten = \"127.0.0.1:0\"\n{more}")
}

fn reloaded(agent: &Agent, file: &str) {
    let before = agent.lines_with("settings reloaded");
    agent.reload(file);
    agent.wait_for_log("settings reloaded", before + 1);
}

#[test]
fn changed_settings_take_effect_and_connections_survive() {
    let agent = Agent::plan().machine("box").start();
    let address = agent.address();
    let mut client = agent.connect();
    assert_eq!(client.get("/metrics").status, 200);
    let more = "metrics_path = \"/m\"\n[metrics]\ndialect = \"node_exporter\"\n\
                [collectors]\ncpu = false\n";
    reloaded(&agent, &file(more));
    let answer = client.get("/m");
    let metrics = Exposition::parse(answer.text(), Format::Prometheus);
    assert!(metrics.has("node_memory_") && !metrics.has("node_cpu_seconds"));
    assert_eq!(client.get("/metrics").status, 404);
    // What was not said anew is as by default again.
    reloaded(&agent, &file(""));
    let answer = client.get("/metrics");
    let metrics = Exposition::parse(answer.text(), Format::Prometheus);
    assert!(metrics.collectors().starts_with(&["cpu", "memory", "disk", "network"]));
    assert_eq!(agent.address(), address, "the listener stays what it was");
}

/// A new set of settings is not a new process: no counter starts anew.
#[test]
fn what_was_counted_goes_on() {
    let agent = Agent::plan().machine("hostile").start();
    let shown = || {
        let metrics = agent.scrape();
        let of = |name: &str| metrics.value(name, &[]);
        let errors = [("collector", "cpu")];
        [
            of("process_start_time_seconds"),
            metrics.value("sysmetrics_collector_errors_total", &errors),
            of("sysmetrics_scrape_duration_seconds_total"),
        ]
    };
    let before = shown();
    assert!(before[1] > 0.0);
    reloaded(&agent, &file("[collectors]\nmemory = false\n"));
    let after = shown();
    assert_eq!(after[0], before[0], "the process did not start again");
    assert_eq!(after[1], 2.0 * before[1]);
    assert!(after[2] > before[2]);
}

#[test]
fn a_half_sent_request_survives() {
    let agent = Agent::start();
    let mut client = agent.connect();
    client.send("GET /health HTTP/1.1\r\nHo");
    reloaded(&agent, &file("max_head_bytes = 1024\n"));
    assert_eq!(client.send("st: a\r\n\r\n").answer().text(), "ok\n");
}

#[test]
fn invalid_settings_are_refused_and_logged() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for (count, bad) in [
        file("max_connections = \"many\"\n"),
        file("[metrics\n"),
        file("[colectors]\ncpu = false\n"),
        "\u{0}".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        agent.reload(bad);
        agent.wait_for_log("settings not reloaded", count + 1);
        assert_eq!(client.get("/metrics").status, 200);
        assert_eq!(agent.get("/metrics").status, 200, "and newcomers are served");
    }
    let log = agent.log();
    let line = log.iter().find(|line| line.contains("max_connections")).unwrap();
    assert!(line.contains(" error settings not reloaded, the old ones stay"), "{line}");
    reloaded(&agent, &file(""));
}

/// However many mistakes there are, the log tells the first of them.
#[test]
fn a_long_refusal_is_cut_and_not_left_out() {
    let agent = Agent::start();
    let name = "\u{1f980}".repeat(60);
    let keys: String = (0..20).map(|n| format!("'{n}{name}' = 1\n")).collect();
    agent.reload(&file(&keys));
    agent.wait_for_log("unknown key \\\"0\u{1f980}", 1);
}

/// tiny_http cannot give an address up.
#[cfg(not(feature = "tiny_http"))]
mod addresses {
    use super::*;
    use common::{Client, Temp, get};
    use std::net::TcpListener;

    #[test]
    fn a_changed_address_is_listened_on_and_the_old_one_is_not() {
        let dir = Temp::new();
        let unix = format!("unix:{}", dir.path("a.sock").display());
        let agent = Agent::plan().without_landlock().start();
        let old = agent.address();
        let mut client = agent.connect();
        reloaded(&agent, &format!("[server]\nlisten = [\"[::1]:0\", \"{unix}\"]\n"));
        assert!(Client::try_connect(&old).is_err());
        assert_eq!(client.get("/health").text(), "ok\n", "who is connected stays");
        let addresses = agent.addresses();
        let [.., ipv6, socket] = &addresses[..] else { panic!("{addresses:?}") };
        assert_eq!((get(ipv6, "/health").status, get(socket, "/health").status), (200, 200));
        reloaded(&agent, &file(""));
        assert!(!dir.path("a.sock").exists());
        assert_eq!(agent.get("/health").status, 200);
    }

    #[test]
    fn an_address_that_is_taken_is_refused() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let wanted = taken.local_addr().unwrap();
        let agent = Agent::plan().without_landlock().start();
        let old = agent.address();
        agent.reload(&format!("[server]\nlisten = [\"127.0.0.2:0\", \"{wanted}\"]\n"));
        agent.wait_for_log("settings not reloaded", 1);
        agent.wait_for_log(&wanted.to_string(), 1);
        assert_eq!(get(&old, "/health").status, 200);
    }

    /// From every address to one of them, at the same port, and back.
    #[test]
    fn a_narrower_address_may_take_over_the_port() {
        let all = Agent::plan().file("[server]\nlisten = \"0.0.0.0:0\"\n").start();
        let port = all.address().rsplit_once(':').unwrap().1.to_owned();
        drop(all);
        let listen = |host: &str| format!("[server]\nlisten = \"{host}:{port}\"\n");
        let agent = Agent::plan().file(&listen("0.0.0.0")).start();
        reloaded(&agent, &listen("127.0.0.1"));
        assert_eq!(get(&format!("127.0.0.1:{port}"), "/health").status, 200);
        assert!(Client::try_connect(&format!("127.0.0.2:{port}")).is_err());
        reloaded(&agent, &listen(""));
        assert_eq!(get(&format!("127.0.0.2:{port}"), "/health").status, 200);
        // A change that fails half way leaves the old address open again.
        let taken = TcpListener::bind("127.0.0.3:0").unwrap();
        let taken_address = taken.local_addr().unwrap();
        let both = format!("[server]\nlisten = [\"127.0.0.1:{port}\", \"{taken_address}\"]\n");
        agent.reload(&both);
        agent.wait_for_log("settings not reloaded", 1);
        assert_eq!(get(&format!("127.0.0.2:{port}"), "/health").status, 200);
        assert_eq!(get(&format!("[::1]:{port}"), "/health").status, 200);
    }
}
