//! Writes JSON (RFC 8259): no tree, one pass, straight into the answer.

use crate::model::metric::{Buffer, Value};
use crate::outputs::json_text::escaped;
use std::fmt;
use std::time::Duration;

/// A value of the status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// It was not read.
    Unknown,
    Number(Value),
    Truth(bool),
    Text(&'a [u8]),
}

/// Writes into a buffer at the start of a value. Nothing is inlined, as it is called from everywhere.
pub struct Json<'a> {
    out: &'a mut Buffer,
    /// Whether a value came before, at the same depth.
    is_next: bool,
}

impl<'a> Json<'a> {
    /// A writer that appends one value to `out`.
    pub fn new(out: &'a mut Buffer) -> Json<'a> {
        Json { out, is_next: false }
    }

    /// The length of the buffer, with its earlier contents.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// `{` or `[`.
    #[inline(never)]
    pub fn open(&mut self, bracket: &[u8; 1]) {
        self.comma();
        self.out.put(bracket);
        self.is_next = false;
    }

    /// `}` or `]`.
    #[inline(never)]
    pub fn close(&mut self, bracket: &[u8; 1]) {
        self.out.put(bracket);
        self.is_next = true;
    }

    /// The name of a member, of any bytes; its value is written next.
    #[inline(never)]
    pub fn key(&mut self, name: &[u8]) {
        self.text(name);
        self.out.put(b":");
        self.is_next = false;
    }

    /// The same for a plain name.
    #[inline(never)]
    pub fn name(&mut self, name: &str) {
        let comma: &[u8] = if self.is_next { b",\"" } else { b"\"" };
        self.out.put_all([comma, name.as_bytes(), b"\":"]);
        self.is_next = false;
    }

    /// The name of a member that is an object or an array, and its bracket.
    #[inline(never)]
    pub fn inside(&mut self, name: &str, bracket: &[u8; 1]) {
        self.name(name);
        self.open(bracket);
    }

    /// A member that is a text; nothing is written if it has no name.
    #[inline(never)]
    pub fn text_of(&mut self, name: &str, text: &[u8]) {
        if !name.is_empty() {
            self.name(name);
            self.text(text);
        }
    }

    /// A member that is a number; null where it was not read.
    #[inline(never)]
    pub fn number_of(&mut self, name: &str, value: Option<Value>) {
        self.name(name);
        self.number(value);
    }

    /// A member that is a time in seconds; null where it is not known.
    #[inline(never)]
    pub fn seconds_of(&mut self, name: &str, time: Option<Duration>) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.number_of(name, time.map(|time| Value::Nano(nanos(time))));
    }

    /// A member that is true, false, or null if unknown.
    #[inline(never)]
    pub fn truth_of(&mut self, name: &str, is_so: Option<bool>) {
        self.name(name);
        self.cell(is_so.map_or(Cell::Unknown, Cell::Truth));
    }

    /// Writes a value of a device.
    #[inline(never)]
    pub fn cell(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Unknown => self.plain(b"null"),
            Cell::Number(value) => self.number(Some(value)),
            Cell::Truth(is_so) => self.plain(if is_so { b"true" } else { b"false" }),
            Cell::Text(text) => self.text(text),
        }
    }

    /// A number; null where it was not read, or JSON cannot represent it.
    #[inline(never)]
    pub fn number(&mut self, value: Option<Value>) {
        match value {
            None => self.plain(b"null"),
            Some(Value::Float(n)) if !n.is_finite() => self.plain(b"null"),
            Some(value) => {
                self.comma();
                self.out.put_value(value);
            }
        }
    }

    /// A number as text, in the form of the metrics.
    #[inline(never)]
    pub fn quoted(&mut self, value: Value) {
        self.comma();
        self.out.put(b"\"");
        self.out.put_value(value);
        self.out.put(b"\"");
    }

    /// A value that was written elsewhere; an empty one is left out.
    pub fn plain(&mut self, json: &[u8]) {
        if !json.is_empty() {
            self.comma();
            self.out.put(json);
        }
    }

    /// A text whose display needs no escapes.
    pub fn display(&mut self, shown: fmt::Arguments<'_>) {
        struct Plain<'a>(&'a mut Buffer);
        impl fmt::Write for Plain<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.put(text.as_bytes());
                Ok(())
            }
        }
        self.comma();
        self.out.put(b"\"");
        // A buffer accepts everything.
        let _ = fmt::Write::write_fmt(&mut Plain(self.out), shown);
        self.out.put(b"\"");
    }

    /// Any bytes as a text; invalid UTF-8 becomes U+FFFD.
    #[inline(never)]
    pub fn text(&mut self, text: &[u8]) {
        self.texts(&[text]);
    }

    /// The same for several parts.
    #[inline(never)]
    pub fn texts(&mut self, parts: &[&[u8]]) {
        self.comma();
        self.out.put(b"\"");
        parts.iter().for_each(|part| self.part(part));
        self.out.put(b"\"");
    }

    fn part(&mut self, text: &[u8]) {
        if text.iter().all(|b| matches!(b, 0x20..0x7f) && !matches!(b, b'"' | b'\\')) {
            return self.out.put(text);
        }
        for chunk in text.utf8_chunks() {
            escaped(chunk.valid().as_bytes(), &mut |part| self.out.put(part));
            if !chunk.invalid().is_empty() {
                self.out.put("\u{fffd}".as_bytes());
            }
        }
    }

    fn comma(&mut self) {
        if self.is_next {
            self.out.put(b",");
        }
        self.is_next = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_values() {
        let mut out = Buffer::default();
        out.put(b"junk");
        let mut json = Json::new(&mut out);
        json.open(b"{");
        json.inside("a", b"[");
        json.number(Some(Value::Centi(1234)));
        json.number(Some(Value::Float(f64::NAN)));
        json.number(None);
        json.cell(Cell::Truth(true));
        json.plain(b"");
        json.plain(b"{}");
        json.close(b"]");
        json.key(b"b\"[{:");
        json.text(b"\x00\x1f\n\"\\\xff\xe4<");
        json.inside("c", b"{");
        json.close(b"}");
        json.number_of("d", Some(Value::Int(u64::MAX)));
        json.text_of("", b"none");
        json.text_of("e", b"");
        json.name("f");
        json.texts(&[b"a", b"\"", b"\xff"]);
        json.truth_of("g", None);
        json.close(b"}");
        assert_eq!(
            std::str::from_utf8(out.bytes()).unwrap(),
            "junk{\"a\":[12.34,null,null,true,{}],\
             \"b\\\"[{:\":\"\\u0000\\u001f\\u000a\\\"\\\\\u{fffd}\u{fffd}<\",\
             \"c\":{},\"d\":18446744073709551615,\"e\":\"\",\"f\":\"a\\\"\u{fffd}\",\"g\":null}"
        );
    }
}
