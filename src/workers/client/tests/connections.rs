//! Connections: kept, replaced, not reused; redirects.

use super::support::{OK, Peer, always, get, send, serve};
use crate::base::wire::Url;
use crate::workers::client::{Call, Client, MAX_REDIRECTS};
use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_connection_in_doubt_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nok",
    ] {
        let (url, heads) = serve(move |peer, _| {
            peer.send(answer);
            peer.receive();
        });
        let mut client = Client::for_plain_samples();
        let call = Call { method: "POST", body: Some(b""), ..get(&url) };
        for turn in 1..=3 {
            assert_eq!(client.deliver(&call).unwrap().status, 200);
            assert_eq!(heads.iter().take(1).count(), 1, "{turn} {answer:?}");
            assert!(client.kept.is_none());
        }
    }
}

#[test]
fn one_deadline_is_over_all() {
    // One sends nothing; one trickles its head; one its body: each byte in time, together too late.
    fn trickle(peer: &mut Peer, start: &str) {
        peer.send(start);
        while peer.stream.get_mut().write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    }
    for start in ["", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"] {
        let (url, _heads) = serve(move |peer, _| match start {
            "" => drop(peer.receive()),
            start => trickle(peer, start),
        });
        let deadline = Instant::now() + Duration::from_millis(100);
        let call = Call { deadline, max_body: usize::MAX, ..get(&url) };
        let failure = Client::default().send(&call).unwrap_err();
        assert_eq!(failure.reason, "timeout", "{start:?} {failure}");
        assert!(Instant::now() >= deadline);
    }
    let url = always(OK);
    let call = Call { deadline: Instant::now(), ..get(&url) };
    assert_eq!(Client::default().send(&call).unwrap_err().reason, "timeout");
}

#[test]
fn a_peer_that_takes_nothing_runs_into_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let body = vec![b'x'; 64 << 20];
    let deadline = Instant::now() + Duration::from_millis(100);
    let call = Call { method: "POST", body: Some(&body), deadline, ..get(&url) };
    let failure = Client::default().send(&call).unwrap_err();
    assert_eq!(failure.reason, "timeout", "{failure}");
}

#[test]
fn half_closed_is_enough_to_be_answered() {
    let (url, _heads) = serve(|peer, _| {
        peer.send("HTTP/1.1 200 OK\r\n\r\nok");
        peer.stream.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
        // It still reads: the end of its side is the end of the response.
        peer.receive();
    });
    assert_eq!(send(&url).unwrap().body, b"ok");
}

#[test]
fn connections_are_kept() {
    let (url, heads) = serve(|peer, _| {
        peer.send(OK);
        while peer.receive().is_some() {
            peer.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nagain\r\n0\r\n\r\n",
            );
        }
    });
    let mut client = Client::default();
    for expected in ["ok", "again", "again"] {
        assert_eq!(client.send(&get(&url)).unwrap().body, expected.as_bytes());
    }
    assert_eq!(heads.try_iter().count(), 1);
}

#[test]
fn connections_that_cannot_be_kept_are_not() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nok\r\n0\r\n\r\n",
    ] {
        let (url, heads) = serve(move |peer, _| peer.send(answer));
        let mut client = Client::default();
        for turn in 1..=3 {
            assert_eq!(client.send(&get(&url)).unwrap().body, b"ok");
            assert_eq!(heads.iter().take(1).count(), 1, "{turn} {answer:?}");
            assert!(client.kept.is_none());
        }
    }
}

#[test]
fn a_stale_connection_is_replaced_in_silence() {
    // Announced as kept, then closed: at once, or when the next request comes.
    for at_once in [true, false] {
        let (url, heads) = serve(move |peer, _| {
            peer.send(OK);
            if !at_once {
                peer.receive();
            }
        });
        let mut client = Client::default();
        for _ in 0..3 {
            assert_eq!(client.send(&get(&url)).unwrap().body, b"ok", "{at_once}");
            assert_eq!(heads.iter().take(1).count(), 1);
        }
    }
}

