//! What takes the bodies of requests.

use super::{JSON, behind};
use crate::http::{Method, Request, Response, Status};
use crate::hub::Hub;
use crate::ingest::gateway::{Refusal, Verb, Wish};
use crate::ingest::{Fault, Form};
use std::time::Instant;

/// How the paths of groups begin.
pub(super) const GROUPS: &str = "/metrics/job";

/// Takes the body of a request and makes the answer.
pub(super) type Take = fn(&mut Hub, &Request<'_>, &[u8], Instant, &mut Response);

/// `POST /update`.
pub(super) fn update(
    hub: &mut Hub,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    json(hub, Form::Update, of, body, now, response);
}

/// `POST /api/metrics`.
pub(super) fn batch(
    hub: &mut Hub,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    json(hub, Form::Batch, of, body, now, response);
}

fn json(
    hub: &mut Hub,
    form: Form,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    let encoding = of.content_encoding.trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        // It would be told as a mistake in the JSON.
        let sentence = "JSON is taken as it is, without a Content-Encoding.";
        return response.say(Status::UnsupportedMedia, sentence);
    }
    let out = response.begin(Status::Ok, JSON);
    match hub.push.take(form, body, &mut hub.store, now, out) {
        Ok(true) => {}
        // Scripts look at the status alone, such as `curl -f`.
        Ok(false) => response.set_status(Status::BadRequest),
        Err(fault) => say_fault(fault, response),
    }
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
    // However its beginning is written.
    let path = [GROUPS, behind(of.path, GROUPS).unwrap_or_default()].concat();
    let wish = Wish {
        verb,
        path: &path,
        content_type: of.content_type,
        content_encoding: of.content_encoding,
        body,
        max_body: hub.gate.max_body,
    };
    match hub.gateway.serve(&wish, hub.push.rules(), &mut hub.store, now) {
        Ok(()) => drop(response.begin(status, "text/plain; charset=utf-8")),
        Err(Refusal::Bad(sentence) | Refusal::Unreadable(sentence)) => {
            response.say(Status::BadRequest, &sentence)
        }
        Err(Refusal::Media(sentence)) => response.say(Status::UnsupportedMedia, sentence),
        Err(Refusal::Full) => response.say(Status::Unavailable, "There are too many groups."),
    }
}

fn say_fault(Fault { at, expected }: Fault, response: &mut Response) {
    let sentence = format!("The body is not as it should be: expected {expected} at byte {at}.");
    response.say(Status::BadRequest, &sentence);
}
