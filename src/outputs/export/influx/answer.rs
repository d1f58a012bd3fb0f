//! The URL of requests and the meaning of answers: `/write` of version 1
//! (<https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint>), `/api/v2/write` of
//! version 2 (<https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostWrite>).

use crate::outputs::answer_text::{mentions, sentence};
use crate::outputs::export::Verdict;
use crate::settings::Export;
use crate::workers::Answer;
use std::str;

/// The URL of a request: the endpoint, with path and query completed from the settings. Its own
/// query stays, except for the precision.
pub fn url(export: &Export) -> String {
    let endpoint = export.endpoint.split('#').next().unwrap_or_default();
    let (base, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    let mut url = base.to_owned();
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    if !(path.contains('/') && path.ends_with("/write")) {
        url.truncate(url.trim_end_matches('/').len());
        url.push_str(if export.database.is_empty() { "/api/v2/write" } else { "/write" });
    }
    let mut separator = "?";
    let mut given = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if name != "precision" {
            url.push_str(separator);
            url.push_str(pair);
            given.push(name);
            separator = "&";
        }
    }
    for (name, value) in [
        ("db", export.database.as_str()),
        ("rp", &export.retention_policy),
        ("org", &export.org),
        ("bucket", &export.bucket),
        ("precision", "ms"),
    ] {
        let is_other = matches!(name, "org" | "bucket") && !export.database.is_empty();
        if !value.is_empty() && !given.contains(&name) && !is_other {
            for part in [separator, name, "="] {
                url.push_str(part);
            }
            percent_encode(value, &mut url);
            separator = "&";
        }
    }
    url
}

/// Encodes as in RFC 3986: all but unreserved characters.
fn percent_encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| char::from(HEX.get(usize::from(n)).copied().unwrap_or(b'0'));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// What an InfluxDB answers about points that it will never accept.
const PERMANENT: [&str; 3] =
    ["field type conflict", "unable to parse", "points beyond retention policy"];

/// The meaning of an answer. Credentials and databases can be repaired: until then lines wait.
pub fn judge(answer: &Answer) -> Verdict {
    let again = |reason| Verdict::Again(reason, sentence(answer), answer.retry_after);
    match answer.status {
        200..300 => Verdict::Done,
        400 | 422 => match refused(answer) {
            Some(count) => Verdict::Partial(count, sentence(answer)),
            None => Verdict::Never("refused", sentence(answer)),
        },
        // Some answer 500 to a permanent error (Telegraf knows the same words). A cluster of
        // which a part failed also reports "partial write", but not what it dropped.
        500.. if mentions(answer, "dropped=") => match refused(answer) {
            Some(count) => Verdict::Partial(count, sentence(answer)),
            None => again("server"),
        },
        500.. if PERMANENT.iter().any(|text| mentions(answer, text)) => {
            Verdict::Never("refused", sentence(answer))
        }
        401 | 403 => again("unauthorized"),
        404 => again("not_found"),
        408 => again("server"),
        413 => Verdict::Halves(sentence(answer)),
        429 => again("throttled"),
        500.. => again("server"),
        _ => Verdict::Never("refused", sentence(answer)),
    }
}

/// How many points the database refused of those it could read: `partial write: … dropped=N`.
/// Lines that it could not read are not in that number; each is quoted.
fn refused(answer: &Answer) -> Option<u64> {
    const DROPPED: &[u8] = b"dropped=";
    const UNREAD: &[u8] = b"unable to parse";
    let places = || answer.body.windows(DROPPED.len());
    let reported = places().rposition(|w| w == DROPPED).and_then(|at| {
        let digits = answer.body.get(at + DROPPED.len()..)?;
        let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
        str::from_utf8(digits.get(..end)?).ok()?.parse::<u64>().ok()
    });
    if reported.is_none() && !mentions(answer, "partial write") {
        return None;
    }
    let unread = answer.body.windows(UNREAD.len()).filter(|w| *w == UNREAD).count() as u64;
    Some(reported.unwrap_or(0).saturating_add(unread).max(1))
}
