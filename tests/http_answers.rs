//! Responses: the formats and their negotiation, selected collectors, pages, unknown paths.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "http_answers/selection.rs"]
mod selection;

use common::{Agent, Exposition, Format, get_with};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What Prometheus 2.5x sends.
const PREFERS_OPEN_METRICS: &str = "Accept: application/openmetrics-text;version=1.0.0,\
    application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n";

#[test]
fn text_is_the_default() {
    let agent = Agent::plan().machine("box").start();
    for accept in ["", "Accept: */*\r\n", "Accept: text/html, text/plain;q=0.5\r\n"] {
        let answer = get_with(&agent.address(), "/metrics", accept);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Content-Type"), Some(TEXT));
        assert_eq!(answer.header("Content-Encoding"), None);
        assert_eq!(answer.header("Vary"), Some("Accept, Accept-Encoding"));
        let metrics = Exposition::parse(answer.text(), Format::Prometheus);
        assert_eq!(metrics.collectors(), common::collectors());
        assert!(metrics.samples().count() > 200, "all of the box");
    }
}

#[test]
fn open_metrics_is_given_to_those_who_prefer_it() {
    for (dialect, counter) in
        [("sysmetrics", "sysmetrics_cpu_seconds"), ("node_exporter", "node_cpu_seconds")]
    {
        let agent = Agent::plan().machine("box").arg(format!("--dialect={dialect}")).start();
        let answer = get_with(&agent.address(), "/metrics", PREFERS_OPEN_METRICS);
        assert_eq!(answer.header("Content-Type"), Some(OPEN_METRICS));
        assert_eq!(answer.header("Vary"), Some("Accept, Accept-Encoding"));
        let metrics = Exposition::parse(answer.text(), Format::OpenMetrics);
        let family = metrics.family(counter).unwrap();
        assert_eq!(family.kind, "counter");
        assert!(family.samples.iter().all(|s| s.name == format!("{counter}_total")));
    }
}

#[test]
fn both_formats_have_the_same_values() {
    let agent = Agent::plan().machine("hostile").start();
    let plain = agent.scrape();
    let open = get_with(&agent.address(), "/metrics", PREFERS_OPEN_METRICS);
    let open = Exposition::parse(open.text(), Format::OpenMetrics);
    let series = |metrics: &Exposition| -> Vec<_> {
        let of_machine = metrics.samples().filter(|s| {
            ["cpu", "memory", "disk", "network"]
                .iter()
                .any(|part| s.name.starts_with(&format!("sysmetrics_{part}_")))
        });
        of_machine.map(|s| (s.name.clone(), s.labels.clone(), s.value.to_bits())).collect()
    };
    assert!(series(&plain).len() > 100);
    assert_eq!(series(&plain), series(&open));
}

#[test]
fn gzip_is_given_to_those_who_take_it() {
    let agent = Agent::plan().machine("box").start();
    for accept in ["Accept-Encoding: gzip\r\n", "Accept-Encoding: deflate, gzip;q=0.5\r\n"] {
        let answer = get_with(&agent.address(), "/metrics", accept);
        assert_eq!(answer.header("Content-Type"), Some(TEXT));
        let metrics = Exposition::parse(&answer.inflated(), Format::Prometheus);
        assert!(answer.body.len() * 3 < answer.inflated().len(), "worth it");
        assert_eq!(metrics.value("sysmetrics_memory_total_bytes", &[]), 16_266_104.0 * 1024.0);
    }
    let open = format!("Accept-Encoding: gzip\r\n{PREFERS_OPEN_METRICS}");
    let answer = get_with(&agent.address(), "/metrics", &open);
    Exposition::parse(&answer.inflated(), Format::OpenMetrics);
    for accept in ["Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n"] {
        let answer = get_with(&agent.address(), "/metrics", accept);
        assert_eq!(answer.header("Content-Encoding"), None);
        Exposition::parse(answer.text(), Format::Prometheus);
    }
    let small = get_with(&agent.address(), "/health", "Accept-Encoding: gzip\r\n");
    assert_eq!((small.header("Content-Encoding"), small.text()), (None, "ok\n"));
}

#[test]
fn head_has_the_headers_of_get() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for target in ["/metrics?collect[]=memory", "/health", "/", "/nowhere"] {
        let get = client.get(target);
        let head = format!("HEAD {target} HTTP/1.1\r\nHost: test\r\n\r\n");
        let head = client.send(head).answer_to_head();
        assert_eq!(head.status, get.status);
        for name in ["Content-Type", "Vary", "Content-Encoding"] {
            assert_eq!(head.header(name), get.header(name), "{target}");
        }
        // Counters of requests grow in between: the length may, by few digits or one more series.
        let length =
            |a: &common::Answer| a.header("Content-Length").unwrap().parse::<u32>().unwrap();
        assert!(length(&head).abs_diff(length(&get)) < 200, "{target}");
    }
    let gzip = "HEAD /metrics HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n";
    assert_eq!(client.send(gzip).answer_to_head().header("Content-Encoding"), Some("gzip"));
    assert_eq!(client.get("/health").text(), "ok\n", "the connection is in step");
}

