//! One connection's turn: receiving, responding, rejecting, and its deadline.

use super::{Handler, MAX_BODIES, Server};
use crate::base::log;
use crate::base::log::Level;
use crate::base::sys::{self, Ends, Ready};
use crate::serve::http::{
    Body, Connection, Method, Next, Phase, Refusal, Request, Response, Status,
};
use std::time::Instant;

/// The first buffer of a connection: few heads are longer.
const FIRST_ROOM: usize = 2000;

impl Server {
    /// Gives one connection its turn.
    pub(super) fn handle(
        &mut self,
        at: usize,
        ready: Option<Ready>,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Wait };
        let is_ready = ready.is_some_and(Ready::any) || connection.has_pending_input();
        // Bytes that came in time are still read; but a client that was asked to close may not go on for ever.
        let is_over = connection.deadline() <= now;
        if is_over && (!is_ready || connection.phase() == Phase::Linger) {
            return self.expire(at, handler, now);
        }
        if !is_ready {
            return Next::Wait;
        }
        #[cfg(feature = "tls")]
        match connection.phase() {
            Phase::Greet => return self.handshake(at, handler, now),
            // It only waits for its end.
            Phase::Login(_) => return Next::Close,
            _ => {}
        }
        if connection.phase() == Phase::Drain {
            return connection.drain(&self.limits, now);
        }
        // Room for the longest head, once a client sends more than fits into the first buffer.
        let whole = self.limits.head.max(connection.kept() + 1);
        let room = if connection.is_within() { whole } else { whole.min(FIRST_ROOM) };
        if self.scratch.len() < room {
            self.scratch.resize(room, 0);
        }
        let room = self.scratch.len().min(whole);
        let scratch = self.scratch.get_mut(..room).unwrap_or_default();
        let next = connection.receive(scratch, &self.limits, now);
        self.step(at, next, handler, now)
    }

    /// Does the next step of one connection.
    fn step(&mut self, at: usize, next: Next, handler: &mut dyn Handler, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match next {
            Next::Answer(end) => self.serve(at, end, handler, now),
            Next::TooLong => {
                connection.end();
                let sentence = "The request head is too long.";
                self.turn_away(Status::HeadersTooLarge, sentence, handler);
                self.respond(at, true, handler, now)
            }
            Next::Received => self.deliver(at, handler, now),
            Next::Refuse(refusal) => {
                connection.take_intake();
                self.refuse(at, refusal, handler, now)
            }
            Next::Wait if connection.phase() == Phase::Intake => self.bound(at, handler, now),
            next => next,
        }
    }

    /// A body is being received; all bodies together are limited to a few of the longest.
    fn bound(&mut self, at: usize, handler: &mut dyn Handler, now: Instant) -> Next {
        let held: usize = self.connections.iter().map(Connection::held).sum();
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        if held <= MAX_BODIES * handler.body_limit() {
            return Next::Wait;
        }
        connection.take_intake();
        connection.end();
        let sentence = "Too much is being received; try again later.";
        self.turn_away(Status::Unavailable, sentence, handler);
        self.respond(at, true, handler, now)
    }

    /// Responds to a request whose body has come.
    fn deliver(&mut self, at: usize, handler: &mut dyn Handler, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let Some(intake) = connection.take_intake() else { return Next::Close };
        let Ok(request) = Request::parse(&intake.head) else { return Next::Close };
        let mut body = true;
        if handler.takes_body(&request) {
            handler.receive(&request, &intake.body, now, &mut self.response);
            report(connection, &request, &self.response, now);
        } else {
            body = answer(connection, &request, handler, &mut self.response, now);
        }
        self.respond(at, body, handler, now)
    }

    /// Responds to the request whose head is the first `end` bytes of the scratch.
    fn serve(&mut self, at: usize, end: usize, handler: &mut dyn Handler, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let head = self.scratch.get(..end).unwrap_or_default();
        let request = match Request::parse(head) {
            Ok(request) => request,
            Err(refusal) => return self.refuse(at, refusal, handler, now),
        };
        #[cfg(feature = "tls")]
        if let Some(denied) = self.security.denies(connection, &request, handler, now) {
            let has_body = request.method != Method::Head;
            return self.deny(at, end, denied, has_body, handler, now);
        }
        if handler.takes_body(&request) {
            let ends = Ends::of_socket(connection.socket());
            if handler.admits(&request, ends, &mut self.response) {
                let limit = handler.body_limit();
                let next = connection.collect(&request, head, limit, &self.limits, now);
                return self.step(at, next, handler, now);
            }
            if connection.frame(&request).is_err() {
                connection.end();
            }
            report(connection, &request, &self.response, now);
            return self.respond(at, true, handler, now);
        }
        if request.body == Body::Chunked {
            // Some clients announce a body without sending one: it may be empty.
            let next = connection.collect(&request, head, 0, &self.limits, now);
            return self.step(at, next, handler, now);
        }
        if let Err(refusal) = connection.frame(&request) {
            return self.refuse(at, refusal, handler, now);
        }
        let body = answer_or_repeat(connection, head, &request, handler, &mut self.response, now);
        self.respond(at, body, handler, now)
    }

    /// Responds to an invalid request.
    fn refuse(
        &mut self,
        at: usize,
        refusal: Refusal,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        connection.end();
        self.response.refuse(refusal);
        handler.refused(self.response.status());
        self.respond(at, true, handler, now)
    }

    /// Makes a response of the loop's own.
    pub(super) fn turn_away(&mut self, status: Status, sentence: &str, handler: &mut dyn Handler) {
        self.response.text(status, sentence);
        handler.refused(status);
    }

    pub(super) fn respond(
        &mut self,
        at: usize,
        body: bool,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        if self.crowded || self.is_ending {
            connection.end();
        }
        self.response.set_http10(connection.is_http10());
        self.response.finish(connection.keeps_alive(), body);
        let next = connection.answer(&mut self.response, &self.limits, now);
        if connection.phase() == Phase::Drain {
            self.bound_kept(at, handler, now);
        }
        next
    }

    /// Handles a connection whose deadline has passed.
    fn expire(&mut self, at: usize, handler: &mut dyn Handler, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match connection.phase() {
            Phase::Idle | Phase::Linger => Next::Close,
            #[cfg(feature = "tls")]
            Phase::Greet | Phase::Login(_) => self.expire_guarded(at, handler, now),
            Phase::Drain | Phase::Body(_) => {
                handler.traffic().timed_out += 1;
                Next::Close
            }
            Phase::Head if connection.kept() == 0 => {
                handler.traffic().timed_out += 1;
                Next::Close // the client sent nothing
            }
            Phase::Head | Phase::Intake => {
                connection.take_intake();
                handler.traffic().timed_out += 1;
                connection.end();
                let sentence = "The request took too long.";
                self.turn_away(Status::RequestTimeout, sentence, handler);
                self.respond(at, true, handler, now)
            }
        }
    }
}

