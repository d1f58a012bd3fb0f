//! Where samples go: exposition text, OTLP, Influx lines, alert rules. A collector cannot know which.

use super::{Family, Value};

/// Takes families and their samples, in order.
pub trait Sink {
    /// The samples that follow belong to `family`, until the next call. No samples, no trace.
    fn family(&mut self, family: &Family<'_>);

    /// One sample: label values in the order of the family's keys, any bytes.
    fn sample(&mut self, labels: &[&[u8]], value: Value);

    /// Where the output stands now.
    fn mark(&self) -> usize;

    /// Back to `mark`: what came later was never said.
    fn rewind(&mut self, mark: usize);
}
