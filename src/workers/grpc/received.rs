//! Sends a call's message and receives its response: headers, one message, trailers
//! (grpc/doc/PROTOCOL-HTTP2.md).

use crate::workers::failure::{Failure, failure};
use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use std::future::poll_fn;

/// Bytes of a response that are read, and not kept, for the status after them.
const MAX_SKIPPED: usize = 16 << 20;

pub const TOO_LARGE: &str = "the message that came back is longer than it may be";

pub const CALLING: &str = "calling by gRPC";

/// The parts of a response, as they came.
#[derive(Default)]
pub struct Received {
    /// The status of HTTP; 0 if no headers came.
    pub status: u16,
    pub headers: HeaderMap,
    /// The message with its prefix, as far as it was kept.
    pub body: Vec<u8>,
    /// Bytes of the body that were not kept.
    pub skipped: usize,
    pub trailers: HeaderMap,
    /// Why the peer ended the stream.
    pub reset: Option<h2::Reason>,
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
    pub fn is_redirect(&self) -> bool {
        self.header("grpc-status").is_none() && matches!(self.status, 300..400 | 511)
    }

    /// A header of the trailers; if there are none, of the headers.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
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

/// The failure of an error of h2.
pub fn failed(error: &h2::Error) -> Failure {
    let reason = match error {
        e if e.is_io() || e.is_go_away() => "connect",
        e if e.reason() == Some(h2::Reason::REFUSED_STREAM) => "connect",
        _ => "protocol",
    };
    Failure { reason, text: [CALLING, ": ", &error.to_string()].concat() }
}
