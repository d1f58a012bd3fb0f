//! The interfaces of the loop: the handler, which makes the responses, and the interrupt.

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
    /// Connections that were rejected.
    pub refused: u64,
    /// Connections that were closed to make room.
    pub evicted: u64,
    /// Connections that were closed at a deadline.
    pub timed_out: u64,
    /// Handshakes of TLS that failed.
    #[cfg(feature = "tls")]
    pub failed_handshakes: u64,
    /// Changed certificates or users that could not be used.
    #[cfg(feature = "tls")]
    pub failed_reloads: u64,
}

/// Makes the responses. By default it accepts no bodies, and has no other work.
pub trait Handler {
    /// Makes the response to `request`. The head is left to `Response::finish`.
    fn answer(&mut self, request: &Request<'_>, response: &mut Response);

    /// The last response was sent again, to `request`, which is the same as the one before.
    fn repeated(&mut self, _request: &Request<'_>, _status: Status) {}

    /// The loop made a response of its own: to an invalid request, or without a request.
    fn refused(&mut self, _status: Status) {}

    /// Kept up to date by the loop.
    fn traffic(&mut self) -> &mut Traffic;

    /// Whether the client at the other end of `socket` is served at all.
    fn welcomes(&self, _socket: BorrowedFd<'_>) -> bool {
        true
    }

    /// Whether there is a route that reads the body of `request`.
    fn takes_body(&self, _request: &Request<'_>) -> bool {
        false
    }

    /// The longest accepted body.
    fn body_limit(&self) -> usize {
        0
    }

    /// Whether `request` has to have a token, and so needs no login.
    #[cfg(feature = "tls")]
    fn takes_token(&self, _request: &Request<'_>) -> bool {
        false
    }

    /// Whether the client may send the body of `request`; otherwise the response is made.
    fn admits(&mut self, _: &Request<'_>, _: Ends, _: &mut Response) -> bool {
        false
    }

    /// Makes the response to `request`, whose body was requested and has come.
    fn receive(&mut self, _: &Request<'_>, _body: &[u8], _now: Instant, _: &mut Response) {}

    /// Adds descriptors to wait for besides connections; `turn` gets them back.
    fn wait_on(&self, _ready: &mut Vec<Ready>) {}

    /// When there is other work to do.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does the other work that is due.
    fn turn(&mut self, _ready: &[Ready], _now: Instant) {}

    /// The loop ends, at the latest at `end`: data that waits is sent meanwhile.
    fn begin_shutdown(&mut self, _end: Instant) {}

    /// Called before the loop ends, at the latest at `end`.
    fn finish(&mut self, _end: Instant) {}
}

/// A descriptor that is ready when the loop has to return, and the signal that it returns.
pub trait Interrupt: AsFd + Send {
    /// The next signal.
    fn next(&self) -> Option<Signal>;
}

/// The interrupt of a program: its signals.
impl Interrupt for Signals {
    fn next(&self) -> Option<Signal> {
        Signals::next(self)
    }
}

/// The interrupt of a library, which handles no signals: another thread wakes it to end.
impl Interrupt for Arc<Wake> {
    fn next(&self) -> Option<Signal> {
        self.clear().then_some(Signal::Terminate)
    }
}
