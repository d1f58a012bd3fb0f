//! Requests that are refused.

use crate::common::{Agent, Client};

/// What the answer to `bytes` says, after which the connection ends.
fn refusal(agent: &Agent, bytes: &str, status: u16) -> String {
    let mut client = agent.connect();
    let answer = client.send(bytes).answer();
    assert_eq!(answer.header("Connection"), Some("close"), "{bytes:?}");
    client.assert_end();
    answer.sentence(status).to_owned()
}

#[test]
fn what_is_no_http_is_400() {
    let agent = Agent::start();
    for bytes in [
        "\u{1}\u{2}\u{3}\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health\r\n\r\n",
        "GE\u{7f}T /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        "GET /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /update HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        "\u{16}\u{3}\u{1} a TLS hello\n\n",
    ] {
        refusal(&agent, bytes, 400);
    }
    let both = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\
                Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(refusal(&agent, both, 400).contains("exclude each other"));
}

#[test]
fn bodies_that_cannot_be_skipped_end_the_connection() {
    let agent = Agent::start();
    let head = |line: &str| format!("GET /health HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
    let sentence = refusal(&agent, &head("Content-Length: 65537"), 413);
    assert!(sentence.contains("too large"), "{sentence}");
    refusal(&agent, &head("Content-Length: 18446744073709551615"), 413);
    let chunked = [&head("Transfer-Encoding: chunked"), "5\r\nhello\r\n0\r\n\r\n"].concat();
    assert!(refusal(&agent, &chunked, 411).contains("Content-Length"));
    refusal(&agent, &head("Transfer-Encoding: gzip, chunked"), 411);
}

/// Some clients announce chunks with every request.
#[test]
fn a_body_of_no_chunks_is_none() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let head = |method: &str| {
        let more = "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{method} /metrics HTTP/1.1\r\n{more}")
    };
    for (method, status) in [("GET", 200), ("POST", 405), ("OPTIONS", 200)] {
        let answer = client.send(head(method) + "0\r\n\r\n").answer();
        assert_eq!((answer.status, answer.header("Connection")), (status, None), "{method}");
        // Its end comes later, with a trailer, and the next request behind it.
        client.stream().set_nodelay(true).unwrap();
        client.send(head(method)).send("0\r\nX: y\r\n");
        client.send("\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((client.answer().status, client.answer().text()), (status, "ok\n"));
    }
    client.send(head("HEAD") + "0\r\n\r\n");
    assert_eq!(client.answer_to_head().status, 200);
    assert_eq!(client.get("/health").text(), "ok\n");
}

/// A client of HTTP/1.0 would take it for the answer.
#[cfg(feature = "hub")]
#[test]
fn http10_gets_no_100_continue() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let body = r#"{"name":"a","type":"gauge","value":1}"#;
    let length = body.len();
    client.send(format!(
        "POST /update HTTP/1.0\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    ));
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(client.send(body).answer().status, 200);
}

/// Who reads `Expect` may keep the body back once the answer is there: what comes next could
/// be either, so the connection ends (RFC 9110, section 10.1.1).
#[test]
fn who_waits_for_100_is_answered_and_let_go() {
    let agent = Agent::start();
    let mut client = agent.connect();
    let head = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\
                Expect: 100-continue\r\n\r\n";
    let answer = client.send(head).answer();
    assert_eq!(answer.header("Connection"), Some("close"));
    answer.sentence(405);
    client.assert_end();
    // With the body at hand there is nothing to wait for.
    let mut client = agent.connect();
    assert_eq!(client.send([head, "12345"].concat()).answer().status, 405);
    assert_eq!(client.get("/health").text(), "ok\n");
}

#[test]
fn long_heads_are_431() {
    let agent = Agent::plan().set("server.max_head_bytes", "1024").start();
    let head = |fill: usize| {
        let start = "GET /health HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(fill - start.len() - 4))
    };
    let mut client = agent.connect();
    assert_eq!(client.send(head(1024)).answer().text(), "ok\n", "just so");
    for size in [1025, 5000, 100_000] {
        let mut client = agent.connect();
        // It may be turned away before it sent all.
        let _ = std::io::Write::write_all(client.stream(), head(size).as_bytes());
        client.answer().sentence(431);
    }
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(64));
    assert!(refusal(&agent, &many, 431).contains("header lines"));
    let endless = "G".repeat(1024);
    assert!(refusal(&agent, &endless, 431).contains("too long"));
}

#[test]
fn versions_to_come_are_505() {
    let agent = Agent::start();
    refusal(&agent, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    refusal(&agent, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

/// Requests with a few bytes changed at random, the same ones every time: whatever comes of
/// them, the next client is served.
#[test]
fn damaged_requests_do_no_damage() {
    let mut agent = Agent::plan().machine("box").start();
    let good = "GET /metrics?collect[]=disk HTTP/1.1\r\nHost: a\r\nAccept: text/plain;q=0.5\r\n\
                Accept-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % below
    };
    for _ in 0..1000 {
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\r\n :;,%&=\0"[random(10)]),
            }
        }
        let mut client = agent.connect();
        client.send(&bytes).stream().shutdown(std::net::Shutdown::Write).unwrap();
        while client.try_answer(true).is_ok() {}
    }
    assert!(agent.is_running());
    agent.scrape();
}

/// After an answer that ends the connection the client may go on sending for a while: no reset
/// destroys the answer.
#[test]
fn an_answer_survives_what_the_client_still_sends() {
    let agent = Agent::start();
    let mut client: Client = agent.connect();
    let size = 8 << 20;
    client.send(format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"));
    for _ in 0..16 {
        client.send([b'x'; 4096]);
    }
    client.answer().sentence(413);
    client.assert_end();
}
