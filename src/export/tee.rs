//! One reading of the kernel's files for all destinations that are due: a sink that hands everything
//! on to several recorders.

use crate::frame::Recorder;
use crate::metric::{Family, Label, Labels, Point, Sink, Source, Value};
use std::cell::RefCell;

/// Hands on to all of them.
pub struct Tee<'a> {
    all: Vec<&'a mut Recorder>,
    /// Recorders that want different things stand at different places: a mark of ours is where
    /// theirs are in here. Collectors make few, and a tee lasts for one frame.
    marks: RefCell<Vec<usize>>,
}

impl<'a> Tee<'a> {
    /// To `all`.
    pub fn new(all: Vec<&'a mut Recorder>) -> Tee<'a> {
        Tee { all, marks: RefCell::default() }
    }
}

impl Sink for Tee<'_> {
    fn source(&mut self, source: Source<'_>) {
        self.all.iter_mut().for_each(|to| to.source(source));
    }

    fn family(&mut self, family: &Family<'_>) {
        self.all.iter_mut().for_each(|to| to.family(family));
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        self.all.iter_mut().for_each(|to| to.sample(labels, value));
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, time: Option<i64>) {
        self.all.iter_mut().for_each(|to| to.labelled(labels, point, time));
    }

    fn mark(&self) -> usize {
        let mut marks = self.marks.borrow_mut();
        let at = marks.len();
        marks.extend(self.all.iter().map(|to| to.mark()));
        at
    }

    fn rewind(&mut self, mark: usize) {
        let marks = self.marks.borrow();
        for (to, mark) in self.all.iter_mut().zip(marks.get(mark..).unwrap_or_default()) {
            to.rewind(*mark);
        }
    }
}
