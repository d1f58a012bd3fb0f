//! A response that is received in pieces (RFC 9110, RFC 9112): heads of 1xx are skipped; the body is as
//! long as Content-Length says, in chunks, or until the peer closes; gzip is decoded when it is
//! complete.
//!
//! The status decides. Once it was read, no later fault makes the call a failure: a part that cannot be
//! read, is too long or never comes is reported in `Answer::fault`, and a caller that needs the body checks
//! it. Otherwise a sample that arrived would be sent again, and count twice.

use super::failure::Failure;
use super::head::{self, Coding};
use super::headers::{Headers, NO_HEAD};
use super::inflate::gunzip;
use crate::base::wire::{self, Chunks, Fault};
use std::str;
use std::time::Duration;

/// Bytes of all heads of one response.
pub(super) const MAX_HEAD: usize = 256 << 10;

/// The beginning of a response.
const HTTP: &[u8] = b"HTTP/";

#[derive(Clone, Copy, Debug)]
enum Framing {
    Head,
    Sized(u64),
    Chunked(Chunks),
    UntilClose,
    Done,
}

/// A response: at least the status, which decides.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Why the rest could not be read completely. The body is then the part that was read.
    pub fault: Option<Failure>,
    /// The head is incomplete: the headers after the break are not known.
    pub is_head_torn: bool,
    /// The Content-Type header; empty without one.
    pub content_type: String,
    /// How long the peer asks not to be called again.
    pub retry_after: Option<Duration>,
    /// The header X-Prometheus-Remote-Write-Samples-Written: how many samples a receiver of remote write 2.0 stored.
    pub samples_written: Option<u64>,
    /// The body, decoded.
    pub body: Vec<u8>,
}

/// A response that is not complete yet.
pub struct Reading {
    framing: Framing,
    /// The current head so far, and how many bytes of heads came before it.
    head: Vec<u8>,
    skipped: usize,
    is_head: bool,
    max_body: usize,
    coding: Coding,
    keep_alive: bool,
    location: Option<String>,
    answer: Answer,
}

/// A complete response.
#[derive(Debug)]
pub struct Read {
    /// The response itself.
    pub answer: Answer,
    /// The Location header.
    pub location: Option<String>,
    /// The connection can be used again.
    pub keep_alive: bool,
}

fn protocol(text: &str) -> Failure {
    Failure { reason: "protocol", text: text.to_owned() }
}

fn too_large(max_body: usize) -> Failure {
    let text = format!("the body of the answer is longer than {max_body} bytes");
    Failure { reason: "too_large", text }
}

impl Reading {
    /// Starts to read the response to a request, which was HEAD or not.
    pub fn new(is_head: bool, max_body: usize) -> Reading {
        Reading {
            framing: Framing::Head,
            head: Vec::new(),
            skipped: 0,
            is_head,
            max_body,
            coding: Coding::Plain,
            keep_alive: false,
            location: None,
            answer: Answer::default(),
        }
    }

