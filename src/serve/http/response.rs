//! A response: the body is rendered first, after a gap; then the head is written into the end of
//! the gap, so that both are sent with one `send`.

use super::status::Status;
use super::unsent::Unsent;
use super::{Method, Refusal};
use crate::base::clock::WallClock;
use crate::base::sys::Pen;
use crate::model::metric::{Buffer, Decimal};
use std::sync::Arc;

/// Room for the longest head; a web configuration file may have headers of its own.
const GAP: usize = if cfg!(feature = "tls") { 2048 } else { 768 };

/// The largest body buffer that is kept for the next response.
const MAX_KEPT: usize = 1 << 20;

/// A response under construction; one object is reused.
pub struct Response {
    buffer: Buffer,
    start: usize,
    status: Status,
    content_type: &'static str,
    gzip: bool,
    varies: bool,
    http10: bool,
    /// The allowed methods of the path, for the Allow header.
    allow: &'static str,
    /// The Content-Security-Policy; empty for none.
    policy: &'static str,
    /// The WWW-Authenticate header of a 401.
    challenge: &'static str,
    /// Headers of every response.
    #[cfg(feature = "tls")]
    always: Vec<(String, String)>,
    /// The head of the request that it answers, if equal requests may get the same response.
    request_head: Vec<u8>,
    /// The body, once a client did not read all of it.
    page: Option<Arc<Vec<u8>>>,
}

