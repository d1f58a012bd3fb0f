//! The state of reading exposition text.

use super::family::{Families, Role};
use super::line::{self, Pair, Span};
use super::parts::Parts;
use super::sample::BadLine;

/// Bytes of a help text that are kept.
const MAX_HELP: usize = 1000;

/// Reads texts; its buffers are kept from one to the next.
#[derive(Default)]
pub struct Reader {
    pub(super) families: Families,
    pub(super) pairs: Vec<Pair>,
    pub(super) parts: Parts,
    pub(super) help: Vec<u8>,
    /// The family that the help belongs to.
    pub(super) help_of: Option<u32>,
    /// The name of the current sample, or the line that cannot be read.
    pub(super) name: Vec<u8>,
    /// Histograms become what Go's reader makes of them: one without `+Inf` gets that bucket from its count, and
    /// bounds are written without zeros at their ends.
    pub as_pushgateway: bool,
}

/// How far a text was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub(super) at: usize,
    /// Number of the previous line; counted from 1.
    pub(super) line: usize,
    /// The name of the last sample, and its role.
    pub(super) last: Option<(Span, Role)>,
    /// OpenMetrics' last line was read.
    pub(super) is_over: bool,
    /// The first line that could not be read, how many could not, and how many samples could.
    pub(super) bad: Option<BadLine>,
    pub(super) bad_lines: usize,
    pub(super) samples: usize,
}

impl Reader {
    /// Reads the help of a family, without escapes and cut to a bounded length.
    pub(super) fn read_help(&mut self, text: &[u8], family: Option<u32>) {
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