/// Makes the response to a request with this head, or repeats that of this turn to an equal one; returns whether
/// it has a body.
fn answer_or_repeat(
    connection: &Connection,
    head: &[u8],
    request: &Request<'_>,
    handler: &mut dyn Handler,
    response: &mut Response,
    now: Instant,
) -> bool {
    if response.is_for(head) && handler.welcomes(connection.socket()) {
        // It is of this instant, and equal for all equal requests.
        handler.repeated(request, response.status());
        report(connection, request, response, now);
        return true;
    }
    let body = answer(connection, request, handler, response, now);
    if request.method == Method::Get && response.status() == Status::Ok {
        response.set_request(head);
    }
    body
}

/// Makes the response to a request whose body is not used; returns whether it has a body.
fn answer(
    connection: &Connection,
    request: &Request<'_>,
    handler: &mut dyn Handler,
    response: &mut Response,
    now: Instant,
) -> bool {
    if handler.welcomes(connection.socket()) {
        handler.answer(request, response);
        report(connection, request, response, now);
    } else {
        response.text(Status::Forbidden, "Clients at your address are not served here.");
        handler.refused(Status::Forbidden);
    }
    request.method != Method::Head
}

/// Logs each request at debug level.
fn report(connection: &Connection, request: &Request<'_>, response: &Response, start: Instant) {
    if !log::enabled(Level::Debug) {
        return;
    }
    let client = sys::peer_name(connection.socket());
    let micros = start.elapsed().as_micros() as u64;
    log::debug(
        "request",
        &[
            ("client", &client),
            ("method", &request.method.name()),
            ("path", &request.path),
            ("status", &response.status().code()),
            ("bytes", &response.body().len()),
            ("duration_us", &micros),
        ],
    );
}
