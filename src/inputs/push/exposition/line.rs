//! Splits one line into positions in the text.

use super::syntax::Syntax;
use crate::base::float::float;
use std::str;

/// The most labels of one sample.
const MAX_LABELS: usize = 256;

/// What is expected where a value continues in the next line.
pub const OPEN: &str = "the quotation mark that ends a label's value";

/// A range of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    from: u32,
    to: u32,
}

impl Span {
    /// The range from one position to another.
    pub fn new(from: usize, to: usize) -> Span {
        Span { from: from as u32, to: to as u32 }
    }

    /// The same as a `Range`.
    pub fn range(self) -> std::ops::Range<usize> {
        self.from as usize..self.to as usize
    }

    /// The text of this range.
    #[inline]
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

/// A label: its name, and its value, both without the quotation marks that may be around them.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub name: Span,
    pub value: Span,
}

/// One sample; its labels are in the list of the caller.
pub struct Line {
    pub name: Span,
    /// The name is between quotation marks, where it may have escapes.
    pub is_quoted: bool,
    /// Some label name is between quotation marks.
    pub has_quoted: bool,
    pub value: f64,
    pub time: Option<i64>,
}

/// A position in a line.
pub struct Cursor<'a> {
    /// The text up to the end of the line.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of the line between two positions.
    pub fn new(text: &'a [u8], from: usize, to: usize) -> Cursor<'a> {
        Cursor { bytes: text.get(..to).unwrap_or_default(), at: from }
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn skip(&mut self, n: usize) {
        self.at += n;
    }

    /// Skips blanks; false if there were none.
    #[inline]
    pub fn blank(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at > start
    }

    #[inline]
    fn while_is(&mut self, is: impl Fn(u8) -> bool) -> Span {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        Span::new(start, self.at)
    }

    /// Reads up to the next blank.
    pub fn word(&mut self) -> Span {
        self.while_is(|byte| !matches!(byte, b' ' | b'\t'))
    }

    /// Reads the name of a metric.
    pub fn name(&mut self) -> Result<Span, &'static str> {
        if self.peek() == Some(b'"') {
            self.at += 1;
            return self.quoted();
        }
        self.identifier(b':').ok_or("a metric's name")
    }

    #[inline]
    fn identifier(&mut self, more: u8) -> Option<Span> {
        if self.peek().is_none_or(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let start = self.at;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == more;
        let span = self.while_is(is_part);
        (self.at > start).then_some(span)
    }

    /// Returns the rest of the line.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default().trim_ascii()
    }

    /// The range of the rest, with the blanks at its end.
    pub fn rest_span(&self) -> Span {
        Span::new(self.at, self.bytes.len())
    }

    /// Reads `name{label="value",…} value [time]`, or `{"name",label="value",…} value [time]`; in OpenMetrics
    /// an exemplar may follow.
    pub fn sample(&mut self, syntax: Syntax, pairs: &mut Vec<Pair>) -> Result<Line, &'static str> {
        pairs.clear();
        let mut name = match self.peek() {
            Some(b'{') => None,
            _ => Some(self.identifier(b':').ok_or("a metric's name")?),
        };
        let (is_quoted, mut has_quoted) = (name.is_none(), false);
        let mut is_apart = self.blank();
        if self.peek() == Some(b'{') {
            has_quoted = self.labels(pairs, &mut name)?;
            self.blank();
            is_apart = true;
        }
        let name = name.ok_or("a metric's name")?;
        // Go's readers of text 0.0.4 need no blank before a sign or a point: `a-1`, but also `a1e+5`.
        let may_begin = is_apart || syntax == Syntax::Prometheus;
        let value = number(self.word().of(self.bytes)).filter(|_| may_begin);
        let value = value.ok_or(match is_apart {
            true => "a number",
            false => "a metric's name, labels in braces, or a blank and a value",
        })?;
        self.blank();
        let is_exemplar = |byte| byte == Some(b'#') && syntax == Syntax::OpenMetrics;
        let mut time = None;
        if self.peek().is_some() && !is_exemplar(self.peek()) {
            time = Some(self.time(syntax)?);
            self.blank();
        }
        if self.peek().is_some() && !is_exemplar(self.peek()) {
            return Err("the end of the line");
        }
        Ok(Line { name, is_quoted, has_quoted, value, time })
    }

    /// Reads the labels after the opening brace; where there is no name of the `metric` yet, it may be among
    /// them. Returns whether some name is between quotation marks.
    fn labels(
        &mut self,
        pairs: &mut Vec<Pair>,
        metric: &mut Option<Span>,
    ) -> Result<bool, &'static str> {
        self.at += 1;
        let mut has_quoted = false;
        loop {
            self.blank();
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(has_quoted);
            }
            if pairs.len() == MAX_LABELS {
                return Err("fewer labels");
            }
            let is_quoted = self.peek() == Some(b'"');
            has_quoted |= is_quoted;
            let name = match is_quoted {
                true => self.name()?,
                false => self.identifier(b'_').ok_or("a label's name or }")?,
            };
            self.blank();
            if is_quoted && metric.is_none() && self.peek() != Some(b'=') {
                *metric = Some(name);
            } else {
                self.expect(b'=', "= after a label's name")?;
                self.blank();
                self.expect(b'"', "a label's value in quotation marks")?;
                let value = self.quoted()?;
                pairs.push(Pair { name, value });
                self.blank();
            }
            // Prometheus accepts labels without the comma, too.
            if self.peek() == Some(b',') {
                self.at += 1;
            } else if self.peek().is_none() {
                return Err("a comma or } after a label");
            }
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), &'static str> {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        if is_there { Ok(()) } else { Err(expected) }
    }

    /// Reads up to the closing quotation mark and consumes it.
    #[inline]
    fn quoted(&mut self) -> Result<Span, &'static str> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(OPEN);
            };
            self.at += found;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(Span::new(start, self.at - 1));
            }
            self.at += 2;
        }
    }

    fn time(&mut self, syntax: Syntax) -> Result<i64, &'static str> {
        let word = self.word().of(self.bytes);
        let text = str::from_utf8(word).unwrap_or_default();
        match syntax {
            Syntax::Prometheus => text.parse().map_err(|_| "a time in milliseconds, or the end"),
            Syntax::OpenMetrics => {
                let seconds = number(word).filter(|seconds| seconds.is_finite());
                let millis = seconds.map(|seconds| (seconds * 1000.0).round() as i64);
                millis.ok_or("a time in seconds, or the end")
            }
        }
    }
}

