//! An answer as it comes in pieces (RFC 9110, RFC 9112): heads of 1xx are skipped; the body is as
//! long as Content-Length says, in chunks, or until the peer closes; gzip is undone when it is
//! whole.

use super::Answer;
use super::client::Failure;
use super::inflate::{ACCEPTED, gunzip};
use crate::clock::Wall;
use crate::wire::{self, Chunks, Fault, read_http_date};
use std::str;
use std::time::Duration;

/// Bytes of all heads of one answer.
const MAX_HEAD: usize = 16 << 10;

/// Header lines.
const MAX_HEADERS: usize = 64;

/// How an answer begins.
const HTTP: &[u8] = b"HTTP/";

#[derive(Clone, Copy, Debug)]
enum Framing {
    Head,
    Sized(u64),
    Chunked(Chunks),
    UntilClose,
    Done,
}

/// An answer that is not whole yet.
pub struct Reading {
    framing: Framing,
    /// The head so far, and how many bytes of heads there were before it.
    head: Vec<u8>,
    skipped: usize,
    is_head: bool,
    max_body: usize,
    gzip: bool,
    keep_alive: bool,
    location: Option<String>,
    answer: Answer,
}

/// An answer that is whole.
#[derive(Debug)]
pub struct Read {
    /// What it says.
    pub answer: Answer,
    /// Where it leads.
    pub location: Option<String>,
    /// The connection can be used again.
    pub keep_alive: bool,
}

fn protocol(text: &str) -> Failure {
    Failure { reason: "protocol", text: text.to_owned() }
}

fn too_large(max_body: usize) -> Failure {
    let text = ["the body of the answer is longer than ", &max_body.to_string(), " bytes"].concat();
    Failure { reason: "too_large", text }
}

/// Seconds, or a date (RFC 9110, section 10.2.3): what is past is now.
pub fn retry_after(text: &str, now: Wall) -> Option<Duration> {
    if let Some(seconds) = wire::content_length(text.as_bytes()) {
        return Some(Duration::from_secs(seconds));
    }
    let then = Duration::from_secs(read_http_date(text)?);
    Some(then.saturating_sub(now.since_epoch()))
}

impl Reading {
    /// The answer to a request, which was one for a head only or not.
    pub fn new(is_head: bool, max_body: usize) -> Reading {
        Reading {
            framing: Framing::Head,
            head: Vec::new(),
            skipped: 0,
            is_head,
            max_body,
            gzip: false,
            keep_alive: false,
            location: None,
            answer: Answer::default(),
        }
    }

