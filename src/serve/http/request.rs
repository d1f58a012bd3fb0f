//! The head of a request. `httparse` parses lines and headers; the rest is decided here:
//! which framing of a body is sound, whether the connection stays, and the parts of the target.

use crate::base::wire;
use std::borrow::Cow;
use std::str;

/// More header lines than any client sends.
pub const MAX_HEADERS: usize = 64;

/// The prefix of the headers by which proxies name their client.
const FORWARDED: &str = "x-forwarded-";

/// A body that no route reads is skipped up to this size, so that the connection stays.
pub const MAX_IGNORED_BODY: u64 = 64 << 10;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads the target.
    Get,
    /// Reads its head only.
    Head,
    /// Submits data to it.
    Post,
    /// Replaces it.
    Put,
    /// Deletes it.
    Delete,
    /// Asks for the allowed methods.
    Options,
    /// Anything else.
    Other,
}

impl Method {
    /// The method of this name.
    fn of(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }

    /// Its name; "other" for all others.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Other => "other",
        }
    }
}

/// A request head, checked. Its texts borrow from the received bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path, undecoded, without the query.
    pub path: &'a str,
    /// The part after `?`, undecoded.
    pub query: &'a str,
    /// The client asks to keep the connection open.
    pub keep_alive: bool,
    /// HTTP/1.0, where a kept connection has to be confirmed.
    pub is_http10: bool,
    /// The Accept header, several of them as one list; empty without one.
    pub accept: Cow<'a, str>,
    /// The Accept-Encoding header, the same.
    pub accept_encoding: Cow<'a, str>,
    /// The Authorization header; empty without one.
    pub authorization: &'a str,
    /// The Content-Type header; empty without one.
    pub content_type: &'a str,
    /// The Content-Encoding header; empty without one.
    pub content_encoding: &'a str,
    /// The Host header; empty without one.
    pub host: &'a str,
    /// A browser sends it for a page of another origin (`Origin`, `Sec-Fetch-Site`).
    pub is_of_page: bool,
    /// A proxy forwarded it (`X-Forwarded-For` and its like, `Forwarded`, `Via`).
    pub is_relayed: bool,
    /// The body that follows.
    pub body: Body,
    /// The client may hold the body back until it is asked to send it (`Expect: 100-continue`, which
    /// HTTP/1.0 does not have).
    pub expects: bool,
}

/// How the body that follows the head is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// This many bytes, often none.
    Sized(u64),
    /// Chunks.
    Chunked,
    /// With an encoding that is not supported.
    Encoded,
}

/// Why a head is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not HTTP, or contradicts itself; the sentence says how.
    Malformed(&'static str),
    /// It has more header lines than `MAX_HEADERS`.
    TooManyHeaders,
    /// It has a version other than HTTP/1.0 and HTTP/1.1.
    Version,
    /// Its body is larger than `MAX_IGNORED_BODY`.
    TooLarge,
    /// Its body has no length in the head.
    Chunked,
}

/// Whether bytes that begin like this cannot become a request, such as the hello of TLS: an immediate
/// response helps its client more than waiting.
pub fn is_hopeless(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|b| !b.is_ascii_graphic() && !matches!(b, b'\r' | b'\n'))
}

impl From<wire::Fault> for Refusal {
    fn from(fault: wire::Fault) -> Refusal {
        match fault {
            wire::Fault::TooLarge => Refusal::TooLarge,
            wire::Fault::Malformed => {
                Refusal::Malformed("The request's body is not in valid chunks.")
            }
        }
    }
}

