//! The request of a client, the format of its body, and the message when nothing is done.

use super::protobuf;
use crate::base::json::Fault;
use crate::base::text::words::{MAX_SHOWN, shown};
use crate::base::wire;
use crate::inputs::push::exposition::Syntax;
use crate::inputs::push::intake::Rejection;
use crate::model::metric::Buffer;
use crate::workers::gunzip;

/// The kind of change to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// PUT.
    Replace,
    /// POST.
    Add,
    /// DELETE.
    Delete,
}

/// The request of a client.
#[derive(Clone, Copy, Debug)]
pub struct GroupUpdate<'a> {
    /// The kind of change.
    pub verb: Verb,
    /// The path of the group, as received.
    pub path: &'a str,
    /// The Content-Type; empty without one.
    pub content_type: &'a str,
    /// The Content-Encoding; empty without one.
    pub content_encoding: &'a str,
    /// The body as received.
    pub body: &'a [u8],
    /// The longest body that is accepted, decoded.
    pub max_body: usize,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The path or the contents of the body are invalid; with a sentence about it.
    Bad(String),
    /// The body cannot be read; with a sentence about where.
    Unreadable(String),
    /// The type of the body is not supported.
    Media(&'static str),
    /// There is no room for another group.
    Full,
}

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Exposition text.
    Text(Syntax),
    /// Protocol buffers.
    Protobuf,
}

/// The format for a Content-Type.
pub(super) fn form(content_type: &str) -> Result<Form, Refusal> {
    let mut parts = content_type.split(';').map(str::trim);
    if !wire::same(parts.next().unwrap_or_default(), "application/vnd.google.protobuf") {
        return Ok(Form::Text(Syntax::of(content_type)));
    }
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        for (known, expected) in
            [("proto", "io.prometheus.client.MetricFamily"), ("encoding", "delimited")]
        {
            if wire::same(name.trim(), known) && !wire::same(value, expected) {
                return Err(Refusal::Media(
                    "Of protocol buffers only proto=io.prometheus.client.MetricFamily; \
                     encoding=delimited is accepted.",
                ));
            }
        }
    }
    Ok(Form::Protobuf)
}

/// Converts a body in protocol buffers to text.
pub(super) fn from_protobuf(body: &[u8], max_body: usize) -> Result<Buffer, Refusal> {
    protobuf::to_text(body, max_body).map_err(|Fault { at, expected }| {
        let text = ["The body is invalid: expected ", expected, " at byte ", &at.to_string()];
        Refusal::Unreadable([&*text.concat(), "."].concat())
    })
}

/// Decodes the body, if it has an encoding.
pub(super) fn decode(update: &GroupUpdate<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let is = |name: &str| wire::same(update.content_encoding.trim(), name);
    if is("") || is("identity") {
        return Ok(None);
    }
    if !is("gzip") && !is("x-gzip") {
        return Err(Refusal::Media("Bodies are accepted without encoding, or as gzip."));
    }
    let decoded = gunzip(update.body, update.max_body).map_err(|_| {
        Refusal::Bad("The body is not gzip, or is longer than allowed once decoded.".to_owned())
    })?;
    Ok(Some(decoded))
}

/// A sentence about what is wrong with a body; `rest` is about its other samples.
pub(super) fn sentence(rejection: &Rejection, rest: &str) -> String {
    match rejection {
        Rejection::Line(bad) => {
            format!("The body is invalid: expected {} in line {}.", bad.expected, bad.line)
        }
        Rejection::Timed(name) => {
            let name = shown(name, MAX_SHOWN);
            format!("The metric {name} has a time stamp: pushed samples must have none. {rest}")
        }
        Rejection::Sample(name, reason) => {
            let name = shown(name, MAX_SHOWN);
            format!("The metric {name} is refused: {}. {rest}", reason.text().1)
        }
    }
}
