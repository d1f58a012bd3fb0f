//! One reading of the kernel's files for all destinations that are due: a sink that hands everything
//! on to several recorders.

use crate::frame::Recorder;
use crate::metric::{Family, Label, Labels, Point, Sink, Source, Value};

/// Hands on to all of them.
pub struct Tee<'a>(pub Vec<&'a mut Recorder>);

/// Places of all recorders behind one number, innermost last.
///
/// Recorders that are wanted in different dialects or with filters stand at different places; the
/// mark is the place of the marks among those that were kept.
pub struct Marked<'a> {
    all: Vec<&'a mut Recorder>,
    marks: std::cell::RefCell<Vec<Vec<usize>>>,
}

impl<'a> Marked<'a> {
    /// Hands on to `all`.
    pub fn new(all: Vec<&'a mut Recorder>) -> Marked<'a> {
        Marked { all, marks: Default::default() }
    }
}
