//! Exposition text read where it lies, in one pass: text 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! What programs really write is taken: `\r\n`, no newline at the end, no TYPE (untyped), a TYPE
//! after samples (it counts from there on), families in pieces, any order of labels and buckets. A
//! line that cannot be read ends it all, with its number. What can be read and makes no sense (a
//! histogram without `+Inf`) is handed on as refused, and the rest is read.
//!
//! Histograms and summaries come whole, one label set after the other, when their family's lines are
//! over. Exemplars and `_created` of OpenMetrics are dropped; `info`, `stateset` and `gaugehistogram`
//! become gauges under the names of their samples. The text decides nothing about the store.

mod family;
mod line;
mod parts;

use crate::metric::{Kind, Point, Value};
use crate::store::Reason;
use crate::wire;
use family::{Families, Role, Type};
use line::{Cursor, Line, Pair, Span};
use parts::Parts;
use std::str;

/// Bytes of a line.
const MAX_LINE: usize = 64 << 10;

/// Bytes of a document, so that places in it are short.
const MAX_TEXT: usize = 1 << 30;

/// Bytes of a help text that are kept.
const MAX_HELP: usize = 1000;

/// Which text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// Prometheus text, version 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl Syntax {
    /// That of a Content-Type; whatever is not said to be OpenMetrics is the old one.
    pub fn of(content_type: &str) -> Syntax {
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        match wire::same(mime, "application/openmetrics-text") {
            true => Syntax::OpenMetrics,
            false => Syntax::Prometheus,
        }
    }
}

/// What cannot be read, and in which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What should have stood there.
    pub expected: &'static str,
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
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
}

/// What comes out: a sample, or the name of one that makes no sense, and why.
pub type Read<'a> = Result<Sample<'a>, (&'a str, Reason)>;

/// The labels of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    text: &'a [u8],
    pairs: &'a [Pair],
}

impl<'a> Labels<'a> {
    /// Names and values.
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

impl Quoted<'_> {
    /// Appends what it says; what is no UTF-8 is replaced.
    pub fn write(self, out: &mut Vec<u8>) {
        line::unescape(self.0, out);
    }
}

/// Reads texts; what it needs for that is kept from one to the next.
#[derive(Default)]
pub struct Reader {
    families: Families,
    pairs: Vec<Pair>,
    parts: Parts,
    help: Vec<u8>,
    /// Whose help that is.
    help_of: Option<u32>,
}

/// How far a text was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    at: usize,
    /// Of the line before; counted from 1.
    line: usize,
    /// The name of the last sample, and what it was.
    last: Option<(Span, Role)>,
    /// OpenMetrics' last line was there.
    is_over: bool,
}

impl Reader {
    /// Hands every sample of `text` to `each`. Where a line cannot be read, those before it were.
    pub fn read(
        &mut self,
        text: &[u8],
        syntax: Syntax,
        each: &mut dyn FnMut(Read<'_>),
    ) -> Result<(), BadLine> {
        let mut place = Place::default();
        self.read_on(text, syntax, &mut place, usize::MAX, each).map(|_| ())
    }

    /// The same for the next `lines` from `place` on, which is the default place at first; nothing
    /// else may be read in between. Whether that was all.
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

/// A text being read.
struct Walk<'r, 'a> {
    reader: &'r mut Reader,
    text: &'a [u8],
    syntax: Syntax,
    each: &'r mut dyn FnMut(Read<'_>),
    place: &'r mut Place,
}

impl Walk<'_, '_> {
    fn lines(&mut self, most: usize) -> Result<bool, BadLine> {
        if self.text.len() > MAX_TEXT {
            return Err(BadLine { line: 1, expected: "a shorter text" });
        }
        let until = self.place.line.saturating_add(most);
        while self.place.at < self.text.len() {
            if self.place.line == until {
                return Ok(false);
            }
            self.place.line += 1;
            let (at, number) = (self.place.at, self.place.line);
            let rest = self.text.get(at..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let fault = |expected| BadLine { line: number, expected };
            if length > MAX_LINE {
                return Err(fault("a shorter line"));
            }
            let is_cr = length.checked_sub(1).and_then(|last| rest.get(last)) == Some(&b'\r');
            self.line(at, at + length - usize::from(is_cr)).map_err(fault)?;
            self.place.at = at + length + 1;
        }
        self.flush();
        if self.syntax == Syntax::OpenMetrics && !self.place.is_over {
            return Err(BadLine { line: self.place.line + 1, expected: "# EOF" });
        }
        Ok(true)
    }

    fn line(&mut self, from: usize, to: usize) -> Result<(), &'static str> {
        let mut cursor = Cursor::new(self.text, from, to);
        cursor.blank();
        match cursor.peek() {
            None => Ok(()),
            Some(_) if self.place.is_over => Err("nothing after # EOF"),
            Some(b'#') => self.comment(cursor),
            Some(_) => {
                let line = cursor.sample(self.syntax, &mut self.reader.pairs)?;
                self.sample(&line);
                Ok(())
            }
        }
    }