    /// Takes what came. Whether the answer is whole.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = match &mut self.framing {
                Framing::Head => self.feed_head(rest)?,
                Framing::Sized(left) => {
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    self.answer.body.extend_from_slice(rest.get(..n).unwrap_or_default());
                    *left -= n as u64;
                    if *left == 0 {
                        self.framing = Framing::Done;
                    }
                    n
                }
                Framing::Chunked(chunks) => {
                    let fed = chunks.feed(rest, &mut self.answer.body, self.max_body);
                    let (n, done) = fed.map_err(|fault| match fault {
                        Fault::TooLarge => too_large(self.max_body),
                        Fault::Malformed => protocol("the answer is not in valid chunks"),
                    })?;
                    if done {
                        self.framing = Framing::Done;
                    }
                    n
                }
                Framing::UntilClose => {
                    if rest.len() > self.max_body.saturating_sub(self.answer.body.len()) {
                        return Err(too_large(self.max_body));
                    }
                    self.answer.body.extend_from_slice(rest);
                    rest.len()
                }
                Framing::Done => {
                    // Nobody asked for more: what it answers next would not be ours.
                    self.keep_alive = false;
                    rest.len()
                }
            };
            rest = rest.get(n..).unwrap_or_default();
        }
        Ok(matches!(self.framing, Framing::Done))
    }

    /// The peer closes.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.keep_alive = false;
        match self.framing {
            Framing::UntilClose => self.framing = Framing::Done,
            Framing::Done => {}
            _ => {
                let text = "the peer closed before its answer was whole".to_owned();
                return Err(Failure { reason: "connect", text });
            }
        }
        Ok(())
    }

    /// The whole answer.
    pub fn finish(mut self) -> Result<Read, Failure> {
        if self.gzip {
            let plain = gunzip(&self.answer.body, self.max_body);
            self.answer.body = plain.map_err(|fault| match fault {
                Fault::TooLarge => too_large(self.max_body),
                Fault::Malformed => protocol("the answer is not valid gzip"),
            })?;
        }
        let (location, keep_alive) = (self.location, self.keep_alive);
        Ok(Read { answer: self.answer, location, keep_alive })
    }

    /// How many of `bytes` belong to the head.
    fn feed_head(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        // What is no HTTP need not be waited for.
        let start = self.head.get(..self.head.len().min(HTTP.len())).unwrap_or_default();
        if !HTTP.starts_with(start) {
            return Err(protocol("what answers does not speak HTTP"));
        }
        let end = wire::head_end(&self.head, before);
        if self.skipped + end.unwrap_or(self.head.len()) > MAX_HEAD {
            return Err(protocol("the head of the answer is longer than 16 KiB"));
        }
        let Some(end) = end else { return Ok(bytes.len()) };
        let mut head = std::mem::take(&mut self.head);
        head.truncate(end);
        self.skipped += end;
        self.read_head(&head)?;
        Ok(end - before)
    }

    fn read_head(&mut self, head: &[u8]) -> Result<(), Failure> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(protocol("the answer has more than 64 headers"));
            }
            _ => return Err(protocol("the head of the answer is not valid HTTP")),
        }
        let status = parsed.code.unwrap_or(0);
        match status {
            101 => return Err(protocol("the answer changes to a protocol that was not asked for")),
            100..200 => return Ok(()),
            200..600 => {}
            _ => return Err(protocol("the status of the answer is not from 100 to 599")),
        }
        self.answer.status = status;
        self.keep_alive = parsed.version == Some(1);
        self.framing = self.read_headers(parsed.headers)?;
        if self.is_head || matches!(status, 204 | 304) {
            self.framing = Framing::Done;
            self.gzip = false;
        }
        match self.framing {
            Framing::Sized(0) => self.framing = Framing::Done,
            Framing::Sized(n) if n > self.max_body as u64 => return Err(too_large(self.max_body)),
            Framing::UntilClose => self.keep_alive = false,
            _ => {}
        }
        Ok(())
    }

    fn read_headers(&mut self, headers: &[httparse::Header<'_>]) -> Result<Framing, Failure> {
        let (mut length, mut chunked, mut close) = (None, false, false);
        for header in headers {
            let value = header.value;
            let text = || str::from_utf8(value).unwrap_or_default().trim().to_owned();
            let is = |name: &str| wire::same(header.name, name);
            if is("content-type") {
                self.answer.content_type = text();
            } else if is("location") {
                self.location = Some(text());
            } else if is("retry-after") {
                self.answer.retry_after = retry_after(&text(), Wall::now());
            } else if is("x-prometheus-remote-write-samples-written") {
                self.answer.samples_written = wire::content_length(value);
            } else if is("content-encoding") {
                self.gzip = match value.trim_ascii() {
                    v if v.is_empty() || wire::same(v, b"identity") => false,
                    v if wire::same(v, ACCEPTED) || wire::same(v, b"x-gzip") => true,
                    _ => return Err(protocol("the answer is in an encoding nobody asked for")),
                };
            } else if is("connection") {
                for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                    close |= wire::same(token, b"close");
                    self.keep_alive |= wire::same(token, b"keep-alive");
                }
            } else if is("content-length") {
                let said = wire::content_length(value);
                if said.is_none() || length.is_some_and(|l| Some(l) != said) {
                    return Err(protocol("the Content-Length of the answer is no number"));
                }
                length = said;
            } else if is("transfer-encoding") {
                if chunked || !wire::same(value, b"chunked") {
                    return Err(protocol("the Transfer-Encoding of the answer is not chunked"));
                }
                chunked = true;
            }
        }
        // Both are an attempt to hide an answer in another, or a broken proxy (RFC 9112, 6.3).
        let is_odd = chunked && length.is_some();
        self.keep_alive &= !close && !is_odd;
        Ok(match (chunked, length) {
            (true, _) => Framing::Chunked(Chunks::default()),
            (false, Some(length)) => Framing::Sized(length),
            (false, None) => Framing::UntilClose,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_says_until_when_it_wants_to_be_left_alone() {
        let now = Wall::at(Duration::from_millis(784_111_700_250));
        for (text, expected) in [
            ("0", Some(0)),
            ("120", Some(120_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(76_750)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(76_750)),
            ("Sun Nov  6 08:49:37 1994", Some(76_750)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("-1", None),
            ("+7", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(retry_after(text, now), expected, "{text}");
        }
    }
}
