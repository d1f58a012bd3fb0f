//! The status and the message of a response
//! (grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/http-grpc-status-mapping.md).

use super::received::{Received, TOO_LARGE};
use crate::base::wire::{base64, percent_decoded};
use crate::workers::inflate::gunzip;

/// Codes (grpc/doc/statuscodes.md).
const CANCELLED: u32 = 1;
const UNKNOWN: u32 = 2;
const DENIED: u32 = 7;
const EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcAnswer {
    /// The status: 0 is OK (grpc/doc/statuscodes.md).
    pub code: u32,
    /// The status message; with OK, why the message cannot be read.
    pub message: String,
    /// A `google.rpc.Status`, encoded; empty without one.
    pub details: Vec<u8>,
    /// The message.
    pub body: Vec<u8>,
}

/// Whether an incomplete response can be evaluated: a status of HTTP other than 200 decides, and a whole message is
/// sent only after the call was handled.
pub fn is_enough(received: &Received, max_body: usize) -> bool {
    !matches!(received.status, 0 | 200) || message_of(received, max_body).is_ok()
}

/// Evaluates a response. The status decides: with OK, the message says what is wrong with the body.
pub fn evaluate(received: &Received, max_body: usize) -> GrpcAnswer {
    let status =
        received.header("grpc-status").and_then(|code| str::from_utf8(code).ok()?.parse().ok());
    match status {
        None if received.status != 200 || message_of(received, max_body).is_err() => {
            without_status(received)
        }
        // If the trailers were lost on the way, the message is the proof.
        None | Some(0) => {
            let (body, message) = match message_of(received, max_body) {
                Ok(body) => (body, String::new()),
                Err(why) => (Vec::new(), why.to_owned()),
            };
            GrpcAnswer { body, message, ..GrpcAnswer::default() }
        }
        Some(code) => {
            let text = received.header("grpc-message").and_then(|text| str::from_utf8(text).ok());
            let message = percent_decoded(text.unwrap_or_default());
            let message = String::from_utf8_lossy(&message).into_owned();
            let details = received.header("grpc-status-details-bin").and_then(binary);
            let details = details.unwrap_or_default();
            GrpcAnswer { code, message, details, ..GrpcAnswer::default() }
        }
    }
}

/// The response was incomplete, or the peer is no gRPC server.
fn without_status(received: &Received) -> GrpcAnswer {
    if let Some(reason) = received.reset {
        let code = match reason {
            h2::Reason::REFUSED_STREAM => UNAVAILABLE,
            h2::Reason::CANCEL => CANCELLED,
            h2::Reason::ENHANCE_YOUR_CALM => EXHAUSTED,
            h2::Reason::INADEQUATE_SECURITY => DENIED,
            _ => INTERNAL,
        };
        let message = ["the peer reset the call: ", reason.description()].concat();
        return GrpcAnswer { code, message, ..GrpcAnswer::default() };
    }
    let code = match received.status {
        400 => INTERNAL,
        401 => UNAUTHENTICATED,
        403 => DENIED,
        404 => UNIMPLEMENTED,
        429 | 502 | 503 | 504 => UNAVAILABLE,
        _ => UNKNOWN,
    };
    let status = received.status.to_string();
    let message = format!("the answer is HTTP {status} without grpc-status");
    GrpcAnswer { code, message, ..GrpcAnswer::default() }
}

/// The one message of the response, decoded; or why there is none.
fn message_of(received: &Received, max_body: usize) -> Result<Vec<u8>, &'static str> {
    if received.skipped > 0 {
        return Err(TOO_LARGE);
    }
    let Some(([flag, length @ ..], message)) = received.body.split_first_chunk::<5>() else {
        return Err("the answer has no message");
    };
    if message.len() as u64 != u64::from(u32::from_be_bytes(*length)) {
        return Err("the message of the answer has another length than it declares");
    }
    match (flag, received.headers.get("grpc-encoding").map(http::HeaderValue::as_bytes)) {
        (0, _) => Ok(message.to_vec()),
        (1, Some(b"gzip")) => gunzip(message, max_body).map_err(|fault| match fault {
            crate::base::wire::Fault::TooLarge => TOO_LARGE,
            crate::base::wire::Fault::Malformed => "the message of the answer is not valid gzip",
        }),
        _ => Err("the message of the answer is in an encoding other than gzip"),
    }
}

