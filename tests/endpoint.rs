//! The endpoint of a library, over real sockets: its responses, allowed clients, bounds, and its end.
#![cfg(feature = "recorder")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Client, Exposition, Format, Temp, get, get_with};
use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use sysmetrics::base::address::Listen;
use sysmetrics::model::metric::{Labels, Point, Sink, Unit, Value, counter};
use sysmetrics::outputs::expose::Text;
use sysmetrics::recorder::serve::{Endpoint, Network, Page, Serving};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PREFERS_OPEN_METRICS: &str =
    "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n";

fn local() -> Listen {
    Listen::from(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// So many series of one counter, which counts its own pages.
fn page(series: usize) -> Page {
    let pages = AtomicU64::new(0);
    Box::new(move |out: &mut Text<'_>| {
        let count = Value::Int(pages.fetch_add(1, Relaxed) + 1);
        out.family(&counter("app_pages_total", Unit::One, "Pages.", &[]).unprefixed());
        for i in 0..series {
            let labels = format!("series=\"{i}\"");
            out.labelled(Labels::rendered(labels.as_bytes()), Point::Number(count), None);
        }
    })
}

fn serve(allowed: &[&str], series: usize) -> (Serving, String) {
    let allowed: Vec<Network> = allowed.iter().map(|text| text.parse().unwrap()).collect();
    let endpoint = Endpoint::bind(&[local()], allowed, page(series)).unwrap();
    let serving = endpoint.with_openmetrics(true).start().unwrap();
    let address = serving.addresses()[0].clone();
    (serving, address)
}

/// Whatever a scraper prefers: recording rules written for the text's names keep matching.
#[test]
fn without_openmetrics_every_answer_is_text() {
    let serving = Endpoint::bind(&[local()], Vec::new(), page(1)).unwrap().start().unwrap();
    for accept in ["", PREFERS_OPEN_METRICS, "Accept: application/openmetrics-text\r\n"] {
        let answer = get_with(&serving.addresses()[0], "/metrics", accept);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some(TEXT)), "{accept}");
        Exposition::parse(answer.text(), Format::Prometheus);
    }
}

#[test]
fn every_path_serves_the_requested_format() {
    let (_serving, address) = serve(&[], 1);
    for (at, path) in ["/metrics", "/", "/any/where?x=y"].iter().enumerate() {
        let answer = get(&address, path);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some(TEXT)));
        let page = Exposition::parse(answer.text(), Format::Prometheus);
        assert_eq!(page.value("app_pages_total", &[("series", "0")]), at as f64 + 1.0);
    }
    let answer = get_with(&address, "/metrics", PREFERS_OPEN_METRICS);
    assert_eq!(answer.header("Content-Type"), Some(OPEN_METRICS));
    assert_eq!(answer.header("Vary"), Some("Accept, Accept-Encoding"));
    assert_eq!(Exposition::parse(answer.text(), Format::OpenMetrics).samples().count(), 1);
    let health = get(&address, "/health");
    assert_eq!((health.status, health.text()), (200, "OK"));
}

#[test]
fn head_and_others_on_a_connection_that_stays() {
    let (_serving, address) = serve(&[], 1);
    let mut client = Client::connect(&address);
    let length = client.get("/metrics").body.len().to_string();
    let head = client.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!((head.status, head.header("Content-Length")), (200, Some(&*length)));
    let post =
        client.send("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
    let post = post.answer();
    post.sentence(405);
    assert_eq!(post.header("Allow"), Some("GET, HEAD"));
    // Two at once, and the body of the one before was skipped.
    client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().text(), "OK");
    assert!(client.answer().text().ends_with("app_pages_total{series=\"0\"} 3\n"));
    client.send("nonsense\r\n\r\n").answer().sentence(400);
    client.assert_end();
}

#[test]
fn gzip_is_for_those_who_like_it_where_it_is_built_in() {
    let (_serving, address) = serve(&[], 1000);
    let answer = get_with(&address, "/metrics", "Accept-Encoding: gzip\r\n");
    #[cfg(feature = "gzip")]
    assert_eq!(answer.inflated().lines().count(), 1002);
    #[cfg(not(feature = "gzip"))]
    {
        assert_eq!(answer.header("Content-Encoding"), None);
        assert_eq!(answer.text().lines().count(), 1002);
    }
}

#[test]
fn who_is_on_no_allowed_network_gets_403() {
    let (_serving, address) = serve(&["10.0.0.0/8", "::1"], 1);
    let mut client = Client::connect(&address);
    for path in ["/metrics", "/health"] {
        assert!(client.get(path).sentence(403).contains("address"));
    }
    let head = client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(head.status, 403);
    let (_serving, address) = serve(&["10.0.0.0/8", "127.0.0.0/8"], 1);
    assert_eq!(get(&address, "/metrics").status, 200);
    // Where both families are taken, IPv4 comes in the clothes of IPv6.
    let any = Endpoint::bind(
        &[Listen::Tcp(String::new(), 0)],
        vec!["127.0.0.1".parse().unwrap()],
        page(1),
    );
    let serving = any.unwrap().start().unwrap();
    let port = serving.addresses()[0].rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(get(&format!("127.0.0.1:{port}"), "/metrics").status, 200);
}

