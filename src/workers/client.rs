//! A small blocking HTTP/1.1 client for workers (RFC 9110, RFC 9112): one deadline for name
//! resolution, connecting, TLS, sending and receiving; bounded answers, redirects and headers; gzip.
//!
//! Name resolution is `getaddrinfo`, which cannot be interrupted: if it takes longer than the
//! deadline (its own limit is some ten seconds), the call fails as soon as it returns.

use super::Tls;
use super::answer::{Answer, Read, Reading};
use super::failure::{Failure, broken, failure, left};
use super::inflate::ACCEPTED;
use super::stream::Stream;
use crate::base::sys;
use crate::base::wire::{self, Url, is_framing, shown};
use std::borrow::Cow;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The most redirects of one call.
const MAX_REDIRECTS: usize = 5;

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// The User-Agent, unless the caller sets one.
const AGENT: &str = concat!("sysmetrics/", env!("CARGO_PKG_VERSION"));

/// Bytes of one read, on the worker's stack.
const PIECE: usize = 8 << 10;

const ANY_HOST: &str = "follow_redirects = \"any\" goes there";

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// GET, POST, …
    pub method: &'a str,
    /// The target of the request.
    pub url: &'a Url,
    /// Names and values. Host and User-Agent among them replace ours. Of these headers only Accept is
    /// sent if a redirect leads to another server.
    pub headers: &'a [(String, String)],
    /// The body of the request.
    pub body: Option<&'a [u8]>,
    /// When the call has to end, response included.
    pub deadline: Instant,
    /// Bytes of the response's body, as received and decoded.
    pub max_body: usize,
}

/// A client; its connection is kept for the next call to the same host.
///
/// The peer may close a kept connection just as the next request is sent. A safe request is then
/// sent once more, on a new connection, if no part of a response came. So is a POST
/// of a client for samples: a receiver that gets them twice loses nothing, as each has its time
/// stamp. Other POSTs fail, and the caller decides.
#[derive(Default)]
pub struct Client {
    kept: Option<Kept>,
    /// `None` for the system's, which is read when it is needed.
    #[cfg_attr(not(feature = "tls"), expect(dead_code))]
    tls: Option<Tls>,
    /// A request may be repeated without harm.
    repeats: bool,
    /// Redirects to other hosts are followed.
    any_host: bool,
}

struct Kept {
    stream: Stream,
    is_tls: bool,
    host: String,
    port: u16,
}

impl Client {
    /// A client for samples: its POSTs may arrive twice.
    pub fn for_samples(tls: Tls) -> Client {
        Client { tls: Some(tls), ..Client::for_plain_samples() }
    }

    /// A client for samples without TLS.
    pub fn for_plain_samples() -> Client {
        Client { repeats: true, ..Client::default() }
    }

    /// A client that follows redirects to other hosts, or only those to the original host.
    pub fn following(any_host: bool) -> Client {
        Client { any_host, ..Client::default() }
    }

    /// Sends `call`; a response of 2xx has to be complete.
    ///
    /// # Errors
    ///
    /// The errors of `deliver`; or the response is 2xx and not complete.
    pub fn send(&mut self, call: &Call<'_>) -> Result<Answer, Failure> {
        let answer = self.deliver(call)?;
        match answer.fault {
            Some(fault) if answer.status / 100 == 2 => Err(fault),
            _ => Ok(answer),
        }
    }

    /// Sends `call` and waits for the response, following redirects of GET and HEAD.
    ///
    /// # Errors
    ///
    /// No response came in time; any status is a response, whatever became of the rest of it.
    pub fn deliver(&mut self, call: &Call<'_>) -> Result<Answer, Failure> {
        let is_safe = matches!(call.method, "GET" | "HEAD");
        let mut url = Cow::Borrowed(call.url);
        for _ in 0..=MAX_REDIRECTS {
            let read = self.exchange(call, &url, is_safe)?;
            let leads = is_safe && matches!(read.answer.status, 301 | 302 | 303 | 307 | 308);
            let Some(location) = read.location.filter(|_| leads) else { return Ok(read.answer) };
            let next = url.join(&location).map_err(|expected| Failure {
                reason: "redirect",
                text: format!("the answer leads to {}; expected: {expected}", shown(&location)),
            })?;
            if !self.any_host && next.host != call.url.host {
                let text = ["the answer leads to another host, ", &next.host, ": ", ANY_HOST];
                return Err(Failure { reason: "redirect", text: text.concat() });
            }
            url = Cow::Owned(next);
        }
        Err(failure("redirect", "the answer leads elsewhere more than 5 times"))
    }

    /// One request, one response. A kept connection that is dead is replaced by a new one.
    fn exchange(&mut self, call: &Call<'_>, url: &Url, is_safe: bool) -> Result<Read, Failure> {
        let request = request(call, url)?;
        let is_same = |k: &Kept| k.host == url.host && k.port == url.port && k.is_tls == url.is_tls;
        if let Some(mut kept) = self.kept.take().filter(is_same)
            && kept.stream.is_silent()
        {
            let mut has_begun = false;
            match talk(&mut kept.stream, &request, call, &mut has_begun) {
                // The peer may have closed while the request was sent.
                Err(failure)
                    if (is_safe || self.repeats) && !has_begun && failure.reason == "connect" => {}
                done => return self.keep(kept, done),
            }
        }
        let mut stream = self.open(url, call.deadline)?;
        let done = talk(&mut stream, &request, call, &mut false);
        let (is_tls, host) = (url.is_tls, url.host.clone());
        self.keep(Kept { stream, is_tls, host, port: url.port }, done)
    }

