//! What an answer means for the frame that was sent.

use std::time::Duration;

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It arrived.
    Done,
    /// It arrived, but for so many samples that the receiver refused, and why. It is not sent again.
    Partial(u64, String),
    /// It may arrive another time: a reason for counting, a sentence for people, and for how long the
    /// receiver wants to be left alone.
    Again(&'static str, String, Option<Duration>),
    /// It never will: a reason for counting and a sentence for people.
    Never(&'static str, String),
    /// It never will in this form, but may in the form before it (remote write 1.0).
    Older(String),
    /// It never will in one piece, but may in halves.
    Halves(String),
    /// A sample of it is out of order, and the receiver may have refused the rest for its sake.
    Late(String),
}
