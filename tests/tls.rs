//! https against Python's ssl module, which is OpenSSL, with certificates of a private authority.
#![cfg(feature = "exporter")]
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test
#![allow(clippy::disallowed_methods)] // peers are processes

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use sysmetrics::base::wire::Url;
use sysmetrics::settings;
use sysmetrics::workers::{Answer, Call, Client, Failure, Queue, Tls, Worker};

/// More than any test takes on the slowest machine.
const LONG: Duration = Duration::from_secs(60);

/// The certificates; made once.
fn certificates() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let name = format!("sysmetrics-tls-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let made = Command::new("sh").arg("tests/tls/make.sh").arg(&directory).status();
        assert!(made.unwrap().success());
        directory
    })
}

struct Server(Child, Url);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(modes: &[&str]) -> Server {
    let mut child = Command::new("python3")
        .arg("tests/tls/server.py")
        .arg(certificates())
        .args(modes)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = Url::parse(&format!("https://localhost:{}/v1", line.trim())).unwrap();
    Server(child, url)
}

fn file(name: &str) -> Option<PathBuf> {
    Some(certificates().join(name))
}

fn trusting(ca: &str) -> settings::Tls {
    settings::Tls { ca_file: file(ca), ..settings::Tls::default() }
}

fn mutual() -> settings::Tls {
    let (cert_file, key_file) = (file("client.pem"), file("client.key"));
    settings::Tls { cert_file, key_file, ..trusting("ca.pem") }
}

fn post(client: &mut Client, url: &Url, body: &[u8], time: Duration) -> Result<Answer, Failure> {
    let deadline = Instant::now() + time;
    client.send(&Call {
        method: "POST",
        url,
        headers: &[],
        body: Some(body),
        deadline,
        max_body: 1000,
    })
}

fn said(tls: &settings::Tls, server: &Server) -> Result<String, Failure> {
    let mut client = Client::for_samples(Tls::read(tls).unwrap());
    let answer = post(&mut client, &server.1, b"hello", LONG)?;
    Ok(String::from_utf8(answer.body).unwrap())
}

fn refused(tls: &settings::Tls, modes: &[&str]) -> String {
    let failure = said(tls, &serve(modes)).unwrap_err();
    assert_eq!(failure.reason, "tls", "{failure}");
    failure.text
}

#[test]
fn a_trusted_peer_is_spoken_to_and_kept() {
    let server = serve(&["good"]);
    let mut client = Client::for_samples(Tls::read(&trusting("ca.pem")).unwrap());
    let large = [vec![b'x'; 1 << 20], b"world".to_vec()].concat();
    for (count, body) in [&b"hello"[..], &large, b"", b"again"].into_iter().enumerate() {
        let answer = post(&mut client, &server.1, body, LONG).unwrap();
        let end = &body[body.len().saturating_sub(5)..];
        let expected =
            [format!("TLSv1.3 - {} {} ", count + 1, body.len()).as_bytes(), end].concat();
        assert_eq!(answer.body, expected, "the same connection each time");
    }
}

#[test]
fn it_fits_the_stack_of_a_courier() {
    let server = serve(&["good", "mutual"]);
    let url = server.1.clone();
    let (results, tls) = (Queue::new(1), mutual());
    let desk = results.clone();
    let worker = Worker::start("test", 1, move |jobs: &Queue<()>| {
        while jobs.next().is_some() {
            let mut client = Client::for_samples(Tls::read(&tls).unwrap());
            desk.put(post(&mut client, &url, b"hello", LONG).unwrap().body);
        }
    })
    .unwrap();
    worker.try_send(()).unwrap();
    assert_eq!(results.next().unwrap(), b"TLSv1.3 client 1 5 hello");
}

#[test]
fn older_tls_is_spoken_too() {
    assert_eq!(said(&trusting("ca.pem"), &serve(&["good", "1.2"])).unwrap(), "TLSv1.2 - 1 5 hello");
    assert_eq!(
        said(&mutual(), &serve(&["good", "1.2", "mutual"])).unwrap(),
        "TLSv1.2 client 1 5 hello"
    );
}

