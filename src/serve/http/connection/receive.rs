//! Input from a client: heads, bodies that are used, and bodies that are not.

use super::intake::{Framing, Intake};
use super::{Connection, Limits, Next, Phase};
use crate::base::wire::{self, Chunks};
use crate::serve::http::request::{self, MAX_IGNORED_BODY};
use crate::serve::http::{Body, Refusal, Request};
use std::io::ErrorKind;
use std::time::Instant;

/// Asks the client to send the body that it holds back.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Connection {
    /// Reads from the socket. `scratch` gets the bytes of the request so far at its start; its
    /// length is the limit of a head.
    pub fn receive(&mut self, scratch: &mut [u8], limits: &Limits, now: Instant) -> Next {
        let kept = self.input.len();
        let fresh = scratch.get_mut(kept..).unwrap_or_default();
        let n = if self.has_input() {
            0
        } else {
            match self.channel.receive(fresh) {
                Ok(0) => return Next::Close,
                Ok(n) => n,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    return Next::Wait;
                }
                Err(_) => return Next::Close,
            }
        };
        match self.phase {
            Phase::Linger => Next::Wait, // forgotten
            Phase::Body(left) => {
                self.skip_body(left, fresh.get(..n).unwrap_or_default(), limits, now)
            }
            Phase::Intake => {
                // A slow client that goes on gets more time, but not for ever.
                let more = (now + limits.head_time).min(self.since + limits.idle_time);
                self.deadline = self.deadline.max(more);
                let fresh = fresh.get(..n).unwrap_or_default();
                self.take_body(fresh)
            }
            _ => self.take_head(scratch, kept, n, limits, now),
        }
    }

    /// Starts to receive the body of the request with this head, if it has at most `limit` bytes.
    pub fn collect(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        limit: usize,
        limits: &Limits,
        now: Instant,
    ) -> Next {
        (self.keep_alive, self.is_http10) = (request.keep_alive, request.is_http10);
        let framing = match request.body {
            Body::Sized(length) => match usize::try_from(length) {
                Ok(length) if length <= limit => Framing::Sized(length),
                _ => return Next::Refuse(Refusal::TooLarge),
            },
            Body::Chunked => Framing::Chunked(Chunks::default()),
            Body::Encoded => return Next::Refuse(Refusal::Chunked),
        };
        self.intake = Some(Intake { head: head.to_vec(), body: Vec::new(), framing, limit });
        self.enter(Phase::Intake, now, limits.head_time);
        let input = std::mem::take(&mut self.input);
        let next = self.take_body(&input);
        if next == Next::Wait && request.expects && input.is_empty() {
            // It fits into any socket; a client that does not get it sends the body after a while.
            let _ = self.channel.send(CONTINUE);
        }
        next
    }

    /// Stores bytes of a body that is used; the bytes after it are the next request.
    fn take_body(&mut self, bytes: &[u8]) -> Next {
        let Some(intake) = &mut self.intake else { return Next::Close };
        match intake.feed(bytes) {
            Ok((n, true)) => {
                self.input.extend_from_slice(bytes.get(n..).unwrap_or_default());
                Next::Received
            }
            Ok((_, false)) => Next::Wait,
            Err(refusal) => Next::Refuse(refusal),
        }
    }

    /// The body that was received, and its head.
    pub fn take_intake(&mut self) -> Option<Intake> {
        self.intake.take()
    }

    fn take_head(
        &mut self,
        scratch: &mut [u8],
        kept: usize,
        n: usize,
        limits: &Limits,
        now: Instant,
    ) -> Next {
        if let Some(start) = scratch.get_mut(..kept) {
            start.copy_from_slice(&self.input);
        }
        let whole = scratch.get(..kept + n).unwrap_or_default();
        // Its first byte is enough to reject it, however much has come by now.
        let hopeless = request::is_hopeless(whole).then_some(1);
        // Empty lines before a request are ignored (RFC 9112, section 2.2), even several.
        let blank = whole.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let known = self.searched.max(blank + 3);
        if let Some(end) = hopeless.or_else(|| wire::head_end(whole, known)) {
            self.input.clear();
            self.input.extend_from_slice(whole.get(end..).unwrap_or_default());
            self.searched = 0;
            return Next::Answer(end);
        }
        if whole.len() >= limits.head {
            return Next::TooLong;
        }
        self.input.extend_from_slice(scratch.get(kept..kept + n).unwrap_or_default());
        self.searched = self.input.len();
        if self.phase == Phase::Idle {
            self.enter(Phase::Head, now, limits.head_time);
        }
        Next::Wait
    }

    /// Drops bytes of a body; the bytes after it are the next request.
    fn skip_body(&mut self, left: u64, fresh: &[u8], limits: &Limits, now: Instant) -> Next {
        let skipped = usize::try_from(left).unwrap_or(usize::MAX).min(fresh.len());
        let left = left - skipped as u64;
        if left > 0 {
            self.phase = Phase::Body(left);
        } else {
            self.input.extend_from_slice(fresh.get(skipped..).unwrap_or_default());
            self.enter(Phase::Idle, now, limits.idle_time);
        }
        Next::Wait
    }

    /// The request's body is not used: skips it, if it is small, or ends the connection after
    /// the response. Returns why it cannot be served at all.
    pub fn frame(&mut self, request: &Request<'_>) -> Result<(), Refusal> {
        (self.keep_alive, self.is_http10) = (request.keep_alive, request.is_http10);
        match request.body {
            Body::Sized(length) if length <= MAX_IGNORED_BODY => {
                let here = usize::try_from(length).unwrap_or(usize::MAX).min(self.input.len());
                self.input.drain(..here);
                self.skip = length - here as u64;
                // With the response at hand the client may send the body or not: the next bytes
                // could be either (RFC 9110, section 10.1.1).
                self.keep_alive &= !(request.expects && self.skip > 0);
                Ok(())
            }
            Body::Sized(_) => Err(Refusal::TooLarge),
            Body::Chunked | Body::Encoded => Err(Refusal::Chunked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// A megabyte takes more than the time of a head where the link is slow.
    #[test]
    fn a_body_that_goes_on_gets_more_time_but_not_for_ever() {
        let (mut client, socket) = UnixStream::pair().unwrap();
        socket.set_nonblocking(true).unwrap();
        let (limits, start) = (Limits::default(), Instant::now());
        let mut connection = Connection::new(socket.into(), &limits, start);
        let head = b"POST /update HTTP/1.0\r\nContent-Length: 1000\r\n\r\n";
        let request = Request::parse(head).unwrap();
        let next = connection.collect(&request, head, 1000, &limits, start);
        assert_eq!((next, connection.deadline()), (Next::Wait, start + limits.head_time));
        let mut scratch = [0; 64];
        let mut deadline_after = |seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            client.write_all(b"x").unwrap();
            assert_eq!(connection.receive(&mut scratch, &limits, now), Next::Wait);
            connection.deadline() - start
        };
        assert_eq!(deadline_after(4), Duration::from_secs(4) + limits.head_time);
        assert_eq!(deadline_after(100), Duration::from_secs(100) + limits.head_time);
        assert_eq!(deadline_after(118), limits.idle_time);
        assert_eq!(deadline_after(119), limits.idle_time);
    }
}
