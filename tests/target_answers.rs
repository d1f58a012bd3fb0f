//! Odd but valid responses of targets are read as Prometheus reads them; and redirects.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts a peer

mod common;

use common::{Agent, Endpoint, Say, Server, Temp, free_address, wait_until};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

const ERRORS: &str = "sysmetrics_target_errors_total";
const UP: &str = "sysmetrics_target_up";

/// An agent that asks these: names, URLs, and more lines of each.
fn scraping(targets: &[(String, String, &str)]) -> Agent {
    let mut file = "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 2\n".to_owned();
    for (name, url, more) in targets {
        write!(file, "[[scrape.targets]]\nname = \"{name}\"\nurl = \"{url}\"\n{more}\n").unwrap();
    }
    Agent::plan().machine("box").file(&file).start()
}

/// Waits until it is known whether the target is up.
fn is_up(agent: &Agent, target: &str) -> bool {
    let mut up = None;
    wait_until(&format!("{target} to be asked"), || {
        up = agent.scrape().find(UP, &[("target", target)]);
        up.is_some()
    });
    up == Some(1.0)
}

/// Asserts that all of them are up, with the sample of their page.
fn assert_up(answers: Vec<(&str, Say)>) {
    let endpoints: Vec<_> =
        answers.into_iter().map(|(name, say)| (name, Endpoint::new(say))).collect();
    let targets: Vec<_> =
        endpoints.iter().map(|(name, e)| ((*name).to_owned(), e.url(), "")).collect();
    let agent = scraping(&targets);
    for (name, _) in &endpoints {
        assert!(is_up(&agent, name), "{name}: {:?}", agent.log());
        assert_eq!(agent.scrape().value("a", &[("target", name)]), 1.0, "{name}");
    }
}