    /// Opens a connection, with TLS if the URL is https.
    fn open(&mut self, url: &Url, deadline: Instant) -> Result<Stream, Failure> {
        #[cfg(feature = "tls")]
        if url.is_tls {
            let tls = system(&mut self.tls)?;
            let stream = connect(&url.host, url.port, deadline)?;
            return Ok(Stream::Tls(Box::new(tls.open(stream, &url.host, deadline)?)));
        }
        connect(&url.host, url.port, deadline).map(Stream::Plain)
    }

    fn keep(&mut self, kept: Kept, done: Result<Read, Failure>) -> Result<Read, Failure> {
        if done.as_ref().is_ok_and(|read| read.keep_alive) {
            self.kept = Some(kept);
        }
        done
    }
}

/// One call over an existing connection, such as one to a Unix socket; redirects are not followed.
///
/// # Errors
///
/// The errors of `Client::deliver`.
pub fn call_over(stream: TcpStream, call: &Call<'_>) -> Result<Answer, Failure> {
    let request = request(call, call.url)?;
    Ok(talk(&mut Stream::Plain(stream), &request, call, &mut false)?.answer)
}

/// The configured TLS; else the system's, kept from now on.
#[cfg(feature = "tls")]
pub fn system(tls: &mut Option<Tls>) -> Result<Tls, Failure> {
    if tls.is_none() {
        let read = Tls::read(&crate::settings::Tls::default());
        let failed = |error: std::io::Error| Failure { reason: "tls", text: error.to_string() };
        *tls = Some(read.map_err(failed)?);
    }
    tls.clone().ok_or_else(|| failure("tls", "no TLS"))
}

/// Tries one address after the other; each but the last may use its share of the time. An IPv6
/// address may be in brackets.
///
/// # Errors
///
/// There is no such host, or it does not listen there, or not in time.
pub fn connect(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, Failure> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let found = sys::resolve(name, port).map_err(|error| Failure {
        reason: "resolve",
        text: format!("resolving {name}: {error}"),
    })?;
    let addresses = found.get(..MAX_ADDRESSES).unwrap_or(&found);
    let mut failed = failure("resolve", &["resolving ", name, ": no address"].concat());
    for (at, address) in addresses.iter().enumerate() {
        let doing = ["connecting to ", &address.to_string()].concat();
        let share = left(deadline, &doing)? / (addresses.len() - at) as u32;
        match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
            Ok(stream) => {
                // Without it only the last packet of a long request would be delayed.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failed = broken(&error, &doing),
        }
    }
    Err(failed)
}

/// The bytes of a request.
fn request(call: &Call<'_>, url: &Url) -> Result<Vec<u8>, Failure> {
    let is_home = url.is_same_place(call.url);
    let authority = url.authority();
    let length = call.body.map(|body| body.len().to_string());
    let host = given(call, "host").filter(|_| is_home).unwrap_or(&authority);
    let agent = given(call, "user-agent").filter(|_| is_home).unwrap_or(AGENT);
    let line = [call.method, " ", &url.target, " HTTP/1.1\r\nHost: ", host].concat();
    let mut head = [&line, "\r\nUser-Agent: ", agent, "\r\nAccept-Encoding: ", ACCEPTED].concat();
    let headers = call.headers.iter().map(|(name, value)| (&**name, &**value));
    for (name, value) in headers.filter(|(n, _)| is_home || n.eq_ignore_ascii_case("accept")) {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let is_value = |b: u8| b >= b' ' && b != 0x7f || b == b'\t';
        let is_sound = !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(is_value);
        let why = match is_sound {
            false => "has a character that no header has",
            true if is_framing(name) => "is set by the agent itself; remove it",
            true => "",
        };
        if !why.is_empty() {
            return Err(failure("protocol", &["the header ", name, " ", why].concat()));
        }
        if wire::same(name, "host") || wire::same(name, "user-agent") {
            continue;
        }
        for part in ["\r\n", name, ": ", value] {
            head.push_str(part);
        }
    }
    if let Some(length) = length {
        head.push_str("\r\nContent-Length: ");
        head.push_str(&length);
    }
    head.push_str("\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(call.body.unwrap_or_default());
    Ok(bytes)
}

/// A header of the caller.
fn given<'a>(call: &Call<'a>, name: &str) -> Option<&'a str> {
    call.headers.iter().find(|(known, _)| wire::same(known, name)).map(|(_, value)| &**value)
}

/// Sends `request` and receives the response; `has_begun` is set when a part of it came.
fn talk(
    stream: &mut Stream,
    request: &[u8],
    call: &Call<'_>,
    has_begun: &mut bool,
) -> Result<Read, Failure> {
    stream.send(request, call.deadline)?;
    let mut reading = Reading::new(call.method == "HEAD", call.max_body);
    let mut piece = [0; PIECE];
    loop {
        let is_over = match stream.receive(&mut piece, call.deadline) {
            Err(failure) => reading.fail(failure).map(|()| true)?,
            Ok(0) => reading.end().map(|()| true)?,
            Ok(n) => {
                *has_begun = true;
                reading.feed(piece.get(..n).unwrap_or_default())?
            }
        };
        if is_over {
            return Ok(reading.finish());
        }
    }
}

#[cfg(test)]
#[cfg(feature = "gzip")]
mod tests;
