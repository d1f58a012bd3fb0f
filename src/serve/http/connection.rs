//! One client: the bytes it has sent so far, those it has yet to read, and its deadline.
//!
//! Bytes are received into a buffer that all connections share; a connection has memory of its own
//! only while a request is incomplete or a response has not been read. So an idle client costs a
//! slot and a descriptor, nothing else.

#[cfg(feature = "tls")]
mod guarded;
mod intake;
mod limits;
mod receive;

use super::Refusal;
use super::channel::Channel;
use super::response::Response;
use super::unsent::Unsent;
use intake::Intake;
pub use limits::Limits;
use std::io::ErrorKind;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long to wait for a client to close, after a response that ends the connection.
const LINGER: Duration = Duration::from_secs(1);

/// What the connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The handshake of TLS.
    #[cfg(feature = "tls")]
    Greet,
    /// The result of a password check: its number.
    #[cfg(feature = "tls")]
    Login(u64),
    /// The first byte of the next request.
    Idle,
    /// A head, or the rest of one.
    Head,
    /// The rest of a body that is ignored: this many bytes.
    Body(u64),
    /// The rest of a body that is used.
    Intake,
    /// The client to read its response.
    Drain,
    /// The client to close, after our end.
    Linger,
}

/// What to do with a connection after it was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait for the client.
    Wait,
    /// Close it.
    Close,
    /// A request is complete: its head is the first bytes of the scratch, this many.
    Answer(usize),
    /// The head is longer than allowed.
    TooLong,
    /// A body that is used is complete: `take_intake` returns it.
    Received,
    /// A body that is used is invalid.
    Refuse(Refusal),
}

/// One client's connection.
pub struct Connection {
    channel: Channel,
    phase: Phase,
    deadline: Instant,
    since: Instant,
    /// The last turn in which it was ready and was not handled.
    deferred: Instant,
    /// The received part of the next request; empty unless a head is incomplete or requests are pipelined.
    input: Vec<u8>,
    /// How much of `input` was searched for the end of a head.
    searched: usize,
    /// The response that the client has yet to read.
    output: Option<Unsent>,
    keep_alive: bool,
    /// The current request is of HTTP/1.0, whose client has to be told that the connection stays.
    is_http10: bool,
    /// Bytes of a body to be skipped once the response is read.
    skip: u64,
    intake: Option<Intake>,
}

impl Connection {
    /// A new client.
    pub fn new(socket: OwnedFd, limits: &Limits, now: Instant) -> Connection {
        Connection {
            channel: Channel::plain(socket),
            // The first request is due at once: an idle client occupies a slot.
            phase: Phase::Head,
            deadline: now + limits.head_time,
            since: now,
            deferred: now,
            input: Vec::new(),
            searched: 0,
            output: None,
            keep_alive: true,
            is_http10: false,
            skip: 0,
            intake: None,
        }
    }

    /// Its phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The end of its phase.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Since when it is in its phase; while it reads a response, when it last read a part of it.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Records that this turn ended before it was handled.
    pub fn defer(&mut self, now: Instant) {
        self.deferred = now;
    }

    /// Since when the others wait for its client, not it for them.
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

    /// Its share of the bytes of incomplete requests and unread responses.
    pub fn share(&self) -> usize {
        self.input.capacity() + self.output.as_ref().map_or(0, Unsent::share)
    }

    /// Whether it is known to read its response.
    pub fn is_reading(&self) -> bool {
        self.output.as_ref().is_some_and(Unsent::is_read)
    }

    /// How many bytes of a body it buffers.
    pub fn held(&self) -> usize {
        self.intake.as_ref().map_or(0, |intake| intake.body.capacity())
    }

    /// Whether received bytes may be waiting: a pipelined request, or data that TLS decrypted.
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

    /// Ends the connection after the next response.
    pub fn end(&mut self) {
        self.keep_alive = false;
    }

    /// Whether it stays open after the next response.
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether its current request is of HTTP/1.0.
    pub fn is_http10(&self) -> bool {
        self.is_http10
    }

    /// Sends a response; the part that the client does not accept now is kept for it.
    pub fn answer(&mut self, response: &mut Response, limits: &Limits, now: Instant) -> Next {
        let Some(sent) = send(&mut self.channel, response.bytes()) else { return Next::Close };
        if sent == response.bytes().len() && !self.channel.wants_write() {
            return self.answered(limits, now);
        }
        self.output = Some(response.unsent(sent));
        self.enter(Phase::Drain, now, limits.drain_time);
        Next::Wait
    }

    /// Sends more of the current response.
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

    /// Drops its buffers; at its next turn it is closed.
    pub fn abandon(&mut self, now: Instant) {
        (self.input, self.output, self.intake) = (Vec::new(), None, None);
        self.enter(Phase::Linger, now, Duration::ZERO);
    }

    /// The client has its whole response.
    fn answered(&mut self, limits: &Limits, now: Instant) -> Next {
        if !self.keep_alive {
            // Closing with unread bytes would reset the connection and may destroy the response.
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

    /// Closes our side for writing, and waits for the client to see it.
    pub fn linger(&mut self, now: Instant) {
        self.channel.shut_write();
        self.input = Vec::new();
        self.enter(Phase::Linger, now, LINGER);
    }
}

/// How many bytes the channel accepted; `None` if the client is gone.
fn send(channel: &mut Channel, bytes: &[u8]) -> Option<usize> {
    match channel.send(bytes) {
        Ok(n) => Some(n),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Some(0),
        Err(_) => None,
    }
}
