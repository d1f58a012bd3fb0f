//! JSON (RFC 8259) parsed in place: the document is checked once from end to end, then walked
//! value by value, each a slice of it. No tree, no allocation, bounded depth, and an
//! exact position for every fault.

mod reader;

use crate::base::float::float;
pub use reader::Fault;
use reader::Reader;
use std::str;

/// The deepest nesting of objects and arrays.
pub const MAX_DEPTH: usize = 16;

/// A value of a checked document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `{ … }`
    Object(Members<'a>),
    /// `[ … ]`
    Array(Elements<'a>),
    /// `"…"`
    Text(Text<'a>),
    /// A number as the document has it.
    Number(&'a str),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// Some programs write this before a document (RFC 8259, section 8.1, allows to ignore it).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Checks `document` and returns its one value.
pub fn parse(document: &[u8]) -> Result<Value<'_>, Fault> {
    if let Err(error) = str::from_utf8(document) {
        return Err(Fault { at: error.valid_up_to(), expected: "UTF-8" });
    }
    let mut reader = Reader::of(document);
    if document.starts_with(BYTE_ORDER_MARK) {
        reader.at = BYTE_ORDER_MARK.len();
    }
    reader.blank();
    let start = reader.at;
    reader.value(MAX_DEPTH)?;
    let end = reader.at;
    reader.blank();
    if reader.at < document.len() {
        return reader.fault("the end");
    }
    Ok(Value::of(document.get(start..end).unwrap_or_default()))
}

/// Checks `document` and returns the values of its array, or its one value if that is no array.
pub fn parse_list(document: &[u8]) -> Result<Elements<'_>, Fault> {
    Ok(match parse(document)? {
        Value::Array(elements) => elements,
        _ => Elements(document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document)),
    })
}

impl<'a> Value<'a> {
    /// The value of these bytes, which were checked.
    fn of(bytes: &'a [u8]) -> Value<'a> {
        let inner = || bytes.get(1..bytes.len().saturating_sub(1)).unwrap_or_default();
        match bytes.first() {
            Some(b'{') => Value::Object(Members(inner())),
            Some(b'[') => Value::Array(Elements(inner())),
            Some(b'"') => Value::Text(Text(inner())),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => Value::Null,
            Some(_) => Value::Number(str::from_utf8(bytes).unwrap_or_default()),
        }
    }

    /// Its type, as messages name it.
    pub fn type_name(self) -> &'static str {
        match self {
            Value::Object(_) => "an object",
            Value::Array(_) => "an array",
            Value::Text(_) => "a text",
            Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Null => "null",
        }
    }

    /// The number, if it is a finite one.
    pub fn number(self) -> Option<f64> {
        match self {
            Value::Number(text) => float(text).filter(|n| n.is_finite()),
            _ => None,
        }
    }
}

/// The values of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        take(&mut self.0).map(Value::of)
    }
}

/// The keys and values of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Members<'a>(&'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<(Text<'a>, Value<'a>)> {
        let Value::Text(key) = Value::of(take(&mut self.0)?) else { return None };
        Some((key, Value::of(take(&mut self.0)?)))
    }
}

/// Takes a value and the separator after it off the start of `rest`.
fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = *rest;
    let mut reader = Reader::of(bytes);
    reader.blank();
    let start = reader.at;
    reader.value(MAX_DEPTH).ok()?;
    let value = bytes.get(start..reader.at)?;
    reader.blank();
    *rest = bytes.get(reader.at + 1..).unwrap_or_default();
    Some(value)
}

/// A string as the document has it, without its quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// A string that needs no escapes.
    pub const fn of(text: &'a str) -> Text<'a> {
        Text(text.as_bytes())
    }

    /// Its bytes in the document, with escapes.
    pub fn raw(self) -> &'a [u8] {
        self.0
    }

    /// Whether its value is `text`, which needs no escapes.
    pub fn is(self, text: &str) -> bool {
        if memchr::memchr(b'\\', self.0).is_none() {
            return self.0 == text.as_bytes();
        }
        let mut value = Vec::new();
        self.write(&mut value);
        value == text.as_bytes()
    }

    /// Appends its value. Half a surrogate pair becomes a replacement character.
    pub fn write(self, out: &mut Vec<u8>) {
        let mut rest = self.0;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            let escape = rest.get(at + 1).copied().unwrap_or(b'\\');
            rest = rest.get(at + 2..).unwrap_or_default();
            out.push(match escape {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'b' => 8,
                b'f' => 12,
                b'u' => {
                    let unit = unit(&mut rest);
                    let mut buffer = [0; 4];
                    out.extend_from_slice(unit.encode_utf8(&mut buffer).as_bytes());
                    continue;
                }
                other => other,
            });
        }
        out.extend_from_slice(rest);
    }
}

/// The character after `\u`, and after a second one if both are one character.
fn unit(rest: &mut &[u8]) -> char {
    let hex = |bytes: &[u8]| {
        let digits = bytes.get(..4).and_then(|d| str::from_utf8(d).ok());
        digits.and_then(|d| u32::from_str_radix(d, 16).ok()).unwrap_or(0xfffd)
    };
    let first = hex(rest);
    *rest = rest.get(4..).unwrap_or_default();
    if let (0xd800..0xdc00, Some(after)) = (first, rest.strip_prefix(b"\\u")) {
        let second = hex(after);
        if (0xdc00..0xe000).contains(&second) {
            *rest = after.get(4..).unwrap_or_default();
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests;
