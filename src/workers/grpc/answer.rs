//! The response to a call: headers, one message, trailers; and their meaning
//! (grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/http-grpc-status-mapping.md).

use crate::base::wire::percent_decoded;
use crate::workers::failure::{Failure, failure};
use crate::workers::inflate::gunzip;
use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use std::future::poll_fn;

/// Codes (grpc/doc/statuscodes.md).
const CANCELLED: u32 = 1;
const UNKNOWN: u32 = 2;
const DENIED: u32 = 7;
const EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

/// Bytes of a response that are read, and not kept, for the status after them.
const MAX_SKIPPED: usize = 16 << 20;

const TOO_LARGE: &str = "the message that came back is longer than it may be";

pub const CALLING: &str = "calling by gRPC";

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

/// The parts of a response, as they came.
#[derive(Default)]
pub struct Received {
    /// The status of HTTP; 0 if no headers came.
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Bytes of it that were not kept.
    skipped: usize,
    trailers: HeaderMap,
    reset: Option<h2::Reason>,
}

impl Received {
    /// Sends the message and receives the response.
    pub async fn exchange(
        &mut self,
        sender: SendRequest<Bytes>,
        request: Request<()>,
        message: Bytes,
        max_body: usize,
    ) -> Result<(), Failure> {
        match self.try_exchange(sender, request, message, max_body).await {
            // The peer ends this stream, not the connection: that is a response.
            Err(Wrong::Http(error)) if error.is_reset() && error.is_remote() => {
                // Unless it did not begin to respond: then the call may be repeated.
                if error.reason() == Some(h2::Reason::REFUSED_STREAM) && self.status == 0 {
                    return Err(failed(&error));
                }
                // It may stop reading after a whole response (RFC 9113, 8.1).
                self.reset = error.reason();
                Ok(())
            }
            Err(Wrong::Http(error)) => Err(failed(&error)),
            Err(Wrong::Other(failure)) => Err(failure),
            Ok(()) => Ok(()),
        }
    }

    async fn try_exchange(
        &mut self,
        sender: SendRequest<Bytes>,
        request: Request<()>,
        message: Bytes,
        max_body: usize,
    ) -> Result<(), Wrong> {
        let mut sender = sender.ready().await?;
        let (response, mut stream) = sender.send_request(request, false)?;
        // h2 buffers data that the peer's window does not allow yet.
        stream.send_data(message, true)?;
        let (head, mut body) = response.await?.into_parts();
        self.status = head.status.as_u16();
        self.headers = head.headers;
        while let Some(piece) = poll_fn(|cx| body.poll_data(cx)).await {
            let piece = piece?;
            // The message has a prefix.
            let room = max_body.saturating_add(5).saturating_sub(self.body.len());
            let kept = piece.get(..room).unwrap_or(&piece);
            self.body.extend_from_slice(kept);
            self.skipped += piece.len() - kept.len();
            if self.skipped > MAX_SKIPPED {
                return Err(Wrong::Other(failure("too_large", TOO_LARGE)));
            }
            body.flow_control().release_capacity(piece.len())?;
        }
        self.trailers = poll_fn(|cx| body.poll_trailers(cx)).await?.unwrap_or_default();
        Ok(())
    }

    /// Whether this is the response of a captive portal, or of a peer that moved.
    pub fn leads_elsewhere(&self) -> bool {
        self.said("grpc-status").is_none() && matches!(self.status, 300..400 | 511)
    }

    /// Whether it can be judged though it is incomplete: a status of HTTP other than 200 decides, and a
    /// whole message is sent only after the call was handled.
    pub fn is_enough(&self, max_body: usize) -> bool {
        !matches!(self.status, 0 | 200) || message_of(self, max_body).is_ok()
    }

    /// A header of the trailers; if there are none, of the headers.
    fn said(&self, name: &str) -> Option<&[u8]> {
        let value = self.trailers.get(name).or_else(|| self.headers.get(name));
        value.map(http::HeaderValue::as_bytes)
    }
}

enum Wrong {
    Http(h2::Error),
    Other(Failure),
}

impl From<h2::Error> for Wrong {
    fn from(error: h2::Error) -> Wrong {
        Wrong::Http(error)
    }
}

/// Evaluates a response. The status decides: with OK, the message says what is wrong with the body.
pub fn judge(heard: &Received, max_body: usize) -> GrpcAnswer {
    let said = heard.said("grpc-status").and_then(|code| str::from_utf8(code).ok()?.parse().ok());
    match said {
        None if heard.status != 200 || message_of(heard, max_body).is_err() => {
            without_status(heard)
        }
        // If the trailers were lost on the way, the message is the proof.
        None | Some(0) => {
            let (body, message) = match message_of(heard, max_body) {
                Ok(body) => (body, String::new()),
                Err(why) => (Vec::new(), why.to_owned()),
            };
            GrpcAnswer { body, message, ..GrpcAnswer::default() }
        }
        Some(code) => {
            let text = heard.said("grpc-message").and_then(|text| str::from_utf8(text).ok());
            let message = percent_decoded(text.unwrap_or_default());
            let message = String::from_utf8_lossy(&message).into_owned();
            let details = heard.said("grpc-status-details-bin").and_then(base64);
            let details = details.unwrap_or_default();
            GrpcAnswer { code, message, details, ..GrpcAnswer::default() }
        }
    }
}

