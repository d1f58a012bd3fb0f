//! The meaning of an answer for the frame that was sent.

use std::time::Duration;

/// The result for a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was accepted.
    Done,
    /// It was accepted, except for this many samples that the receiver refused, and why. It is not sent again.
    Partial(u64, String),
    /// A retry may succeed: a reason for counting, a sentence for the log, and how long the
    /// receiver asks to wait.
    Again(&'static str, String, Option<Duration>),
    /// No retry will succeed: a reason for counting and a sentence for the log.
    Never(&'static str, String),
    /// It is refused in this form, but may be accepted in the older form (remote write 1.0).
    Older(String),
    /// It is refused in one piece, but may be accepted in halves.
    Halves(String),
    /// A sample of it is out of order, and the receiver may have refused the rest because of it.
    Late(String),
}
