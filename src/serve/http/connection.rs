//! One client: what it has sent so far, what it has yet to take, and until when.
//!
//! Bytes are received into scratch that all connections share; a connection keeps bytes of its own
//! only while a request is incomplete or an answer has not been taken. So an idle client costs a
//! slot and a descriptor, nothing else.

#[cfg(feature = "tls")]
mod guarded;

use super::channel::Channel;
use super::request::{self, MAX_IGNORED_BODY};
use super::response::Response;
use super::unsent::Unsent;
use super::{Body, Refusal, Request};
use crate::base::wire::{self, Chunks};
use std::io::ErrorKind;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a client may take to notice that we are done, after an answer that ends the connection.
const LINGER: Duration = Duration::from_secs(1);

/// What clients may ask of us; the settings give the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Bytes of a request head.
    pub head: usize,
    /// From the first byte of a head to its last.
    pub head_time: Duration,
    /// From the start of an answer to its last byte taken.
    pub drain_time: Duration,
    /// From an answer to the next request.
    pub idle_time: Duration,
}

/// Those of a library, whose host has better use for descriptors than the program has.
impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head: 8 << 10,
            head_time: Duration::from_secs(5),
            drain_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(120),
        }
    }
}

/// What the connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The handshake of TLS.
    #[cfg(feature = "tls")]
    Greet,
    /// A password to be looked at: the number of the look.
    #[cfg(feature = "tls")]
    Login(u64),
    /// The first byte of the next request.
    Idle,
    /// A head, or the rest of one.
    Head,
    /// The rest of a body that is ignored: this many bytes.
    Body(u64),
    /// The rest of a body that is wanted.
    Intake,
    /// The client to take its answer.
    Drain,
    /// The client's end, after ours.
    Linger,
}

/// What to do with a connection after it was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait for the client.
    Wait,
    /// Close it.
    Close,
    /// A request is complete: its head is the first so many bytes of the scratch.
    Answer(usize),
    /// The head is longer than allowed.
    TooLong,
    /// A body that is wanted is complete: `take_intake` has it.
    Received,
    /// A body that is wanted is not to be had.
    Refuse(Refusal),
}

/// One client's connection.
pub struct Connection {
    channel: Channel,
    phase: Phase,
    deadline: Instant,
    since: Instant,
    /// The last turn in which it had something to say and was not heard.
    deferred: Instant,
    /// What came of the next request; empty unless a head is incomplete or requests are pipelined.
    input: Vec<u8>,
    /// How much of `input` is known not to end a head.
    searched: usize,
    /// What the client has yet to take.
    output: Option<Unsent>,
    keep_alive: bool,
    /// Bytes of a body to be skipped once the answer is taken.
    skip: u64,
    intake: Option<Intake>,
}

/// A body that is wanted, and the head that it belongs to.
pub struct Intake {
    /// As it came.
    pub head: Vec<u8>,
    /// What came so far.
    pub body: Vec<u8>,
    framing: Framing,
    limit: usize,
}

enum Framing {
    /// So many bytes are to come.
    Sized(usize),
    Chunked(Chunks),
}

/// Tells the client to send the body that it keeps back.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Intake {
    /// Takes what came. Tells how much of it, and whether the body is whole.
    fn feed(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        match &mut self.framing {
            Framing::Sized(left) => {
                let n = bytes.len().min(*left);
                self.body.extend_from_slice(bytes.get(..n).unwrap_or_default());
                *left -= n;
                Ok((n, *left == 0))
            }
            Framing::Chunked(chunks) => match chunks.feed(bytes, &mut self.body, self.limit) {
                // No body is wanted, but an empty one is none.
                Err(wire::Fault::TooLarge) if self.limit == 0 => Err(Refusal::Chunked),
                fed => Ok(fed?),
            },
        }
    }
}

impl Connection {
    /// A client that has just come.
    pub fn new(socket: OwnedFd, limits: &Limits, now: Instant) -> Connection {
        Connection {
            channel: Channel::plain(socket),
            // The first request is due at once: silence costs a slot.
            phase: Phase::Head,
            deadline: now + limits.head_time,
            since: now,
            deferred: now,
            input: Vec::new(),
            searched: 0,
            output: None,
            keep_alive: true,
            skip: 0,
            intake: None,
        }
    }

    /// What it waits for.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// When its patience, or ours, is over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Since when it is in its phase; while it takes an answer, when it last took some of it.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Says that this turn ended before it was heard.
    pub fn defer(&mut self, now: Instant) {
        self.deferred = now;
    }

    /// From when on its client keeps the others waiting, not they it.
    pub fn silent_since(&self) -> Instant {
        self.since.max(self.deferred)
    }

