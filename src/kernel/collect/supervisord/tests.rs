//! Against a made-up supervisord.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{open as open_at, scrape};
use crate::kernel::read::Root;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Answers each connection with `answer`; gives the port and a thread that gives the last request.
fn serve(answer: &'static str, times: usize) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let mut request = Vec::new();
        for _ in 0..times {
            let (mut stream, _) = listener.accept().unwrap();
            request.clear();
            while !request.ends_with(CALL.as_bytes()) {
                let mut piece = [0; 4096];
                let n = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..n]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
        String::from_utf8(request).unwrap()
    });
    (port, serving)
}

const ANSWER: &str = "HTTP/1.0 200 OK\r\nServer: x\r\n\r\n<?xml version='1.0'?>\
    <methodResponse><params><param><value><array><data><value><struct>\
    <member><name>name</name><value><string>a</string></value></member>\
    <member><name>group</name><value><string>g</string></value></member>\
    <member><name>start</name><value><int>17</int></value></member>\
    <member><name>state</name><value><int>20</int></value></member>\
    <member><name>exitstatus</name><value><int>0</int></value></member>\
    </struct></value><value><struct>\
    <member><name>name</name><value><string>b</string></value></member>\
    <member><name>group</name><value><string>g</string></value></member>\
    <member><name>start</name><value><int>18</int></value></member>\
    <member><name>state</name><value><int>100</int></value></member>\
    <member><name>exitstatus</name><value><int>-3</int></value></member>\
    </struct></value></data></array></value></param></params></methodResponse>";

#[test]
fn processes_are_shown_in_both_dialects() {
    let (port, serving) = serve(ANSWER, 2);
    let url = format!("http://u:p@127.0.0.1:{port}/RPC2");
    for dialect in [Dialect::Own, Dialect::Node] {
        let root = Root::of_this_machine();
        let mut opened = open_at(&root, &SPEC, dialect, &[("url", &url), ("timeout", "20s")]);
        let (lines, errors) = scrape(&mut opened, dialect, &["supervisord"]);
        let expected = [
            "supervisord_up{name=\"a\",group=\"g\"} 1",
            "supervisord_up{name=\"b\",group=\"g\"} 0",
            "supervisord_state{name=\"a\",group=\"g\"} 20",
            "supervisord_state{name=\"b\",group=\"g\"} 100",
            "supervisord_exit_status{name=\"a\",group=\"g\"} 0",
            "supervisord_exit_status{name=\"b\",group=\"g\"} -3",
            "supervisord_start_time_seconds{name=\"a\",group=\"g\"} 17",
        ];
        assert_eq!((lines, errors), (expected.map(String::from).to_vec(), 0));
    }
    let request = serving.join().unwrap();
    assert!(request.starts_with("POST /RPC2 HTTP/1.0\r\nHost: 127.0.0.1:"), "{request}");
    assert!(request.contains("\r\nAuthorization: Basic dTpw\r\n"), "{request}");
}

fn failure(url: &str) -> String {
    let set = [("url", url), ("timeout", "2s")];
    let mut opened = open_at(&Root::of_this_machine(), &SPEC, Dialect::Own, &set);
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
    opened.collect(&mut text).unwrap_err().to_string()
}

#[test]
fn unexpected_answers_fail_the_request() {
    for (answer, why) in [
        ("HTTP/1.0 401 Unauthorized\r\n\r\n", "expected status 200, found \"HTTP/1.0 401"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n<a>", "reset by peer"),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\n<a>b", "a whole methodResponse"),
        ("SSH-2.0-x\r\n\r\n", "expected status 200, found \"SSH-2.0-x"),
        ("", "an answer over HTTP"),
    ] {
        let (port, serving) = serve(answer, 1);
        let error = failure(&format!("http://127.0.0.1:{port}/RPC2"));
        assert!(error.contains(why), "{error}");
        serving.join().unwrap();
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    assert!(failure(&format!("http://127.0.0.1:{port}")).contains("timed out"));
    drop(silent);
    assert!(failure(&format!("http://127.0.0.1:{port}")).contains("refused"));
    assert!(failure("unix:///no/such.sock").starts_with("unix:/no/such.sock: "));
    for url in ["unix:relative", "https://h/", "ftp://h/", "x"] {
        assert!(failure(url).contains("http://… or unix:///…"), "{url}");
    }
}

#[test]
fn a_stored_machine_has_none() {
    let tree = crate::kernel::collect::testing::Tree::new("supervisord");
    let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
    assert!(matches!(opened.collect(&mut text), Err(Error::Unsupported(_))));
}
