//! The failure to deliver a message.

use std::time::Duration;

/// Why a message was not delivered.
#[derive(Clone, Debug)]
pub struct SendError {
    /// One word for counting.
    pub reason: &'static str,
    /// A sentence for the log.
    pub text: String,
    /// Whether another attempt may succeed.
    pub again: bool,
    /// How long the receiver asks to wait.
    pub after: Option<Duration>,
}
