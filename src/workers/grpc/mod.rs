//! Unary calls of gRPC (grpc/doc/PROTOCOL-HTTP2.md): one message each way, over HTTP/2 (RFC
//! 9113) by h2, with prior knowledge or over TLS. The connection is kept; h2 answers pings, follows
//! windows and settings, and reports when the peer closes.

mod answer;
mod io;
mod received;

use super::Tls;
use super::client::connect;
use super::failure::{Failure, broken, failure, left};
use crate::base::wire::{Gzip, Url};
pub use answer::GrpcAnswer;
use answer::{evaluate, is_enough};
use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use io::{Io, Waiter};
use received::{CALLING, Received, failed};
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

/// Bytes of all headers of one response, and of its trailers.
const MAX_HEADERS: u32 = 256 << 10;

/// The largest timeout of the header has eight digits.
const MAX_TIMEOUT: u128 = 99_999_999;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct GrpcCall<'a> {
    /// The peer; the URL's path is ignored.
    pub url: &'a Url,
    /// `/package.Service/Method`.
    pub path: &'a str,
    /// Names and values of the metadata.
    pub headers: &'a [(String, String)],
    /// The message, uncompressed.
    pub body: &'a [u8],
    /// Whether to compress it.
    pub gzip: bool,
    /// When the call has to end, response included.
    pub deadline: Instant,
    /// Bytes of the response's message, as received and decoded.
    pub max_body: usize,
}

/// A client; its connection is kept for the next call to the same host.
#[derive(Default)]
pub struct Grpc {
    held: Option<Held>,
    tls: Option<Tls>,
    gzip: Gzip,
    sent: usize,
}

struct Held {
    place: Url,
    sender: SendRequest<Bytes>,
    connection: Connection<Io, Bytes>,
    waiter: Waiter,
}

impl Grpc {
    /// A client that checks its peers by `tls`.
    pub fn new(tls: Tls) -> Grpc {
        Grpc { tls: Some(tls), ..Grpc::default() }
    }

    /// Calls and waits for the response. A kept connection that turns out dead before any part
    /// of a response came is replaced by a new one, once: a receiver may get the message twice.
    ///
    /// # Errors
    ///
    /// No status came within bounds; any status is a response, whatever the message.
    pub fn call(&mut self, call: &GrpcCall<'_>) -> Result<GrpcAnswer, Failure> {
        let message = self.message(call);
        self.sent = message.len();
        if let Some(held) = self.held.take().filter(|held| held.place.is_same_place(call.url))
            && let Some(held) = held.if_alive()
        {
            match held.exchange(call, message.clone()) {
                Err((failure, false)) if failure.reason == "connect" => {}
                done => return self.keep(done),
            }
        }
        let held = self.open(call.url, call.deadline)?;
        let done = held.exchange(call, message);
        self.keep(done)
    }

    /// Bytes of the last message on the wire.
    pub fn sent(&self) -> usize {
        self.sent
    }

    fn keep(&mut self, done: Exchanged) -> Result<GrpcAnswer, Failure> {
        let (answer, held) = done.map_err(|(failure, _)| failure)?;
        self.held = held;
        Ok(answer)
    }

    /// The message after its prefix: whether it is compressed, and its length.
    fn message(&mut self, call: &GrpcCall<'_>) -> Bytes {
        let mut bytes = vec![0; 5];
        if call.gzip {
            self.gzip.append(call.body, &mut bytes);
        } else {
            bytes.extend_from_slice(call.body);
        }
        let length = (bytes.len() - 5) as u32; // a body is far below 4 GiB
        if let Some((prefix, _)) = bytes.split_first_chunk_mut::<5>() {
            let [a, b, c, d] = length.to_be_bytes();
            *prefix = [u8::from(call.gzip), a, b, c, d];
        }
        bytes.into()
    }