    /// HELP and TYPE are kept; UNIT says nothing that the name does not.
    fn comment(&mut self, mut cursor: Cursor<'_>) -> Result<(), &'static str> {
        cursor.skip(1);
        let is_apart = cursor.blank();
        let word = cursor.word();
        match word.of(self.text) {
            b"EOF" if is_apart && self.syntax == Syntax::OpenMetrics => {
                self.place.is_over = cursor.rest().is_empty();
                if self.place.is_over { Ok(()) } else { Err("# EOF and nothing else") }
            }
            b"HELP" if is_apart => {
                cursor.blank();
                let name = cursor.name()?;
                cursor.blank();
                if let Some(family) = self.reader.families.of(self.text, name) {
                    family.help = cursor.rest_span();
                }
                // It may be what the samples so far were a part of, or of no family.
                (self.reader.help_of, self.place.last) = (None, None);
                Ok(())
            }
            b"TYPE" if is_apart => {
                cursor.blank();
                let name = cursor.name()?;
                cursor.blank();
                let word = cursor.word();
                let Some(kind) = Type::of(word.of(self.text)) else {
                    return Err("a type, such as counter, gauge, histogram, summary or untyped");
                };
                // What came so far was of another type.
                self.flush();
                self.place.last = None;
                if let Some(family) = self.reader.families.of(self.text, name) {
                    family.kind = kind;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn sample(&mut self, line: &Line) {
        let text = self.text;
        let name = line.name.of(text);
        let role = match self.place.last {
            Some((last, role)) if last.of(text) == name => role,
            last => {
                let near = last.and_then(|(_, role)| role.family());
                let role = self.reader.families.role(text, name, near, self.syntax);
                if self.reader.parts.family().is_some_and(|of| Some(of) != role.family()) {
                    self.flush();
                }
                self.place.last = Some((line.name, role));
                role
            }
        };
        match role {
            Role::Dropped(_) => {}
            Role::Number(family, kind) => {
                self.reader.read_help(text, family);
                let labels = Labels { text, pairs: &self.reader.pairs };
                (self.each)(Ok(Sample {
                    name: str::from_utf8(name).unwrap_or_default(),
                    kind,
                    help: str::from_utf8(&self.reader.help).unwrap_or_default(),
                    labels,
                    point: Point::Number(Value::Float(line.value)),
                    time: line.time,
                }));
            }
            Role::Part(family, part) => {
                let Reader { parts, pairs, .. } = &mut *self.reader;
                parts.add(family, part, text, pairs, line);
            }
        }
    }

    /// The histograms and summaries at hand are over.
    fn flush(&mut self) {
        let Some(family) = self.reader.parts.family() else { return };
        self.reader.read_help(self.text, Some(family));
        let Reader { families, parts, help, .. } = &mut *self.reader;
        let Some(known) = families.get(family) else { return };
        let name = str::from_utf8(known.name.of(self.text)).unwrap_or_default();
        let help = str::from_utf8(help).unwrap_or_default();
        parts.flush(known.kind == Type::Summary, name, help, self.each);
    }
}

impl Reader {
    /// The help of a family, without escapes and not too long.
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
