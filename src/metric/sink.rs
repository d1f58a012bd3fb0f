//! Where samples go: exposition text, OTLP, Influx lines, alert rules. A collector cannot know which.

use super::{Family, Label, Value};

/// Takes families and their samples, in order.
pub trait Sink {
    /// The samples that follow belong to `family`, until the next call. No samples, no trace.
    fn family(&mut self, family: &Family<'_>);

    /// One sample: label values in the order of the family's keys.
    fn sample(&mut self, labels: &[Label<'_>], value: Value);

    /// Where the output stands now.
    fn mark(&self) -> usize;

    /// Back to `mark`: what came later was never said.
    fn rewind(&mut self, mark: usize);
}
