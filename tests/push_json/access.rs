//! Who may push: tokens, web pages, proxies, this machine.

use super::{GAUGE, assert_counts, head, post};
use crate::common::{self, Agent, Client, wait_until};

#[test]
fn tokens_open_and_are_read_again() {
    let file = common::Temp::new();
    let path = file.write("tokens", "one\ntwo\n");
    let settings = |path: &std::path::Path| {
        let path = path.display();
        format!("[server]\nlisten = \"127.0.0.1:0\"\n[push]\ntoken_file = \"{path}\"\n")
    };
    let agent = Agent::plan().machine("box").file(&settings(&path)).start();
    let with = |authorization: &str| {
        let length = format!("Content-Length: {}\r\n{authorization}", GAUGE.len());
        agent.connect().send([&head("/update", &length), GAUGE].concat()).answer()
    };
    let answer = with("");
    answer.sentence(401);
    assert!(answer.header("WWW-Authenticate").is_some());
    with("Authorization: Bearer three\r\n").sentence(401);
    assert_counts(&with("Authorization: Bearer two\r\n"), 1, 0);
    assert_counts(&with("Authorization: Basic dXNlcjpvbmU=\r\n"), 1, 0);
    file.write("tokens", "three\n");
    agent.signal(libc::SIGHUP);
    wait_until("the new token", || with("Authorization: Bearer three\r\n").status == 200);
    with("Authorization: Bearer two\r\n").sentence(401);
}

/// What a browser sends for a page, whether its host's name leads here or not.
#[test]
fn web_pages_and_proxies_push_nothing() {
    let agent = Agent::plan().machine("box").start();
    let length = GAUGE.len();
    let send = |host: &str, headers: &str| {
        let head = format!(
            "POST /update HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        agent.connect().send([&head, GAUGE].concat()).answer()
    };
    let own = agent.address();
    for (host, headers) in [
        (&*own, "Origin: http://evil.example\r\n"),
        (&own, "Origin: null\r\n"),
        (&own, "sec-fetch-site: cross-site\r\n"),
        (&own, "Sec-Fetch-Site: same-site\r\n"),
        (&own, "X-Forwarded-For: 192.0.2.1\r\n"),
        (&own, "Forwarded: for=192.0.2.1\r\n"),
        (&own, "Via: 1.1 front\r\n"),
        ("evil.example:9101", ""),
        ("192.0.2.1", ""),
        ("localhost.evil.example", ""),
    ] {
        let answer = send(host, headers);
        assert!(answer.sentence(403).contains("push.token_file"), "{host} {headers}: {answer:?}");
    }
    let mut client = agent.connect();
    for (method, path) in [
        ("POST", "/api/metrics"),
        ("PUT", "/metrics/job/a"),
        ("POST", "/metrics/job/a"),
        ("DELETE", "/metrics/job/a"),
    ] {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\n");
        client.send(head + "Content-Length: 4\r\n\r\nx 1\n").answer().sentence(403);
    }
    assert!(agent.scrape().find("queue_depth", &[("queue", "a")]).is_none());
    // What is read is nobody's secret; what is sent from here is taken.
    let page = "Origin: http://evil.example\r\nVia: 1.1 front\r\n";
    assert_eq!(common::get_with(&own, "/metrics", page).status, 200);
    for host in ["localhost", "LOCALHOST:1", "a.localhost", "127.0.0.1", "[::1]:9101", ""] {
        assert_counts(&send(host, "Sec-Fetch-Site: none\r\n"), 1, 0);
    }
    let old = format!("POST /update HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{GAUGE}");
    assert_counts(&agent.connect().send(old).answer(), 1, 0);
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_counts(&send(name.trim(), ""), 1, 0);
}

#[test]
fn with_a_token_pages_and_proxies_push() {
    let file = common::Temp::new();
    let path = file.write("tokens", "sesame\n");
    let agent = Agent::plan().machine("box").set("push.token_file", path.to_str().unwrap()).start();
    let headers = format!(
        "Content-Length: {}\r\nOrigin: http://a\r\nVia: 1.1 b\r\nAuthorization: Bearer sesame\r\n",
        GAUGE.len()
    );
    let head = head("/update", &headers).replace("localhost", "metrics.example.org");
    assert_counts(&agent.connect().send([&head, GAUGE].concat()).answer(), 1, 0);
}

/// A name that only the settings know.
#[cfg(not(feature = "tiny_http"))] // it does not report the local address
#[test]
fn who_connects_to_its_own_address_is_on_this_machine() {
    // The address of whatever would lead elsewhere; a machine without one has loopback only.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = match probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr()) {
        Ok(address) => address.ip().to_string(),
        Err(_) => "127.0.0.1".to_owned(),
    };
    let agent = Agent::plan().machine("box").set("server.listen", "0.0.0.0:0").start();
    let port = agent.address().rsplit_once(':').unwrap().1.to_owned();
    let to = format!("{own}:{port}");
    for (host, status) in [(&*to, 200), ("0.0.0.0", 200), ("localhost", 200), ("192.0.2.1", 403)] {
        let head = head("/update", &format!("Content-Length: {}\r\n", GAUGE.len()));
        let head = head.replace("localhost", host);
        let answer = Client::connect(&to).send([&head, GAUGE].concat()).answer();
        assert_eq!(answer.status, status, "{host}: {answer:?}");
    }
}

#[test]
fn programs_on_this_machine_push_through_a_unix_socket() {
    let dir = common::Temp::new();
    let socket = format!("unix:{}", dir.path("socket").display());
    let file = format!("[server]\nlisten = \"{socket}\"\n");
    let _agent = Agent::plan().machine("box").file(&file).start();
    assert_counts(&post(&mut Client::connect(&socket), "/update", GAUGE), 1, 0);
    // No name of a host leads there; a proxy is one all the same.
    let length = format!("Content-Length: {}\r\n", GAUGE.len());
    for (headers, status) in [("", 200), ("X-Forwarded-For: 192.0.2.1\r\n", 403)] {
        let head =
            head("/update", &[&length, headers].concat()).replace("localhost", "any.example");
        let answer = Client::connect(&socket).send([&head, GAUGE].concat()).answer();
        assert_eq!(answer.status, status, "{answer:?}");
    }
}
