//! One reading of the kernel's files for all destinations that are due: a sink that hands everything
//! on to several recorders.

use crate::model::frame::FrameBuilder;
use crate::model::metric::{Family, Label, Labels, Point, Sink, Source, Value};
use std::cell::RefCell;

/// Hands everything on to all of them.
pub struct Tee<'a> {
    all: Vec<&'a mut FrameBuilder>,
    /// Recorders that want different things are at different positions: a mark of the tee is the index
    /// of their marks in this list. Collectors make few marks, and a tee lasts for one frame.
    marks: RefCell<Vec<usize>>,
}

impl<'a> Tee<'a> {
    /// A tee to `all`.
    pub fn new(all: Vec<&'a mut FrameBuilder>) -> Tee<'a> {
        Tee { all, marks: RefCell::default() }
    }
}

impl Sink for Tee<'_> {
    fn source(&mut self, source: Source) {
        self.all.iter_mut().for_each(|to| to.source(source));
    }

    fn family(&mut self, family: &Family<'_>) {
        self.all.iter_mut().for_each(|to| to.family(family));
    }

    fn join(&mut self, family: &Family<'_>) {
        self.all.iter_mut().for_each(|to| to.join(family));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::model::frame::{Frame, Wanted};
    use crate::model::metric::{Row, Unit, gauge};

    static A: Row = gauge("a", Unit::One, "", &["k"]);
    static B: Row = gauge("b", Unit::One, "", &["k"]);

    fn contents(frame: &Frame) -> Vec<(String, usize)> {
        let families = frame.view(0).families();
        families.map(|f| (f.def.name.to_owned(), f.series().count())).collect()
    }

    #[test]
    fn each_recorder_gets_its_families_and_is_rewound_to_its_own_mark() {
        let wants =
            |include: &str| Wanted { include: vec![include.to_owned()], ..Wanted::default() };
        let mut all = ["sysmetrics_a", "sysmetrics_b", "*"].map(|i| FrameBuilder::new(wants(i)));
        all.iter_mut().for_each(|recorder| recorder.begin(Timestamp::default()));
        let mut tee = Tee::new(all.iter_mut().collect());
        tee.family(&A);
        tee.sample(&["1".into()], Value::Int(1));
        let mark = tee.mark();
        tee.sample(&["2".into()], Value::Int(2));
        let inner = tee.mark();
        tee.family(&B);
        tee.sample(&["3".into()], Value::Int(3));
        tee.rewind(inner);
        tee.rewind(mark);
        tee.family(&B);
        tee.sample(&["4".into()], Value::Int(4));
        tee.sample(&["5".into()], Value::Int(5));
        drop(tee);
        let [a, b, both] = all.each_mut().map(FrameBuilder::finish);
        let (one, two) = (("sysmetrics_a".to_owned(), 1), ("sysmetrics_b".to_owned(), 2));
        assert_eq!(contents(&a), std::slice::from_ref(&one));
        assert_eq!(contents(&b), std::slice::from_ref(&two));
        assert_eq!(contents(&both), [one, two]);
    }
}