/// The response was incomplete, or the peer is no gRPC server.
fn without_status(heard: &Received) -> GrpcAnswer {
    if let Some(reason) = heard.reset {
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
    let code = match heard.status {
        400 => INTERNAL,
        401 => UNAUTHENTICATED,
        403 => DENIED,
        404 => UNIMPLEMENTED,
        429 | 502 | 503 | 504 => UNAVAILABLE,
        _ => UNKNOWN,
    };
    let status = heard.status.to_string();
    let message = format!("the answer is HTTP {status} without grpc-status");
    GrpcAnswer { code, message, ..GrpcAnswer::default() }
}

/// The one message of the response, decoded; or why there is none.
fn message_of(heard: &Received, max_body: usize) -> Result<Vec<u8>, &'static str> {
    if heard.skipped > 0 {
        return Err(TOO_LARGE);
    }
    let Some(([flag, length @ ..], message)) = heard.body.split_first_chunk::<5>() else {
        return Err("the answer has no message");
    };
    if message.len() as u64 != u64::from(u32::from_be_bytes(*length)) {
        return Err("the message of the answer is not as long as it says");
    }
    match (flag, heard.headers.get("grpc-encoding").map(http::HeaderValue::as_bytes)) {
        (0, _) => Ok(message.to_vec()),
        (1, Some(b"gzip")) => gunzip(message, max_body).map_err(|fault| match fault {
            crate::base::wire::Fault::TooLarge => TOO_LARGE,
            crate::base::wire::Fault::Malformed => "the message of the answer is not valid gzip",
        }),
        _ => Err("the message of the answer is in an encoding other than gzip"),
    }
}

/// Decodes base64 (RFC 4648, section 4), padded or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for four in text.chunks(4) {
        let mut bits = 0;
        for at in 0..4 {
            let digit = match four.get(at) {
                None => 0,
                Some(b @ b'A'..=b'Z') => b - b'A',
                Some(b @ b'a'..=b'z') => b - b'a' + 26,
                Some(b @ b'0'..=b'9') => b - b'0' + 52,
                Some(b'+') => 62,
                Some(b'/') => 63,
                Some(_) => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let [_, bytes @ ..] = bits.to_be_bytes();
        // A single digit is no byte.
        out.extend_from_slice(bytes.get(..four.len().checked_sub(1).filter(|n| *n > 0)?)?);
    }
    Some(out)
}

/// The failure of an error of h2.
pub fn failed(error: &h2::Error) -> Failure {
    let reason = match error {
        e if e.is_io() || e.is_go_away() => "connect",
        e if e.reason() == Some(h2::Reason::REFUSED_STREAM) => "connect",
        _ => "protocol",
    };
    Failure { reason, text: [CALLING, ": ", &error.to_string()].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn base64_is_undone() {
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
            assert_eq!(base64(text.as_bytes()).as_deref(), Some(plain), "{text}");
        }
        for bad in ["Z", "Zm9vY", "Zm 9", "Z===", "é"] {
            assert_eq!(base64(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_status_is_in_trailers_or_headers_or_is_made_of_that_of_http() {
        let trailers = headers(&[("grpc-status", "8"), ("grpc-message", "too%20much %C3%A9")]);
        for heard in [
            Received { status: 200, trailers: trailers.clone(), ..Received::default() },
            Received { status: 200, headers: trailers, ..Received::default() },
        ] {
            let answer = judge(&heard, 10);
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
            let answer = judge(&Received { status, ..Received::default() }, 10);
            assert_eq!(answer.code, code, "{status}");
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_is_said_beside_the_status() {
        let heard = |body: &[u8], encoding| Received {
            status: 200,
            headers: headers(&[("grpc-encoding", encoding)]),
            body: body.to_vec(),
            trailers: headers(&[("grpc-status", "0"), ("grpc-message", "OK")]),
            ..Received::default()
        };
        let judged = |body: &[u8], encoding| {
            let answer = judge(&heard(body, encoding), 100);
            assert_eq!((answer.code, answer.body.is_empty()), (0, !answer.message.is_empty()));
            if answer.message.is_empty() { Ok(answer.body) } else { Err(answer.message) }
        };
        assert_eq!(judged(&[0, 0, 0, 0, 2, 7, 9], "identity").unwrap(), [7, 9]);
        for bad in
            [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 7], &[0, 0, 0, 0, 0, 1], &[2, 0, 0, 0, 0]]
        {
            judged(bad, "gzip").unwrap_err();
        }
        // Without a status a whole message is enough.
        let bare =
            |body: &[u8]| Received { status: 200, body: body.to_vec(), ..Received::default() };
        assert_eq!(judge(&bare(&[0, 0, 0, 0, 1, 7]), 100).body, [7]);
        assert!(bare(&[0, 0, 0, 0, 0]).is_enough(100) && !bare(&[0, 0, 0, 0, 1]).is_enough(100));
        assert_eq!(judge(&bare(&[0, 0, 0, 0, 1]), 100).code, UNKNOWN);
        assert!(Received { status: 413, ..Received::default() }.is_enough(100));
        let mut bytes = vec![1, 0, 0, 0, 0];
        crate::base::wire::Gzip::default().append(&[b'x'; 100], &mut bytes);
        bytes[4] = (bytes.len() - 5) as u8;
        assert_eq!(judged(&bytes, "gzip").unwrap(), [b'x'; 100]);
        judged(&bytes, "zstd").unwrap_err();
        assert_eq!(judge(&heard(&bytes, "gzip"), 99).message, TOO_LARGE);
        let skipped = Received { skipped: 1, ..heard(&bytes, "gzip") };
        assert_eq!(
            (judge(&skipped, 100).message, skipped.body.len()),
            (TOO_LARGE.into(), bytes.len())
        );
    }
}