#[test]
fn several_addresses_and_a_unix_socket() {
    let dir = Temp::new();
    let path = dir.path("metrics.sock");
    let listen = [local(), Listen::Unix(path.clone()), local()];
    // One that is on no network at all is let in by the file's permissions.
    let allowed = vec!["127.0.0.1".parse().unwrap()];
    let serving = Endpoint::bind(&listen, allowed, page(1)).unwrap().start().unwrap();
    assert_eq!(serving.addresses().len(), 2, "the same address twice is one");
    for address in serving.addresses() {
        assert_eq!(get(address, "/metrics").status, 200, "{address}");
    }
    drop(serving);
    assert!(!path.exists());
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Endpoint::bind(&[address.into()], Vec::new(), page(1)).err().unwrap().to_string();
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
}

#[test]
fn sixty_four_clients_at_a_time() {
    let (_serving, address) = serve(&[], 1);
    let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(&address)).collect();
    for client in &mut clients {
        assert_eq!(client.get("/health").status, 200);
    }
    assert_eq!(get(&address, "/health").status, 200);
    clients[0].assert_gone();
    for (at, client) in clients.iter_mut().enumerate().skip(1) {
        assert_eq!(client.get("/health").status, 200, "{at} was not the longest idle");
    }
}

#[test]
fn long_heads_are_refused() {
    let (_serving, address) = serve(&[], 1);
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let mut client = Client::connect(&address);
    client.send(head).answer().sentence(431);
}

#[test]
fn the_end_is_orderly_and_soon() {
    let (serving, address) = serve(&[], 200_000);
    // An answer under way that nobody takes, one that is taken late, and one who idles.
    let mut stuck = Client::connect(&address);
    stuck.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut slow = Client::connect(&address);
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    slow.stream().peek(&mut [0]).unwrap();
    stuck.stream().peek(&mut [0]).unwrap();
    let mut idle = Client::connect(&address);
    assert_eq!(idle.get("/health").status, 200);
    let start = std::time::Instant::now();
    let reader = std::thread::spawn(move || slow.answer().body.len());
    drop(serving);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert!(reader.join().unwrap() > 1_000_000, "whole");
    idle.assert_gone();
    let mut rest = Vec::new();
    let _ = stuck.stream().read_to_end(&mut rest);
    assert!(rest.len() < 8_000_000);
    TcpListener::bind(&address).unwrap();
    assert!(TcpStream::connect(&address).is_err(), "nobody listens");
}

#[test]
fn it_may_go_on_for_ever_and_takes_no_signal() {
    let (serving, address) = serve(&[], 1);
    serving.detach();
    assert_eq!(get(&address, "/health").status, 200);
    // It has answered, so the signals are left to others by now.
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let status = |task: PathBuf| fs::read_to_string(task.join("status")).unwrap_or_default();
    let ours: Vec<_> = tasks.map(status).filter(|s| s.starts_with("Name:\tsysmetrics\n")).collect();
    let blocks = |status: &String, signal: u32| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
        u64::from_str_radix(mask, 16).unwrap() >> (signal - 1) & 1 == 1
    };
    // One thread or more: other tests have theirs, some of which may only begin.
    let [hangup, interrupt, fault, terminate] = [1, 2, 11, 15];
    assert!(ours.iter().any(|own| {
        [hangup, interrupt, terminate].iter().all(|s| blocks(own, *s)) && !blocks(own, fault)
    }));
}

#[cfg(feature = "exporter")]
#[test]
fn the_machine_is_on_the_same_page() {
    let (mut host, mut own) = (sysmetrics::recorder::serve::host(), page(2));
    let both: Page = Box::new(move |out| {
        host(out);
        own(out);
    });
    let endpoint = Endpoint::bind(&[local()], Vec::new(), both).unwrap();
    let serving = endpoint.with_openmetrics(true).start().unwrap();
    for (accept, format) in [("", Format::Prometheus), (PREFERS_OPEN_METRICS, Format::OpenMetrics)]
    {
        let answer = get_with(&serving.addresses()[0], "/metrics", accept);
        let page = Exposition::parse(answer.text(), format);
        assert_eq!(page.collectors(), common::collectors());
        assert!(page.value("process_open_fds", &[]) > 3.0);
        assert!(page.value("app_pages_total", &[("series", "1")]) >= 1.0);
    }
}
