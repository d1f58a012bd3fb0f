//! Receivers that answer 2xx, followed by something unreadable: the samples arrived, and are not sent again, not
//! counted as lost, and not given to the fallback.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "support/receiver.rs"]
#[allow(dead_code)] // not all of it is used here
mod receiver;

use common::{Agent, wait_until};
use receiver::receive;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

/// The series that counts frames: in the frame number n it is n.
const FRAMES: &str = "sysmetrics_export_frames_total";

/// Soon again, if it were tried again.
const OFTEN: &str = "interval_secs = \"500ms\"\ntimeout_secs = 30\nlong_timeout = true\n\
    retry = { max = 3, initial_ms = 10, max_ms = 10 }\n";

/// Exports of one agent, with one that is the fallback of the others.
const MOST: usize = 7;

/// A server that gives everyone the same answer and hangs up, and the requests that it received.
struct Odd {
    address: String,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Odd {
    fn start(answer: Vec<u8>) -> Odd {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let Some((_, body)) = receive(&mut stream) else { continue };
                all.lock().unwrap().push(body);
                // A client that has received enough hangs up.
                let stream = stream.get_mut();
                let _ = stream.write_all(&answer).and_then(|()| stream.shutdown(Shutdown::Write));
                let _ = stream.read(&mut [0]);
            }
        });
        Odd { address, received }
    }

    fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }
}

/// What may follow a status, and whether the head is there.
fn odd() -> Vec<(String, bool)> {
    let long = "x".repeat(300_000);
    let mut all: Vec<(String, bool)> =
        [" ", " Fine", " Fine\r\nContent-Len", " Fine\r\nContent-Length: 2\r\n"]
            .map(|text| (text.to_owned(), false))
            .into();
    all.push((format!(" {long}"), false));
    all.push((format!(" Fine\r\nSet-Cookie: {long}"), false));
    let heads = [
        "Content-Length: 2, 2\r\n\r\nok",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "Content-Length: many\r\n\r\n",
        "Content-Length: 20\r\n\r\nok",
        "Content-Length: 2\r\n\r\nok, and more than was said",
        "Content-Length : 2\r\n\r\nok",
        "X: a\r\n folded\r\n\tline\r\nContent-Length: 2\r\n\r\nok",
        "no colon\r\nContent-Length: 2\r\n\r\nok",
        "Content-Encoding: br\r\nContent-Length: 2\r\n\r\nok",
        "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
        "Transfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nok",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 300000\r\n\r\nx",
    ];
    all.extend(heads.map(|text| (format!(" Fine\r\nX: y\r\n{text}"), true)));
    all.push((format!(" Fine\r\nX: y\r\nSet-Cookie: {}\r\n\r\nok", "c".repeat(21_000)), true));
    all.push((format!(" Fine\r\n{}\r\n\r\n", ["X: y"; 500].join("\r\n")), true));
    all.push((format!(" Fine\r\nX: y\r\n\r\n{long}"), true));
    all
}

/// An odd server for each case: those of even number answer 200, the others 204, every third says
/// something before.
fn servers(header: &str) -> Vec<Odd> {
    let each = |(at, (rest, _)): (usize, (String, bool))| {
        let early = if at % 3 == 0 { "HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n" } else { "" };
        let status = if at % 2 == 0 { 200 } else { 204 };
        let rest = rest.replace("X: y\r\n", header);
        Odd::start(format!("{early}HTTP/1.1 {status}{rest}").into_bytes())
    };
    odd().into_iter().enumerate().map(each).collect()
}

/// Exports to all servers, each with a fallback.
fn start(servers: &[Odd], fallback: &Odd, kind: &str) -> Agent {
    let mut file = "[server]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (at, server) in servers.iter().enumerate() {
        file += &format!(
            "[[export]]\nname = \"out{at}\"\n{kind}\nendpoint = \"http://{}\"\n\
             include = [\"{FRAMES}\"]\nfallback = \"spare\"\n{OFTEN}",
            server.address
        );
    }
    file += &format!(
        "[[export]]\nname = \"spare\"\ntype = \"influx\"\ndatabase = \"d\"\n\
         endpoint = \"http://{}\"\ninterval_secs = \"1h\"\n",
        fallback.address
    );
    Agent::plan().machine("box").file(&file).start()
}

/// Exports so to all servers, and asserts that what was sent counts as arrived, once. The log of each
/// agent goes to `log`.
fn check_all(servers: &[Odd], kind: &str, log: impl Fn(&Agent)) {
    let fallback = Odd::start(b"HTTP/1.1 204 \r\n\r\n".to_vec());
    let odd = odd();
    let groups = || servers.chunks(MOST).zip(odd.chunks(MOST));
    let agents: Vec<_> = groups().map(|(servers, _)| start(servers, &fallback, kind)).collect();
    for (agent, (servers, odd)) in agents.iter().zip(groups()) {
        check(agent, servers, odd);
        log(agent);
    }
    // Its own frames, of which there is one for each agent.
    assert!(fallback.received().len() <= agents.len());
}

