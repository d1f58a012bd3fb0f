//! The time that is left in a turn.

use std::time::{Duration, Instant};

/// How long one turn lasts. Bytes are no measure: a pattern without a fixed text costs a hundred times as much
/// as one with. The clock is read after each stretch of lines, because one stretch of one rule may take
/// as long as all others.
const TIME: Duration = Duration::from_millis(1);

/// The time that is left in a turn.
pub struct Budget {
    pub(super) left: usize,
    pub(super) start: Instant,
    /// The turn ends with the lines that some rules already got, however long the others take.
    pub is_for_half: bool,
}

impl Budget {
    pub fn is_over(&self) -> bool {
        self.is_for_half || self.start.elapsed() >= TIME
    }
}
