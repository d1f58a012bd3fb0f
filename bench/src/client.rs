//! A scraper: one kept connection, one request of constant bytes, the answer read to its end. It
//! allocates nothing after the first answers, so that it can run beside what it measures.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

/// A server that takes longer is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// One kept connection and what it asks for.
pub struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
    /// Where in it the body of the last answer lies, if it had a length.
    body: Range<usize>,
}

/// One answer, of which only the figures matter.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Bytes of the body as sent (compressed, if it was).
    pub body: usize,
    /// From the request to the last byte.
    pub took: Duration,
}

/// What to ask for: as Prometheus asks, with the text format preferred, which all servers have.
pub fn request(path: &str, gzip: bool) -> Vec<u8> {
    let encoding = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Prometheus/3.5.0\r\n\
         Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n{encoding}\
         X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
    )
    .into_bytes()
}

impl Client {
    /// Connects to a server that is listening.
    pub fn connect(address: SocketAddr, request: Vec<u8>) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { stream, request, buffer: vec![0; 64 << 10], body: 0..0 })
    }

    /// Sends the request without waiting for the answer.
    pub fn ask(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.request)
    }

    /// One scrape.
    pub fn scrape(&mut self) -> io::Result<Answer> {
        let start = Instant::now();
        self.ask()?;
        let body = self.answer()?;
        Ok(Answer { body, took: start.elapsed() })
    }

    /// Another request than the one that was set, and its answer.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<usize> {
        self.stream.write_all(request)?;
        self.answer()
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }

    /// Reads one answer to its end; returns the length of its body.
    pub fn answer(&mut self) -> io::Result<usize> {
        let mut length = 0;
        let mut head = None;
        loop {
            let room = self.buffer.get_mut(length..).unwrap_or_default();
            if room.is_empty() {
                let grown = self.buffer.len() * 2;
                self.buffer.resize(grown, 0);
                continue;
            }
            match self.stream.read(room)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => length += n,
            }
            let text = &self.buffer[..length];
            if head.is_none() {
                head = parse_head(text)?;
            }
            match head {
                Some(Head { end, length: Some(body) }) if length >= end + body => {
                    self.body = end..end + body;
                    return Ok(body);
                }
                Some(Head { end, length: None }) => {
                    if let Some(body) = chunked(&text[end..]) {
                        return Ok(body);
                    }
                }
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Head {
    end: usize,
    /// `None` for a chunked body.
    length: Option<usize>,
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn parse_head(text: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = find(text, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&text[..end]).unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200") {
        let line = head.lines().next().unwrap_or_default();
        return Err(io::Error::other(format!("expected 200, the server said {line:?}")));
    }
    let length = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(Some(Head { end: end + 4, length }))
}

/// Length of a chunked body once all of it is there.
fn chunked(mut text: &[u8]) -> Option<usize> {
    let mut body = 0;
    loop {
        let line = find(text, b"\r\n")?;
        let size = std::str::from_utf8(&text[..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        text = text.get(line + 2 + size + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body += size;
    }
}
