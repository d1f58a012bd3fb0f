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
mod whole;

use crate::model::metric::{Decimal, Kind, Point, Value};
use crate::model::store::Reason;
pub use family::{Families, Family};
use family::{Role, Type};
pub use line::Span;
use line::{Cursor, Line, OPEN, Pair, end_of_line};
pub use lines::each_line;
use parts::{Added, Parts};
pub use sample::{BadLine, Labels, Quoted, Read, Sample};
use std::str;
pub use strict::Strict;
pub use syntax::Syntax;
use whole::Whole;

/// Bytes of a line that has newlines within quotation marks.
const MAX_LINE: usize = 64 << 10;

/// What OpenMetrics requires at its end.
const AFTER_EOF: &str = "nothing after # EOF";
const LAST: &str = "# EOF and nothing else";

/// Bytes of a document, so that positions in it fit 32 bits.
const MAX_TEXT: usize = 1 << 30;

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
            if self.place.line >= until {
                return Ok(false);
            }
            self.place.line += 1;
            let (at, line) = (self.place.at, self.place.line);
            let rest = self.text.get(at..).unwrap_or_default();
            let mut length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let mut done = self.line(at, length);
            if done == Err(OPEN) {
                let longer = end_of_line(rest.get(..MAX_LINE).unwrap_or(rest));
                if longer > length && self.line(at, longer).is_ok() {
                    let inside = rest.get(..longer).unwrap_or_default();
                    self.place.line += memchr::memchr_iter(b'\n', inside).count();
                    (length, done) = (longer, Ok(()));
                }
            }
            if let Err(expected) = done {
                self.skip(BadLine::new(line, rest, expected))?;
            }
            self.place.at = at + length + 1;
        }
        self.flush(true);
        match self.place.bad {
            Some(bad) if self.place.bad_lines >= self.place.samples => return Err(bad),
            _ => {}
        }
        if self.syntax == Syntax::OpenMetrics && !self.place.is_over {
            return Err(BadLine { line: self.place.line + 1, expected: "# EOF" });
        }
        Ok(true)
    }

    /// A line that cannot be read affects only itself; text after the end of OpenMetrics makes the whole invalid.
    fn skip(&mut self, bad: BadLine) -> Result<(), BadLine> {
        if bad.expected == AFTER_EOF || bad.expected == LAST {
            return Err(bad);
        }
        self.place.bad.get_or_insert(bad);
        self.place.bad_lines += 1;
        let name = &mut self.reader.name;
        name.clear();
        for part in [b"line ", Decimal::of(bad.line as u64).as_bytes(), b", expected "] {
            name.extend_from_slice(part);
        }
        name.extend_from_slice(bad.expected.as_bytes());
        (self.each)(Err((str::from_utf8(name).unwrap_or_default(), Reason::Line)));
        Ok(())
    }

    fn line(&mut self, from: usize, length: usize) -> Result<(), &'static str> {
        let mut to = from + length;
        if length > 0 && self.text.get(to - 1) == Some(&b'\r') {
            to -= 1;
        }
        let mut cursor = Cursor::new(self.text, from, to);
        cursor.blank();
        match cursor.peek() {
            None => Ok(()),
            Some(_) if self.place.is_over => Err(AFTER_EOF),
            Some(b'#') => self.comment(cursor),
            Some(_) => {
                let line = cursor.sample(self.syntax, &mut self.reader.pairs)?;
                self.sample(&line);
                Ok(())
            }
        }
    }

    /// HELP and TYPE are kept; UNIT repeats what the name has.
    fn comment(&mut self, mut cursor: Cursor<'_>) -> Result<(), &'static str> {
        cursor.skip(1);
        // Go's reader, which a Pushgateway uses, does not require the blank.
        let is_apart = cursor.blank() || self.reader.as_pushgateway;
        let word = cursor.word();
        match word.of(self.text) {
            b"EOF" if is_apart && self.syntax == Syntax::OpenMetrics => {
                self.place.is_over = cursor.rest().is_empty();
                if self.place.is_over { Ok(()) } else { Err(LAST) }
            }
            b"HELP" if is_apart => {
                cursor.blank();
                // HELP or TYPE without a name is a comment.
                let Ok(name) = cursor.name() else { return Ok(()) };
                cursor.blank();
                if let Some(family) = self.reader.families.of(self.text, name) {
                    family.help = cursor.rest_span();
                }
                // It may belong to the same family as the samples so far, or to no family.
                (self.reader.help_of, self.place.last) = (None, None);
                Ok(())
            }
            b"TYPE" if is_apart => {
                cursor.blank();
                // Go's reader reads HELP or TYPE without a name or a type as a comment.
                let says_nothing = |cursor: &Cursor<'_>| cursor.peek().is_none();
                if self.reader.as_pushgateway && says_nothing(&cursor) {
                    return Ok(());
                }
                let name = cursor.name()?;
                cursor.blank();
                if self.reader.as_pushgateway && says_nothing(&cursor) {
                    return Ok(());
                }
                let word = cursor.word();
                let Some(kind) = Type::of(word.of(self.text), self.reader.as_pushgateway) else {
                    return Err("a type, such as counter, gauge, histogram, summary or untyped");
                };
                // The samples so far were of another type.
                self.flush(false);
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
                    self.flush(false);
                }
                self.place.last = Some((line.name, role));
                role
            }
        };
        self.place.samples += 1;
        match role {
            Role::Dropped(_) => {}
            Role::Number(family, kind) => self.number(line, family, kind),
            Role::Stray(family) => self.stray(line, family),
            Role::Part(family, part) => {
                let is_summary = self.is_summary(family);
                let Reader { parts, pairs, .. } = &mut *self.reader;
                match parts.add((family, is_summary), part, text, pairs, line) {
                    Added::Taken => {}
                    Added::Twice => {
                        let name = show(name, &mut self.reader.name);
                        (self.each)(Err((name, Reason::Twice)));
                    }
                    Added::Stray => self.stray(line, family),
                }
            }
        }
    }

    fn is_summary(&self, family: u32) -> bool {
        self.reader.families.get(family).is_some_and(|known| known.kind == Type::Summary)
    }

    fn number(&mut self, line: &Line, family: Option<u32>, kind: Kind) {
        let text = self.text;
        self.reader.read_help(text, family);
        let Reader { name, help, pairs, .. } = &mut *self.reader;
        let of_line = line.name.of(text);
        (self.each)(Ok(Sample {
            name: match line.is_quoted {
                true => show(of_line, name),
                false => str::from_utf8(of_line).unwrap_or_default(),
            },
            kind,
            help: str::from_utf8(help).unwrap_or_default(),
            labels: Labels { text, pairs, is_quoted: line.has_quoted },
            point: Point::Number(Value::Float(line.value)),
            texts: "",
            time: line.time,
        }));
    }

    /// A sample that is not part of its histogram or summary is handed on as a number.
    fn stray(&mut self, line: &Line, family: u32) {
        let name = show(line.name.of(self.text), &mut self.reader.name);
        (self.each)(Err((name, Reason::Unassembled)));
        self.number(line, Some(family), Kind::Untyped);
    }

    /// Hands on what is complete, as the current family is over for now, or everything at the end of the text.
    fn flush(&mut self, is_end: bool) {
        let mut at = self.reader.parts.begin_flush(is_end);
        while let Some(Whole { family, .. }) = self.reader.parts.whole(at) {
            let family = *family;
            if self.reader.parts.is_due(at, is_end) {
                self.reader.read_help(self.text, Some(family));
                let Reader { families, parts, help, name, as_pushgateway, .. } = &mut *self.reader;
                let known = families.get(family).map(|known| known.name).unwrap_or_default();
                name.clear();
                line::unescape(known.of(self.text), name);
                let help = str::from_utf8(help).unwrap_or_default();
                parts.hand_on(at, (name, help, *as_pushgateway), self.text, self.each);
            }
            at += 1;
        }
        self.reader.parts.end_flush(is_end);
    }
}

/// The name with its escapes resolved: between quotation marks `\n`, `\"` and `\\` are escapes, and invalid UTF-8
/// is replaced. The result may be in `to`.
fn show<'n>(name: &'n [u8], to: &'n mut Vec<u8>) -> &'n str {
    match str::from_utf8(name) {
        Ok(sound) if !sound.contains('\\') => sound,
        _ => {
            to.clear();
            line::unescape(name, to);
            str::from_utf8(to).unwrap_or_default()
        }
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
