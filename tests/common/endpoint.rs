//! An endpoint for the agent to scrape: a server with one script, which may change.

use super::wait_until;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is said to a request.
#[derive(Clone)]
pub enum Say {
    /// These bytes; then the connection ends.
    Bytes(Vec<u8>),
    /// These bytes, then more and more of the last one, never an end.
    Trickle(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Nothing,
    /// What this says to the head of the request.
    By(fn(&str) -> Say),
}

#[derive(Default)]
struct State {
    say: Option<Say>,
    heads: Vec<String>,
}

/// A server on a port of its own.
pub struct Endpoint {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Endpoint {
    pub fn new(say: Say) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State { say: Some(say), heads: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Endpoint { address, state }
    }

    /// One that answers 200 with `body`.
    pub fn with(body: &str) -> Endpoint {
        Endpoint::new(Say::ok(body))
    }

    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// From now on another answer.
    pub fn say(&self, say: Say) {
        self.state.lock().unwrap().say = Some(say);
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().unwrap().heads.clone()
    }

    /// Waits for a request that came after this call.
    pub fn wait_for_request(&self) -> String {
        let before = self.heads().len();
        wait_until("a request", || self.heads().len() > before);
        self.heads().pop().unwrap()
    }
}

impl Say {
    /// 200, as text 0.0.4, with its length.
    pub fn ok(body: &str) -> Say {
        Say::typed("text/plain; version=0.0.4", body)
    }

    pub fn typed(content_type: &str, body: &str) -> Say {
        Say::head(200, &format!("Content-Type: {content_type}\r\nContent-Length: {}", body.len()))
            .and(body)
    }

    /// A head with these headers, without a body.
    pub fn head(status: u16, headers: &str) -> Say {
        Say::Bytes(format!("HTTP/1.1 {status} Said\r\n{headers}\r\n\r\n").into_bytes())
    }

    pub fn and(self, more: impl AsRef<[u8]>) -> Say {
        match self {
            Say::Bytes(bytes) => Say::Bytes([&bytes, more.as_ref()].concat()),
            other => other,
        }
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let say = {
        let mut state = state.lock().unwrap();
        let say = match state.say.clone().unwrap() {
            Say::By(choose) => choose(&head),
            say => say,
        };
        state.heads.push(head);
        say
    };
    let stream = stream.get_mut();
    // A client that has heard enough hangs up.
    match say {
        Say::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Say::Trickle(bytes) => {
            let _ = stream.write_all(&bytes);
            while stream.write_all(&bytes[bytes.len() - 1..]).is_ok() {
                thread::sleep(Duration::from_millis(5));
            }
        }
        Say::Nothing | Say::By(_) => drop(std::io::Read::read(stream, &mut [0; 1])),
    }
}
