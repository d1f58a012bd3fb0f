//! The ways by which metrics leave a program that uses the library.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Client, Temp, get, get_with, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;
use sysmetrics::BuildError;
use sysmetrics::PrometheusBuilder;
use sysmetrics::Registry;

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A port that nobody had just now.
fn free() -> SocketAddr {
    TcpListener::bind(ANY).unwrap().local_addr().unwrap()
}

/// What Prometheus 2 asks with.
const PROMETHEUS_2: &str = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,\
    application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n";

/// Bounds and names are those of the text until somebody asks for OpenMetrics: rules and history go on
/// after a swap.
#[test]
fn openmetrics_is_for_programs_that_call_for_it() {
    for wished in [false, true] {
        let builder = PrometheusBuilder::new().with_http_listener(ANY).set_buckets(&[1.0]).unwrap();
        let builder = if wished { builder.with_openmetrics() } else { builder };
        let (recorder, exporter) = builder.build().unwrap();
        let addresses = exporter.addresses();
        std::thread::spawn(move || exporter.run());
        let registry = recorder.handle().registry().clone();
        registry.counter("jobs", &[]).inc();
        registry.histogram("wait", &[]).record(0.5);
        let text = "# TYPE jobs counter\njobs 1\n# TYPE wait histogram\nwait_bucket{le=\"1\"} 1\n\
                    wait_bucket{le=\"+Inf\"} 1\nwait_sum 0.5\nwait_count 1\n";
        let answer = get_with(&addresses[0], "/metrics", PROMETHEUS_2);
        if wished {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            assert_eq!(answer.header("Content-Type"), Some(kind));
            assert!(answer.text().contains("wait_bucket{le=\"1.0\"} 1\n"), "{}", answer.text());
            assert_eq!(get(&addresses[0], "/metrics").text(), text);
        } else {
            assert_eq!(answer.text(), text);
        }
    }
}

/// One test, as a process has one recorder.
#[test]
fn a_program_changes_one_line() {
    let address = free();
    PrometheusBuilder::new().with_http_listener(address).install().unwrap();
    metrics::describe_counter!("jobs_total", metrics::Unit::Count, "Jobs done.");
    metrics::counter!("jobs_total", "queue" => "mail").increment(1);
    let expected = "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\n\
                    jobs_total{queue=\"mail\"} 1\n";
    for path in ["/metrics", "/", "/any/other?path"] {
        let answer = get(&address.to_string(), path);
        assert_eq!((answer.status, answer.text()), (200, expected));
        assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    }
    let text = get_with(&address.to_string(), "/metrics", PROMETHEUS_2);
    assert_eq!(text.text(), expected, "what a scraper prefers makes no difference");
    let again = PrometheusBuilder::new().with_http_listener(free()).install();
    assert!(matches!(again, Err(BuildError::FailedToSetGlobalRecorder)));
    assert!(PrometheusBuilder::new().install_recorder().is_err());
    let taken = PrometheusBuilder::new().with_http_listener(address).build();
    assert!(matches!(taken, Err(BuildError::FailedToCreateHTTPListener(_))));
}

#[test]
fn an_exporter_is_run_where_the_program_wants() {
    let dir = Temp::new();
    let path = dir.path("socket");
    let builder = PrometheusBuilder::new().with_http_uds_listener(&path);
    let (recorder, exporter) = builder.build().unwrap();
    let addresses = exporter.addresses();
    std::thread::spawn(move || exporter.run());
    recorder.handle().registry().counter("c", &[]).inc();
    assert_eq!(get(&addresses[0], "/").text(), "# TYPE c counter\nc 1\n");
}

#[test]
fn who_is_not_allowed_is_not_served() {
    for (allowed, status) in [("10.0.0.0/8", 403), ("127.0.0.0/8", 200), ("127.0.0.1", 200)] {
        let builder = PrometheusBuilder::new().with_http_listener(ANY);
        let (_recorder, exporter) = builder.add_allowed_address(allowed).unwrap().build().unwrap();
        let addresses = exporter.addresses();
        std::thread::spawn(move || exporter.run());
        assert_eq!(get(&addresses[0], "/metrics").status, status, "{allowed}");
    }
}

#[test]
fn a_registry_serves_itself_until_it_is_dropped() {
    let registry = Registry::new();
    registry.gauge("g", &[("k", "v")]).set(1.5);
    let serving = registry.serve(ANY).unwrap();
    let address = serving.addresses()[0].clone();
    assert_eq!(get(&address, "/metrics").text(), "# TYPE g gauge\ng{k=\"v\"} 1.5\n");
    drop(serving);
    assert!(Client::try_connect(&address).is_err());
}

/// Takes one request; returns its head and body.
fn take(listener: &TcpListener, answer: &str) -> (String, String) {
    let (stream, _) = listener.accept().unwrap();
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    let length = head.split_once("Content-Length: ").unwrap().1.lines().next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let close = "Content-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(format!("HTTP/1.1 {answer}\r\n{close}").as_bytes()).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn pushes_come_time_and_again() {
    let gateway = TcpListener::bind(ANY).unwrap();
    let endpoint = format!("http://{}/metrics/job/j", gateway.local_addr().unwrap());
    let (user, password) = (Some("user".to_owned()), Some("secret".to_owned()));
    for (by_post, verb) in [(false, "PUT"), (true, "POST")] {
        let builder = PrometheusBuilder::new();
        let every = Duration::from_millis(10);
        let (user, password) = (user.clone(), password.clone());
        let builder = builder.with_push_gateway(&endpoint, every, user, password, by_post).unwrap();
        let (recorder, exporter) = builder.build().unwrap();
        let counter = recorder.handle().registry().counter("c", &[]);
        counter.inc();
        exporter.start().unwrap();
        let starts = format!("{verb} /metrics/job/j HTTP/1.1\r\n");
        let mut seen = 0;
        // Pushes of the other builder may come between; a refusal ends nothing.
        wait_until("three pushes", || {
            let (head, body) = take(&gateway, if seen == 1 { "500 Oh no" } else { "202 Accepted" });
            assert!(head.contains("Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{head}");
            assert!(head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
            assert!(body.starts_with("# TYPE c counter\nc "), "{body}");
            seen += u32::from(head.starts_with(&starts));
            seen == 3
        });
    }
}

#[cfg(feature = "exporter")]
#[test]
fn the_box_is_on_the_same_page() {
    let builder = PrometheusBuilder::new().add_global_label("env", "test").with_host_metrics();
    let recorder = builder.build_recorder();
    let (handle, registry) = (recorder.handle(), recorder.handle().registry().clone());
    registry.describe("jobs_total", "Jobs.");
    registry.counter("jobs_total", &[]).inc();
    registry.counter("process_cpu_seconds_total", &[]).inc();
    registry.counter("sysmetrics_memory_total_bytes", &[]).inc();
    for page in [handle.render(), handle.render()] {
        let page = common::Exposition::parse(&page, common::Format::Prometheus);
        assert_eq!(page.value("jobs_total", &[("env", "test")]), 1.0);
        assert!(page.value("sysmetrics_memory_total_bytes", &[("env", "test")]) > 1e6);
        assert!(page.value("process_cpu_seconds_total", &[("env", "test")]) >= 0.0);
        let refused = ("reason", "reserved_name");
        let refused = page.value("sysmetrics_registry_refused_total", &[("env", "test"), refused]);
        assert_eq!(refused, 2.0);
    }
}
