//! What clients may ask of us.

use std::time::Duration;

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
