//! The output of the reader: samples, and notes about those that cannot be read.

use super::line::{Pair, unescape};
use crate::model::metric::{Kind, Point};
use crate::model::store::Reason;
use std::str;

/// A line that cannot be read, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// What was expected where editors wrote an invisible byte order mark.
pub(super) const NO_MARK: &str =
    "a metric's name, found a byte order mark: save the text as UTF-8 without one";

impl BadLine {
    /// A line that is refused. A byte order mark at its beginning is named, since it is invisible.
    pub(super) fn new(line: usize, text: &[u8], expected: &'static str) -> BadLine {
        let is_marked = text.starts_with("\u{feff}".as_bytes());
        BadLine { line, expected: if is_marked { NO_MARK } else { expected } }
    }
}

/// One number, histogram or summary.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The family's name; that of a counter is the name of its samples.
    pub name: &'a str,
    /// The type.
    pub kind: Kind,
    /// The text of HELP, cut to a bounded length.
    pub help: &'a str,
    /// Its labels, as in the text.
    pub labels: Labels<'a>,
    /// Its value.
    pub point: Point<'a>,
    /// The bounds of its buckets as written, `+Inf` among them, or its quantiles, with a comma
    /// after each; then `=` and the count of a histogram if it is not that of its buckets. `LINE` for a number
    /// that is a line of one.
    pub texts: &'a str,
    /// The time stamp, in milliseconds since 1970.
    pub time: Option<i64>,
}

/// In place of texts: a line of a histogram or summary that is not kept as one.
pub const LINE: &str = "=";

impl Sample<'_> {
    /// Whether it is such a line.
    pub fn is_line(&self) -> bool {
        matches!(self.point, Point::Number(_)) && !self.texts.is_empty()
    }
}

/// The output: a sample, or a note about one. `Unassembled` names a histogram or summary whose lines
/// follow as numbers, `Twice` one of which a bucket or a part was left out, `Line` is a line that
/// cannot be read, with its number in place of a name.
pub type Read<'a> = Result<Sample<'a>, (&'a str, Reason)>;

/// The labels of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    pub(super) text: &'a [u8],
    pub(super) pairs: &'a [Pair],
    /// Names may have escapes, as they may be between quotation marks.
    pub(in crate::inputs::push) is_quoted: bool,
}

impl<'a> Labels<'a> {
    /// The names, as in the text, and the values.
    pub fn pairs(self) -> impl Iterator<Item = (&'a str, Quoted<'a>)> {
        let text = self.text;
        self.pairs.iter().map(move |pair| {
            (str::from_utf8(pair.name.of(text)).unwrap_or_default(), Quoted(pair.value.of(text)))
        })
    }
}

/// A label's value as it is between its quotation marks.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a [u8]);

impl<'a> Quoted<'a> {
    /// A value from the text between quotation marks.
    pub fn new(text: &'a str) -> Quoted<'a> {
        Quoted(text.as_bytes())
    }

    /// Appends the value without escapes; invalid UTF-8 is replaced.
    pub fn write(self, out: &mut Vec<u8>) {
        unescape(self.0, out);
    }
}
