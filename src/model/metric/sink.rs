//! The receivers of samples: exposition text, OTLP, Influx lines, alert rules. A collector cannot know which.

use super::{Column, Exemplar, Histogram, Rows};
use super::{Family, Label, Value};
use super::{Labels, Point};

/// The source of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A collector, by its name: the kernel counts since the machine started.
    Collector(&'static str),
    /// This program about itself.
    Own,
    /// Other programs.
    Others,
}

/// Receives families and their samples, in order.
pub trait Sink {
    /// Sets the source of the families that follow.
    fn source(&mut self, _source: Source) {}

    /// The samples that follow belong to `family`, until the next call. A family without samples is not written.
    fn family(&mut self, family: &Family<'_>);

    /// The samples that follow belong to `family`, which has the name and the type of the current
    /// family: text has one header for both.
    fn join(&mut self, family: &Family<'_>) {
        self.family(family);
    }

    /// One sample: label values in the order of the family's keys.
    fn sample(&mut self, labels: &[Label<'_>], value: Value);

    /// The one sample of a family that has no keys.
    fn single(&mut self, family: &Family<'_>, value: Value) {
        self.family(family);
        self.sample(&[], value);
    }

    /// Samples of `family`, which is the current one: a row's name is the value of its last key, preceded by
    /// another value if the column is under a label.
    fn column(&mut self, family: &Family<'_>, column: Column<'_>) {
        let under = column.under;
        for (label, raw) in column {
            match under {
                Some(under) => self.sample(&[under, label], family.value(raw)),
                None => self.sample(&[label], family.value(raw)),
            }
        }
    }

    /// `family`, and all its samples: those that the rows of a table have in the column `at`.
    fn table_column(&mut self, family: &Family<'_>, rows: &Rows, at: usize) {
        self.family(family);
        self.column(family, rows.column(at));
    }

    /// One sample or histogram with labels of its own: the family has no keys. `time` is when it
    /// was taken, in milliseconds since 1970, if its source gives it.
    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, time: Option<i64>);

    /// Like `labelled`; `texts` is how the bounds of its buckets, or its quantiles, were written, with a comma
    /// after each, for sinks that write them so; then comes `=` and the count of a histogram if it differs
    /// from that of all buckets. Empty if not known.
    fn labelled_as(
        &mut self,
        labels: Labels<'_>,
        point: Point<'_>,
        _texts: &str,
        time: Option<i64>,
    ) {
        self.labelled(labels, point, time);
    }

    /// A histogram with labels of its own, and exemplars of its buckets, for sinks that support them.
    fn exemplified(
        &mut self,
        labels: Labels<'_>,
        histogram: Histogram<'_>,
        _exemplars: &[Option<Exemplar<'_>>],
    ) {
        self.labelled(labels, Point::Histogram(histogram), None);
    }

    /// The current position of the output.
    fn mark(&self) -> usize;

    /// Goes back to `mark`: everything written later is dropped.
    fn rewind(&mut self, mark: usize);
}

/// A sink for samples that are not needed.
pub struct NullSink;

impl Sink for NullSink {
    fn family(&mut self, _: &Family<'_>) {}

    fn sample(&mut self, _: &[Label<'_>], _: Value) {}

    fn labelled(&mut self, _: Labels<'_>, _: Point<'_>, _: Option<i64>) {}

    fn mark(&self) -> usize {
        0
    }

    fn rewind(&mut self, _: usize) {}
}
