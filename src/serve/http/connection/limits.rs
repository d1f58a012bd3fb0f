//! The limits for clients.

use std::time::Duration;

/// The limits for clients; the settings give the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Bytes of a request head.
    pub head: usize,
    /// Time from the first byte of a head to its last, and between two parts of a body that is used.
    pub head_time: Duration,
    /// Time from the start of a response until its last byte is read.
    pub drain_time: Duration,
    /// Time from a response to the next request, and the most for all of a body.
    pub idle_time: Duration,
}

/// The limits of a library, whose host needs descriptors more than the program does.
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
