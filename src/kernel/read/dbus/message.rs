//! Messages: a header of sixteen bytes and fields, and a body that begins at a multiple of eight.

use super::values::{Value, Values};

/// Bytes of a message; the bus allows sixteen times as many, but a list of ten thousand units is not
/// that long.
pub const MAX_MESSAGE: usize = 8 << 20;

const EXPECTED: &str = "a message of at most 8 MiB";

/// Bytes before the fields.
const HEAD: usize = 16;

/// The version of the protocol.
const VERSION: u8 = 1;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// Fields of the header, by number.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// The types of as many texts as a call may have.
const TEXTS: &[u8] = b"ssss";

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// The answer to a call.
    Return,
    /// The answer to a failed call: the error's name.
    Error(&'a [u8]),
    /// A signal, or a call to us.
    Other,
}

/// A received message.
pub struct Message<'a> {
    pub kind: Kind<'a>,
    /// The serial number of the call that it answers, which is not 0; 0 if it is not an answer.
    pub reply_to: u32,
    /// The types of the body.
    pub signature: &'a [u8],
    pub body: Values<'a>,
}

/// The length of the message that `bytes` begin with, as soon as its head is complete.
///
/// # Errors
///
/// The bytes are not the start of a message, or the message is too long; the text says what was expected.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let Some(head) = bytes.first_chunk::<HEAD>() else { return Ok(None) };
    let is_big_endian = is_big_endian(head).ok_or(EXPECTED)?;
    let [_, _, _, version, ..] = head;
    let mut values = Values::new(head, is_big_endian);
    let mut word = || values.uint32().map(|word| word as usize);
    let (Some(_), Some(body), Some(_), Some(fields)) = (word(), word(), word(), word()) else {
        return Err(EXPECTED);
    };
    if *version != VERSION || body > MAX_MESSAGE || fields > MAX_MESSAGE {
        return Err(EXPECTED);
    }
    let length = (HEAD + fields).next_multiple_of(8) + body;
    if length > MAX_MESSAGE { Err(EXPECTED) } else { Ok(Some(length)) }
}

fn is_big_endian(head: &[u8; HEAD]) -> Option<bool> {
    match head.first() {
        Some(b'l') => Some(false),
        Some(b'B') => Some(true),
        _ => None,
    }
}

impl<'a> Message<'a> {
    /// Parses a whole message; `None` if it is invalid.
    pub fn parse(bytes: &'a [u8]) -> Option<Message<'a>> {
        let head = bytes.first_chunk::<HEAD>()?;
        let is_big_endian = is_big_endian(head)?;
        let [_, kind, ..] = head;
        let mut values = Values::new(bytes, is_big_endian);
        for _ in 0..HEAD / 4 - 1 {
            values.uint32()?;
        }
        let mut fields = values.array(8)?;
        values.align(8);
        let (mut reply_to, mut signature, mut error) = (0, &b""[..], &b""[..]);
        while !fields.is_empty() {
            fields.align(8);
            match (fields.byte()?, fields.variant()?) {
                (REPLY_SERIAL, Value::Number(serial)) => reply_to = u32::try_from(serial).ok()?,
                (SIGNATURE, Value::Text(text)) => signature = text,
                (ERROR_NAME, Value::Text(text)) => error = text,
                _ => {}
            }
        }
        let kind = match *kind {
            METHOD_RETURN => Kind::Return,
            ERROR => Kind::Error(error),
            _ => Kind::Other,
        };
        if kind == Kind::Other {
            reply_to = 0;
        }
        Some(Message { kind, reply_to, signature, body: values })
    }
}

/// The flag of a call that does not start a service: if the service does not run, the call fails.
pub const NO_AUTO_START: u8 = 2;

/// A call of a method whose arguments are texts, or one number.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The name on the bus.
    pub destination: &'static str,
    pub path: &'a [u8],
    pub interface: &'static str,
    pub member: &'static str,
    pub arguments: &'a [&'static str],
    /// A number argument instead.
    pub number: Option<u32>,
    /// 0 or `NO_AUTO_START`.
    pub flags: u8,
}

