//! JSON (RFC 8259) read where it lies: the document is checked once from end to end, then walked
//! by its values, each of which is a stretch of it. No tree, no allocation, bounded depth, and an
//! exact place for every fault.

use std::str;

/// Objects and arrays inside each other.
pub const MAX_DEPTH: usize = 16;

/// What is wrong with a document, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 0.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

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

/// Checks `document` and returns its one value.
pub fn parse(document: &[u8]) -> Result<Value<'_>, Fault> {
    if let Err(error) = str::from_utf8(document) {
        return Err(Fault { at: error.valid_up_to(), expected: "UTF-8" });
    }
    let mut reader = Reader { bytes: document, at: 0 };
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

    /// The number, if it is one that is finite.
    pub fn number(self) -> Option<f64> {
        match self {
            Value::Number(text) => text.parse().ok().filter(|n: &f64| n.is_finite()),
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
    let mut reader = Reader { bytes, at: 0 };
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

/// A place in a document.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault<T>(&self, expected: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, expected })
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Goes behind a value that may have so many others inside each other.
    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{' | b'[') if depth == 0 => self.fault("fewer values inside each other"),
            Some(b'{') => self.list(b'}', "a comma or }", |reader| {
                reader.text()?;
                reader.blank();
                if reader.peek() != Some(b':') {
                    return reader.fault("a colon");
                }
                reader.at += 1;
                reader.blank();
                reader.value(depth - 1)
            }),
            Some(b'[') => self.list(b']', "a comma or ]", |reader| reader.value(depth - 1)),
            Some(b'"') => self.text(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.fault("a value"),
        }
    }

    fn list(
        &mut self,
        end: u8,
        expected: &'static str,
        mut element: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.at += 1;
        self.blank();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blank();
            element(self)?;
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.fault(expected),
            }
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return self.fault("a value");
        }
        self.at += word.len();
        Ok(())
    }

    fn text(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return self.fault("a text in quotation marks");
        }
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(b' '..) => self.at += 1,
                Some(_) => return self.fault("no control character in a text"),
                None => return self.fault("the end of a text"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
                        return self.fault("four hexadecimal digits");
                    }
                    self.at += 1;
                }
            }
            _ => return self.fault("an escape"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return self.fault("a digit");
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_walked_where_they_lie() {
        let text = br#" { "a" : [ 1 , -2.5e3 , true ] , "b\u00e9" : { } , "c" : null , "d":"x" } "#;
        let Ok(Value::Object(mut members)) = parse(text) else { panic!() };
        let (key, value) = members.next().unwrap();
        assert!(key.is("a") && !key.is("b"));
        let Value::Array(elements) = value else { panic!() };
        let values: Vec<_> = elements.map(Value::number).collect();
        assert_eq!(values, [Some(1.0), Some(-2500.0), None]);
        let (key, value) = members.next().unwrap();
        assert!(key.is("bé") && value == Value::Object(Members(b" ")));
        let Value::Object(mut none) = value else { panic!() };
        assert_eq!(none.next(), None);
        assert_eq!(members.next().map(|(_, value)| value), Some(Value::Null));
        assert_eq!(members.next().map(|(_, value)| value), Some(Value::Text(Text(b"x"))));
        assert_eq!(members.next(), None);
        assert_eq!(parse(b"[]"), Ok(Value::Array(Elements(b""))));
        assert_eq!(parse(b"1e999").unwrap().number(), None);
    }

    #[test]
    fn texts_say_what_their_escapes_mean() {
        for (text, expected) in [
            (r#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
            (r#""\u0041\u00e9\ud83d\ude00""#, "Aé😀"),
            (r#""\ud83dx\ude00\ud83d\u0041""#, "\u{fffd}x\u{fffd}\u{fffd}A"),
        ] {
            let Ok(Value::Text(said)) = parse(text.as_bytes()) else { panic!("{text}") };
            let mut out = Vec::new();
            said.write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn faults_have_their_place() {
        for (text, at, expected) in [
            ("", 0, "a value"),
            (" x", 1, "a value"),
            ("[1,]", 3, "a value"),
            ("[1 2]", 3, "a comma or ]"),
            ("{\"a\":1,}", 7, "a text in quotation marks"),
            ("{\"a\" 1}", 5, "a colon"),
            ("{\"a\":1", 6, "a comma or }"),
            ("\"a", 2, "the end of a text"),
            ("\"a\n\"", 2, "no control character in a text"),
            ("\"\\x\"", 2, "an escape"),
            ("\"\\u12g4\"", 5, "four hexadecimal digits"),
            ("01", 1, "the end"),
            ("1.", 2, "a digit"),
            ("-", 1, "a digit"),
            ("1e+", 3, "a digit"),
            ("nul", 0, "a value"),
            ("NaN", 0, "a value"),
            ("{} {}", 3, "the end"),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Fault { at, expected }), "{text}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(Fault { at: 1, expected: "UTF-8" }));
        let deep = |n: usize| ["[".repeat(n), "]".repeat(n)].concat();
        assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
        let fault = parse(deep(MAX_DEPTH + 1).as_bytes()).unwrap_err();
        assert_eq!(fault.at, MAX_DEPTH);
        assert!(parse("[".repeat(1 << 20).as_bytes()).is_err());
    }
}
