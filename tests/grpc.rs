//! gRPC against grpcio, the reference implementation in C.
#![cfg(feature = "exporter")]
#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test
#![allow(clippy::disallowed_methods)] // peers are processes

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use sysmetrics::base::wire::Url;
use sysmetrics::workers::{Failure, Grpc, GrpcAnswer, GrpcCall};

/// More than any test takes on the slowest machine.
const LONG: Duration = Duration::from_secs(60);

struct Server(Child, u16);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(port: u16, certificates: Option<&std::path::Path>) -> Server {
    let mut child = Command::new("target/clients/bin/python3")
        .args(["tests/tls/grpc_server.py", &port.to_string()])
        .args(certificates)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().parse().unwrap();
    Server(child, port)
}

fn url(scheme: &str, server: &Server) -> Url {
    Url::parse(&format!("{scheme}://localhost:{}", server.1)).unwrap()
}

fn call(client: &mut Grpc, url: &Url, what: &str, body: &[u8]) -> Result<GrpcAnswer, Failure> {
    let headers = [("X-What".to_owned(), what.to_owned())];
    let deadline = Instant::now() + if what == "slow" { Duration::from_millis(300) } else { LONG };
    let (path, gzip, max_body) = ("/t.T/Echo", body.len().is_multiple_of(2), 8 << 20);
    client.call(&GrpcCall { url, path, headers: &headers, body, gzip, deadline, max_body })
}

#[test]
fn a_message_is_echoed() {
    let server = serve(0, None);
    let (mut client, url) = (Grpc::default(), url("http", &server));
    let noise: Vec<u8> =
        (0..3_000_001u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for body in [&b""[..], b"a", b"ab", &noise, &noise[1..]] {
        let answer = call(&mut client, &url, "echo", body).unwrap();
        assert_eq!((answer.code, answer.body == body), (0, true), "{} bytes", body.len());
    }
    assert_eq!(call(&mut client, &url, "big", b"").unwrap().body, vec![b'x'; 1_000_000]);
    let deadline = Instant::now() + LONG;
    let path = "/t.T/Echo";
    let large = GrpcCall {
        url: &url,
        path,
        headers: &[],
        body: &noise,
        gzip: false,
        deadline,
        max_body: 1000,
    };
    // It arrived, and that is what counts.
    let answer = client.call(&large).unwrap();
    assert_eq!((answer.code, answer.body.len()), (0, 0));
    assert_eq!(answer.message, "the message that came back is longer than it may be");
    let unknown = GrpcCall { path: "/t.T/Other", body: b"", ..large };
    assert_eq!(client.call(&unknown).unwrap().code, 12);
}

#[test]
fn trailers_may_be_long() {
    let server = serve(0, None);
    let (mut client, url) = (Grpc::default(), url("http", &server));
    for _ in 0..2 {
        let answer = call(&mut client, &url, "trailers", b"abc").unwrap();
        assert_eq!((answer.code, &*answer.body), (0, &b"abc"[..]));
    }
}

#[test]
fn bytes_on_the_wire_are_counted() {
    let server = serve(0, None);
    let (mut client, url) = (Grpc::default(), url("http", &server));
    // Only what is of even length is compressed.
    for (length, range) in [(99_999, 100_004..100_005), (100_000, 100..1000)] {
        call(&mut client, &url, "echo", &vec![b'x'; length]).unwrap();
        assert!(range.contains(&client.sent()), "{length}: {}", client.sent());
    }
}

/// A peer that says these bytes once it has heard a call, and hangs up.
fn torn(frames: Vec<u8>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Without settings of its own.
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
            let mut received = vec![0; 24];
            stream.read_exact(&mut received).unwrap();
            loop {
                let mut head = [0; 9];
                stream.read_exact(&mut head).unwrap();
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                stream.read_exact(&mut vec![0; length as usize]).unwrap();
                // The end of the message.
                if head[3] == 0 && head[4] & 1 == 1 {
                    break;
                }
            }
            stream.write_all(&frames).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut received);
        }
    });
    Url::parse(&url).unwrap()
}

/// A frame of the first stream (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    [&[0, 0, body.len() as u8, kind, flags, 0, 0, 0, 1], body].concat()
}

/// A head with that status (RFC 7541: a literal with an indexed name).
fn head(status: &str, flags: u8, more: &[u8]) -> Vec<u8> {
    frame(1, 4 | flags, &[&[8, status.len() as u8], status.as_bytes(), more].concat())
}

