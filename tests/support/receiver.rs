//! A receiver of samples that answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// What is done with a request.
#[derive(Clone)]
pub enum Reply {
    /// Answered with this status line and these headers.
    Say(String),
    /// The same with a body, as plain text.
    WithBody(String, String),
    /// Never answered.
    Hang,
    /// Taken.
    Ok,
}

pub const OK: Reply = Reply::Ok;

impl Reply {
    pub fn say(head: &str) -> Reply {
        Reply::Say(head.trim_end().to_owned())
    }

    pub fn with_body(head: &str, body: &str) -> Reply {
        Reply::WithBody(head.to_owned(), body.to_owned())
    }
}

/// A request.
#[derive(Clone)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
    pub at: Instant,
    is_taken: bool,
}

type Script = Box<dyn FnMut(usize, &str, &[u8]) -> Reply + Send>;

struct State {
    script: Script,
    received: Vec<Received>,
    connections: usize,
}

/// A server on a port of its own.
pub struct Receiver {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Answers the request number n, from 0 on, as `script` says.
    pub fn start(mut script: impl FnMut(usize) -> Reply + Send + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script: Script = Box::new(move |n, _, _| script(n));
        let state = State { script, received: Vec::new(), connections: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Receiver { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers like this.
    pub fn answer(&self, mut script: impl FnMut(usize) -> Reply + Send + 'static) {
        self.state.lock().unwrap().script = Box::new(move |n, _, _| script(n));
    }

    pub fn answer_by_head(&self, mut script: impl FnMut(&str) -> Reply + Send + 'static) {
        self.state.lock().unwrap().script = Box::new(move |_, head, _| script(head));
    }

    /// The same, by head and body.
    pub fn answer_by(&self, mut script: impl FnMut(&str, &[u8]) -> Reply + Send + 'static) {
        self.state.lock().unwrap().script = Box::new(move |_, head, body| script(head, body));
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// Those that were answered with 2xx.
    pub fn taken(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.is_taken).collect()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = receive(&mut stream) {
        let reply = {
            let mut state = state.lock().unwrap();
            let count = state.received.len();
            let reply = (state.script)(count, &head, &body);
            let is_taken = match &reply {
                Reply::Ok => true,
                Reply::Say(status) | Reply::WithBody(status, _) => status.starts_with('2'),
                Reply::Hang => false,
            };
            state.received.push(Received { head, body, at: Instant::now(), is_taken });
            reply
        };
        let (status, text) = match reply {
            // Until the other side has had enough.
            Reply::Hang => return drop(stream.read(&mut [0])),
            Reply::Ok => ("200 Fine".to_owned(), String::new()),
            Reply::Say(status) => (status, String::new()),
            Reply::WithBody(status, text) => (status + "\r\nContent-Type: text/plain", text),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\n{}\r\n{text}",
            match status.starts_with("204") {
                true => String::new(),
                false => format!("Content-Length: {}\r\n", text.len()),
            }
        );
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The head and the body of the next request; `None` at the end of the connection.
pub fn receive(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}