#[test]
fn who_cannot_be_trusted_is_not_spoken_to() {
    let ca = trusting("ca.pem");
    assert!(refused(&trusting("other.pem"), &["good"]).contains("ca_file"));
    let text = refused(&ca, &["name"]);
    assert!(text.contains("elsewhere.example") && text.contains("localhost"), "{text}");
    assert!(refused(&ca, &["expired"]).contains("has expired"));
    let text = refused(&ca, &["future"]);
    assert!(text.contains("not valid yet") && text.contains("clock"), "{text}");
    // Those of the system do not know a private authority.
    assert!(refused(&settings::Tls::default(), &["good"]).contains("ca_file"));
    let text = refused(&ca, &["good", "plain"]);
    assert!(text.contains("does not speak TLS"), "{text}");
}

#[test]
fn a_name_can_be_given() {
    let tls = settings::Tls { server_name: "elsewhere.example".into(), ..trusting("ca.pem") };
    assert_eq!(said(&tls, &serve(&["name"])).unwrap(), "TLSv1.3 - 1 5 hello");
    assert!(refused(&tls, &["good"]).contains("localhost"));
}

#[test]
fn a_peer_may_want_to_know_us() {
    for modes in [&["good", "mutual"][..], &["good", "mutual", "1.2"]] {
        let server = serve(modes);
        let failure = said(&trusting("ca.pem"), &server).unwrap_err();
        assert_eq!(failure.reason, "tls", "{failure}");
    }
    assert!(refused(&trusting("ca.pem"), &["good", "mutual"]).contains("cert_file"));
    assert_eq!(said(&mutual(), &serve(&["good", "mutual"])).unwrap(), "TLSv1.3 client 1 5 hello");
}

#[test]
fn a_peer_that_stalls_in_the_handshake_runs_into_the_deadline() {
    let server = serve(&["good", "stall"]);
    let mut client = Client::for_samples(Tls::read(&trusting("ca.pem")).unwrap());
    let failure = post(&mut client, &server.1, b"", Duration::from_millis(300)).unwrap_err();
    assert_eq!(failure.reason, "timeout", "{failure}");
    assert!(failure.text.contains("handshake"), "{failure}");
}

#[test]
fn only_the_peer_can_end_an_answer() {
    let failure = said(&trusting("ca.pem"), &serve(&["good", "ragged"])).unwrap_err();
    assert!(failure.text.contains("cut off"), "{failure}");
    // Its status was under TLS, and is enough for whoever only delivers.
    let server = serve(&["good", "ragged"]);
    let mut client = Client::for_samples(Tls::read(&trusting("ca.pem")).unwrap());
    let (deadline, headers, max_body) = (Instant::now() + LONG, &[], 1000);
    let (method, url, body) = ("POST", &server.1, Some(&b"hello"[..]));
    let call = Call { method, url, headers, body, deadline, max_body };
    let answer = client.deliver(&call).unwrap();
    assert_eq!((answer.status, answer.fault.unwrap().reason), (200, "connect"));
    assert_eq!(
        said(&trusting("ca.pem"), &serve(&["good", "half"])).unwrap(),
        "TLSv1.3 - 1 5 hello"
    );
}

#[test]
fn a_kept_connection_that_is_closed_is_replaced() {
    let server = serve(&["good", "once"]);
    let mut client = Client::for_samples(Tls::read(&trusting("ca.pem")).unwrap());
    for _ in 0..5 {
        let answer = post(&mut client, &server.1, b"hello", LONG).unwrap();
        assert_eq!(answer.body, b"TLSv1.3 - 1 5 hello");
    }
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let empty = certificates().join("empty");
    std::fs::write(&empty, "").unwrap();
    let error = |tls: &settings::Tls| Tls::read(tls).unwrap_err().to_string();
    let text = error(&trusting("absent.pem"));
    assert!(text.contains("absent.pem: No such file"), "{text}");
    let text = error(&trusting("empty"));
    assert!(text.contains("empty: expected PEM"), "{text}");
    let text = error(&settings::Tls { key_file: None, ..mutual() });
    assert!(text.contains("key_file"), "{text}");
    let text = error(&settings::Tls { key_file: file("client.pem"), ..mutual() });
    assert!(text.contains("client.pem: expected a key"), "{text}");
    let text = error(&settings::Tls { key_file: file("good.key"), ..mutual() });
    let why = "good.key are no certificate and its key: the key is that of another certificate";
    assert!(text.contains(why), "{text}");
    let text = error(&settings::Tls { server_name: "a b".into(), ..trusting("ca.pem") });
    assert!(text.starts_with("server_name a b: expected"), "{text}");
}
