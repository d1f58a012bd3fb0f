//! Requests for the pages.

use crate::common::json::{Json, items};
use crate::common::{Agent, get_with};

#[test]
fn the_page_has_a_content_security_policy() {
    let agent = Agent::start();
    let plain = agent.get("/status");
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(plain.header("X-Content-Type-Options"), Some("nosniff"));
    let policy = plain.header("Content-Security-Policy").unwrap();
    for rule in
        ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.split("; ").any(|r| r == rule), "{rule} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(plain.header("Set-Cookie"), None);
    let gzip = get_with(&agent.address(), "/status", "Accept-Encoding: gzip\r\n");
    assert_eq!(gzip.inflated(), plain.text());
    assert!(gzip.body.len() * 2 < plain.body.len());
    assert_eq!(gzip.header("Content-Security-Policy"), Some(policy), "the head is whole");
    assert!(plain.text().ends_with("</html>\n"));
    // What is no page bears no other's policy.
    assert_eq!(agent.get("/metrics").header("Content-Security-Policy"), None);
    let home = agent.get("/");
    for link in ["/status", "/api/status", "/api/health"] {
        assert!(home.text().contains(&format!("href=\".{link}\">{link}<")), "{link}");
    }
}

#[test]
fn head_gzip_and_other_methods() {
    let agent = Agent::plan().machine("many").start();
    let mut client = agent.connect();
    for target in ["/status", "/api/status", "/api/health"] {
        let get = client.get(target);
        let head = format!("HEAD {target} HTTP/1.1\r\nHost: test\r\n\r\n");
        let head = client.send(head).answer_to_head();
        assert_eq!((head.status, get.status), (200, 200), "{target}");
        for name in ["Content-Type", "Vary", "Content-Security-Policy", "Cache-Control"] {
            assert_eq!(head.header(name), get.header(name), "{target} {name}");
        }
        let post = format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
        let post = client.send(post).answer();
        assert_eq!((post.status, post.header("Allow")), (405, Some("GET, HEAD")), "{target}");
    }
    let gzip = get_with(&agent.address(), "/api/status", "Accept-Encoding: gzip\r\n");
    let json = Json::parse(&gzip.inflated());
    assert_eq!(items(&json, "disks").len(), 40);
}