#[test]
fn metrics_in_the_place_of_the_first_page() {
    let agent = Agent::plan().machine("box").arg("--web.telemetry-path=/").start();
    let text = agent.get("/?collect[]=cpu").text().to_owned();
    assert!(text.contains("\nsysmetrics_cpu_seconds_total{"), "{text}");
    assert_eq!((agent.get("/metrics").status, agent.get("/health").text()), (404, "ok\n"));
    let metrics = Exposition::parse(agent.get("/").text(), Format::Prometheus);
    let labels = [("path", "/"), ("code", "200")];
    assert_eq!(metrics.value("sysmetrics_http_requests_total", &labels), 1.0);
}

#[test]
fn pages_besides_the_metrics() {
    let agent = Agent::start();
    let health = agent.get("/health");
    assert_eq!((health.status, health.text()), (200, "ok\n"));
    let home = agent.get("/");
    assert_eq!(home.header("Content-Type"), Some("text/html; charset=utf-8"));
    for link in ["href=\"./metrics\"", "href=\"./health\"", env!("CARGO_PKG_VERSION")] {
        assert!(home.text().contains(link), "{link}");
    }
    assert!(home.text().ends_with("</html>\n"));
}

#[test]
fn an_unknown_path_is_404_and_lists_the_known() {
    let agent = Agent::start();
    for target in
        ["/metric", "/metrics/", "/METRICS", "/../metrics", "/%6Detric", "/%4Detrics", "/x?y"]
    {
        let answer = agent.get(target);
        assert!(answer.sentence(404).contains("/metrics"), "{target}");
    }
}

#[test]
fn other_methods_get_405_and_the_allowed_ones() {
    let agent = Agent::start();
    let mut client = agent.connect();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let head = format!("{method} /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
        let answer = client.send(head).answer();
        assert!(answer.sentence(405).contains("GET and HEAD"));
        assert_eq!(answer.header("Allow"), Some("GET, HEAD"), "{method}");
    }
}

/// As it is the same path (RFC 3986, section 6.2.2).
#[cfg(not(feature = "tiny_http"))]
#[test]
fn paths_may_be_escaped_and_targets_absolute() {
    let agent = Agent::plan().machine("box").start();
    for target in [
        "/%6Detrics",
        "/%6d%65trics?collect[]=cpu",
        "%2Fmetrics",
        "HTTP://box/metrics",
        "http://box:9101/%6Detrics",
        "//metrics",
    ] {
        assert_eq!(agent.get(target).header("Content-Type"), Some(TEXT), "{target}");
    }
    assert_eq!(agent.get("hTTp://box").status, 200, "the home page");
    for target in ["/%6Fetrics", "/%6", "/%", "/%zzetrics", "/metrics%", "ftp://box/metrics"] {
        assert_eq!(agent.get(target).status, 404, "{target}");
    }
    let labels = [("path", "/metrics"), ("code", "200")];
    assert_eq!(agent.scrape().value("sysmetrics_http_requests_total", &labels), 6.0);
}

/// Several lines are one list (RFC 9110, section 5.3).
#[cfg(not(feature = "tiny_http"))]
#[test]
fn what_is_preferred_may_come_in_several_lines() {
    let agent = Agent::plan().machine("many").start();
    let lines = "Accept: application/openmetrics-text;version=1.0.0\r\nAccept: */*;q=0.1\r\n\
        Accept-Encoding: gzip\r\nAccept-Encoding: identity;q=0.5\r\n";
    let answer = get_with(&agent.address(), "/metrics", lines);
    assert_eq!(answer.header("Content-Type"), Some(OPEN_METRICS));
    if cfg!(feature = "gzip") {
        assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    }
}

#[test]
fn options_lists_the_methods() {
    let agent = Agent::start();
    // What HAProxy sends to see whether a server is there.
    let mut client = agent.connect();
    let answer = client.send("OPTIONS / HTTP/1.0\r\n\r\n").answer();
    assert_eq!((answer.status, answer.header("Allow")), (200, Some("GET, HEAD")));
    assert_eq!(answer.text(), "");
    client.assert_end();
    let mut client = agent.connect();
    for (target, status, allow) in [
        ("/metrics", 200, Some("GET, HEAD")),
        ("*", 200, Some("GET, HEAD")),
        ("/nowhere", 404, None),
        #[cfg(feature = "hub")]
        ("/update", 200, Some("POST")),
        #[cfg(feature = "hub")]
        ("/metrics/job/a", 200, Some("PUT, POST, DELETE")),
    ] {
        let head = format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.send(head).answer();
        assert_eq!((answer.status, answer.header("Allow")), (status, allow), "{target}");
    }
    assert_eq!(client.get("/health").header("Allow"), None);
}

#[test]
fn the_metrics_may_be_elsewhere() {
    let agent = Agent::plan().arg("--metrics-path=/here/it-is").start();
    assert_eq!(agent.get("/here/it-is").header("Content-Type"), Some(TEXT));
    assert!(agent.get("/metrics").sentence(404).contains("/here/it-is"));
    assert!(agent.get("/").text().contains("href=\"./here/it-is\""));
    let text = agent.get("/here/it-is");
    let metrics = Exposition::parse(text.text(), Format::Prometheus);
    let labels = [("path", "/here/it-is"), ("code", "200")];
    assert_eq!(metrics.value("sysmetrics_http_requests_total", &labels), 1.0);
}
