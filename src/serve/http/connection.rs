//! One client: what it has sent so far, what it has yet to take, and until when.
//!
//! Bytes are received into scratch that all connections share; a connection keeps bytes of its own
//! only while a request is incomplete or an answer has not been taken. So an idle client costs a
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

/// How long a client may take to notice that we are done, after an answer that ends the connection.
const LINGER: Duration = Duration::from_secs(1);

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