#[test]
fn what_changes_something_is_not_sent_twice() {
    let (url, heads) = serve(|peer, _| {
        peer.send(OK);
        peer.receive();
    });
    let mut client = Client::default();
    let call = Call { method: "POST", body: Some(b""), ..get(&url) };
    assert_eq!(client.send(&call).unwrap().status, 200);
    assert_eq!(client.send(&call).unwrap_err().reason, "connect");
    assert_eq!(client.send(&call).unwrap().status, 200);
    assert_eq!(heads.iter().take(2).count(), 2);
}

#[test]
fn samples_are_sent_again_where_the_connection_turns_out_closed() {
    let (url, heads) = serve(|peer, _| {
        peer.send(OK);
        peer.receive();
    });
    let mut client = Client::for_plain_samples();
    let call = Call { method: "POST", body: Some(b""), ..get(&url) };
    for _ in 0..3 {
        assert_eq!(client.send(&call).unwrap().status, 200);
    }
    // Each connection served two requests: the third came on the second one, and so on.
    assert_eq!(heads.iter().take(3).count(), 3);
    // Once any part of a response came, it is not repeated.
    let (url, heads) = serve(|peer, _| {
        peer.send(OK);
        peer.receive();
        peer.send("HTTP/1.1 20");
    });
    let call = Call { url: &url, ..call };
    assert_eq!(client.send(&call).unwrap().status, 200);
    assert_eq!(client.send(&call).unwrap_err().reason, "connect");
    assert_eq!(client.send(&call).unwrap().status, 200);
    assert_eq!(heads.iter().take(2).count(), 2);
}

#[test]
fn an_answer_may_lead_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let (url, heads) = serve(move |peer, head| match head.starts_with("GET /metrics ") {
            true => peer.send(format!(
                "HTTP/1.1 {status} X\r\nLocation: /new?a\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            )),
            false => peer.send(OK),
        });
        assert_eq!(send(&url).unwrap().body, b"ok");
        assert!(heads.iter().nth(1).unwrap().starts_with("GET /new?a HTTP/1.1\r\n"));
    }
    // A request that changes something is not redirected, and other responses do not redirect.
    let moved = always("HTTP/1.1 307 X\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n");
    let call = Call { method: "POST", body: Some(b""), ..get(&moved) };
    assert_eq!(Client::default().send(&call).unwrap().status, 307);
    let answer = send(&always("HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n")).unwrap();
    assert_eq!(answer.status, 302);
    let answer = send(&always("HTTP/1.1 300 X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(answer.unwrap().status, 300);
}

#[test]
fn leading_elsewhere_has_an_end() {
    let (url, heads) = serve(|peer, _| {
        peer.send("HTTP/1.1 302 X\r\nLocation: /metrics\r\nConnection: close\r\n\r\n");
    });
    assert_eq!(send(&url).unwrap_err().reason, "redirect");
    assert_eq!(heads.try_iter().count(), MAX_REDIRECTS + 1);
    // With TLS a redirect to https is followed.
    let elsewhere = if cfg!(feature = "tls") { "ftp://a/" } else { "https://a/" };
    let answer = format!("HTTP/1.1 302 X\r\nLocation: {elsewhere}\r\n\r\n");
    let failure = send(&always(answer)).unwrap_err();
    assert_eq!(failure.reason, "redirect");
    let text = format!("the answer leads to {elsewhere}; expected: http://");
    assert!(failure.text.starts_with(&text), "{failure}");
}

#[test]
fn credentials_stay_at_home() {
    let (other, at_other) = serve(|peer, _| peer.send(OK));
    let to = format!("HTTP/1.1 302 X\r\nLocation: {other}\r\nConnection: close\r\n\r\n");
    let (home, at_home) = serve(move |peer, head| match head.starts_with("GET /metrics ") {
        true => peer.send(&to),
        false => peer.send("HTTP/1.1 302 X\r\nLocation: /metrics\r\nConnection: close\r\n\r\n"),
    });
    let mut start = home.clone();
    start.target = "/start".to_owned();
    let headers = [("Authorization", "Bearer secret"), ("X-Key", "secret"), ("Accept", "a/b")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = Call { headers: &headers, ..get(&start) };
    assert_eq!(Client::default().send(&call).unwrap().body, b"ok");
    for _ in 0..2 {
        assert_eq!(at_home.recv().unwrap().matches("secret").count(), 2);
    }
    let head = at_other.recv().unwrap();
    assert!(!head.contains("secret") && head.contains("\r\nAccept: a/b\r\n"), "{head}");
}
