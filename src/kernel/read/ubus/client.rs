//! The protocol: ubusd sends a hello, answers a lookup with the number of an object, and forwards the call to it. An
//! answer is a message of data and one of status; both have the sequence number of the request.

use super::blob::{Attributes, write};
use crate::kernel::read::stream::{Peer, Stream, connect};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Instant;

/// Bytes before the attributes of a message: version, type, sequence number, peer.
const HEADER: usize = 8;
const VERSION: u8 = 0;

/// Bytes of a message; ubus itself allows 1 MB.
const MAX_MESSAGE: usize = 256 << 10;

/// Messages before the last of an answer.
const MAX_MESSAGES: usize = 64;

/// Types of messages.
const HELLO: u8 = 0;
const STATUS: u8 = 1;
const DATA: u8 = 2;
const LOOKUP: u8 = 4;
const INVOKE: u8 = 5;

/// Attributes of messages.
const ATTR_STATUS: u8 = 1;
const ATTR_PATH: u8 = 2;
const ATTR_OBJECT: u8 = 3;
const ATTR_METHOD: u8 = 4;
const ATTR_DATA: u8 = 7;

/// Values of a status: no such method, no such object, not allowed.
const OK: u32 = 0;
const NO_METHOD: u32 = 3;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The socket.
    Io(io::Error),
    /// What was expected, and what was received.
    Broken(&'static str, Vec<u8>),
    /// There is no such object, or it has no such method.
    Absent,
    /// No access list allows it for this user.
    Denied,
    /// Another status.
    Status(u32),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

/// The table that `method` of `object` returns, by `until`.
pub fn call(path: &Path, object: &str, method: &str, until: Instant) -> Result<Vec<u8>, Failure> {
    let peer = Peer::Unix(path.as_os_str().as_bytes().to_vec());
    let stream = connect(&peer, until)?;
    let mut bus = Bus { stream, input: Vec::new(), used: 0, until };
    let (kind, ..) = bus.receive()?;
    if kind != HELLO {
        return Err(Failure::Broken("hello of ubusd", vec![kind]));
    }
    let mut request = Vec::new();
    write(&mut request, ATTR_PATH, &with_zero(object));
    let number = bus.ask(LOOKUP, 1, 0, &request, ATTR_OBJECT)?;
    // An object without any allowed method is not reported at all.
    let number = number.ok_or(Failure::Denied)?;
    let number: [u8; 4] =
        number.try_into().map_err(|data| Failure::Broken("number of an object", data))?;
    request.clear();
    write(&mut request, ATTR_OBJECT, &number);
    write(&mut request, ATTR_METHOD, &with_zero(method));
    write(&mut request, ATTR_DATA, b"");
    let answer = bus.ask(INVOKE, 2, u32::from_be_bytes(number), &request, ATTR_DATA)?;
    Ok(answer.unwrap_or_default())
}

fn with_zero(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

/// A connection.
struct Bus {
    stream: Stream,
    /// The received bytes, and how many of them were consumed.
    input: Vec<u8>,
    used: usize,
    until: Instant,
}

impl Bus {
    /// Sends a request, and returns the attribute `wanted` of the last message of data.
    fn ask(
        &mut self,
        kind: u8,
        sequence: u16,
        peer: u32,
        attributes: &[u8],
        wanted: u8,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut message = vec![VERSION, kind];
        message.extend_from_slice(&sequence.to_be_bytes());
        message.extend_from_slice(&peer.to_be_bytes());
        write(&mut message, 0, attributes);
        self.stream.send(&message, self.until)?;
        let mut answer = None;
        for _ in 0..MAX_MESSAGES {
            let (kind, to, start, end) = self.receive()?;
            let attributes = Attributes(self.input.get(start..end).unwrap_or_default());
            match kind {
                _ if to != sequence => {}
                DATA => answer = attributes.get(wanted).map(<[u8]>::to_vec).or(answer),
                STATUS => {
                    let status = attributes.number(ATTR_STATUS);
                    return match status.ok_or(Failure::Broken("status", vec![]))? {
                        OK => Ok(answer),
                        NO_METHOD | NOT_FOUND => Err(Failure::Absent),
                        PERMISSION_DENIED => Err(Failure::Denied),
                        status => Err(Failure::Status(status)),
                    };
                }
                _ => {}
            }
        }
        Err(Failure::Broken("a status within 64 messages", vec![]))
    }

    /// Type and sequence number of the next message, and the position of its attributes in the input.
    fn receive(&mut self) -> Result<(u8, u16, usize, usize), Failure> {
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        loop {
            let whole = length(&self.input)?.filter(|length| *length <= self.input.len());
            if let (Some(length), &[_, kind, a, b, ..]) = (whole, &*self.input) {
                self.used = length;
                return Ok((kind, u16::from_be_bytes([a, b]), HEADER + 4, length));
            }
            if self.stream.receive(&mut self.input, self.until)? == 0 {
                return Err(io::Error::from_raw_os_error(libc::ECONNRESET).into());
            }
        }
    }
}

/// Length of the message that `input` begins with, as soon as that is known.
fn length(input: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(&[version, _, _, _, _, _, _, _, a, b, c, d]) = input.first_chunk() else {
        return Ok(None);
    };
    let length = (u32::from_be_bytes([a, b, c, d]) & 0x00ff_ffff) as usize;
    if version != VERSION || !(4..=MAX_MESSAGE).contains(&length) {
        let head = input.get(..HEADER + 4).unwrap_or_default().to_vec();
        return Err(Failure::Broken("a message of ubus", head));
    }
    Ok(Some(HEADER + length))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Written, serve};
    use super::super::{Table, Value};
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn answer() -> Vec<u8> {
        let mut table = Written::default();
        table.text("state", "up");
        table.text("long", &"x".repeat(20_000));
        table.0
    }

    #[test]
    fn an_object_is_looked_up_and_called() {
        let bus = serve("ubus-call", |object, method| match (object, method) {
            ("dsl", None) => Reply::Object(7),
            ("dsl", Some("metrics")) => Reply::Table(answer()),
            _ => Reply::Status(NOT_FOUND),
        });
        let table = call(&bus.path, "dsl", "metrics", soon()).unwrap();
        assert_eq!(Table::parse(&table).unwrap().get("state"), Some(Value::Text(b"up")));
        let absent = call(&bus.path, "poe", "info", soon());
        assert!(matches!(absent, Err(Failure::Absent)), "{absent:?}");
        let absent = call(&bus.path, "dsl", "other", soon());
        assert!(matches!(absent, Err(Failure::Absent)), "{absent:?}");
    }

    #[test]
    fn both_errors_of_a_missing_access_list_are_recognised() {
        let hidden = serve("ubus-hidden", |_, _| Reply::Status(OK));
        let denied = call(&hidden.path, "dsl", "metrics", soon());
        assert!(matches!(denied, Err(Failure::Denied)), "{denied:?}");
        let refused = serve("ubus-refused", |_, method| match method {
            None => Reply::Object(7),
            Some(_) => Reply::Status(PERMISSION_DENIED),
        });
        let denied = call(&refused.path, "dsl", "metrics", soon());
        assert!(matches!(denied, Err(Failure::Denied)), "{denied:?}");
    }

    #[test]
    fn answers_against_the_protocol_are_refused() {
        let path = std::env::temp_dir().join("no-such-ubus.sock");
        assert!(matches!(call(&path, "dsl", "metrics", soon()), Err(Failure::Io(_))));
        for (name, bytes) in [
            ("ubus-version", &[9, DATA, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4][..]),
            ("ubus-large", &[0, DATA, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]),
            ("ubus-short", &[0, DATA, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3]),
            ("ubus-no-status", &[0, STATUS, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4]),
        ] {
            let bus = serve(name, |_, _| Reply::Bytes(bytes.to_vec()));
            let broken = call(&bus.path, "dsl", "metrics", soon());
            assert!(matches!(broken, Err(Failure::Broken(..))), "{name}: {broken:?}");
        }
        let bus = serve("ubus-endless", |_, _| {
            Reply::Bytes([0, DATA, 0, 9, 0, 0, 0, 0, 0, 0, 0, 4].repeat(MAX_MESSAGES + 1))
        });
        let broken = call(&bus.path, "dsl", "metrics", soon());
        assert!(matches!(broken, Err(Failure::Broken(..))), "{broken:?}");
        let bus = serve("ubus-silent", |_, _| Reply::Bytes(vec![]));
        let start = Instant::now();
        let late = call(&bus.path, "dsl", "metrics", start + Duration::from_millis(50));
        let is_late = |error: &io::Error| error.raw_os_error() == Some(libc::ETIMEDOUT);
        assert!(matches!(&late, Err(Failure::Io(error)) if is_late(error)), "{late:?}");
    }

    /// A message is read when it is complete, wherever it is split.
    #[test]
    fn a_message_that_is_cut_is_waited_for() {
        let message = [&[0, DATA, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8][..], &[1; 4]].concat();
        for end in 0..message.len() {
            let whole = length(&message[..end]).unwrap();
            assert_eq!(whole, (end >= HEADER + 4).then_some(message.len()), "{end}");
        }
    }
}
