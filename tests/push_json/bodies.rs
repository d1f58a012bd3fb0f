//! Bodies: in pieces, in chunks, incomplete, too many at once. The front tiny_http has rules of its own.
#![cfg(not(feature = "tiny_http"))]

use super::{GAUGE, assert_counts, head, post, request};
use crate::common::Agent;

#[test]
fn bodies_come_in_pieces_in_chunks_and_one_after_the_other() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    // Several requests in one piece.
    let scrape = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    client.send([&request("/update", GAUGE), scrape, &request("/update", GAUGE)].concat());
    assert_counts(&client.answer(), 1, 0);
    assert_eq!(client.answer().text(), "ok\n");
    assert_counts(&client.answer(), 1, 0);
    // One byte at a time.
    for byte in request("/update", GAUGE).bytes() {
        client.send([byte]);
    }
    assert_counts(&client.answer(), 1, 0);
    // In chunks, the next request right behind.
    let (first, second) = GAUGE.split_at(10);
    let mut chunked = head("/update", "Transfer-Encoding: chunked\r\n");
    for part in [first, second] {
        chunked.push_str(&format!("{:x}\r\n{part}\r\n", part.len()));
    }
    client.send([&chunked, "0\r\n\r\n", scrape].concat());
    assert_counts(&client.answer(), 1, 0);
    assert_eq!(client.answer().text(), "ok\n");
    // Larger than what is received at once.
    let many = format!("[{}{GAUGE}]", format!("{GAUGE},").repeat(5000));
    assert_counts(&post(&mut client, "/update", &many), 5001, 0);
    // Who waits is told to go on.
    let length = GAUGE.len();
    client.send(head("/update", &format!("Content-Length: {length}\r\nExpect: 100-continue\r\n")));
    let mut received = [0; 25];
    std::io::Read::read_exact(client.stream(), &mut received).unwrap();
    assert_eq!(&received, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_counts(&client.send(GAUGE).answer(), 1, 0);
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let agent = Agent::plan().machine("box").set("server.head_timeout", "200ms").start();
    let mut client = agent.connect();
    client.send([&head("/update", "Content-Length: 100\r\n"), "["].concat());
    client.answer().sentence(408);
    client.assert_end();
    agent.scrape();
}

/// Many clients that send most of a body and stop.
#[test]
fn bodies_together_are_bounded() {
    let agent = Agent::plan().machine("box").set("push.max_body_bytes", "65536").start();
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..20 {
        let mut client = agent.connect();
        client.send(head("/update", "Content-Length: 65536\r\n"));
        let _ = std::io::Write::write_all(client.stream(), &[b' '; 60_000]);
        held.push(client);
    }
    for client in &mut held {
        client.stream().set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
        refused += usize::from(client.try_answer(true).is_ok_and(|a| a.status == 503));
    }
    assert!(refused >= 10, "{refused}");
    drop(held);
    assert_counts(&post(&mut agent.connect(), "/update", GAUGE), 1, 0);
}
