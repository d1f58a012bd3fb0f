//! The sink that makes frames. It expects the series of the frame before in the same order, so that
//! in the steady state each is a comparison of its labels.

use super::{Frame, State, Table};
use crate::clock::Moment;
use crate::metric::{Family, Label, Labels, Point, Sink, Source, Value};
use crate::settings::Dialect;
use std::sync::Arc;

/// What is recorded, and how.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Under whose names.
    pub dialect: Dialect,
    /// Globs of full names; empty is all.
    pub include: Vec<String>,
    /// Globs of full names that are left out.
    pub exclude: Vec<String>,
    /// On every series that has none of that name.
    pub labels: Vec<(String, String)>,
    /// Counters are what came since the frame before.
    pub is_delta: bool,
    /// When this program started, in milliseconds since the machine did: since then it counts, and
    /// what others brought. What comes up after the first frame counts since the frame before it.
    pub start: u64,
}

/// Makes frames.
pub struct Recorder {
    wanted: Wanted,
    table: Arc<Table>,
    moment: Moment,
}

impl Recorder {
    /// One that knows no series yet.
    pub fn new(wanted: Wanted) -> Recorder {
        let moment = Moment { since_boot: 0, boot_time: None };
        Recorder { wanted, table: Arc::default(), moment }
    }

    /// Begins a frame.
    pub fn begin(&mut self, moment: Moment) {
        self.moment = moment;
    }

    /// Ends the frame.
    pub fn finish(&mut self) -> Frame {
        Frame {
            table: Arc::clone(&self.table),
            moment: self.moment,
            before: 0,
            states: vec![State::Absent; self.table.series()],
            slots: vec![0; self.table.slots()],
        }
    }
}

impl Sink for Recorder {
    fn source(&mut self, _source: Source<'_>) {}

    fn family(&mut self, family: &Family<'_>) {
        let _ = family.named(self.wanted.dialect);
    }

    fn sample(&mut self, _labels: &[Label<'_>], _value: Value) {}

    fn labelled(&mut self, _labels: Labels<'_>, _point: Point<'_>, _time: Option<i64>) {}

    fn mark(&self) -> usize {
        0
    }

    fn rewind(&mut self, _mark: usize) {}
}
