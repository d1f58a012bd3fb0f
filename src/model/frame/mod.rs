//! All samples of one instant, independent of export formats: numbers in slots, with a
//! table of series that is the same for many frames. Workers receive frames, the spool stores
//! them, and every export encodes them.

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

/// The state of a series in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It has no sample.
    #[default]
    Absent,
    /// Its slots hold a sample.
    Live,
    /// It had one in the frame before, and has none now.
    Stale,
}

/// All samples of one instant.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The series of the numbers. It may contain more series than the frame.
    pub table: Arc<Table>,
    /// The time of the samples.
    pub moment: Timestamp,
    /// The time of the frame before, in milliseconds since the machine started: deltas are
    /// relative to it.
    pub before: u64,
    /// The state of each series, by its number.
    pub states: Vec<State>,
    /// The numbers; those of series that are not live are 0.
    pub slots: Vec<u64>,
}

impl Frame {
    /// How many series it contains.
    pub fn len(&self) -> usize {
        self.states.iter().filter(|state| **state != State::Absent).count()
    }

    /// Whether it contains no series.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
