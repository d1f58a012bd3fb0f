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
mod sample;
mod strict;
mod syntax;
mod walk;
mod whole;

use family::Role;
pub use family::{Families, Family};
use line::Pair;
pub use line::Span;
pub use lines::each_line;
use parts::Parts;
pub use sample::{BadLine, Labels, Quoted, Read, Sample};
pub use strict::Strict;
pub use syntax::Syntax;
use walk::Walk;

/// Bytes of a help text that are kept.
const MAX_HELP: usize = 1000;

/// Reads texts; its buffers are kept from one to the next.
#[derive(Default)]
pub struct Reader {
    families: Families,
    pairs: Vec<Pair>,
    parts: Parts,
    help: Vec<u8>,
    /// The family that the help belongs to.
    help_of: Option<u32>,
    /// The name of the current sample, or the line that cannot be read.
    name: Vec<u8>,
    /// Histograms become what Go's reader makes of them: one without `+Inf` gets that bucket from its count, and
    /// bounds are written without zeros at their ends.
    pub as_pushgateway: bool,
}

/// How far a text was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    at: usize,
    /// Number of the previous line; counted from 1.
    line: usize,
    /// The name of the last sample, and its role.
    last: Option<(Span, Role)>,
    /// OpenMetrics' last line was read.
    is_over: bool,
    /// The first line that could not be read, how many could not, and how many samples could.
    bad: Option<BadLine>,
    bad_lines: usize,
    samples: usize,
}

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

impl Reader {
    /// Reads the help of a family, without escapes and cut to a bounded length.
    fn read_help(&mut self, text: &[u8], family: Option<u32>) {
        if family.is_some() && self.help_of == family {
            return;
        }
        self.help_of = family;
        self.help.clear();
        let Some(known) = family.and_then(|family| self.families.get(family)) else { return };
        line::unescape(known.help.of(text), &mut self.help);
        if self.help.len() > MAX_HELP {
            let cut = self.help.get(..MAX_HELP).and_then(|cut| cut.utf8_chunks().next());
            let length = cut.map_or(0, |chunk| chunk.valid().len());
            self.help.truncate(length);
        }
    }
}

#[cfg(test)]
mod tests;
