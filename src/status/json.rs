//! JSON (RFC 8259) as it is written: no tree, one pass. A comma goes before whatever follows a value,
//! and the last byte written tells whether one does.

use crate::metric::{Buffer, Value};

/// Writes into a buffer in which a value starts.
pub struct Json<'a> {
    out: &'a mut Buffer,
    /// Where the value starts.
    start: usize,
}

impl<'a> Json<'a> {
    /// Appends one value to `out`.
    pub fn new(out: &'a mut Buffer) -> Json<'a> {
        let start = out.len();
        Json { out, start }
    }

    /// `{` or `[`.
    pub fn open(&mut self, bracket: &[u8; 1]) {
        self.comma();
        self.out.put(bracket);
    }

    /// `}` or `]`.
    pub fn close(&mut self, bracket: &[u8; 1]) {
        self.out.put(bracket);
    }

    /// The name of a member; its value comes next.
    pub fn key(&mut self, name: &[u8]) {
        self.text(name);
        self.out.put(b":");
    }

    /// The name of a member that is an object or an array, and its bracket.
    pub fn inside(&mut self, name: &str, bracket: &[u8; 1]) {
        self.key(name.as_bytes());
        self.open(bracket);
    }

    /// A member that is a text.
    pub fn text_of(&mut self, name: &str, text: &[u8]) {
        self.key(name.as_bytes());
        self.text(text);
    }

    /// A member that is a number; null where it was not read.
    pub fn number_of(&mut self, name: &str, value: Option<Value>) {
        self.key(name.as_bytes());
        self.number(value);
    }

    /// A number; null where it was not read, or is none that JSON has.
    pub fn number(&mut self, value: Option<Value>) {
        self.comma();
        match value {
            None => self.out.put(b"null"),
            Some(Value::Float(n)) if !n.is_finite() => self.out.put(b"null"),
            Some(value) => self.out.put_value(value),
        }
    }

    /// `true` or `false`.
    pub fn truth(&mut self, is_so: bool) {
        self.comma();
        self.out.put(if is_so { b"true" } else { b"false" });
    }

    /// A value that was written elsewhere; nothing at all leaves no trace.
    pub fn written(&mut self, json: &[u8]) {
        if !json.is_empty() {
            self.comma();
            self.out.put(json);
        }
    }

    /// Any bytes as a text; what is no UTF-8 becomes U+FFFD.
    pub fn text(&mut self, text: &[u8]) {
        self.comma();
        self.out.put(b"\"");
        for chunk in text.utf8_chunks() {
            self.escaped(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                self.out.put("\u{fffd}".as_bytes());
            }
        }
        self.out.put(b"\"");
    }

    fn escaped(&mut self, mut text: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        while let Some(at) = text.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)) {
            let (before, after) = text.split_at(at);
            self.out.put(before);
            let byte = after.first().copied().unwrap_or_default();
            match byte {
                b'"' | b'\\' => self.out.put(&[b'\\', byte]),
                _ => {
                    let digit = HEX.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
                    self.out.put(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
                }
            }
            text = after.get(1..).unwrap_or_default();
        }
        self.out.put(text);
    }

    fn comma(&mut self) {
        let written = self.out.bytes().get(self.start..).unwrap_or_default();
        if !matches!(written.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.put(b",");
        }
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
        json.truth(true);
        json.written(b"");
        json.written(b"{}");
        json.close(b"]");
        json.text_of("b\"[{:", b"\x00\x1f\n\"\\\xff\xe4<");
        json.inside("c", b"{");
        json.close(b"}");
        json.number_of("d", Some(Value::Int(u64::MAX)));
        json.close(b"}");
        assert_eq!(
            std::str::from_utf8(out.bytes()).unwrap(),
            "junk{\"a\":[12.34,null,null,true,{}],\
             \"b\\\"[{:\":\"\\u0000\\u001f\\u000a\\\"\\\\\u{fffd}\u{fffd}<\",\
             \"c\":{},\"d\":18446744073709551615}"
        );
    }
}
