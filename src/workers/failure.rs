//! Why a call failed.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Why no response came.
#[derive(Debug)]
pub struct Failure {
    /// One word for counting: resolve, connect (no connection, or it broke), timeout, tls, protocol,
    /// too_large, redirect.
    pub reason: &'static str,
    /// A sentence for people.
    pub text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub fn failure(reason: &'static str, text: &str) -> Failure {
    Failure { reason, text: text.to_owned() }
}

/// The failure of a socket.
pub fn broken(error: &io::Error, doing: &str) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => late(doing),
        _ => Failure { reason: "connect", text: [doing, ": ", &error.to_string()].concat() },
    }
}

pub fn late(doing: &str) -> Failure {
    Failure { reason: "timeout", text: [doing, ": no time left"].concat() }
}

/// The time until `deadline`; a socket does not accept a timeout of 0.
pub fn left(deadline: Instant, doing: &str) -> Result<Duration, Failure> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(late(doing)) } else { Ok(left) }
}

/// Whether the peer does not accept more data.
pub fn is_hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
