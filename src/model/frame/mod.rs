//! All samples of one instant, in none of the formats in which they leave: numbers in slots, under a
//! table of series that is the same for many frames. Frames are what workers carry, what waits in
//! the spool, and what every export encodes.

mod entry;
mod families;
mod key;
mod reading;
mod record;
mod recorder;
mod sink;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod view;
mod wanted;

pub use reading::{Quantiles, Reading, Scale, Shape};
pub use recorder::FrameBuilder;
pub use table::{FamilyDef, SeriesDef, Table};
pub use view::{FamilyView, SeriesView, View};
pub use wanted::Wanted;

use crate::base::clock::Timestamp;
use std::sync::Arc;

/// How a series stands in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It has no sample.
    #[default]
    Absent,
    /// Its slots hold one.
    Live,
    /// It had one in the frame before, and is gone.
    Stale,
}

/// All samples of one instant.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the numbers are of. It may know more series than the frame.
    pub table: Arc<Table>,
    /// When they were taken.
    pub moment: Timestamp,
    /// When those of the frame before were, in milliseconds since the machine started: deltas are
    /// since then.
    pub before: u64,
    /// Of each series, by its number.
    pub states: Vec<State>,
    /// The numbers; those of series that are not live are 0.
    pub slots: Vec<u64>,
}

impl Frame {
    /// How many series it tells of.
    pub fn len(&self) -> usize {
        self.states.iter().filter(|state| **state != State::Absent).count()
    }

    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