/// The bytes of a header whose name ends in `-bin` (RFC 4648, section 4), padded or not.
fn binary(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?.trim_ascii();
    base64(text, [b'+', b'/']).filter(|_| !text.ends_with("==="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn binary_headers_are_base64() {
        for (text, plain) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zg", b"f"),
            ("Zm8=", b"fo"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmFy", b"foobar"),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(binary(text.as_bytes()).as_deref(), Some(plain), "{text}");
        }
        for bad in ["Z", "Zm9vY", "Zm 9", "Z===", "Zm9v===", "é"] {
            assert_eq!(binary(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_status_is_in_trailers_or_headers_or_follows_from_http() {
        let trailers = headers(&[("grpc-status", "8"), ("grpc-message", "too%20much %C3%A9")]);
        for received in [
            Received { status: 200, trailers: trailers.clone(), ..Received::default() },
            Received { status: 200, headers: trailers, ..Received::default() },
        ] {
            let answer = evaluate(&received, 10);
            assert_eq!((answer.code, &*answer.message), (8, "too much é"));
        }
        for (status, code) in [
            (200, 2),
            (400, 13),
            (401, 16),
            (403, 7),
            (404, 12),
            (429, 14),
            (500, 2),
            (502, 14),
            (503, 14),
            (504, 14),
        ] {
            let answer = evaluate(&Received { status, ..Received::default() }, 10);
            assert_eq!(answer.code, code, "{status}");
        }
    }

    #[test]
    fn an_unreadable_message_is_reported_with_the_status() {
        let received = |body: &[u8], encoding| Received {
            status: 200,
            headers: headers(&[("grpc-encoding", encoding)]),
            body: body.to_vec(),
            trailers: headers(&[("grpc-status", "0"), ("grpc-message", "OK")]),
            ..Received::default()
        };
        let evaluated = |body: &[u8], encoding| {
            let answer = evaluate(&received(body, encoding), 100);
            assert_eq!((answer.code, answer.body.is_empty()), (0, !answer.message.is_empty()));
            if answer.message.is_empty() { Ok(answer.body) } else { Err(answer.message) }
        };
        assert_eq!(evaluated(&[0, 0, 0, 0, 2, 7, 9], "identity").unwrap(), [7, 9]);
        for bad in
            [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 7], &[0, 0, 0, 0, 0, 1], &[2, 0, 0, 0, 0]]
        {
            evaluated(bad, "gzip").unwrap_err();
        }
        // Without a status a whole message is enough.
        let no_status =
            |body: &[u8]| Received { status: 200, body: body.to_vec(), ..Received::default() };
        assert_eq!(evaluate(&no_status(&[0, 0, 0, 0, 1, 7]), 100).body, [7]);
        assert!(
            is_enough(&no_status(&[0, 0, 0, 0, 0]), 100)
                && !is_enough(&no_status(&[0, 0, 0, 0, 1]), 100)
        );
        assert_eq!(evaluate(&no_status(&[0, 0, 0, 0, 1]), 100).code, UNKNOWN);
        assert!(is_enough(&Received { status: 413, ..Received::default() }, 100));
        let mut bytes = vec![1, 0, 0, 0, 0];
        crate::base::wire::Gzip::default().append(&[b'x'; 100], &mut bytes);
        bytes[4] = (bytes.len() - 5) as u8;
        assert_eq!(evaluated(&bytes, "gzip").unwrap(), [b'x'; 100]);
        evaluated(&bytes, "zstd").unwrap_err();
        assert_eq!(evaluate(&received(&bytes, "gzip"), 99).message, TOO_LARGE);
        let skipped = Received { skipped: 1, ..received(&bytes, "gzip") };
        assert_eq!(
            (evaluate(&skipped, 100).message, skipped.body.len()),
            (TOO_LARGE.into(), bytes.len())
        );
    }
}
