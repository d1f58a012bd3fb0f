//! The meaning of answers (OTLP specification, "OTLP/HTTP Response" and "OTLP/gRPC Response"). Over HTTP
//! only 429, 502, 503 and 504 are tried again, not 500. Over gRPC RESOURCE_EXHAUSTED is tried again
//! only with RetryInfo. Answers are from outside: what cannot be read is ignored.

use crate::base::json::{self, Value};
use crate::outputs::answer_text::is_late;
use crate::outputs::export::Verdict;
use crate::outputs::export::proto::{Fields, Wire};
use crate::workers::Answer;
use std::time::Duration;

/// Characters of a receiver's message that are passed on.
const MAX_TEXT: usize = 200;

/// Bytes of it that are read.
const MAX_BYTES: usize = 4 * MAX_TEXT;

/// Details of a status that are read.
const MAX_DETAILS: usize = 16;

/// The type of a detail that says when to try again.
const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";

/// Names of the gRPC codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What receivers answer about one message that is too large, in lower case: C and Go, Rust (tonic, with
/// OUT_OF_RANGE), Java, .NET, Swift, and proxies that speak HTTP. "Too much" alone would also match a
/// rate limit, which halves do not satisfy.
const TOO_LARGE: [&str; 7] = [
    "larger than max",
    "message length too large",
    "message exceeds maximum size",
    "maximum configured message size",
    "maximum payload size",
    "payload too large",
    "http 413 ",
];

const RESOURCE_EXHAUSTED: u32 = 8;
const UNAVAILABLE: u32 = 14;

/// Codes after which a retry may succeed: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE,
/// UNAVAILABLE, DATA_LOSS.
const PASSING: [u32; 6] = [1, 4, 10, 11, UNAVAILABLE, 15];

/// The meaning of an answer over HTTP.
pub fn judge(answer: &Answer) -> Verdict {
    let is_json = is_type(answer, "application/json");
    let text =
        || sentence("HTTP status ", u64::from(answer.status), &error_message(answer, is_json));
    match answer.status {
        200 => judge_success(answer, is_json),
        201..=299 => Verdict::Done,
        413 => Verdict::Halves(text()),
        429 => Verdict::Again("throttled", text(), answer.retry_after),
        502..=504 => Verdict::Again("status", text(), answer.retry_after),
        400.. if is_late(&answer.body) => Verdict::Late(text()),
        _ => Verdict::Never("refused", text()),
    }
}

/// The meaning of the end of a call over gRPC: its status, its message, the details of the status
/// (`google.rpc.Status`), and the body of the answer without its frame. A message with OK says why
/// the body cannot be read.
pub fn judge_grpc(code: u32, message: &str, details: &[u8], body: &[u8]) -> Verdict {
    if code == 0 {
        return partial(from_protobuf(body).filter(|_| message.is_empty()), message);
    }
    let name = CODES.get(code as usize).copied().unwrap_or("gRPC status of no name");
    let words = [name.as_bytes(), if message.is_empty() { b"" } else { b": " }, message.as_bytes()];
    let text = bounded(&words.concat());
    let delay = retry_info(details);
    match (code, delay) {
        (RESOURCE_EXHAUSTED | UNAVAILABLE, Some(_)) => Verdict::Again("throttled", text, delay),
        _ if is_too_large(message) => Verdict::Halves(text),
        _ if PASSING.contains(&code) => Verdict::Again("status", text, delay),
        _ if is_late(message.as_bytes()) => Verdict::Late(text),
        _ => Verdict::Never("refused", text),
    }
}

/// Compares the media type; its parameters do not count.
fn is_type(answer: &Answer, name: &str) -> bool {
    let kind = answer.content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(name)
}

/// Whether the receiver reports that one message was too large for it.
fn is_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    TOO_LARGE.iter().any(|words| message.contains(words))
}

/// The verdict on an accepted request, whatever its answer contains or lacks. An answer of a type other than
/// OTLP's is ignored.
fn judge_success(answer: &Answer, is_json: bool) -> Verdict {
    let why = answer.fault.as_ref().map_or("", |fault| &fault.text);
    let is_foreign = !is_json && !is_type(answer, super::PROTOBUF);
    let success = match (&*answer.body, why) {
        (_, why) if !why.is_empty() => None,
        (b"", _) => return Verdict::Done,
        (body, _) if is_json => from_json(body),
        (body, _) => from_protobuf(body).or_else(|| is_foreign.then(Default::default)),
    };
    partial(success, why)
}

