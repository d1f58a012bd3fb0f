//! One connection's turn: what is received, answered, refused, and what becomes of it at its deadline.

use super::{MAX_BODIES, Server};
use crate::http::Method;
use crate::http::{Connection, Next, Phase, Request, Response, Status};
use crate::log;
use crate::routes::Service;
use crate::settings::Level;
use crate::sys::{self, Ready};
use std::time::Instant;

impl Server {
    /// Gives one connection its turn.
    pub(super) fn handle(
        &mut self,
        at: usize,
        ready: Option<Ready>,
        service: &mut Service,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Wait };
        let is_ready = ready.is_some_and(Ready::any) || connection.has_pending_input();
        // What came in time is still taken; but who was told the end may not go on for ever.
        let is_over = connection.deadline() <= now;
        if is_over && (!is_ready || connection.phase() == Phase::Linger) {
            return self.expire(at, service, now);
        }
        if !is_ready {
            return Next::Wait;
        }
        if connection.phase() == Phase::Drain {
            return connection.drain(&self.limits, now);
        }
        let next = connection.receive(&mut self.scratch, &self.limits, now);
        self.follow(at, next, service, now)
    }

    /// Does what comes next for one connection.
    fn follow(&mut self, at: usize, next: Next, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match next {
            Next::Answer(end) => self.serve(at, end, service, now),
            Next::TooLong => {
                connection.end();
                let sentence = "The request head is too long.";
                service.turn_away(Status::HeadersTooLarge, sentence, &mut self.response);
                self.respond(at, true, now)
            }
            Next::Received => self.deliver(at, service, now),
            Next::Refuse(refusal) => {
                connection.take_intake();
                connection.end();
                service.refuse(refusal, &mut self.response);
                self.respond(at, true, now)
            }
            Next::Wait if connection.phase() == Phase::Intake => self.bound(at, service, now),
            next => next,
        }
    }

    /// A body is coming in; all that are must not take more room than a few of the longest.
    fn bound(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let held: usize = self.connections.iter().map(Connection::held).sum();
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        if held <= MAX_BODIES * service.body_limit() {
            return Next::Wait;
        }
        connection.take_intake();
        connection.end();
        let sentence = "Too much is being received; come again.";
        service.turn_away(Status::Unavailable, sentence, &mut self.response);
        self.respond(at, true, now)
    }

    /// Answers a request whose body has come.
    fn deliver(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let Some(intake) = connection.take_intake() else { return Next::Close };
        let Ok(request) = Request::parse(&intake.head) else { return Next::Close };
        service.receive(&request, &intake.body, now, &mut self.response);
        if log::enabled(Level::Debug) {
            report(connection, &request, &self.response, now);
        }
        self.respond(at, true, now)
    }

    /// Answers the request whose head is the first `end` bytes of the scratch.
    fn serve(&mut self, at: usize, end: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let head = self.scratch.get(..end).unwrap_or_default();
        let mut body = true;
        let parsed = Request::parse(head);
        if let Ok(request) = parsed
            && service.takes_body(&request)
        {
            let is_local = sys::is_local(connection.socket());
            if service.admits(&request, is_local, &mut self.response) {
                let limit = service.body_limit();
                let next = connection.collect(&request, head, limit, &self.limits, now);
                return self.follow(at, next, service, now);
            }
            if connection.frame(&request).is_err() {
                connection.end();
            }
            return self.respond(at, true, now);
        }
        match parsed.and_then(|r| connection.frame(&r).map(|()| r)) {
            Ok(request) => {
                service.answer(&request, &mut self.response);
                body = request.method != Method::Head;
                if request.is_http10 {
                    self.response.for_http10();
                }
                if log::enabled(Level::Debug) {
                    report(connection, &request, &self.response, now);
                }
            }
            Err(refusal) => {
                connection.end();
                service.refuse(refusal, &mut self.response);
            }
        }
        self.respond(at, body, now)
    }

    fn respond(&mut self, at: usize, body: bool, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        self.response.finish(connection.keeps_alive(), body);
        connection.answer(self.response.bytes(), &self.limits, now)
    }

    /// The connection's deadline is over.
    fn expire(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match connection.phase() {
            Phase::Idle | Phase::Linger => Next::Close,
            Phase::Drain | Phase::Body(_) => {
                service.traffic.timed_out += 1;
                Next::Close
            }
            Phase::Head if connection.kept() == 0 => {
                service.traffic.timed_out += 1;
                Next::Close // it never said a word
            }
            Phase::Head | Phase::Intake => {
                connection.take_intake();
                service.traffic.timed_out += 1;
                connection.end();
                let sentence = "The request took too long.";
                service.turn_away(Status::RequestTimeout, sentence, &mut self.response);
                self.respond(at, true, now)
            }
        }
    }
}

/// Each request at debug level.
fn report(connection: &Connection, request: &Request<'_>, response: &Response, start: Instant) {
    let client = sys::peer_name(connection.socket());
    let micros = start.elapsed().as_micros();
    log::debug(
        "request",
        &[
            ("client", &client),
            ("path", &request.path),
            ("status", &response.status().code()),
            ("bytes", &response.body().len()),
            ("duration_us", &micros),
        ],
    );
}
