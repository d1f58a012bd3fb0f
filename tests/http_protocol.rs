//! HTTP requests in pieces, several at once, wrong, too long, with unexpected bodies.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
/// tiny_http refuses invalid heads itself, by its own rules and without a sentence.
#[cfg(not(feature = "tiny_http"))]
#[path = "http_protocol/refused.rs"]
mod refused;

use common::{Agent, Exposition, Format};

#[test]
fn a_connection_serves_many_requests() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    for _ in 0..20 {
        let answer = client.get("/metrics");
        assert_eq!((answer.status, answer.header("Connection")), (200, None));
        Exposition::parse(answer.text(), Format::Prometheus);
    }
}

#[test]
fn the_client_may_end_the_connection() {
    let agent = Agent::start();
    for head in [
        "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nconnection:  Close \r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n",
    ] {
        let mut client = agent.connect();
        assert_eq!(client.send(head).answer().text(), "ok\n");
        client.assert_end();
    }
    let mut client = agent.connect();
    // A push, accepted or not, is answered in the same way.
    for line in ["GET /health", "GET /health", "POST /update", "PUT /metrics/job/a", "GET /health"]
    {
        let head = "HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
        let answer = client.send(format!("{line} {head}")).answer();
        if cfg!(not(feature = "tiny_http")) {
            // Without it a client of that version waits for the end of the connection.
            assert_eq!(answer.header("Connection"), Some("keep-alive"), "{line}");
        }
    }
}

#[test]
fn requests_in_one_segment_are_answered_in_order() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let paths = ["/health", "/metrics", "/nowhere", "/", "/metrics?collect[]=x", "/health"];
    let heads = paths.map(|path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.send(heads.concat());
    let statuses: Vec<u16> = paths.iter().map(|_| client.answer().status).collect();
    assert_eq!(statuses, [200, 200, 404, 200, 400, 200]);
    // And the beginning of one more, whose rest comes later.
    client.send([&heads[0], &heads[2], &heads[5][..20]].concat());
    assert_eq!((client.answer().status, client.answer().status), (200, 404));
    assert_eq!(client.send(&heads[5][20..]).answer().text(), "ok\n");
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let agent = Agent::start();
    let mut client = agent.connect();
    client.stream().set_nodelay(true).unwrap();
    for _ in 0..2 {
        for byte in b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: 0123456789\r\n\r\n" {
            client.send([*byte]);
        }
        assert_eq!(client.answer().text(), "ok\n");
    }
}

#[test]
fn a_client_that_sends_no_more_is_still_answered() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    client.stream().shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.answer().text(), "ok\n");
    Exposition::parse(client.answer().text(), Format::Prometheus);
    client.assert_end();
}

#[test]
fn targets_may_be_absolute() {
    let agent = Agent::start();
    let mut client = agent.connect();
    // tiny_http hands the target on as it came.
    let expected = if cfg!(feature = "tiny_http") { 404 } else { 200 };
    assert_eq!(client.get("http://test:9101/health?x=y").status, expected);
}

#[test]
fn an_unexpected_body_is_skipped() {
    let agent = Agent::start();
    for size in [1, 100, 20_000, 60_000] {
        let mut client = agent.connect();
        let head = format!("GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        // It looks like requests, and is none.
        let body = "GET /x HTTP/1.1\r\n\r\n".repeat(size / 19 + 1);
        client.send(&head).send(&body[..size]);
        assert_eq!(client.answer().text(), "ok\n", "{size}");
        assert_eq!(client.get("/health").text(), "ok\n", "{size}: in step");
        // Head, body and the next head in one piece.
        client.send([&head, &body[..size], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat());
        assert_eq!((client.answer().status, client.answer().status), (200, 200));
        // The body byte by byte, the next request behind it.
        client.send(&head);
        for byte in body[..size.min(100)].bytes() {
            client.send([byte]);
        }
        client.send(&body[size.min(100)..size]);
        assert_eq!((client.answer().status, client.get("/health").status), (200, 200));
    }
}

/// Wherever the stream is cut in two, the answers are the same.
#[test]
fn a_stream_may_be_cut_anywhere() {
    let agent = Agent::start();
    let stream = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n\
                  GET /nowhere HTTP/1.1\nHost: a\r\nContent-Length: 7\r\n\r\n\r\n\r\nGET\
                  HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\
                  GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    // tiny_http takes no bare line feed.
    let stream = stream.replace("HTTP/1.1\nHost", "HTTP/1.1\r\nHost");
    for cut in 0..=stream.len() {
        let mut client = agent.connect();
        client.stream().set_nodelay(true).unwrap();
        client.send(&stream[..cut]);
        if cut % 4 == 0 {
            // Time for the first part to be taken on its own.
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        client.send(&stream[cut..]);
        assert_eq!((client.answer().text(), client.answer().status), ("ok\n", 404), "{cut}");
        assert_eq!(client.answer_to_head().status, 200, "{cut}");
        assert_eq!(client.answer().text(), "ok\n", "{cut}");
        client.assert_end();
    }
}

/// Some clients end a body with more empty lines than it needs.
#[test]
#[cfg(not(feature = "tiny_http"))]
fn empty_lines_ahead_of_a_request_count_for_nothing() {
    let agent = Agent::start();
    let get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    for ahead in ["\r\n", "\n", "\r\n\r\n", "\n\n\n", "\r\n\r\n\r\n\r\n"] {
        let mut client = agent.connect();
        client.stream().set_nodelay(true).unwrap();
        assert_eq!(client.send([ahead, get].concat()).answer().text(), "ok\n", "{ahead:?}");
        for byte in ahead.chars() {
            client.send(byte.to_string());
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(client.send(get).answer().text(), "ok\n", "{ahead:?}");
    }
}