/// With these headers, which frame it.
fn framed(headers: &str) -> Say {
    Say::Bytes(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n# TYPE a gauge\na 1\n").into_bytes())
}

/// The same with its length, 19 bytes.
fn page(headers: &str) -> Say {
    framed(&format!("Content-Type: text/plain\r\n{headers}\r\nContent-Length: 19"))
}

#[test]
fn odd_heads_are_read_as_prometheus_reads_them() {
    assert_up(vec![
        ("utf8", page("Content-Encoding: utf-8")),
        ("identity", page("Content-Encoding: identity")),
        ("brotli", page("Content-Encoding: br")),
        ("lines65", page(&["X: y"; 65].join("\r\n"))),
        ("lines3000", page(&["X: y"; 3000].join("\r\n"))),
        ("cookie", page(&format!("Set-Cookie: {}", "c".repeat(100_000)))),
        ("folded", page("X: one\r\n two\r\n\tthree")),
        ("folded_length", framed("Content-Length:\r\n 19")),
        ("blank", framed("Content-Length : 19")),
        ("twice", framed("Content-Length: 19\r\nContent-Length: 19")),
        ("no_length", framed("Content-Length:")),
        ("name", page("X y: z")),
    ]);
    let line = |line: &str| {
        Say::Bytes(format!("{line}\r\nContent-Length: 19\r\n\r\n# TYPE a gauge\na 1\n").into())
    };
    assert_up(vec![
        ("reason", line("HTTP/1.1 200")),
        ("wide", line("HTTP/1.1  200 \u{e9}\u{1}")),
        ("long", line(&format!("HTTP/1.1 200 {}", "k".repeat(30_000)))),
        ("two", line("HTTP/2.0 200 OK")),
        ("chunks_1.0", line("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked")),
        ("early", line("HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK")),
    ]);
}

/// A page of which a part is missing, or is packed, would take away series that are there.
#[test]
fn what_is_not_whole_is_no_page() {
    let cases = [
        ("short", "connect", framed("Content-Length: 20")),
        ("list", "protocol", framed("Content-Length: 19, 19")),
        ("differ", "protocol", framed("Content-Length: 19\r\nContent-Length: 3")),
        ("gzip", "protocol", page("Content-Encoding: gzip")),
        ("chunks", "protocol", framed("Transfer-Encoding: chunked")),
        ("colon", "protocol", page("no colon")),
        ("torn", "connect", Say::Bytes(b"HTTP/1.1 200 OK\r\nContent-".to_vec())),
        (
            "packed",
            "protocol",
            Say::head(200, "Content-Encoding: br").and(b"a 1\n\x8b\x03\x80a 1\n"),
        ),
        // The status decides, whatever follows it.
        ("status", "status", Say::head(500, "Content-Length: 9, 9")),
        ("torn_status", "status", Say::Bytes(b"HTTP/1.1 404 ".to_vec())),
    ];
    let endpoints = cases.clone().map(|(_, _, say)| Endpoint::new(say));
    let targets: Vec<_> =
        cases.iter().zip(&endpoints).map(|((n, ..), e)| ((*n).to_owned(), e.url(), "")).collect();
    let agent = scraping(&targets);
    for (name, reason, _) in &cases {
        assert!(!is_up(&agent, name), "{name}");
        let labels = [("target", *name), ("reason", *reason)];
        assert!(agent.scrape().find(ERRORS, &labels) >= Some(1.0), "{name}: {:?}", agent.log());
    }
}

#[test]
fn redirects_stay_with_the_host_unless_any_is_allowed() {
    let there = Endpoint::with("# TYPE a gauge\na 1\n");
    let to = |host: &str| {
        let url = there.url().replace("127.0.0.1", host);
        // Its body is not looked at.
        let head = format!("Location: {url}\r\nContent-Encoding: br\r\nContent-Length: 900");
        Endpoint::new(Say::head(302, &head).and("moved"))
    };
    let (same, other) = (to("127.0.0.1"), to("localhost"));
    let agent = scraping(&[
        ("same".to_owned(), same.url(), ""),
        ("other".to_owned(), other.url(), ""),
        ("said".to_owned(), other.url(), "follow_redirects = \"same_host\""),
        ("any".to_owned(), other.url(), "follow_redirects = \"any\""),
    ]);
    for (name, up) in [("same", true), ("other", false), ("said", false), ("any", true)] {
        assert_eq!(is_up(&agent, name), up, "{name}: {:?}", agent.log());
        let labels = [("target", name), ("reason", "redirect")];
        assert_eq!(agent.scrape().find(ERRORS, &labels).is_some(), !up, "{name}");
    }
    let text =
        "the answer leads to another host, localhost: follow_redirects = \\\"any\\\" goes there";
    agent.wait_for_log(text, 2);
}

const OPEN: &str = "application/openmetrics-text";

/// Types of a request's Accept header, each with its quality.
fn accepted(head: &str) -> Vec<(String, f64)> {
    let line = head.lines().find_map(|line| line.strip_prefix("Accept: ")).unwrap();
    let each = |range: &str| {
        let quality = range.split(';').find_map(|part| part.strip_prefix("q="));
        (range.split(';').next().unwrap().to_owned(), quality.map_or(1.0, |q| q.parse().unwrap()))
    };
    line.split(',').map(each).collect()
}

/// Text that is sound, or OpenMetrics that has no end.
fn either(is_open: bool) -> Say {
    match is_open {
        true => Say::typed(OPEN, "# TYPE b gauge\nb 1\n"),
        false => Say::ok("# TYPE a gauge\na 1\n"),
    }
}

#[test]
fn text_is_requested_first() {
    assert_up(vec![
        (
            "first",
            Say::By(|head| {
                let mut all = accepted(head).into_iter().map(|(name, _)| name);
                either(all.find(|name| name == OPEN || name == "text/plain").unwrap() == OPEN)
            }),
        ),
        (
            "best",
            Say::By(|head| {
                let best = accepted(head).into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
                either(best.unwrap().0 == OPEN)
            }),
        ),
        // As Python's library: the first of OpenMetrics and of text 1.0.0.
        (
            "python",
            Say::By(|head| {
                let line = head.lines().find(|line| line.starts_with("Accept: ")).unwrap();
                let is_known = |r: &&str| r.contains(OPEN) || r.contains("version=1.0.0");
                either(line.split(',').find(is_known).unwrap().contains(OPEN))
            }),
        ),
        // As Spring: JSON unless the word is there.
        (
            "spring",
            Say::By(|head| match head.contains(OPEN) {
                true => either(false),
                false => Say::typed("application/json", "{\"a\":1}"),
            }),
        ),
    ]);
    // UTF-8 names are wanted in each of the formats.
    let endpoint = Endpoint::with("a 1\n");
    let agent = scraping(&[("t".to_owned(), endpoint.url(), "")]);
    assert!(is_up(&agent, "t"));
    let head = &endpoint.heads()[0];
    assert_eq!(head.matches(";escaping=allow-utf-8;q=").count(), 3, "{head}");
    assert!(head.contains("\r\nAccept: text/plain;version=0.0.4;") && head.contains(",*/*;q="));
}

/// Go's library, in a real Prometheus 3: text, and names as they are.
#[test]
fn prometheus_itself_answers_that_with_text_and_utf8_names() {
    let endpoint = Endpoint::with("a 1\n");
    let agent = scraping(&[("t".to_owned(), endpoint.url(), "")]);
    assert!(is_up(&agent, "t"));
    let heads = endpoint.heads();
    let accept = heads[0].lines().find(|line| line.starts_with("Accept: ")).unwrap();
    let dir = Temp::new();
    let file = dir.write("prometheus.yml", "");
    let address = free_address();
    let mut command = Command::new("target/peers/usr/bin/prometheus");
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path("data").display()))
        .arg(format!("--web.listen-address={address}"));
    let _peer = Server::start(&mut command, address.clone(), "/-/ready");
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(format!("GET /metrics HTTP/1.0\r\n{accept}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let expected =
        "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8\r\n";
    assert!(answer.contains(expected), "{accept}: {answer:.500}");
}
