//! Clients that never finish a handshake, or guess passwords, delay no other client.

use crate::common::{Agent, PATIENCE, Temp, limits, wait_until};
use crate::support::{FIRST, curl, health, plan, web};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A hash of nothing, which costs 2^8.
const DEAR: &str = "$2y$08$abcdefghijklmnopqrstuuvybHXQqehXl2NdtAhT6BAmwe6EZ8HOi";

/// The start of a ClientHello that says it is longer than it is: the rest never comes.
fn half_hello(bytes: usize) -> Vec<u8> {
    let mut hello = vec![0x16, 3, 1, 0x3f, 0xff, 1, 0, 0xff, 0, 3, 3];
    hello.resize(bytes, 7);
    hello
}

#[test]
fn a_thousand_half_open_handshakes_delay_no_request() {
    limits::make_room_for_sockets();
    let (_dir, path) = web("");
    let agent = plan(&path).start();
    assert_eq!(health(&agent.address(), &[]), (0, 200));
    let before = agent.status("VmRSS");
    let mut held = Vec::new();
    for n in 0..1000 {
        let mut client = TcpStream::connect(agent.address()).unwrap();
        // Nothing, some bytes, or as many as one record has.
        let bytes = [0, 3, 60, 16_000][n % 4];
        let _ = client.write_all(half_hello(16_000).get(..bytes).unwrap());
        held.push(client);
        if n % 100 == 99 {
            let start = Instant::now();
            assert_eq!(health(&agent.address(), &[]), (0, 200), "{n}");
            assert!(start.elapsed() < Duration::from_secs(3), "{n}: {:?}", start.elapsed());
        }
    }
    let grown = agent.status("VmRSS") - before;
    assert!(grown < 12_000, "{grown} kB");
    // At their deadline all of them go.
    drop(held.split_off(1));
    wait_until("the rest to be gone", || agent.descriptors().len() < 60);
    assert_eq!(health(&agent.address(), &[]), (0, 200));
}

/// The handshakes of many at once fill the room for all of them: the largest go.
#[test]
fn what_handshakes_keep_is_bounded_together() {
    limits::make_room_for_sockets();
    let (_dir, path) = web("");
    let agent = plan(&path).start();
    assert_eq!(health(&agent.address(), &[]), (0, 200));
    let before = agent.status("VmRSS");
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..400 {
        let mut client = TcpStream::connect(agent.address()).unwrap();
        // Three records of one message of 64 KiB.
        for _ in 0..3 {
            let mut record = vec![0x16, 3, 1, 0x3f, 0xf0];
            record.extend_from_slice(&[1, 0, 0xff, 0]);
            record.resize(5 + 0x3ff0, 0);
            let _ = client.write_all(&record);
        }
        held.push(client);
    }
    assert_eq!(health(&agent.address(), &[]), (0, 200));
    let grown = agent.status("VmRSS") - before;
    assert!(grown < 12_000, "{grown} kB");
}

#[test]
fn a_client_that_stalls_is_let_go_and_counted() {
    let (_dir, path) = web("");
    let agent = plan(&path).set("server.head_timeout", "200ms").start();
    let mut clients = [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"].map(|bytes| {
        let mut client = TcpStream::connect(agent.address()).unwrap();
        client.write_all(bytes).unwrap();
        client
    });
    for client in &mut clients {
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(client.read(&mut [0; 10]).unwrap(), 0);
    }
    let page = curl(&agent.address(), "https://localhost:{}/metrics", &[]).body;
    assert!(page.contains("\nsysmetrics_http_tls_handshakes_failed_total 3\n"), "{page}");
    assert!(page.contains("\nsysmetrics_http_connections_timed_out_total 3\n"));
}

/// Sends a request and leaves the answer to be read.
fn request(agent: &Agent, who: &str) -> TcpStream {
    let mut client = TcpStream::connect(agent.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Basic {who}\r\n\r\n"
    );
    client.write_all(head.as_bytes()).unwrap();
    client
}

fn status(mut client: TcpStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text.get(9..12).unwrap().to_owned()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = part.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - part.len()));
        for at in 0..=part.len() {
            out.push(char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}

#[test]
fn wrong_passwords_delay_no_other_client() {
    let (dir, path) = web("");
    dir.write("web.yml", format!("basic_auth_users:\n  ann: {FIRST}\n  bob: {DEAR}\n"));
    let agent = plan(&path).start();
    let ann = base64("ann:first");
    assert_eq!(status(request(&agent, &ann)), "200");
    // More than may wait; half of them guess at a name that nobody has.
    let guess = |n: usize| base64(&format!("{}:{n}", ["bob", "eve"][n % 2]));
    let guesses: Vec<TcpStream> = (0..40).map(|n| request(&agent, &guess(n))).collect();
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(status(request(&agent, &ann)), "200");
    }
    let took = start.elapsed();
    let codes: Vec<String> = guesses.into_iter().map(status).collect();
    let all = start.elapsed();
    assert!(took < all / 4, "{took:?} of {all:?}");
    let count = |code: &str| codes.iter().filter(|one| *one == code).count();
    assert!(count("503") >= 20 && count("401") >= 1, "{codes:?}");
    assert_eq!(count("401") + count("503"), 40, "{codes:?}");
    // Those that wait for the worker keep it busy for a while on a slow machine.
    let start = Instant::now();
    while status(request(&agent, &guess(2000))) != "401" {
        assert!(start.elapsed() < 4 * PATIENCE, "waited in vain for the guesses");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The same guess is looked at once, however many come with it.
    let same: Vec<TcpStream> = (0..30).map(|_| request(&agent, &guess(1000))).collect();
    assert!(same.into_iter().map(status).all(|code| code == "401"));
    assert_eq!(status(request(&agent, &ann)), "200");
}

/// Whether a name is known does not show in the time.
#[test]
fn an_unknown_name_takes_as_long_as_a_known_one() {
    let (dir, path) = web("");
    dir.write("web.yml", format!("basic_auth_users:\n  bob: {DEAR}\n"));
    let agent = plan(&path).start();
    let time = |who: &str| {
        let tries = (0..5).map(|n| {
            let start = Instant::now();
            assert_eq!(status(request(&agent, &base64(&format!("{who}:{n}")))), "401");
            start.elapsed()
        });
        tries.min().unwrap()
    };
    let (known, unknown) = (time("bob"), time("eve"));
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{known:?} {unknown:?}");
}

/// A login under way when the agent is to end gets its response.
#[test]
fn sigterm_waits_for_a_password_check() {
    let dir = Temp::new();
    let path = dir.write("users.yml", format!("basic_auth_users:\n  ann: {DEAR}\n"));
    let mut agent = plan(&path).start();
    let mut client = agent.connect();
    agent.signal(libc::SIGSTOP);
    client.send("GET /health HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YW5uOng=\r\n\r\n");
    agent.signal(libc::SIGTERM);
    agent.signal(libc::SIGCONT);
    assert_eq!(client.answer().status, 401);
    client.assert_end();
    assert_eq!(agent.wait().code(), Some(0));
}
