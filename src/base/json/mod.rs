//! JSON (RFC 8259) read where it lies: the document is checked once from end to end, then walked
//! by its values, each of which is a stretch of it. No tree, no allocation, bounded depth, and an
//! exact place for every fault.

mod reader;

use crate::base::float::float;
pub use reader::Fault;
use reader::Reader;
use std::str;

/// Objects and arrays inside each other.
pub const MAX_DEPTH: usize = 16;

/// A value in a document that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `{ … }`
    Object(Members<'a>),
    /// `[ … ]`
    Array(Elements<'a>),
    /// `"…"`
    Text(Text<'a>),
    /// A number as it stands there.
    Number(&'a str),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// What some write before a document (RFC 8259, section 8.1, lets it be ignored).
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

/// Checks `document` and returns the values of its array; any other value is the only one.
pub fn parse_list(document: &[u8]) -> Result<Elements<'_>, Fault> {
    Ok(match parse(document)? {
        Value::Array(elements) => elements,
        _ => Elements(document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document)),
    })
}

impl<'a> Value<'a> {
    /// Of the bytes of a value that was checked.
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

    /// What it is, as a message names it.
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

    /// The number, if it is one that is finite.
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

/// Takes a value and what parts it from the next one off the start of `rest`.
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

/// A text as it stands in the document, without its quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Of what needs no escapes.
    pub const fn of(text: &'a str) -> Text<'a> {
        Text(text.as_bytes())
    }

    /// As it stands in the document.
    pub fn raw(self) -> &'a [u8] {
        self.0
    }

    /// Whether it says `text`, which needs no escapes.
    pub fn is(self, text: &str) -> bool {
        if memchr::memchr(b'\\', self.0).is_none() {
            return self.0 == text.as_bytes();
        }
        let mut said = Vec::new();
        self.write(&mut said);
        said == text.as_bytes()
    }

    /// Appends what it says. Half a surrogate pair is a replacement character.
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
                    let said = unit(&mut rest);
                    let mut buffer = [0; 4];
                    out.extend_from_slice(said.encode_utf8(&mut buffer).as_bytes());
                    continue;
                }
                other => other,
            });
        }
        out.extend_from_slice(rest);
    }
}

/// What stands behind `\u`, and behind a second one if both are one character.
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