/// The verdict on a response's `partial_success`: how many points were rejected, and why; or why it cannot be read.
fn partial(success: Option<(u64, String)>, why: &str) -> Verdict {
    match success {
        Some((0, text)) if text.is_empty() => Verdict::Done,
        Some((rejected, text)) => Verdict::Partial(rejected, text),
        None => {
            let why = if why.is_empty() { "it is damaged" } else { &bounded(why.as_bytes()) };
            Verdict::Partial(0, ["it took them; its answer cannot be read: ", why].concat())
        }
    }
}

/// Parses a response. Of repeated fields the last counts; messages are merged.
fn from_protobuf(body: &[u8]) -> Option<(u64, String)> {
    let (mut rejected, mut text) = (0, String::new());
    let mut fields = Fields::of(body);
    for field in fields.by_ref() {
        let (1, Wire::Bytes(inner)) = field else { continue };
        let mut inner = Fields::of(inner);
        for field in inner.by_ref() {
            match field {
                (1, Wire::Varint(n)) => rejected = u64::try_from(n as i64).unwrap_or_default(),
                (2, Wire::Bytes(bytes)) => text = bounded(bytes),
                _ => {}
            }
        }
        if inner.is_broken() {
            return None;
        }
    }
    (!fields.is_broken()).then_some((rejected, text))
}

fn from_json(body: &[u8]) -> Option<(u64, String)> {
    let Some(success) = member(json::parse(body).ok()?, "partialSuccess") else {
        return Some(Default::default());
    };
    let rejected = match member(success, "rejectedDataPoints") {
        Some(Value::Text(text)) => str::from_utf8(text.raw()).ok()?.parse().unwrap_or_default(),
        Some(Value::Number(text)) => text.parse().unwrap_or_default(),
        _ => 0,
    };
    Some((rejected, text_of(success, "errorMessage")))
}

fn member<'a>(object: Value<'a>, name: &str) -> Option<Value<'a>> {
    let Value::Object(mut members) = object else { return None };
    members.find(|(key, _)| key.is(name)).map(|(_, value)| value)
}

/// The text of a member; empty if there is none.
fn text_of(object: Value<'_>, name: &str) -> String {
    let Some(Value::Text(text)) = member(object, name) else { return String::new() };
    let mut bytes = Vec::new();
    text.write(&mut bytes);
    bounded(&bytes)
}

/// The message in the body of an error: `google.rpc.Status`, or plain text.
fn error_message(answer: &Answer, is_json: bool) -> String {
    if is_json {
        return json::parse(&answer.body).map(|v| text_of(v, "message")).unwrap_or_default();
    }
    if is_type(answer, "text/plain") {
        return bounded(&answer.body);
    }
    if !is_type(answer, super::PROTOBUF) {
        return String::new();
    }
    let mut text = String::new();
    let mut fields = Fields::of(&answer.body);
    for field in fields.by_ref() {
        if let (2, Wire::Bytes(bytes)) = field {
            text = bounded(bytes);
        }
    }
    if fields.is_broken() { String::new() } else { text }
}

fn sentence(what: &str, status: u64, message: &str) -> String {
    let status = status.to_string();
    [what, &status, if message.is_empty() { "" } else { ": " }, message].concat()
}

/// At most `MAX_TEXT` characters, on one line.
fn bounded(bytes: &[u8]) -> String {
    let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let line = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().take(MAX_TEXT).map(line).collect()
}

/// How long a `google.rpc.Status` asks to wait. A delay of zero or less is no delay, but
/// recovery is signalled.
fn retry_info(status: &[u8]) -> Option<Duration> {
    let is_detail = |field: &(u32, Wire<'_>)| field.0 == 3;
    Fields::of(status).filter(is_detail).take(MAX_DETAILS).find_map(|(_, detail)| {
        let Wire::Bytes(detail) = detail else { return None };
        let is_retry_info = bytes_of(detail, 1)? == RETRY_INFO;
        is_retry_info.then(|| delay(bytes_of(detail, 2).unwrap_or_default()))
    })
}

/// The bytes of the last field `number`.
fn bytes_of(message: &[u8], number: u32) -> Option<&[u8]> {
    let bytes = |(field, value)| match value {
        Wire::Bytes(bytes) if field == number => Some(bytes),
        _ => None,
    };
    Fields::of(message).filter_map(bytes).last()
}

/// The `Duration` of a `RetryInfo`.
fn delay(info: &[u8]) -> Duration {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(bytes_of(info, 1).unwrap_or_default()) {
        match field {
            (1, Wire::Varint(n)) => seconds = n as i64,
            (2, Wire::Varint(n)) => nanos = n as i64,
            _ => {}
        }
    }
    let Ok(seconds) = u64::try_from(seconds) else { return Duration::ZERO };
    let nanos = u32::try_from(nanos).unwrap_or_default().min(999_999_999);
    Duration::new(seconds, nanos)
}

#[cfg(test)]
mod tests;
