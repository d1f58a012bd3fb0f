//! Exposition text read where it lies, in one pass: text 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! What programs really write is accepted: `\r\n`, no newline at the end, no TYPE (untyped), a TYPE
//! after samples (it applies from there on), families in pieces, any order of labels and buckets, no
//! comma between labels, a newline in a label's value, names in UTF-8. A line that cannot be read is
//! handed on as refused and affects nothing else; a text with no fewer of these than samples (a
//! page in HTML) is refused.
//!
//! Histograms and summaries are handed on whole, one label set after the other, when their family's lines are
//! over; those that then lack a part wait for the end of the text, as parts may be anywhere (`sort` makes
//! such pages). What is not a valid histogram or summary (buckets that do not count up, no `+Inf`, no sum) is handed
//! on as the numbers in the text, untyped, after a note that it could not be assembled. Of a
//! bucket that appears twice the first counts. Exemplars and `_created` of OpenMetrics are dropped;
//! `info`, `stateset` and `gaugehistogram` become gauges under the names of their samples. The reader
//! decides nothing about the store.

mod bound;
mod family;
mod line;
mod lines;
mod parts;
mod reader;
mod sample;
mod strict;
mod syntax;
mod walk;
mod whole;

pub use family::{Families, Family};
pub use line::Span;
pub use lines::each_line;
pub use reader::{Place, Reader};
pub use sample::{BadLine, Labels, Quoted, Read, Sample};
pub use strict::Strict;
pub use syntax::Syntax;
use walk::Walk;

impl Reader {
    /// Keeps the gauges `x_created` that clients write beside a counter `x`, as readers of text that
    /// do not know OpenMetrics do.
    pub fn keep_created(&mut self) {
        self.families.keeps_created = true;
    }

    /// Hands every sample of `text` to `each`. Where lines cannot be read, the others are still handed on, and
    /// the first bad line is returned.
    pub fn read(
        &mut self,
        text: &[u8],
        syntax: Syntax,
        each: &mut dyn FnMut(Read<'_>),
    ) -> Result<(), BadLine> {
        let mut place = Place::default();
        self.read_on(text, syntax, &mut place, usize::MAX, each)?;
        place.bad.map_or(Ok(()), Err)
    }

    /// The same for the next `lines` from `place` on, which is the default place at first; nothing
    /// else may be read in between. Returns whether the end was reached. The first line that cannot be read is only an
    /// error where there are no fewer such lines than samples.
    pub fn read_on(
        &mut self,
        text: &[u8],
        syntax: Syntax,
        place: &mut Place,
        lines: usize,
        each: &mut dyn FnMut(Read<'_>),
    ) -> Result<bool, BadLine> {
        if place.at == 0 {
            self.families.clear();
            self.parts.clear();
            self.help_of = None;
        }
        Walk { reader: self, text, syntax, each, place }.lines(lines)
    }
}

#[cfg(test)]
mod tests;