    /// Its socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.channel.socket()
    }

    /// How many bytes of an incomplete request it keeps.
    pub fn kept(&self) -> usize {
        self.input.len()
    }

    /// Whether a part of a request has come.
    pub fn is_within(&self) -> bool {
        !self.input.is_empty() || matches!(self.phase, Phase::Body(_) | Phase::Intake)
    }

    /// Its share of the bytes that clients have not sent or not read to the end.
    pub fn share(&self) -> usize {
        self.input.capacity() + self.output.as_ref().map_or(0, Unsent::share)
    }

    /// Whether it takes an answer that it was seen to read.
    pub fn is_reading(&self) -> bool {
        self.output.as_ref().is_some_and(Unsent::is_read)
    }

    /// How many bytes of a body it keeps.
    pub fn held(&self) -> usize {
        self.intake.as_ref().map_or(0, |intake| intake.body.capacity())
    }

    /// Something may be waiting in what was received already: a pipelined request, or what TLS decrypted.
    pub fn has_pending_input(&self) -> bool {
        let takes =
            matches!(self.phase, Phase::Idle | Phase::Head | Phase::Body(_) | Phase::Intake);
        self.has_input() || takes && self.channel.has_plain()
    }

    fn has_input(&self) -> bool {
        self.phase == Phase::Idle && !self.input.is_empty()
    }

    fn enter(&mut self, phase: Phase, now: Instant, time: Duration) {
        self.phase = phase;
        self.since = now;
        self.deadline = now + time;
    }

    /// Takes what the socket has. `scratch` gets the bytes of the request so far at its start; its
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
                let fresh = fresh.get(..n).unwrap_or_default();
                self.take_body(fresh)
            }
            _ => self.take_head(scratch, kept, n, limits, now),
        }
    }

    /// The body of the request with this head is wanted, if it has no more than `limit` bytes.
    pub fn collect(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        limit: usize,
        limits: &Limits,
        now: Instant,
    ) -> Next {
        self.keep_alive = request.keep_alive;
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

    /// Keeps bytes of a body that is wanted; what comes after it is the next request.
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
        // Its first byte is enough to refuse it, however much has come by now.
        let hopeless = request::is_hopeless(whole).then_some(1);
        // Empty lines ahead of a request count for nothing (RFC 9112, section 2.2), several neither.
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

    /// Forgets bytes of a body; what comes after it is the next request.
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

    /// The request's body will not be used: skip it, if it is small, or end the connection after
    /// the answer. Says why it cannot be served at all.
    pub fn frame(&mut self, request: &Request<'_>) -> Result<(), Refusal> {
        self.keep_alive = request.keep_alive;
        match request.body {
            Body::Sized(length) if length <= MAX_IGNORED_BODY => {
                let here = usize::try_from(length).unwrap_or(usize::MAX).min(self.input.len());
                self.input.drain(..here);
                self.skip = length - here as u64;
                // With its answer at hand the client may send the body or not: what comes next
                // could be either (RFC 9110, section 10.1.1).
                self.keep_alive &= !(request.expects && self.skip > 0);
                Ok(())
            }
            Body::Sized(_) => Err(Refusal::TooLarge),
            Body::Chunked | Body::Encoded => Err(Refusal::Chunked),
        }
    }

    /// The connection ends after the next answer.
    pub fn end(&mut self) {
        self.keep_alive = false;
    }

    /// Whether the next answer leaves it open.
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive
    }

    /// Sends an answer; what the client does not take now is kept for it.
    pub fn answer(&mut self, response: &mut Response, limits: &Limits, now: Instant) -> Next {
        let Some(sent) = send(&mut self.channel, response.bytes()) else { return Next::Close };
        if sent == response.bytes().len() && !self.channel.wants_write() {
            return self.answered(limits, now);
        }
        self.output = Some(response.unsent(sent));
        self.enter(Phase::Drain, now, limits.drain_time);
        Next::Wait
    }

    /// Sends more of an answer under way.
    pub fn drain(&mut self, limits: &Limits, now: Instant) -> Next {
        let Connection { channel, output, .. } = self;
        let rest = output.as_ref().map_or(&[] as &[u8], Unsent::bytes);
        let Some(sent) = send(channel, rest) else { return Next::Close };
        if sent > 0 {
            self.since = now;
        }
        let is_all = self.output.as_mut().is_none_or(|output| output.advance(sent));
        if !is_all || self.channel.wants_write() {
            return Next::Wait;
        }
        self.output = None;
        self.answered(limits, now)
    }

    /// Gives up what it keeps; at its next turn it is closed.
    pub fn abandon(&mut self, now: Instant) {
        (self.input, self.output, self.intake) = (Vec::new(), None, None);
        self.enter(Phase::Linger, now, Duration::ZERO);
    }

    /// The client has its whole answer.
    fn answered(&mut self, limits: &Limits, now: Instant) -> Next {
        if !self.keep_alive {
            // Closing with unread bytes would reset the connection and may destroy the answer.
            self.linger(now);
        } else if self.skip > 0 {
            let skip = std::mem::take(&mut self.skip);
            self.enter(Phase::Body(skip), now, limits.head_time);
        } else {
            if self.input.is_empty() {
                self.input = Vec::new();
            }
            self.enter(Phase::Idle, now, limits.idle_time);
        }
        Next::Wait
    }

    /// Says that nothing more will be sent, and waits for the client to see it.
    pub fn linger(&mut self, now: Instant) {
        self.channel.shut_write();
        self.input = Vec::new();
        self.enter(Phase::Linger, now, LINGER);
    }
}

/// How much of it the channel took; `None` if the client is gone.
fn send(channel: &mut Channel, bytes: &[u8]) -> Option<usize> {
    match channel.send(bytes) {
        Ok(n) => Some(n),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Some(0),
        Err(_) => None,
    }
}