/// Where the first line of `text` ends, not counting newlines between quotation marks. A line that cannot
/// be read this way costs a scan up to the next line with a quotation mark that is not closed.
pub fn end_of_line(text: &[u8]) -> usize {
    let (mut at, mut is_inside) = (0, false);
    while let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', text.get(at..).unwrap_or_default())
    {
        at += found;
        match text.get(at..) {
            Some([b'"', ..]) => is_inside = !is_inside,
            Some([b'\n', ..]) if !is_inside => return at,
            // Outside of quotation marks it does not escape a newline.
            Some([b'\\', after, ..]) if is_inside || *after != b'\n' => at += 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Parses a number as Prometheus writes it. One that no double can hold, `1e400`, is none: infinity is a word.
pub fn number(word: &[u8]) -> Option<f64> {
    let is_word = || word.last().is_some_and(u8::is_ascii_alphabetic);
    float(str::from_utf8(word).ok()?).filter(|number| !number.is_infinite() || is_word())
}

/// Appends `text` with the escapes `\n`, `\"` and `\\` resolved; invalid UTF-8 is replaced.
pub fn unescape(text: &[u8], out: &mut Vec<u8>) {
    if str::from_utf8(text).is_err() {
        let sound = String::from_utf8_lossy(text).into_owned();
        return unescape(sound.as_bytes(), out);
    }
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        match after.get(1) {
            Some(b'n') => out.push(b'\n'),
            Some(escaped @ (b'"' | b'\\')) => out.push(*escaped),
            // As in Prometheus: an unknown escape stays as it is.
            _ => {
                out.push(b'\\');
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = after.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
