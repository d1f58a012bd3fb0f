//! One request over HTTP/1.0 (RFC 1945) to an optional service of this machine: the request is
//! sent at once, and the answer ends with its length or with the connection. It blocks, until a deadline.

use super::stream::{Peer, connect};
use std::io::{self, ErrorKind};
use std::time::Instant;

/// Bytes of the lines before the body.
const MAX_HEAD: usize = 16 << 10;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The error of a system call.
    Io(io::Error),
    /// There is an answer, but not the requested one: what was expected, and its first line.
    Answer(&'static str, Vec<u8>),
    /// It is longer than this.
    TooLong(usize),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

/// Sends `request`, head and body, and stores the body of the answer, whose status has to be 200, in
/// `body`.
pub fn exchange(
    peer: &Peer,
    request: &[u8],
    body: &mut Vec<u8>,
    max_body: usize,
    until: Instant,
) -> Result<(), Failure> {
    body.clear();
    let mut stream = connect(peer, until)?;
    stream.send(request, until)?;
    let mut head = None;
    loop {
        if head.is_none() {
            head = Head::read(body)?;
        }
        if let Some(Head { length, body: Some(wanted) }) = head
            && body.len() >= length.saturating_add(wanted)
        {
            body.truncate(length + wanted);
            break;
        }
        let most = head.as_ref().map_or(MAX_HEAD, |head| head.length + max_body);
        if body.len() > most {
            return Err(Failure::TooLong(most));
        }
        if stream.receive(body, until)? == 0 {
            break;
        }
    }
    match head {
        // An answer that ends before its length is not whole.
        Some(Head { length, body: Some(wanted) }) if body.len() < length + wanted => {
            Err(Failure::Io(ErrorKind::UnexpectedEof.into()))
        }
        Some(head) => {
            body.drain(..head.length.min(body.len()));
            Ok(())
        }
        None => Err(Failure::Answer("an answer over HTTP", first_line(body))),
    }
}

/// The lines before the body.
struct Head {
    /// Their length in bytes.
    length: usize,
    /// The length of the body, if they have it.
    body: Option<usize>,
}

impl Head {
    /// `None` until all of them are there.
    fn read(text: &[u8]) -> Result<Option<Head>, Failure> {
        let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let lines = text.get(..end).unwrap_or_default();
        let mut lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let status = lines.next().unwrap_or_default();
        let code = status.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
        if code != Some(b"200") {
            return Err(Failure::Answer("status 200", first_line(text)));
        }
        let body = lines.find_map(|line| {
            let (name, value) = line.split_at_checked("content-length:".len())?;
            let value = name.eq_ignore_ascii_case(b"content-length:").then_some(value)?;
            std::str::from_utf8(value).ok()?.trim().parse().ok()
        });
        Ok(Some(Head { length: end + 4, body }))
    }
}

fn first_line(text: &[u8]) -> Vec<u8> {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii().to_vec()
}