    /// Processes received bytes. Returns whether the response is complete.
    ///
    /// # Errors
    ///
    /// The bytes are not an HTTP response; its status was not read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        self.take(bytes).or_else(|failure| self.fail(failure).map(|()| true))
    }

    /// No more can be read. If the status was read, this is the end of the response.
    ///
    /// # Errors
    ///
    /// The status was not read.
    pub fn fail(&mut self, failure: Failure) -> Result<(), Failure> {
        if self.answer.status == 0 {
            let Some((_, status @ 200..600)) = head::status(&self.head) else {
                return Err(failure);
            };
            self.answer.status = status;
            self.answer.is_head_torn = true;
        }
        self.answer.fault = Some(failure);
        self.framing = Framing::Done;
        self.keep_alive = false;
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
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
                Framing::UntilClose => self.feed_open_end(rest)?,
                Framing::Done => {
                    // There was no request for more: what it sends next would not belong to ours.
                    self.keep_alive = false;
                    rest.len()
                }
            };
            rest = rest.get(n..).unwrap_or_default();
        }
        Ok(matches!(self.framing, Framing::Done))
    }

    /// Adds bytes to a body that ends with the connection.
    fn feed_open_end(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        let room = self.max_body.saturating_sub(self.answer.body.len());
        self.answer.body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if bytes.len() > room { Err(too_large(self.max_body)) } else { Ok(bytes.len()) }
    }

    /// Handles that the peer closed.
    ///
    /// # Errors
    ///
    /// The status was not read.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.keep_alive = false;
        match self.framing {
            Framing::UntilClose => self.framing = Framing::Done,
            Framing::Done => {}
            _ => {
                let text = "the peer closed before its answer was complete".to_owned();
                return self.fail(Failure { reason: "connect", text });
            }
        }
        Ok(())
    }

    /// The complete response.
    pub fn finish(mut self) -> Read {
        if let Err(failure) = self.unpack() {
            self.answer.body.clear();
            self.answer.fault.get_or_insert(failure);
        }
        let (location, keep_alive) = (self.location, self.keep_alive);
        Read { answer: self.answer, location, keep_alive }
    }

    /// Decodes the body.
    fn unpack(&mut self) -> Result<(), Failure> {
        let body = &mut self.answer.body;
        match self.coding {
            Coding::Gzip => {
                *body = gunzip(body, self.max_body).map_err(|fault| match fault {
                    Fault::TooLarge => too_large(self.max_body),
                    Fault::Malformed => protocol("the answer is not valid gzip"),
                })?;
            }
            Coding::Other if str::from_utf8(body).is_err() => {
                return Err(protocol("the answer is in an encoding that was not requested"));
            }
            _ => {}
        }
        Ok(())
    }

    /// How many of `bytes` belong to the head.
    fn feed_head(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        // A response that is not HTTP need not be waited for.
        let start = self.head.get(..self.head.len().min(HTTP.len())).unwrap_or_default();
        if !HTTP.starts_with(start) {
            return Err(protocol("the peer does not speak HTTP"));
        }
        let end = wire::head_end(&self.head, before);
        if self.skipped + end.unwrap_or(self.head.len()) > MAX_HEAD {
            return Err(protocol("the head of the answer is longer than 256 KiB"));
        }
        let Some(end) = end else { return Ok(bytes.len()) };
        let mut head = std::mem::take(&mut self.head);
        head.truncate(end);
        self.skipped += end;
        self.read_head(&head)?;
        Ok(end - before)
    }

    fn read_head(&mut self, head: &[u8]) -> Result<(), Failure> {
        let Some((is_kept, status)) = head::status(head) else { return Err(protocol(NO_HEAD)) };
        match status {
            101 => return Err(protocol("the answer changes to a protocol that was not requested")),
            100..200 => return Ok(()),
            200..600 => {}
            _ => return Err(protocol("the status of the answer is not from 100 to 599")),
        }
        self.answer.status = status;
        self.framing = self.read_headers(head, is_kept)?;
        if self.is_head || matches!(status, 204 | 304) {
            self.framing = Framing::Done;
            self.coding = Coding::Plain;
        }
        match self.framing {
            Framing::Sized(0) => self.framing = Framing::Done,
            Framing::Sized(n) if n > self.max_body as u64 => return Err(too_large(self.max_body)),
            Framing::UntilClose => self.keep_alive = false,
            _ => {}
        }
        Ok(())
    }

    /// Reads all headers, even if one is wrong. `is_kept` is true for HTTP/1.1, in which connections are kept and
    /// there are chunks.
    fn read_headers(&mut self, head: &[u8], is_kept: bool) -> Result<Framing, Failure> {
        let headers = Headers::read(head);
        // Both are an attempt to hide a response in another, or a broken proxy (RFC 9112, 6.3). There were no
        // chunks before HTTP/1.1: a body with a length is not in chunks then.
        let is_odd = headers.is_chunked && headers.length.is_some();
        self.keep_alive = (is_kept || headers.keep_alive) && !headers.close && !is_odd;
        self.coding = headers.coding.unwrap_or_default();
        self.location = headers.location;
        self.answer.content_type = headers.content_type;
        self.answer.retry_after = headers.retry_after;
        self.answer.samples_written = headers.samples_written;
        match (headers.wrong, headers.is_chunked, headers.length) {
            (Some(text), ..) => Err(protocol(text)),
            (None, true, length) if is_kept || length.is_none() => {
                Ok(Framing::Chunked(Chunks::default()))
            }
            (None, _, Some(length)) => Ok(Framing::Sized(length)),
            (None, _, None) => Ok(Framing::UntilClose),
        }
    }
}