impl Default for Response {
    fn default() -> Response {
        let content_type = PLAIN;
        let (status, gzip, varies, http10) = (Status::Ok, false, false, false);
        let buffer = Buffer::default();
        let (allow, policy) = ("", "");
        Response {
            buffer,
            start: 0,
            status,
            content_type,
            gzip,
            varies,
            http10,
            allow,
            policy,
            challenge: PUSHES,
            #[cfg(feature = "tls")]
            always: Vec::new(),
            request_head: Vec::new(),
            page: None,
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

/// The challenge for a token.
const PUSHES: &str = "Bearer, Basic realm=\"push\"";

impl Response {
    /// Starts again: `status`, and a body to be written into the returned buffer.
    pub fn begin(&mut self, status: Status, content_type: &'static str) -> &mut Buffer {
        self.forget();
        self.buffer.reset(MAX_KEPT);
        self.buffer.skip(GAP);
        self.start = GAP;
        self.status = status;
        self.content_type = content_type;
        (self.gzip, self.varies, self.http10) = (false, false, false);
        (self.policy, self.allow, self.challenge) = ("", "", PUSHES);
        &mut self.buffer
    }

    /// Starts again: one plain sentence.
    pub fn text(&mut self, status: Status, sentence: &str) {
        self.begin(status, PLAIN).put_all([sentence.as_bytes(), b"\n"]);
    }

    /// Starts again: the request cannot be served.
    pub fn refuse(&mut self, refusal: Refusal) {
        let (status, sentence) = match refusal {
            Refusal::Malformed(sentence) => (Status::BadRequest, sentence),
            Refusal::TooManyHeaders => {
                (Status::HeadersTooLarge, "The request has too many header lines.")
            }
            Refusal::Version => {
                (Status::VersionNotSupported, "Only HTTP/1.0 and HTTP/1.1 are served.")
            }
            Refusal::TooLarge => (Status::ContentTooLarge, "The request's body is too large."),
            Refusal::Chunked => {
                (Status::LengthRequired, "The request's body needs a Content-Length.")
            }
        };
        self.text(status, sentence);
    }

    /// Starts again: only these methods are allowed here, which is also the response to OPTIONS.
    pub fn allow(&mut self, method: Method, methods: &'static str, sentence: &str) {
        match method {
            Method::Options => drop(self.begin(Status::Ok, PLAIN)),
            _ => self.text(Status::MethodNotAllowed, sentence),
        }
        self.allow = methods;
    }

    /// Starts again: a name and a password are required, in exporter-toolkit's words.
    #[cfg(feature = "tls")]
    pub fn require_login(&mut self) {
        self.text(Status::Unauthorized, "Unauthorized");
        self.challenge = "Basic";
    }

    /// Sets headers for every response.
    #[cfg(feature = "tls")]
    pub fn always(&mut self, headers: &[(String, String)]) {
        self.always = headers.to_vec();
    }

    /// Marks that the response depends on Accept and Accept-Encoding.
    pub fn varies(&mut self) {
        self.varies = true;
    }

    /// Restricts a browser by `policy` (Content-Security-Policy), and to the given media type.
    pub fn restrict(&mut self, policy: &'static str) {
        self.policy = policy;
    }

    /// Marks it as the response to the request with this head, and to equal ones until it is forgotten.
    pub fn set_request(&mut self, head: &[u8]) {
        self.request_head.extend_from_slice(head);
    }

    /// Whether it is the response to a request with this head, too.
    pub fn is_for(&self, head: &[u8]) -> bool {
        self.request_head == head
    }

    /// Marks it as not reusable for other requests.
    pub fn forget(&mut self) {
        self.request_head.clear();
        self.page = None;
    }

    /// Sets whether the client is of HTTP/1.0: it keeps a connection open only if the header says so.
    pub fn set_http10(&mut self, http10: bool) {
        self.http10 = http10;
    }

    /// Changes the status of the response, which is begun.
    pub fn set_status(&mut self, status: Status) {
        self.status = status;
    }

    /// The status so far.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The media type.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Whether the body is compressed.
    pub fn is_gzip(&self) -> bool {
        self.gzip
    }

    /// The body so far.
    pub fn body(&self) -> &[u8] {
        self.buffer.bytes().get(GAP..).unwrap_or_default()
    }

    /// Marks the written body as gzip already.
    pub fn set_gzip(&mut self) {
        self.gzip = true;
    }

    /// Replaces the body by `gzip`, its compressed form.
    pub fn replace_body(&mut self, gzip: &[u8]) {
        self.buffer.truncate(GAP);
        self.buffer.put(gzip);
        self.gzip = true;
    }

    /// The headers of this response that do not depend on the connection.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let unauthorized = self.status == Status::Unauthorized;
        let restricted = !self.policy.is_empty();
        let headers = [
            Some(("Content-Type", self.content_type)),
            self.gzip.then_some(("Content-Encoding", "gzip")),
            self.varies.then_some(("Vary", "Accept, Accept-Encoding")),
            (!self.allow.is_empty()).then_some(("Allow", self.allow)),
            restricted.then_some(("Content-Security-Policy", self.policy)),
            restricted.then_some(("X-Content-Type-Options", "nosniff")),
            restricted.then_some(("Cache-Control", "no-store")),
            unauthorized.then_some(("WWW-Authenticate", self.challenge)),
        ];
        headers.into_iter().flatten()
    }

    /// Writes the head. `body` is false for HEAD: length and type are in the head, and no body follows.
    pub fn finish(&mut self, keep_alive: bool, body: bool) {
        // A header that does not fit is left out; none of ours is near `GAP`.
        let mut text = [0; GAP];
        let mut head = Head(Pen::new(&mut text));
        let length = self.body().len();
        head.put(b"HTTP/1.1 ");
        head.put(self.status.line().as_bytes());
        head.put(b"\r\nDate: ");
        head.put(&WallClock::now().http());
        head.put(b"\r\nContent-Length: ");
        head.put(Decimal::of(length as u64).as_bytes());
        let connection = match keep_alive {
            false => Some(("Connection", "close")),
            true => self.http10.then_some(("Connection", "keep-alive")),
        };
        for (name, value) in self.headers().chain(connection) {
            head.line(name, value);
        }
        #[cfg(feature = "tls")]
        for (name, value) in &self.always {
            // The response's own headers come first.
            if !self.headers().any(|(own, _)| own == name) {
                head.line(name, value);
            }
        }
        head.put(b"\r\n\r\n");
        let length = GAP - head.0.left();
        self.start = GAP - length;
        let gap = self.buffer.bytes_mut().get_mut(self.start..GAP).unwrap_or_default();
        Pen::new(gap).put(text.get(..length).unwrap_or_default());
        if !body {
            self.buffer.truncate(GAP);
        }
    }

    /// Head and body, after `finish`.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes().get(self.start..).unwrap_or_default()
    }

    /// The part of `bytes` after the first `sent`.
    pub fn unsent(&mut self, sent: usize) -> Unsent {
        let body = self.buffer.bytes().get(GAP..).unwrap_or_default();
        let page = Arc::clone(self.page.get_or_insert_with(|| Arc::new(body.to_vec())));
        let head = self.buffer.bytes().get(self.start + sent..GAP).unwrap_or_default().to_vec();
        let taken = (self.start + sent).saturating_sub(GAP);
        Unsent { head, page, taken, is_read: false }
    }
}

/// A head under construction.
struct Head<'a>(Pen<'a>);

impl Head<'_> {
    #[inline(never)] // called from many places
    fn put(&mut self, part: &[u8]) {
        self.0.put(part);
    }

    fn line(&mut self, name: &str, value: &str) {
        self.put(b"\r\n");
        self.put(name.as_bytes());
        self.put(b": ");
        self.put(value.as_bytes());
    }
}

#[cfg(test)]
mod tests;