impl<'a> Request<'a> {
    /// Parses a complete head.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => {
                return Err(Refusal::Malformed("The request head is incomplete."));
            }
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooManyHeaders),
            // A blank in the target moves the version; that is another error.
            Err(httparse::Error::Version) if words_of_first_line(head) == 3 => {
                return Err(Refusal::Version);
            }
            Err(_) => return Err(Refusal::Malformed("The request head is not valid HTTP.")),
        }
        let http11 = parsed.version == Some(1);
        let (path, query) = split_target(parsed.path.unwrap_or_default());
        let mut request = Request {
            method: Method::of(parsed.method.unwrap_or_default()),
            path,
            query,
            keep_alive: http11,
            is_http10: !http11,
            accept: Cow::Borrowed(""),
            accept_encoding: Cow::Borrowed(""),
            authorization: "",
            content_type: "",
            content_encoding: "",
            host: "",
            is_of_page: false,
            is_relayed: false,
            body: Body::Sized(0),
            expects: false,
        };
        request.read_headers(parsed.headers)?;
        Ok(request)
    }

    fn read_headers(&mut self, headers: &[httparse::Header<'a>]) -> Result<(), Refusal> {
        let (mut host, mut length, mut encoding, mut close) = (0, None, None, false);
        for header in headers {
            let value = header.value;
            let is = |name: &str| header.name.len() == name.len() && wire::same(header.name, name);
            if is("host") {
                host += 1;
                // A value that is not UTF-8 is not a name of this machine either.
                self.host = str::from_utf8(value).unwrap_or("?");
            } else if is("accept") {
                add(&mut self.accept, value);
            } else if is("accept-encoding") {
                add(&mut self.accept_encoding, value);
            } else if is("authorization") {
                self.authorization = str::from_utf8(value).unwrap_or_default();
            } else if is("content-type") {
                self.content_type = str::from_utf8(value).unwrap_or_default();
            } else if is("content-encoding") {
                self.content_encoding = str::from_utf8(value).unwrap_or_default();
            } else if is("connection") {
                for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                    close |= wire::same(token, b"close");
                    self.keep_alive |= wire::same(token, b"keep-alive");
                }
            } else if is("content-length") {
                length = Some(content_length(value, length)?);
            } else if is("transfer-encoding") {
                let plain = wire::same(value, b"chunked") && encoding.is_none();
                encoding = Some(if plain { Body::Chunked } else { Body::Encoded });
            } else if is("expect") {
                self.expects = !self.is_http10 && wire::same(value, "100-continue");
            } else {
                self.note_sender(header.name, value);
            }
        }
        self.keep_alive &= !close;
        if !self.is_http10 && host != 1 {
            return Err(Refusal::Malformed("HTTP/1.1 takes exactly one Host header."));
        }
        self.body = framing(self.is_http10, encoding, length)?;
        Ok(())
    }
}

impl Request<'_> {
    /// Records what a header reveals about the sender of the request.
    pub fn note_sender(&mut self, name: &str, value: &[u8]) {
        let is = |known: &str| name.len() == known.len() && wire::same(name, known);
        let is_ours = || ["none", "same-origin"].iter().any(|site| wire::same(value, site));
        self.is_of_page |= is("origin") || is("sec-fetch-site") && !is_ours();
        let start = name.get(..FORWARDED.len()).unwrap_or_default();
        self.is_relayed |=
            is("via") || is("forwarded") || is("x-real-ip") || wire::same(start, FORWARDED);
    }
}

/// The value of a Content-Length header, which is the same as that of one `before` it.
fn content_length(value: &[u8], before: Option<u64>) -> Result<u64, Refusal> {
    let length =
        wire::content_length(value).ok_or(Refusal::Malformed("Content-Length is not a number."))?;
    match before {
        Some(other) if other != length => Err(Refusal::Malformed("Content-Length is given twice.")),
        _ => Ok(length),
    }
}

/// The framing of the body by its headers; headers that contradict each other are rejected.
fn framing(is_http10: bool, encoding: Option<Body>, length: Option<u64>) -> Result<Body, Refusal> {
    let sentence = match (encoding, length) {
        // The end of its body cannot be found (RFC 9112, section 6.1).
        (Some(_), _) if is_http10 => "HTTP/1.0 has no Transfer-Encoding.",
        (Some(_), Some(_)) => "Content-Length and Transfer-Encoding exclude each other.",
        (Some(encoded), None) => return Ok(encoded),
        (None, length) => return Ok(Body::Sized(length.unwrap_or(0))),
    };
    Err(Refusal::Malformed(sentence))
}

fn words_of_first_line(head: &[u8]) -> usize {
    let head = head.trim_ascii_start();
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    head.get(..end).unwrap_or_default().split(|b| *b == b' ').count()
}

/// Adds the value of another line to a list (RFC 9110, section 5.3).
fn add<'a>(list: &mut Cow<'a, str>, value: &'a [u8]) {
    let value = str::from_utf8(value).unwrap_or_default();
    if list.is_empty() {
        *list = Cow::Borrowed(value);
    } else {
        let list = list.to_mut();
        list.push(',');
        list.push_str(value);
    }
}

/// Path and query of a target in origin form or absolute form.
fn split_target(target: &str) -> (&str, &str) {
    let is_web = |scheme: &str| wire::same(scheme, "http") || wire::same(scheme, "https");
    let origin = match target.split_once("://").filter(|(scheme, _)| is_web(scheme)) {
        Some((_, rest)) => rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    };
    match origin.split_once('?').unwrap_or((origin, "")) {
        ("", query) => ("/", query),
        // Clients that append a path to a URL with a slash at its end begin with two.
        (path, query) => {
            let slashes = path.bytes().take_while(|b| *b == b'/').count();
            (path.get(slashes.saturating_sub(1)..).unwrap_or(path), query)
        }
    }
}

#[cfg(test)]
mod tests;
