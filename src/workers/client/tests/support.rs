//! A server for each test, and calls to it.

use crate::base::wire::Url;
use crate::workers::answer::Answer;
use crate::workers::client::{Call, Client};
use crate::workers::failure::Failure;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// More than any test takes on the slowest machine.
pub const LONG: Duration = Duration::from_secs(60);

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One connection of a server, after the first request.
pub struct Peer {
    pub stream: BufReader<TcpStream>,
}

impl Peer {
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A client that has read enough hangs up.
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// The head of the next request; `None` if the client is gone.
    pub fn receive(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).unwrap_or(0) == 0 {
                return None;
            }
        }
        Some(head)
    }
}

/// A server that runs `script` for each connection, one after the other, once it has received a
/// request; the receiver gets the heads of these first requests.
pub fn serve(mut script: impl FnMut(&mut Peer, &str) + Send + 'static) -> (Url, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    let (heads, received) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut peer = Peer { stream: BufReader::new(stream.unwrap()) };
            let Some(head) = peer.receive() else { continue };
            let _ = heads.send(head.clone());
            script(&mut peer, &head);
        }
    });
    (Url::parse(&url).unwrap(), received)
}

/// A server that gives every client the same response and hangs up.
pub fn always(answer: impl AsRef<[u8]> + Send + 'static) -> Url {
    serve(move |peer, _| peer.send(&answer)).0
}

pub fn get(url: &Url) -> Call<'_> {
    let deadline = Instant::now() + LONG;
    Call { method: "GET", url, headers: &[], body: None, deadline, max_body: 1000 }
}

pub fn send(url: &Url) -> Result<Answer, Failure> {
    Client::default().send(&get(url))
}

pub fn body(answer: impl AsRef<[u8]> + Send + 'static) -> String {
    let answer = send(&always(answer)).unwrap();
    assert!(answer.fault.is_none(), "{:?}", answer.fault);
    String::from_utf8(answer.body).unwrap()
}

/// The failure for a response that is invalid.
pub fn reason(answer: impl AsRef<[u8]> + Send + 'static) -> &'static str {
    send(&always(answer)).unwrap_err().reason
}

/// The fault of a response with status 200 that cannot be read to its end.
pub fn fault(answer: impl AsRef<[u8]> + Send + 'static) -> &'static str {
    let url = always(answer);
    let delivered = deliver(&url);
    assert_eq!(delivered.status, 200);
    // A caller that needs the rest gets the error.
    let reason = delivered.fault.unwrap().reason;
    assert_eq!(send(&url).unwrap_err().reason, reason);
    reason
}

pub fn deliver(url: &Url) -> Answer {
    Client::default().deliver(&get(url)).unwrap()
}

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let deflated = miniz_oxide::deflate::compress_to_vec(plain, 6);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let crc = crc32fast::hash(plain).to_le_bytes();
    [&head[..], &deflated, &crc, &(plain.len() as u32).to_le_bytes()].concat()
}
