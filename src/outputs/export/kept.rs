//! The series that a request was made for. From frame to frame of the same series only numbers and times change,
//! so that only these are rewritten in a kept request.

use crate::model::frame::{Frame, State, Table};
use std::sync::{Arc, Weak};

/// A longer request is not kept.
pub const MAX_KEPT: usize = 256 << 10;

/// The series of a request.
#[derive(Default)]
pub struct RequestSeries {
    /// A weak reference, as the recorder would otherwise have to copy it to add a series.
    table: Weak<Table>,
    states: Vec<State>,
}

impl RequestSeries {
    /// The series of `frame`.
    pub fn new(frame: &Frame) -> RequestSeries {
        RequestSeries { table: Arc::downgrade(&frame.table), states: frame.states.clone() }
    }

    /// Whether these are the series of `frame`, each in the same state.
    pub fn is_of(&self, frame: &Frame) -> bool {
        Weak::as_ptr(&self.table) == Arc::as_ptr(&frame.table) && self.states == frame.states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::testing::Made;
    use crate::model::metric::{Kind, Value};

    #[test]
    fn is_of_the_same_table_and_the_same_states() {
        let mut made = Made::new();
        made.family("a", Kind::Gauge, "").number(&[], Value::Int(1));
        let mut frame = made.frame();
        assert!(!RequestSeries::default().is_of(&frame));
        let of = RequestSeries::new(&frame);
        frame.slots[0] = 2;
        assert!(of.is_of(&frame) && !of.is_of(&made.frame()));
        frame.states[0] = State::Stale;
        assert!(!of.is_of(&frame));
        // A table that grows is a different one, even if there is no other reference.
        frame.states[0] = State::Live;
        let address = Arc::as_ptr(&frame.table);
        Arc::make_mut(&mut frame.table);
        assert!(address != Arc::as_ptr(&frame.table) && !of.is_of(&frame));
    }
}
