//! Responses: their framing, encoding and faults.

use super::support::{OK, always, body, deliver, fault, get, gzip, reason, send, serve};
use crate::workers::answer::{MAX_HEAD, Reading};
use crate::workers::client::{Call, Client};
use std::time::Duration;

#[test]
fn bodies_are_framed_in_three_ways() {
    assert_eq!(body(OK), "ok");
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"), "ok");
    assert_eq!(body("HTTP/1.1 200\r\n\r\nuntil the end"), "until the end");
    assert_eq!(body("HTTP/1.0 200 OK\nContent-Type: a\n\nbare"), "bare");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(body(format!("{chunked}2\r\nok\r\n3;x\r\nay!\r\n0\r\nT: x\r\n\r\n")), "okay!");
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "");
    for early in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n"] {
        assert_eq!(body([early, early, OK].concat()), "ok");
    }
}

#[test]
fn some_answers_have_no_body() {
    for status in [204, 304] {
        let answer = send(&always(format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n")));
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
    }
    // The server keeps the connection: only the method shows that there is no body.
    let (url, _heads) = serve(|peer, _| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\nContent-Encoding: gzip\r\n\r\n");
        peer.receive();
    });
    let call = Call { method: "HEAD", ..get(&url) };
    assert_eq!(Client::default().send(&call).unwrap().body.len(), 0);
}

#[test]
fn gzip_is_decoded_in_every_framing() {
    let plain = "a line of metrics\n".repeat(50);
    let packed = gzip(plain.as_bytes());
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
    let sized = format!("{head}Content-Length: {}\r\n\r\n", packed.len());
    assert_eq!(body([sized.as_bytes(), &packed].concat()), plain);
    assert_eq!(body([head.as_bytes(), b"\r\n", &packed].concat()), plain);
    let (a, b) = packed.split_at(packed.len() / 2);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", a.len());
    let second = format!("\r\n{:X}\r\n", b.len());
    let parts = [chunked.as_bytes(), a, second.as_bytes(), b, b"\r\n0\r\n\r\n"];
    assert_eq!(body(parts.concat()), plain);
    let cut = &packed[..packed.len() - 1];
    assert_eq!(fault([head.as_bytes(), b"\r\n", cut].concat()), "protocol");
    assert_eq!(fault([head.as_bytes(), b"\r\nplain text"].concat()), "protocol");
}

#[test]
fn codings_that_were_not_requested_are_read_as_text() {
    let of = |coding: &str| format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
    for coding in
        ["", "identity", "utf-8", "UTF-8", "none", "br", "utf-8\r\nContent-Encoding: gzip"]
    {
        assert_eq!(body(of(coding) + "plain é"), "plain é", "{coding}");
    }
    let first = of("gzip\r\nContent-Encoding: utf-8");
    assert_eq!(body([first.as_bytes(), &gzip(b"ok")].concat()), "ok");
    for coding in ["br", "zstd", "gzip, gzip", "utf-8"] {
        let packed = [of(coding).as_bytes(), &gzip(b"ok")].concat();
        assert_eq!(fault(packed), "protocol", "{coding}");
    }
}

#[test]
fn odd_heads_are_read_as_other_clients_do() {
    let of = |head: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
    for head in [
        "Content-Length : 2",
        "Content-Length\t:2",
        "Content-Length:\r\n 2",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 02",
        "X: one\r\n two\r\n\tthree\r\nContent-Length: 2",
        "X y: z\r\nX(y): \x01\r\nContent-Length: 2",
    ] {
        assert_eq!(body(of(head, "ok and more")), "ok", "{head:?}");
    }
    assert_eq!(body(of("Content-Length:", "until the end")), "until the end");
    assert_eq!(body(of(&["X: y"; 2000].join("\r\n"), "ok")), "ok");
    assert_eq!(body(of(&format!("Set-Cookie: {}", "c".repeat(200_000)), "ok")), "ok");
    assert_eq!(body("HTTP/1.1  200 \u{e9}\r\n\r\nok"), "ok");
    assert_eq!(body("HTTP/2.0 200 OK\r\n\r\nok"), "ok");
    // There were no chunks before 1.1, but here nothing else marks the end.
    let chunked = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(body(format!("{chunked}Content-Length: 2\r\n\r\nok")), "ok");
    assert_eq!(body(format!("{chunked}\r\n0000000000002\r\nok\r\n0\r\n\r\n")), "ok");
    let folded = send(&always(of("Content-Type: text/plain;\r\n version=0.0.4", ""))).unwrap();
    assert_eq!(folded.content_type, "text/plain; version=0.0.4");
}

#[test]
fn a_response_with_a_status_is_an_answer() {
    let long = "x".repeat(300_000);
    let gzip = "Content-Encoding: gzip\r\nContent-Length: 2\r\n";
    for (rest, reason) in [
        (" ", "connect"),
        (" OK", "connect"),
        (" OK\r\nContent-Len", "connect"),
        (" OK\r\nContent-Length: 2\r\n", "connect"),
        (" OK\r\nContent-Length: 2\r\n\r\no", "connect"),
        (&format!(" {long}"), "protocol"),
        (&format!(" OK\r\nSet-Cookie: {long}"), "protocol"),
        (" OK\r\nno colon\r\n\r\n", "protocol"),
        (" OK\r\n folded first\r\n\r\n", "protocol"),
        (" OK\r\nContent-Length: 2, 2\r\n\r\nok", "protocol"),
        (" OK\r\nContent-Length: -1\r\n\r\n", "protocol"),
        (" OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "protocol"),
        (" OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "protocol"),
        (" OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "protocol"),
        (" OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "connect"),
        (&format!(" OK\r\n{gzip}\r\nok"), "protocol"),
        (&format!(" OK\r\n\r\n{long}"), "too_large"),
        (" OK\r\nContent-Length: 300000\r\n\r\n", "too_large"),
    ] {
        for early in ["", "HTTP/1.1 100 Continue\r\n\r\n"] {
            for status in [200, 204, 503] {
                let answer = deliver(&always(format!("{early}HTTP/1.1 {status}{rest}")));
                assert_eq!(answer.status, status, "{rest:.50}");
                let reason = Some(reason).filter(|reason| status != 204 || *reason == "protocol");
                let fault = answer.fault.as_ref().map(|fault| fault.reason);
                // A 204 has no body to wait for.
                assert!(fault == reason || status == 204, "{rest:.50} {fault:?}");
            }
        }
    }
    // The part of a body that was read is returned, unless it is encoded.
    let answer = send(&always("HTTP/1.1 503 X\r\nContent-Length: 99\r\n\r\nwhy")).unwrap();
    assert_eq!((answer.body, answer.is_head_torn), (b"why".to_vec(), false));
    assert!(deliver(&always("HTTP/1.1 200 OK\r\nX")).is_head_torn);
}

#[test]
fn what_is_too_large_is_refused() {
    assert_eq!(body(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1000))).len(), 1000);
    let more = "x".repeat(1001);
    assert_eq!(fault(format!("HTTP/1.1 200 OK\r\n\r\n{more}")), "too_large");
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n";
    assert_eq!(fault(sized), "too_large");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(fault(format!("{chunked}3E9\r\n{more}\r\n0\r\n\r\n")), "too_large");
    let bomb = gzip(&vec![b'x'; 900_000]);
    assert!(bomb.len() < 1000);
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    assert_eq!(fault([head.as_bytes(), &bomb].concat()), "too_large");
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD));
    assert_eq!(fault(endless), "protocol");
    let early = "HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000);
    assert_eq!(reason(early), "protocol");
}

#[test]
fn what_is_not_http_is_refused() {
    for bad in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\u{1}\u{2}\u{3}",
        "hello",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
    ] {
        assert_eq!(reason(bad), "protocol", "{bad:?}");
    }
}

