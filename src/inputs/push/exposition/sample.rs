//! What is handed on: samples, and notes about those that cannot be read.

use super::line::{Pair, unescape};
use crate::model::metric::{Kind, Point};
use crate::model::store::Reason;
use std::str;

/// What cannot be read, and in which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

/// What was expected where editors put three bytes that nobody sees.
pub(super) const NO_MARK: &str =
    "a metric's name, found a byte order mark: save the text as UTF-8 without one";

impl BadLine {
    /// A line that is refused. A byte order mark at its beginning is named, since nobody sees it.
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
    /// What it is.
    pub kind: Kind,
    /// What HELP says, cut to a bounded length.
    pub help: &'a str,
    /// Its labels as they stand there.
    pub labels: Labels<'a>,
    /// What it has to tell.
    pub point: Point<'a>,
    /// How the bounds of its buckets, `+Inf` among them, or its quantiles are written, with a comma
    /// behind each; then `=` and the count of a histogram that is another than that of its buckets.
    pub texts: &'a str,
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
}

/// What comes out: a sample, or a note about one. `Unassembled` names a histogram or summary whose lines
/// come as numbers next, `Twice` one of which a bucket or a part was left out, `Line` is a line that
/// cannot be read, with its number in place of a name.
pub type Read<'a> = Result<Sample<'a>, (&'a str, Reason)>;

/// The labels of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    pub(super) text: &'a [u8],
    pub(super) pairs: &'a [Pair],
    /// Names may have escapes, as they may stand between quotation marks.
    pub(in crate::inputs::push) is_quoted: bool,
}

impl<'a> Labels<'a> {
    /// Names, as they stand there, and values.
    pub fn pairs(self) -> impl Iterator<Item = (&'a str, Quoted<'a>)> {
        let text = self.text;
        self.pairs.iter().map(move |pair| {
            (str::from_utf8(pair.name.of(text)).unwrap_or_default(), Quoted(pair.value.of(text)))
        })
    }
}

/// A label's value as it stands between its quotation marks.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a [u8]);

impl<'a> Quoted<'a> {
    /// What stands between quotation marks.
    pub fn new(text: &'a str) -> Quoted<'a> {
        Quoted(text.as_bytes())
    }

    /// Appends what it says; what is no UTF-8 is replaced.
    pub fn write(self, out: &mut Vec<u8>) {
        unescape(self.0, out);
    }
}
