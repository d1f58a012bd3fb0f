//! The client over real sockets: each server is a thread with a script.

mod answers;
mod connections;
mod support;

use super::*;
use std::io::Read as _;
use std::net::TcpListener;
use std::time::Duration;
use support::{OK, always, get, send, serve};

#[test]
fn a_request_has_its_headers_in_order() {
    let (url, heads) = serve(|peer, _| peer.send(OK));
    let headers = [("Accept".to_owned(), "text/plain".to_owned())];
    let call = Call { headers: &headers, ..get(&url) };
    let answer = Client::default().send(&call).unwrap();
    assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
    let expected = format!(
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: sysmetrics/{}\r\n\
         Accept-Encoding: gzip\r\nAccept: text/plain\r\n\r\n",
        url.port,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(heads.recv().unwrap(), expected);
}

/// Every server would reject a second Host line, and careful ones a second length.
#[test]
fn given_headers_replace_ours() {
    let (url, heads) = serve(|peer, _| peer.send(OK));
    let pair = |name: &str| (name.to_owned(), "given".to_owned());
    let headers = ["host", "X-A", "USER-AGENT"].map(pair);
    Client::default().send(&Call { headers: &headers, ..get(&url) }).unwrap();
    let expected = "GET /metrics HTTP/1.1\r\nHost: given\r\nUser-Agent: given\r\nAccept-Encoding: gzip\r\n\
                    X-A: given\r\n\r\n";
    assert_eq!(heads.recv().unwrap(), expected);
    for name in ["content-length", "Transfer-Encoding", "Connection", "Accept-Encoding"] {
        let headers = [pair(name)];
        let failure = Client::default().send(&Call { headers: &headers, ..get(&url) }).unwrap_err();
        assert_eq!(
            failure.text,
            format!("the header {name} is set by the agent itself; remove it")
        );
    }
}

#[test]
fn a_body_is_sent_with_its_length() {
    let (url, heads) = serve(|peer, _| {
        let mut body = [0; 5];
        peer.stream.read_exact(&mut body).unwrap();
        assert_eq!(&body, b"hello");
        peer.send("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    });
    let call = Call { method: "POST", body: Some(b"hello"), ..get(&url) };
    let answer = Client::default().send(&call).unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(Duration::from_secs(7))));
    let head = heads.recv().unwrap();
    assert!(head.starts_with("POST /") && head.ends_with("\r\nContent-Length: 5\r\n\r\n"));
}

#[test]
fn a_header_cannot_smuggle_another() {
    let url = always(OK);
    for (name, value) in [("a", "b\r\nc: d"), ("a\n", "b"), ("", "b"), ("a b", "c"), ("a", "\0")] {
        let headers = [(name.to_owned(), value.to_owned())];
        let call = Call { headers: &headers, ..get(&url) };
        let failure = Client::default().send(&call).unwrap_err();
        assert_eq!(failure.reason, "protocol");
        assert!(!failure.text.contains("c: d"), "{failure}");
    }
}

#[test]
fn an_unreachable_peer_is_a_failure() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{unused}/")).unwrap();
    let failure = send(&url).unwrap_err();
    assert_eq!(failure.reason, "connect");
    assert!(failure.text.starts_with(&format!("connecting to {unused}: ")), "{failure}");
    let url = Url::parse("http://no-such-host.invalid/").unwrap();
    assert_eq!(send(&url).unwrap_err().reason, "resolve");
}