    fn open(&mut self, url: &Url, deadline: Instant) -> Result<Held, Failure> {
        let tcp = connect(&url.host, url.port, deadline)?;
        #[cfg(feature = "tls")]
        let opened = match url.is_tls {
            true => {
                let tls = super::client::system(&mut self.tls)?.speaking(b"h2");
                let stream = tls.open(tcp, &url.host, deadline)?;
                if stream.connection.alpn_protocol() != Some(b"h2") {
                    return Err(failure("protocol", "the peer does not offer HTTP/2 (ALPN h2)"));
                }
                Io::tls(stream)
            }
            false => Io::plain(tcp),
        };
        #[cfg(not(feature = "tls"))]
        let opened = {
            let _ = &self.tls;
            Io::plain(tcp)
        };
        let (io, waiter) = opened.map_err(|error| broken(&error, CALLING))?;
        let mut builder = Builder::new();
        builder.enable_push(false).max_header_list_size(MAX_HEADERS);
        let mut greeting = pin!(builder.handshake(io));
        let greeted = waiter.run(&mut |cx| greeting.as_mut().poll(cx), deadline, CALLING)?;
        let (sender, connection) = greeted.map_err(|error| failed(&error))?;
        Ok(Held { place: url.clone(), sender, connection, waiter })
    }
}

/// The response, and the connection if it can be reused; else whether any part of a response came.
type Exchanged = Result<(GrpcAnswer, Option<Held>), (Failure, bool)>;

impl Held {
    /// Processes frames that the peer sent since the last call; `None` if it closed.
    fn if_alive(mut self) -> Option<Held> {
        self.waiter.once(&mut self.connection).is_none().then_some(self)
    }

    fn exchange(mut self, call: &GrpcCall<'_>, message: Bytes) -> Exchanged {
        let request = request(call).map_err(|failure| (failure, true))?;
        let sender = self.sender.clone();
        let mut received = Received::default();
        let mut over = None;
        let done = {
            let mut work = pin!(received.exchange(sender, request, message, call.max_body));
            let connection = &mut self.connection;
            self.waiter.run(
                &mut |cx| {
                    if over.is_none()
                        && let Poll::Ready(ended) = std::pin::Pin::new(&mut *connection).poll(cx)
                    {
                        over = Some(ended);
                    }
                    let done = work.as_mut().poll(cx);
                    match (&over, done) {
                        (_, Poll::Ready(done)) => Poll::Ready(done),
                        // Without a connection no more data will come.
                        (Some(Ok(())), Poll::Pending) => Poll::Ready(Err(closed())),
                        (Some(Err(error)), Poll::Pending) => Poll::Ready(Err(failed(error))),
                        (None, Poll::Pending) => Poll::Pending,
                    }
                },
                call.deadline,
                CALLING,
            )
        };
        let done = done.and_then(|done| done);
        let is_whole = done.is_ok();
        if !is_enough(&received, call.max_body) {
            done.map_err(|failure| (failure, received.status != 0))?;
        }
        if received.is_redirect() {
            let text = "the peer leads elsewhere: a network that wants a login, or it moved";
            return Err((Failure { reason: "redirect", text: text.to_owned() }, true));
        }
        let answer = evaluate(&received, call.max_body);
        // Sends the remaining frames of h2, such as the end of a stream.
        let alive = if over.is_none() && is_whole { self.if_alive() } else { None };
        Ok((answer, alive))
    }
}

fn closed() -> Failure {
    failure("connect", "the peer closed before its answer was complete")
}

fn request(call: &GrpcCall<'_>) -> Result<Request<()>, Failure> {
    let authority = call.url.authority();
    let uri = [call.url.scheme(), "://", &authority, call.path].concat();
    let uri = Uri::try_from(uri).map_err(|_| failure("protocol", "the path is not valid"))?;
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_2;
    let headers = request.headers_mut();
    let time = left(call.deadline, CALLING)?.as_millis().clamp(1, MAX_TIMEOUT);
    let timeout = [&*time.to_string(), "m"].concat();
    let own = [
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("grpc-timeout", &*timeout),
        ("grpc-accept-encoding", "identity,gzip"),
        ("user-agent", concat!("sysmetrics/", env!("CARGO_PKG_VERSION"))),
        ("grpc-encoding", if call.gzip { "gzip" } else { "identity" }),
    ];
    let theirs = call.headers.iter().map(|(name, value)| (&**name, &**value));
    for (name, value) in own.into_iter().chain(theirs) {
        let pair = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let Some((name, value)) = pair else {
            let text = format!("the header {name} has a character that no header has");
            return Err(Failure { reason: "protocol", text });
        };
        headers.insert(name, value);
    }
    Ok(request)
}
