//! The reference server: the same routes served by `tiny_http`, as any program would use it, to
//! compare the poll loop with in the benchmark and the tests. It has the interface of `event::Server`.
//!
//! It cannot provide: a bound on threads (each connection has one), deadlines, a limit of a
//! head, an end of listening when descriptors run out, a change of addresses.

use crate::base::address::{Listen, SocketAccess};
use crate::base::log;
use crate::base::sys::{self, Ends, Ready, Signal};
use crate::serve::event::{Handler, Interrupt};
use crate::serve::http::{Body, Limits, Method, Refusal, Request, Response};
use crate::serve::listen::Listener;
use crate::serve::routes::Service;
use crate::serve::security::Security;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use tiny_http::{Header, StatusCode};

/// The events of the serving loop.
enum Event {
    Request(tiny_http::Request),
    Signal(Signal),
}

/// The listeners and the threads that wait for them.
pub struct Server {
    listeners: Vec<Listener>,
    events: Receiver<Event>,
    response: Response,
}

impl Server {
    /// Serves on `listeners`; tiny_http knows no limits.
    pub fn new(interrupt: Box<dyn Interrupt>, listeners: Vec<Listener>, _: Limits) -> Server {
        let (to, events) = mpsc::channel();
        let sender = to.clone();
        thread::spawn(move || wait_for_signals(&*interrupt, &sender));
        for listener in &listeners {
            if let Err(error) = relay(listener, to.clone()) {
                log::error("cannot serve", &[("address", &listener.address()), ("error", &error)]);
            }
        }
        Server { listeners, events, response: Response::default() }
    }

    /// The listeners.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Changes nothing: tiny_http's threads cannot change their addresses.
    pub fn listen(&mut self, _: &[Listen], _: &SocketAccess) -> io::Result<()> {
        Ok(())
    }

    /// Rejects TLS and users, which it does not have.
    ///
    /// # Errors
    ///
    /// TLS or users are configured.
    pub fn secure(&mut self, security: Security) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if !security.is_open() {
            return Err(io::Error::other(
                "this build has neither TLS nor users: leave the feature tiny_http out",
            ));
        }
        let _ = security;
        Ok(())
    }

    /// Does nothing: there are no limits.
    pub fn limit(&mut self, _: Limits) {}

    /// Serves until a signal comes, and returns it.
    pub fn run(&mut self, service: &mut Service) -> io::Result<Signal> {
        loop {
            let until =
                service.notify.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            match self.events.recv_timeout(until.unwrap_or(Duration::MAX)) {
                Ok(Event::Request(request)) => self.answer(request, service),
                Ok(Event::Signal(signal)) => return Ok(signal),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the threads that wait for clients have ended"));
                }
            }
            service.notify.beat(Instant::now());
        }
    }

    /// Every response is complete before the next event is handled.
    pub fn finish(&mut self, _: &mut Service, _: Instant) -> io::Result<()> {
        self.listeners.clear();
        Ok(())
    }

    fn answer(&mut self, mut from: tiny_http::Request, service: &mut Service) {
        // The body comes first: once the head is borrowed it is not accessible.
        let peer = from.remote_addr();
        // tiny_http does not return our own address.
        let ends = Ends::of(peer.map(|_| Ipv4Addr::LOCALHOST.into()), peer.map(|peer| peer.ip()));
        let most = service.body_limit();
        let mut body = Vec::new();
        let has_body = matches!(from.method(), tiny_http::Method::Post | tiny_http::Method::Put);
        let mut reader = from.as_reader().take(if has_body { most as u64 + 1 } else { 0 });
        let is_whole = reader.read_to_end(&mut body).is_ok() && body.len() <= most;
        let body = is_whole.then_some(body);
        let request = request_of(&from);
        if !service.takes_body(&request) {
            service.answer(&request, &mut self.response);
        } else if service.admits(&request, ends, &mut self.response) {
            match &body {
                Some(body) => {
                    service.receive(&request, body, Instant::now(), &mut self.response);
                }
                None => {
                    self.response.refuse(Refusal::TooLarge);
                    service.refused(self.response.status());
                }
            }
        }
        let body = self.response.body();
        let headers = self.response.headers();
        let headers = headers.filter_map(|(name, value)| Header::from_bytes(name, value).ok());
        let code = StatusCode(self.response.status().code().parse().unwrap_or(500));
        let length = Some(body.len());
        let answer = tiny_http::Response::new(code, headers.collect(), body, length, None);
        // A client that closed is no failure of ours.
        let _ = from.respond(answer.with_chunked_threshold(usize::MAX));
    }
}

/// The request as our own server would have parsed it.
fn request_of(from: &tiny_http::Request) -> Request<'_> {
    let header = |name: &'static str| {
        let found = from.headers().iter().find(|h| h.field.equiv(name));
        found.map_or("", |h| h.value.as_str())
    };
    let (path, query) = from.url().split_once('?').unwrap_or((from.url(), ""));
    let mut request = Request {
        method: match from.method() {
            tiny_http::Method::Get => Method::Get,
            tiny_http::Method::Head => Method::Head,
            tiny_http::Method::Post => Method::Post,
            tiny_http::Method::Put => Method::Put,
            tiny_http::Method::Delete => Method::Delete,
            tiny_http::Method::Options => Method::Options,
            _ => Method::Other,
        },
        path,
        query,
        keep_alive: true,
        is_http10: false,
        accept: header("Accept").into(),
        accept_encoding: header("Accept-Encoding").into(),
        authorization: header("Authorization"),
        content_type: header("Content-Type"),
        content_encoding: header("Content-Encoding"),
        host: header("Host"),
        is_of_page: false,
        is_relayed: false,
        body: Body::Sized(0),
        expects: false,
    };
    for header in from.headers() {
        request.note_sender(header.field.as_str().as_str(), header.value.as_bytes());
    }
    request
}

fn wait_for_signals(interrupt: &dyn Interrupt, to: &Sender<Event>) {
    while sys::poll(&mut [Ready::wait(interrupt.as_fd(), true, false)], None).is_ok() {
        let signal = interrupt.next().map(Event::Signal);
        if signal.is_some_and(|signal| to.send(signal).is_err()) {
            return;
        }
    }
}

/// Starts tiny_http on a listener, and a thread that forwards its requests.
fn relay(listener: &Listener, to: Sender<Event>) -> io::Result<()> {
    let socket = listener.socket().try_clone()?;
    let socket = blocking(socket, listener.address().starts_with("unix"))?;
    let server = tiny_http::Server::from_listener(socket, None).map_err(io::Error::other)?;
    thread::spawn(move || {
        for request in server.incoming_requests() {
            if to.send(Event::Request(request)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn blocking(socket: OwnedFd, is_unix: bool) -> io::Result<tiny_http::Listener> {
    if is_unix {
        let socket = UnixListener::from(socket);
        return socket.set_nonblocking(false).map(|()| socket.into());
    }
    let socket = TcpListener::from(socket);
    socket.set_nonblocking(false).map(|()| socket.into())
}
