//! One pass over exposition text, line by line.

use super::family::{Role, Type};
use super::line::{self, Cursor, Line, OPEN, end_of_line};
use super::parts::Added;
use super::reader::{Place, Reader};
use super::sample::{BadLine, Labels, Read, Sample};
use super::syntax::Syntax;
use super::whole::Whole;
use crate::model::metric::{Decimal, Kind, Point, Value};
use crate::model::store::Reason;
use std::str;

/// Bytes of a line that has newlines within quotation marks.
const MAX_LINE: usize = 64 << 10;

/// What OpenMetrics requires at its end.
const AFTER_EOF: &str = "nothing after # EOF";
const LAST: &str = "# EOF and nothing else";

/// Bytes of a document, so that positions in it fit 32 bits.
const MAX_TEXT: usize = 1 << 30;

/// A text being read.
pub struct Walk<'r, 'a> {
    pub reader: &'r mut Reader,
    pub text: &'a [u8],
    pub syntax: Syntax,
    pub each: &'r mut dyn FnMut(Read<'_>),
    pub place: &'r mut Place,
}

impl Walk<'_, '_> {
    /// Reads at most so many lines. Returns whether the end was reached.
    pub fn lines(&mut self, most: usize) -> Result<bool, BadLine> {
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
                self.help(cursor);
                Ok(())
            }
            b"TYPE" if is_apart => self.type_of(cursor),
            _ => Ok(()),
        }
    }

    fn help(&mut self, mut cursor: Cursor<'_>) {
        cursor.blank();
        // HELP without a name is a comment.
        let Ok(name) = cursor.name() else { return };
        cursor.blank();
        if let Some(family) = self.reader.families.of(self.text, name) {
            family.help = cursor.rest_span();
        }
        // It may belong to the same family as the samples so far, or to no family.
        (self.reader.help_of, self.place.last) = (None, None);
    }

    fn type_of(&mut self, mut cursor: Cursor<'_>) -> Result<(), &'static str> {
        let as_pushgateway = self.reader.as_pushgateway;
        cursor.blank();
        // TYPE without a name is a comment.
        if cursor.peek().is_none() {
            return Ok(());
        }
        let name = cursor.name()?;
        cursor.blank();
        // Go's reader reads TYPE without a type as one, too.
        if as_pushgateway && cursor.peek().is_none() {
            return Ok(());
        }
        let word = cursor.word();
        let Some(kind) = Type::of(word.of(self.text), as_pushgateway) else {
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
