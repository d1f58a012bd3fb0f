use super::*;
use crate::model::metric::{Label, Labels, Point, Value};

/// The names of families.
#[derive(Default)]
struct Names(Vec<String>);

impl Sink for Names {
    fn family(&mut self, family: &Family<'_>) {
        self.0.push(family.names().0.to_owned());
    }

    fn sample(&mut self, _: &[Label<'_>], _: Value) {}

    fn labelled(&mut self, _: Labels<'_>, _: Point<'_>, _: Option<i64>) {}

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn rewind(&mut self, _: usize) {}
}

#[test]
fn families_of_parts_are_in_the_reference_once() {
    let mut known: Vec<_> = families().map(|family| family.names().0).collect();
    let count = known.len();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), count);
    let inputs = Inputs::new(Instant::now());
    let outputs = Outputs::default();
    let mut written = Names::default();
    self_metrics(&inputs, (Some(&outputs.alerts), Some(&outputs.exports)), &mut written);
    assert!(!written.0.is_empty());
    for name in &written.0 {
        assert!(known.contains(&name.as_str()), "{name}");
    }
    let mut ready = Vec::new();
    wait_on(&inputs, &outputs, &mut ready);
    assert!(ready.is_empty() && deadline(&inputs, &outputs).is_none());
}