#[test]
fn a_status_is_an_answer_whatever_follows() {
    let message = frame(0, 0, &[0, 0, 0, 0, 2, 7, 9]);
    let half = frame(0, 0, &[0, 0, 0, 0, 2, 7]);
    let status = |code: &str| [b"\0\x0bgrpc-status\x01", code.as_bytes()].concat();
    let reset = frame(3, 0, &[0, 0, 0, 8]);
    let fine = head("200", 0, b"");
    for (frames, code, body) in [
        // The status in the only head.
        (head("200", 1, &status("0")), 0, &[][..]),
        (head("200", 1, &status("7")), 7, &[]),
        // A whole message is sent after the call was handled.
        ([&*fine, &message].concat(), 0, &[7, 9]),
        ([&*fine, &message, &reset].concat(), 0, &[7, 9]),
        // A status beside a message that is none.
        ([&*fine, &half, &frame(1, 5, &status("0"))].concat(), 0, &[]),
        ([&*fine, &half, &reset].concat(), 1, &[]),
        // Of HTTP: what follows is not gRPC.
        (head("413", 0, b""), 2, &[]),
        ([head("503", 0, b""), half.clone()].concat(), 14, &[]),
        (head("401", 0, b""), 16, &[]),
    ] {
        let answer = call(&mut Grpc::default(), &torn(frames.clone()), "", b"abc");
        let answer = answer.unwrap_or_else(|failure| panic!("{frames:?}: {failure}"));
        assert_eq!((answer.code, &*answer.body), (code, body), "{frames:?} {answer:?}");
    }
    for frames in [vec![], fine.clone(), [&*fine, &half].concat()] {
        let failure = call(&mut Grpc::default(), &torn(frames), "", b"abc").unwrap_err();
        assert_eq!(failure.reason, "connect", "{failure}");
    }
}

#[test]
fn errors_have_their_details() {
    let server = serve(0, None);
    let answer = call(&mut Grpc::default(), &url("http", &server), "fail", b"x").unwrap();
    assert_eq!((answer.code, &*answer.message), (8, "too much: 100 % é"));
    assert_eq!(answer.details, b"\x08\x08\x12\x05wait!\xff");
}

#[test]
fn a_slow_peer_runs_into_the_deadline() {
    let server = serve(0, None);
    let (mut client, url) = (Grpc::default(), url("http", &server));
    match call(&mut client, &url, "slow", b"x") {
        Err(failure) => assert_eq!(failure.reason, "timeout", "{failure}"),
        // It knows the deadline, too, and may be the first to say so.
        Ok(answer) => assert!(matches!(answer.code, 1 | 4), "{answer:?}"),
    }
    assert_eq!(call(&mut client, &url, "echo", b"abc").unwrap().body, b"abc");
}

#[test]
fn a_peer_may_start_anew_between_calls() {
    let server = serve(0, None);
    let (mut client, url, port) = (Grpc::default(), url("http", &server), server.1);
    assert_eq!(call(&mut client, &url, "echo", b"abc").unwrap().body, b"abc");
    drop(server);
    assert_eq!(call(&mut client, &url, "echo", b"abc").unwrap_err().reason, "connect");
    let _server = serve(port, None);
    assert_eq!(call(&mut client, &url, "echo", b"abc").unwrap().body, b"abc");
}

#[cfg(feature = "tls")]
#[test]
fn it_is_spoken_under_tls() {
    use sysmetrics::settings;
    use sysmetrics::workers::Tls;
    let name = format!("sysmetrics-grpc-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory).unwrap();
    assert!(
        Command::new("sh").arg("tests/tls/make.sh").arg(&directory).status().unwrap().success()
    );
    let server = serve(0, Some(&directory));
    let ca_file = Some(directory.join("ca.pem"));
    let tls = Tls::read(&settings::Tls { ca_file, ..settings::Tls::default() }).unwrap();
    let (mut client, url) = (Grpc::new(tls), url("https", &server));
    for body in [&vec![b'x'; 1_000_001][..], b"abc"] {
        assert_eq!(call(&mut client, &url, "echo", body).unwrap().body, body);
    }
    let failure = call(&mut Grpc::default(), &url, "echo", b"x").unwrap_err();
    assert_eq!(failure.reason, "tls", "{failure}");
}