/// Appends `call` to `out`, which holds whole messages.
pub fn write_call(out: &mut Vec<u8>, serial: u32, call: &Call<'_>) {
    let start = out.len();
    out.extend_from_slice(&[b'l', METHOD_CALL, call.flags, VERSION]);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&serial.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    for (field, kind, text) in [
        (PATH, b'o', call.path),
        (INTERFACE, b's', call.interface.as_bytes()),
        (MEMBER, b's', call.member.as_bytes()),
        (DESTINATION, b's', call.destination.as_bytes()),
    ] {
        pad(out, start, 8);
        out.extend_from_slice(&[field, 1, kind, 0]);
        text_at(out, start, text);
    }
    let types: &[u8] = if call.number.is_some() { b"u" } else { TEXTS };
    let count = if call.number.is_some() { 1 } else { call.arguments.len() };
    if let (Ok(count @ 1..), Some(types)) = (u8::try_from(count), types.get(..count)) {
        pad(out, start, 8);
        out.extend_from_slice(&[SIGNATURE, 1, b'g', 0, count]);
        out.extend_from_slice(types);
        out.push(0);
    }
    let fields = out.len() - start - HEAD;
    pad(out, start, 8);
    let body = out.len();
    for text in call.arguments {
        text_at(out, start, text.as_bytes());
    }
    out.extend(call.number.iter().flat_map(|number| number.to_le_bytes()));
    let body = out.len() - body;
    for (at, length) in [(4, body), (12, fields)] {
        let place = out.get_mut(start + at..start + at + 4).unwrap_or_default();
        for (to, from) in place.iter_mut().zip((length as u32).to_le_bytes()) {
            *to = from;
        }
    }
}

/// Pads to a multiple of `size` from the message's start.
fn pad(out: &mut Vec<u8>, start: usize, size: usize) {
    let length = (out.len() - start).next_multiple_of(size);
    out.resize(start + length, 0);
}

fn text_at(out: &mut Vec<u8>, start: usize, text: &[u8]) {
    pad(out, start, 4);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Call<'static> = Call {
        destination: "org.freedesktop.systemd1",
        path: b"/org/freedesktop/systemd1",
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        arguments: &["org.freedesktop.systemd1.Manager", "Version"],
        number: None,
        flags: 0,
    };

    #[test]
    fn calls_are_whole_messages_one_behind_the_other() {
        let mut out = Vec::new();
        write_call(&mut out, 7, &GET);
        let first = out.len();
        write_call(&mut out, 8, &Call { arguments: &[], ..GET });
        assert_eq!(length(&out), Ok(Some(first)));
        assert_eq!(length(&out[first..]), Ok(Some(out.len() - first)));
        assert_eq!(&out[..12], b"l\x01\0\x01\x34\0\0\0\x07\0\0\0");
        let call = Message::parse(&out[..first]).unwrap();
        assert_eq!((call.kind, call.reply_to, call.signature), (Kind::Other, 0, &b"ss"[..]));
        let mut body = call.body;
        assert_eq!(body.text(), Some(&b"org.freedesktop.systemd1.Manager"[..]));
        assert_eq!((body.text(), body.is_empty()), (Some(&b"Version"[..]), true));
        let bare = Message::parse(&out[first..]).unwrap();
        assert!(bare.signature.is_empty() && bare.body.is_empty());
        let numbered = Call { arguments: &[], number: Some(9), flags: NO_AUTO_START, ..GET };
        out.clear();
        write_call(&mut out, 9, &numbered);
        let mut call = Message::parse(&out).unwrap();
        assert_eq!((out[2], call.signature, call.body.uint32()), (2, &b"u"[..], Some(9)));
        assert_eq!(length(&out), Ok(Some(out.len())));
    }

    #[test]
    fn an_answer_in_either_byte_order_is_read() {
        // As written by dbus-daemon 1.14: an error's name, the serial, a destination.
        let little = b"l\x03\x01\x01\x08\0\0\0\x02\0\0\0\x1f\0\0\0\
            \x05\x01u\0\x07\0\0\0\x04\x01s\0\x03\0\0\0a.b\0\0\0\0\0\x08\x01g\0\x01s\0\0\x03\0\0\0abc\0";
        let big = b"B\x02\x01\x01\0\0\0\x08\0\0\0\x02\0\0\0\x0f\
            \x05\x01u\0\0\0\0\x07\x08\x01g\0\x01s\0\0\0\0\0\x03abc\0";
        for (bytes, kind) in [(&little[..], Kind::Error(b"a.b")), (&big[..], Kind::Return)] {
            assert_eq!(length(bytes), Ok(Some(bytes.len())));
            let message = Message::parse(bytes).unwrap();
            assert_eq!((message.kind, message.reply_to), (kind, 7));
            assert_eq!(message.signature, b"s");
            assert_eq!(message.body.clone().text(), Some(&b"abc"[..]));
        }
    }

    #[test]
    fn bad_headers_are_refused_before_the_body_is_awaited() {
        let mut whole = Vec::new();
        write_call(&mut whole, 1, &GET);
        for (at, byte) in [(0, b'x'), (3, 2), (7, 1), (15, 1), (6, 0x90), (14, 0x90)] {
            let mut bad = whole.clone();
            bad[at] = byte;
            assert_eq!(length(&bad), Err(EXPECTED), "{at}");
        }
        assert_eq!(length(&whole[..15]), Ok(None));
        // Truncated or damaged messages do no harm.
        for cut in 0..whole.len() {
            let _ = Message::parse(&whole[..cut]);
            let mut bad = whole.clone();
            bad[cut] ^= 0xff;
            let _ = length(&bad);
            let _ = Message::parse(&bad).map(|mut message| message.body.array(8).is_some());
        }
    }
}
