//! Bounds of clients: connections, memory, time, descriptors. tiny_http has none of these (a thread for each
//! connection, no deadlines, an abort without descriptors), so it is not tested.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Client, wait_until};
use std::io::Write;

const GET: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn the_longest_idle_makes_room() {
    let agent = Agent::plan().set("server.max_connections", "3").start();
    let mut clients: Vec<Client> = (0..3).map(|_| agent.connect()).collect();
    for at in [1, 0, 2] {
        assert_eq!(clients[at].get("/health").status, 200);
    }
    assert_eq!(agent.connect().get("/health").status, 200);
    clients[1].assert_gone();
    for at in [0, 2] {
        assert_eq!(clients[at].get("/health").status, 200, "{at} was not the longest idle");
    }
    let metrics = clients[2].get("/metrics");
    assert!(metrics.text().contains("sysmetrics_http_connections_evicted_total 1\n"));
}

/// Else in a flood of clients each is pushed out by the next before its request is there.
#[test]
fn new_clients_wait_until_others_were_served() {
    let agent = Agent::plan().set("server.max_connections", "4").start();
    let answered_of_sixty = || {
        let mut clients: Vec<Client> = (0..60).map(|_| agent.connect()).collect();
        for client in &mut clients {
            // Who was pushed out learns it from the answer that does not come.
            let _ = client.stream().write_all(GET.as_bytes());
        }
        clients.iter_mut().filter_map(|c| c.try_answer(true).ok()).count()
    };
    let rounds: Vec<usize> = (0..30).map(|_| answered_of_sixty()).collect();
    let sum: usize = rounds.iter().sum();
    assert!(sum > 30 * 20, "{rounds:?}");
}

#[test]
fn one_connection_is_enough() {
    let agent = Agent::plan().set("server.max_connections", "1").start();
    let _idle = agent.connect();
    for _ in 0..5 {
        assert_eq!(agent.scrape().value("sysmetrics_http_connections", &[]), 1.0);
    }
}

#[test]
fn a_new_client_gets_503_while_all_are_busy() {
    let agent = Agent::plan().machine("many").set("server.max_connections", "2").start();
    let mut readers: Vec<Client> = (0..2).map(|_| common::slow::reader(&agent, 300)).collect();
    common::slow::wait_until_stalled(&agent, &mut readers);
    for _ in 0..3 {
        let mut newcomer = agent.connect();
        newcomer.send(GET);
        assert!(newcomer.answer().sentence(503).contains("try again"));
        newcomer.assert_end();
    }
    drop(readers);
    wait_until("room again", || agent.connect().send(GET).answer().status == 200);
    assert_eq!(agent.scrape().value("sysmetrics_http_connections_refused_total", &[]), 3.0);
}

#[test]
fn what_cannot_become_a_request_is_refused_at_once() {
    let agent = Agent::start();
    for hello in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" as &[u8], b"\x16", b"\0"] {
        let mut client = agent.connect();
        client.send(hello).answer().sentence(400);
        client.assert_end();
    }
    let mut client = agent.connect();
    client.send("\r\n").send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().text(), "ok\n");
}