fn check(agent: &Agent, servers: &[Odd], odd: &[(String, bool)]) {
    wait_until("some frames to arrive everywhere", || {
        servers.iter().all(|server| server.received().len() >= 4)
    });
    let page = agent.scrape();
    for (at, (server, (rest, _))) in servers.iter().zip(odd).enumerate() {
        let name = format!("out{at}");
        let what = format!("{:.60}", rest);
        let metric = |what: &str| {
            page.find(&format!("sysmetrics_export_{what}"), &[("export", name.as_str())])
        };
        assert!(metric("success_total") >= Some(3.0), "{what}");
        // A frame counts the frames of each export.
        let each = (servers.len() + 1) as f64;
        assert_eq!(metric("samples_total"), metric("success_total").map(|n| n * each), "{what}");
        assert_eq!(
            (metric("retried_total"), metric("passed_frames_total")),
            (Some(0.0), Some(0.0))
        );
        for family in ["failure_total", "dropped_total"] {
            let family = page.family(&["sysmetrics_export_", family].concat());
            let of_it = family.into_iter().flat_map(|family| &family.samples);
            let mut of_it = of_it.filter(|s| s.labels.iter().any(|(_, v)| *v == name));
            assert!(of_it.all(|s| s.value == 0.0), "{what}");
        }
        // No request came a second time.
        let received = server.received();
        for (at, request) in received.iter().enumerate() {
            assert!(!received[..at].contains(request), "{what}");
        }
    }
}

#[test]
fn any_2xx_arrived() {
    check_all(&servers("X: y\r\n"), "type = \"influx\"\ndatabase = \"d\"", |_| ());
}

#[test]
fn any_2xx_of_otlp_arrived_and_what_cannot_be_read_is_noted() {
    for protocol in ["http/protobuf", "http/json"] {
        let kind = match protocol {
            "http/json" => "application/json",
            _ => "application/x-protobuf",
        };
        let servers = servers(&format!("Content-Type: {kind}\r\n"));
        let kind = format!("type = \"otlp\"\nprotocol = \"{protocol}\"\ntemporality = \"delta\"");
        check_all(&servers, &kind, |agent| {
            agent.wait_for_log("it took them; its answer cannot be read: ", 1);
        });
    }
}

#[test]
fn any_2xx_of_remote_write_arrived() {
    for (version, header) in
        [("1.0", "X: y\r\n"), ("2.0", "X-Prometheus-Remote-Write-Samples-Written: 99\r\n")]
    {
        let servers = servers(header);
        let kind = format!("type = \"remote_write\"\nversion = \"{version}\"");
        check_all(&servers, &kind, |_| ());
    }
}

#[test]
fn any_2xx_to_an_alert_arrived() {
    let servers = servers("X: y\r\n");
    let urls: Vec<_> = servers.iter().map(|s| format!("\"http://{}/\"", s.address)).collect();
    let (hooks, managers) = urls.split_at(urls.len() / 2);
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[alerting]\ninterval_secs = \"100ms\"\n\
         timeout_secs = \"500ms\"\nwebhook = [{}]\nalertmanager = [{}]\n\
         [[alerts]]\nname = \"Always\"\nexpr = 'sysmetrics_cpu_count > 0'\n",
        hooks.join(","),
        managers.join(",")
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    let sent = || {
        let page = agent.scrape();
        let family = page.family("sysmetrics_alert_notifications_total");
        family.map_or(0, |f| f.samples.iter().filter(|s| s.value == 1.0).count())
    };
    wait_until("all to be told", || sent() == servers.len());
    assert!(agent.scrape().family("sysmetrics_alert_notifications_failed_total").is_none());
    assert!(servers.iter().all(|server| server.received().len() == 1));
}

#[test]
fn any_other_status_decides_too() {
    // A refusal whose body breaks off is a refusal, with what was read of its words.
    let torn = "HTTP/1.1 400 Bad\r\nContent-Length: 900\r\n\r\nno such field";
    let refuses = Odd::start(torn.as_bytes().to_vec());
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ntype = \"influx\"\n\
         database = \"d\"\nendpoint = \"http://{}\"\ninclude = [\"{FRAMES}\"]\n{OFTEN}",
        refuses.address
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    agent.wait_for_log("it answers 400: no such field", 1);
    let labels = [("export", "out"), ("reason", "refused")];
    wait_until("refusals", || {
        agent.scrape().find("sysmetrics_export_dropped_total", &labels) >= Some(2.0)
    });
    assert_eq!(
        agent.scrape().find("sysmetrics_export_retried_total", &[("export", "out")]),
        Some(0.0)
    );
}
