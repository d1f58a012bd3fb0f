//! The routes with a request body.

use crate::inputs::push::gateway::{GroupUpdate, Refusal, Verb};
use crate::inputs::push::{Fault, Form};
use crate::pipelines::{Inputs, Pipelines};
use crate::serve::http::{Method, Request, Response, Status};
use crate::serve::routes::service::{JSON, behind};
use std::time::Instant;

/// The prefix of the paths of groups.
pub(super) const GROUPS: &str = "/metrics/job";

/// `POST /update`.
pub(super) fn update(
    pipelines: &mut Pipelines,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    json(&mut pipelines.inputs, Form::Update, of, body, now, response);
}

/// `POST /api/metrics`.
pub(super) fn batch(
    pipelines: &mut Pipelines,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    json(&mut pipelines.inputs, Form::Batch, of, body, now, response);
}

fn json(
    inputs: &mut Inputs,
    form: Form,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    let encoding = of.content_encoding.trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        // It would be reported as an error in the JSON.
        let sentence = "JSON is taken as it is, without a Content-Encoding.";
        return response.text(Status::UnsupportedMedia, sentence);
    }
    let out = response.begin(Status::Ok, JSON);
    match inputs.push.take(form, body, &mut inputs.store, now, out) {
        Ok(true) => {}
        // Scripts check only the status, such as `curl -f`.
        Ok(false) => response.set_status(Status::BadRequest),
        Err(fault) => report_fault(fault, response),
    }
}

/// `PUT`, `POST` and `DELETE` of `/metrics/job/…`.
pub(super) fn group(
    pipelines: &mut Pipelines,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    let inputs = &mut pipelines.inputs;
    let (verb, status) = match of.method {
        Method::Delete => (Verb::Delete, Status::Accepted),
        Method::Put => (Verb::Replace, Status::Ok),
        _ => (Verb::Add, Status::Ok),
    };
    // With the prefix unescaped.
    let path = [GROUPS, behind(of.path, GROUPS).unwrap_or_default()].concat();
    let update = GroupUpdate {
        verb,
        path: &path,
        content_type: of.content_type,
        content_encoding: of.content_encoding,
        body,
        max_body: inputs.push_auth.max_body,
    };
    match inputs.gateway.serve(&update, inputs.push.rules(), &mut inputs.store, now) {
        Ok(()) => drop(response.begin(status, "text/plain; charset=utf-8")),
        Err(Refusal::Bad(sentence) | Refusal::Unreadable(sentence)) => {
            response.text(Status::BadRequest, &sentence)
        }
        Err(Refusal::Media(sentence)) => response.text(Status::UnsupportedMedia, sentence),
        Err(Refusal::Full) => {
            let sentence = "There is room for 1000 groups: DELETE some, or have push.ttl end them.";
            response.text(Status::Unavailable, sentence);
        }
    }
}

fn report_fault(Fault { at, expected }: Fault, response: &mut Response) {
    let sentence = format!("The body cannot be parsed: expected {expected} at byte {at}.");
    response.text(Status::BadRequest, &sentence);
}
