//! What a message that did not arrive tells.

use std::time::Duration;

/// Why a message did not arrive.
#[derive(Clone, Debug)]
pub struct SendError {
    /// One word for counting.
    pub reason: &'static str,
    /// A sentence for people.
    pub text: String,
    /// It may arrive another time.
    pub again: bool,
    /// For how long the receiver wants to be left alone.
    pub after: Option<Duration>,
}
