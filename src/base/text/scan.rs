//! Scans small languages from left to right and reports in one sentence where a text is wrong.

use super::words::quoted;
use std::time::Duration;

/// Characters of the found text that a sentence repeats.
const MAX_FOUND: usize = 20;

/// A place in a text, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake {
    at: usize,
    expected: &'static str,
}

impl Mistake {
    /// The same mistake in a text with `before` more bytes in front.
    pub fn moved(self, before: usize) -> Mistake {
        Mistake { at: self.at + before, ..self }
    }

    /// `column 4: found "}", expected a label`; columns are characters, from 1.
    pub fn sentence(self, text: &str) -> String {
        let (before, rest) = text.split_at_checked(self.at).unwrap_or((text, ""));
        let column = (before.chars().count() + 1).to_string();
        let word: String =
            rest.chars().take_while(|c| !c.is_whitespace()).take(MAX_FOUND).collect();
        let word = word.replace('\\', "\\\\").replace('"', "\\\"");
        let found = if word.is_empty() { "the end".to_owned() } else { quoted(&word) };
        format!("column {column}: found {found}, expected {}", self.expected)
    }
}

/// A text and how far it was read.
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    /// Starts at the beginning.
    pub fn new(text: &'a str) -> Scan<'a> {
        Scan { text, at: 0 }
    }

    /// The text that is not read yet.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks; returns the offset of the next token.
    pub fn next_at(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    /// A mistake at the next token.
    pub fn mistake(&mut self, expected: &'static str) -> Mistake {
        Mistake { at: self.next_at(), expected }
    }

    /// A mistake at `at`.
    pub fn mistake_at(&self, at: usize, expected: &'static str) -> Mistake {
        Mistake { at, expected }
    }

    /// Consumes `token` if it comes next.
    pub fn take(&mut self, token: &str) -> bool {
        let is_next = self.text.get(self.next_at()..).is_some_and(|rest| rest.starts_with(token));
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    /// Consumes `token`, which has to come next.
    pub fn expect(&mut self, token: &str, expected: &'static str) -> Result<(), Mistake> {
        if self.take(token) { Ok(()) } else { Err(self.mistake(expected)) }
    }

    /// Requires the end of the text.
    pub fn end(&mut self, expected: &'static str) -> Result<(), Mistake> {
        if self.next_at() == self.text.len() { Ok(()) } else { Err(self.mistake(expected)) }
    }

    /// Consumes characters while `is_part` holds.
    fn run(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Consumes a name of letters, digits, `_` and `more`, no digit first.
    pub fn word(&mut self, more: &str) -> Option<&'a str> {
        self.next_at();
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || more.contains(c);
        if !self.rest().starts_with(is_letter) {
            return None;
        }
        Some(self.run(|c| is_letter(c) || c.is_ascii_digit()))
    }

    /// Consumes a number without sign: `5`, `.05`, `1e6`.
    pub fn number(&mut self) -> Option<f64> {
        let start = self.next_at();
        let is_digit = |c: char| c.is_ascii_digit();
        let mut digits = self.run(is_digit).len();
        if self.rest().starts_with('.') {
            self.at += 1;
            digits += self.run(is_digit).len();
        }
        if digits == 0 {
            self.at = start;
            return None;
        }
        let mantissa = self.at;
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            self.at += usize::from(self.rest().starts_with(['+', '-']));
            if self.run(is_digit).is_empty() {
                self.at = mantissa;
            }
        }
        crate::base::float::float(self.text.get(start..self.at)?)
    }

    /// Consumes a time as Prometheus writes it: `1h30m`, `500ms`.
    pub fn duration(&mut self) -> Option<Duration> {
        let start = self.next_at();
        let (mut millis, mut larger) = (0u64, u64::MAX);
        while self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            let digits = self.run(|c| c.is_ascii_digit());
            let unit = match self.run(|c| c.is_ascii_alphabetic()) {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 604_800_000,
                _ => 0,
            };
            // Each unit once, the longest first.
            let part = digits.parse().ok().filter(|_| unit > 0 && unit < larger);
            larger = unit;
            match part.and_then(|n: u64| n.checked_mul(unit)?.checked_add(millis)) {
                Some(sum) => millis = sum,
                None => {
                    self.at = start;
                    return None;
                }
            }
        }
        (self.at > start).then(|| Duration::from_millis(millis))
    }

    /// Consumes a text in `"`, `'` (with `\\`, `\n`, `\t` and quotation marks escaped) or backticks.
    pub fn quoted(&mut self, expected: &'static str) -> Result<String, Mistake> {
        let start = self.next_at();
        let mut chars = self.rest().char_indices();
        let Some((_, quote @ ('"' | '\'' | '`'))) = chars.next() else {
            return Err(self.mistake_at(start, expected));
        };
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            text.push(match c {
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' if quote != '`' => match chars.next() {
                    Some((_, c @ ('"' | '\'' | '\\'))) => c,
                    Some((_, 'n')) => '\n',
                    Some((_, 't')) => '\t',
                    _ => {
                        const ESCAPES: &str = "\\\\, \\\", \\n or \\t; in backticks \\ is itself";
                        return Err(self.mistake_at(start + at, ESCAPES));
                    }
                },
                c => c,
            });
        }
        Err(self.mistake_at(start, expected))
    }
}