#[test]
fn a_head_that_does_not_come_is_408() {
    let agent = Agent::plan().set("server.head_timeout", "200ms").start();
    let mut slow = agent.connect();
    let answer = slow.send(&GET[..20]).answer();
    answer.sentence(408);
    assert_eq!(answer.header("Connection"), Some("close"));
    slow.assert_end();
    // A trickle is no better: the deadline is for the whole head.
    let mut trickle = agent.connect();
    for byte in GET.bytes().take(GET.len() - 4).cycle() {
        std::thread::sleep(std::time::Duration::from_millis(10));
        if trickle.stream().write_all(&[byte]).is_err() {
            break;
        }
        trickle.stream().set_nonblocking(true).unwrap();
        let received = trickle.stream().peek(&mut [0]).is_ok();
        trickle.stream().set_nonblocking(false).unwrap();
        if received {
            break;
        }
    }
    trickle.answer().sentence(408);
    // Silence, and a body that does not come, are not worth an answer.
    agent.connect().assert_end();
    let mut silent = agent.connect();
    silent.send("GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(silent.answer().status, 200);
    silent.assert_end();
    assert_eq!(agent.scrape().value("sysmetrics_http_connections_timed_out_total", &[]), 4.0);
}

#[test]
fn an_idle_connection_is_closed_in_the_end() {
    let agent = Agent::plan().set("server.idle_timeout", "200ms").start();
    let mut client = agent.connect();
    assert_eq!(client.get("/health").status, 200);
    client.assert_end();
    assert_eq!(agent.scrape().value("sysmetrics_http_connections_timed_out_total", &[]), 0.0);
}

#[test]
fn a_slow_reader_gets_every_byte() {
    let agent = Agent::plan().machine("many").start();
    let mut client = common::slow::reader(&agent, 60);
    common::slow::wait_until_stalled(&agent, std::slice::from_mut(&mut client));
    // The others do not notice.
    assert_eq!(agent.get("/health").status, 200);
    for _ in 0..60 {
        let answer = client.answer();
        common::Exposition::parse(answer.text(), common::Format::Prometheus);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(client.get("/health").text(), "ok\n", "nothing more, nothing less");
}

#[test]
fn a_reader_that_stalls_is_let_go() {
    let agent = Agent::plan().machine("many").set("server.drain_timeout", "300ms").start();
    let mut client = common::slow::reader(&agent, 300);
    wait_until("the deadline", || {
        agent.scrape().value("sysmetrics_http_connections_timed_out_total", &[]) == 1.0
    });
    let mut whole = 0;
    while client.try_answer(true).is_ok() {
        whole += 1;
    }
    assert!(whole < 300, "{whole} answers");
}

/// Pages that clients do not read share one bound, and none of them is in the way of others.
#[cfg(feature = "hub")]
#[test]
fn eighty_clients_that_do_not_read_four_megabytes() {
    let agent = Agent::plan().machine("box").set("push.max_value_bytes", "1024").start();
    let mut client = agent.connect();
    let pad = "x".repeat(320);
    for at in 0..24 {
        let series = (0..500).map(|i| {
            let labels = format!("{{\"id\":\"{at}-{i}\",\"pad\":\"{pad}\"}}");
            format!("{{\"name\":\"big\",\"type\":\"gauge\",\"value\":1,\"labels\":{labels}}}")
        });
        let body = format!("[{}]", series.collect::<Vec<_>>().join(","));
        let length = body.len();
        let head =
            format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(client.send([head, body].concat()).answer().status, 200);
    }
    // Half of them ask the same, the others each something else.
    let readers: Vec<Client> = (0..80)
        .map(|i| {
            let mut reader = common::slow::reader(&agent, 0);
            let host = if i % 2 == 0 { 0 } else { i };
            reader.send(format!("GET /metrics HTTP/1.1\r\nHost: a{host}\r\n\r\n"));
            reader
        })
        .collect();
    for _ in 0..5 {
        let page = client.get("/metrics");
        assert!(page.body.len() > 4_000_000, "{}", page.body.len());
        assert_eq!(agent.get("/health").text(), "ok\n");
    }
    let labels = [("path", "/metrics"), ("code", "200")];
    wait_until("all to be answered", || {
        agent.scrape().value("sysmetrics_http_requests_total", &labels) > 85.0
    });
    assert!(agent.scrape().value("sysmetrics_http_connections_evicted_total", &[]) > 0.0);
    let peak = agent.status("VmHWM");
    assert!(peak <= 40_000, "{peak} kB");
    drop(readers);
}

/// Who goes on sending after an answer that ends the connection is heard out for a second only.
#[test]
fn an_endless_sender_is_cut_off() {
    let agent = Agent::start();
    let mut client = agent.connect();
    client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n");
    client.answer().sentence(413);
    let chunk = vec![b'x'; 1 << 16];
    let flood = |mut stream: std::net::TcpStream| {
        wait_until("the end", || (0..1000).any(|_| stream.write_all(&chunk).is_err()));
    };
    // Several at once, so that there is always more to take.
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let stream = client.stream().try_clone().unwrap();
            scope.spawn(|| flood(stream));
        }
    });
    assert_eq!(agent.get("/health").status, 200);
}

#[test]
fn who_leaves_early_takes_nothing_along() {
    let agent = Agent::plan().machine("many").start();
    let before = agent.scrape().value("process_open_fds", &[]);
    let body = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n12345";
    let many = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    for reset in [false, true] {
        for phase in ["", "GET /met", "GET /health HTTP/1.1\r\nHost: a\r\n\r", GET, body, &many] {
            let mut client = agent.connect();
            client.send(phase);
            if reset {
                common::slow::reset_on_close(client.stream());
            }
        }
        // Closing with an answer unread resets as well.
        let mut client = agent.connect();
        client.send([GET, &GET[..9]].concat());
        client.stream().peek(&mut [0]).unwrap();
    }
    wait_until("all slots to be free", || {
        let metrics = agent.scrape();
        metrics.value("sysmetrics_http_connections", &[]) == 1.0
            && metrics.value("process_open_fds", &[]) == before
    });
}