#[test]
fn a_response_without_a_status_is_a_failure() {
    for bad in ["", "HTTP/1.1 20", "HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n\r\n"] {
        assert_eq!(reason(bad), "connect", "{bad:?}");
    }
}

#[test]
fn retry_after_and_samples_written_are_read() {
    let answer = send(&always(
        "HTTP/1.1 429 X\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         X-Prometheus-Remote-Write-Samples-Written: 4711\r\nContent-Length: 0\r\n\r\n",
    ));
    let answer = answer.unwrap();
    assert_eq!((answer.retry_after, answer.samples_written), (Some(Duration::ZERO), Some(4711)));
    let answer = send(&always(
        "HTTP/1.1 200 X\r\nX-Prometheus-Remote-Write-Samples-Written: many\r\n\
         Content-Length: 0\r\n\r\n",
    ));
    assert_eq!(answer.unwrap().samples_written, None);
}

/// However the bytes of a response are split, the result is the same.
#[test]
fn answers_may_be_split_anywhere() {
    let packed = gzip(b"hello, hello, hello");
    let chunked = [
        &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\
           Content-Type: text/plain; version=0.0.4\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
        format!("{:x}\r\n", packed.len()).as_bytes(),
        &packed,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    for size in 1..=chunked.len() {
        let mut reading = Reading::new(false, 100);
        let mut pieces = chunked.chunks(size).peekable();
        while let Some(piece) = pieces.next() {
            assert_eq!(reading.feed(piece).unwrap(), pieces.peek().is_none());
        }
        let read = reading.finish();
        assert_eq!(read.answer.body, b"hello, hello, hello");
        assert_eq!(read.answer.content_type, "text/plain; version=0.0.4");
        assert!(read.keep_alive);
    }
}
