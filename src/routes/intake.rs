//! Requests with a body: who may send one, and what takes it.

use super::{JSON, OTHER, ROUTES, Route, Serve, Service};
use crate::http::{Method, Request, Response, Status};
use crate::hub::Hub;
use crate::ingest::gateway::{Refusal, Verb, Wish};
use crate::ingest::{Denied, Fault, Form};
use std::time::Instant;

/// Takes the body of a request and makes the answer.
pub(super) type Take = fn(&mut Hub, &Request<'_>, &[u8], Instant, &mut Response);

impl Service {
    /// Whether there is a route that takes the body of `request`.
    pub fn takes_body(&self, request: &Request<'_>) -> bool {
        match self.route(request.path).and_then(|at| ROUTES.get(at)) {
            Some(Route { serve: Serve::Post(_), .. }) => request.method == Method::Post,
            Some(Route { serve: Serve::Group(_), .. }) => {
                matches!(request.method, Method::Put | Method::Post | Method::Delete)
            }
            _ => false,
        }
    }

    /// The longest body that is taken.
    pub fn body_limit(&self) -> usize {
        self.hub.gate.max_body
    }

    /// Whether the client may send the body of `request`; otherwise the answer is made.
    pub fn admits(
        &mut self,
        request: &Request<'_>,
        is_local: bool,
        response: &mut Response,
    ) -> bool {
        match self.hub.gate.judge(request.authorization, is_local) {
            Ok(()) => true,
            Err(denied) => {
                let (status, sentence) = match denied {
                    Denied::Token => (Status::Unauthorized, "Pushing takes a token."),
                    Denied::Remote => (
                        Status::Forbidden,
                        "Only programs on this machine may push; with push.token_file others may.",
                    ),
                };
                response.say(status, sentence);
                let route = self.route(request.path);
                self.count(route.unwrap_or(OTHER), status);
                false
            }
        }
    }

    /// Makes the answer to `request`, whose body was wanted and has come.
    pub fn receive(
        &mut self,
        request: &Request<'_>,
        body: &[u8],
        now: Instant,
        response: &mut Response,
    ) {
        let route = self.route(request.path);
        if let Some(Route { serve: Serve::Post(take) | Serve::Group(take), .. }) =
            route.and_then(|at| ROUTES.get(at))
        {
            take(&mut self.hub, request, body, now, response);
        }
        self.count(route.unwrap_or(OTHER), response.status());
    }
}

/// `POST /update`.
pub(super) fn update(
    hub: &mut Hub,
    _: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    push(hub, Form::Update, body, now, response);
}

/// `POST /api/metrics`.
pub(super) fn batch(
    hub: &mut Hub,
    _: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    push(hub, Form::Batch, body, now, response);
}

fn push(hub: &mut Hub, form: Form, body: &[u8], now: Instant, response: &mut Response) {
    let out = response.begin(Status::Ok, JSON);
    let done = hub.push.take(form, body, &mut hub.store, now, out);
    done.unwrap_or_else(|fault| say_fault(fault, response));
}

/// `PUT`, `POST` and `DELETE` of `/metrics/job/…`.
pub(super) fn group(
    hub: &mut Hub,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    let (verb, status) = match of.method {
        Method::Delete => (Verb::Delete, Status::Accepted),
        Method::Put => (Verb::Replace, Status::Ok),
        _ => (Verb::Add, Status::Ok),
    };
    let wish = Wish {
        verb,
        path: of.path,
        content_type: of.content_type,
        content_encoding: of.content_encoding,
        body,
        max_body: hub.gate.max_body,
    };
    match hub.gateway.serve(&wish, hub.push.rules(), &mut hub.store, now) {
        Ok(()) => drop(response.begin(status, "text/plain; charset=utf-8")),
        Err(Refusal::Bad(sentence)) => response.say(Status::BadRequest, &sentence),
        Err(Refusal::Media(sentence)) => response.say(Status::UnsupportedMedia, sentence),
        Err(Refusal::Full) => response.say(Status::Unavailable, "There are too many groups."),
    }
}

fn say_fault(Fault { at, expected }: Fault, response: &mut Response) {
    let sentence = format!("The body is not as it should be: expected {expected} at byte {at}.");
    response.say(Status::BadRequest, &sentence);
}
