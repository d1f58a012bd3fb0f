//! What the loop speaks to: whoever makes the answers, and what interrupts it.

use crate::base::sys::Wake;
use crate::base::sys::{Ends, Ready, Signal, Signals};
use crate::serve::http::{Request, Response, Status};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

/// What the event loop counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Connections that are open.
    pub now: u64,
    /// Turned away.
    pub refused: u64,
    /// Closed to make room.
    pub evicted: u64,
    /// Closed at a deadline.
    pub timed_out: u64,
    /// Handshakes of TLS that came to nothing.
    #[cfg(feature = "tls")]
    pub failed_handshakes: u64,
    /// Changed certificates or users that could not be used.
    #[cfg(feature = "tls")]
    pub failed_reloads: u64,
}

/// Who makes the answers. Without more it takes no bodies, and has nothing to do besides answering.
pub trait Handler {
    /// Makes the answer to `request`. The head is left to `Response::finish`.
    fn answer(&mut self, request: &Request<'_>, response: &mut Response);

    /// The answer was given once more, to `request`, which is the same as the one before.
    fn repeated(&mut self, _request: &Request<'_>, _status: Status) {}

    /// The loop made an answer of its own: to what cannot be served, or to no request.
    fn refused(&mut self, _status: Status) {}

    /// Kept up to date by the loop.
    fn traffic(&mut self) -> &mut Traffic;

    /// Whether who is at the other end of `socket` is answered at all.
    fn welcomes(&self, _socket: BorrowedFd<'_>) -> bool {
        true
    }

    /// Whether there is a route that takes the body of `request`.
    fn takes_body(&self, _request: &Request<'_>) -> bool {
        false
    }

    /// The longest body that is taken.
    fn body_limit(&self) -> usize {
        0
    }

    /// Whether `request` has to bring a token, and so needs no name.
    #[cfg(feature = "tls")]
    fn takes_token(&self, _request: &Request<'_>) -> bool {
        false
    }

    /// Whether the client may send the body of `request`; otherwise the answer is made.
    fn admits(&mut self, _: &Request<'_>, _: Ends, _: &mut Response) -> bool {
        false
    }

    /// Makes the answer to `request`, whose body was wanted and has come.
    fn receive(&mut self, _: &Request<'_>, _body: &[u8], _now: Instant, _: &mut Response) {}

    /// Adds what there is to wait for besides connections; `turn` gets it back.
    fn wait_on(&self, _ready: &mut Vec<Ready>) {}

    /// When there is something to do besides answering.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does what is due besides answering.
    fn turn(&mut self, _ready: &[Ready], _now: Instant) {}

    /// The loop is to end, at the latest then: what waits goes out meanwhile.
    fn begin_shutdown(&mut self, _end: Instant) {}

    /// Before the loop ends, at the latest then.
    fn finish(&mut self, _end: Instant) {}
}

/// A descriptor that is ready when the loop is to do something else, and what that is.
pub trait Interrupt: AsFd + Send {
    /// The next that is wanted.
    fn next(&self) -> Option<Signal>;
}

/// A program's: what the operator asks for.
impl Interrupt for Signals {
    fn next(&self) -> Option<Signal> {
        Signals::next(self)
    }
}

/// A library's, for which signals are not: another thread wants the end.
impl Interrupt for Arc<Wake> {
    fn next(&self) -> Option<Signal> {
        self.clear().then_some(Signal::Terminate)
    }
}
