//! A connection to a bus or a peer: it authenticates, and reads message by message. Every operation ends
//! by the deadline.

use super::address::Address;
use super::message::{MAX_MESSAGE, Message, length};
use crate::base::error::{Error, Place};
use crate::base::sys::{connect_unix, effective_user};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The place of errors without a socket.
pub const BUS: &str = "D-Bus";

/// The prefix of a path in errors.
const AT: &str = "unix:path=/";

/// Bytes of a line during authentication.
const MAX_LINE: usize = 1 << 10;

/// Bytes of one read.
const PIECE: usize = 16 << 10;

/// An open connection.
pub struct Connection {
    stream: UnixStream,
    until: Instant,
    /// The serial number of the last call.
    pub serial: u32,
    /// What was received.
    pub input: Vec<u8>,
    /// How much of it was consumed.
    used: usize,
}

/// Connects to the first socket that exists; also returns whether that is a bus.
fn connect(address: &Address, until: Instant) -> Result<(UnixStream, bool), Error> {
    let mut failed = None;
    for socket in &address.sockets {
        let place = Place::below(AT, socket.name.strip_prefix(b"/").unwrap_or(&socket.name));
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failed.unwrap_or(Error::Read(place.into(), libc::ETIMEDOUT)));
        }
        match connect_unix(&socket.name, left) {
            Ok(stream) => return Ok((stream, socket.is_bus)),
            Err(error) => failed = failed.or(Some(Error::of(place, &error))),
        }
    }
    let another = Error::parse(BUS, "unix:path=… in DBUS_SYSTEM_BUS_ADDRESS", b"another");
    Err(failed.unwrap_or(another))
}

impl Connection {
    /// An authenticated connection, and whether it is to a bus; `input` is the buffer for input.
    pub fn open(
        address: &Address,
        until: Instant,
        input: Vec<u8>,
    ) -> Result<(Connection, bool), Error> {
        let (stream, is_bus) = connect(address, until)?;
        let mut connection = Connection { stream, until, serial: 0, input, used: 0 };
        connection.authenticate()?;
        Ok((connection, is_bus))
    }

    /// EXTERNAL: the peer gets our user from the kernel, and compares.
    fn authenticate(&mut self) -> Result<(), Error> {
        let user = effective_user().to_string();
        let hex = |byte: u8| format!("{byte:02x}").into_bytes();
        let mut line = b"\0AUTH EXTERNAL ".to_vec();
        line.extend(user.bytes().flat_map(hex));
        line.extend_from_slice(b"\r\n");
        self.send(&line)?;
        let end = loop {
            if let Some(end) = self.input.windows(2).position(|two| two == b"\r\n") {
                break end;
            }
            if self.input.len() > MAX_LINE {
                return Err(Error::too_large(BUS, MAX_LINE));
            }
            self.fill()?;
        };
        let line = self.input.get(..end).unwrap_or_default();
        if !line.starts_with(b"OK ") && line != b"OK" {
            return Err(Error::parse(BUS, "OK to AUTH EXTERNAL", line));
        }
        self.used = end + 2;
        self.send(b"BEGIN\r\n")
    }

    fn left(&self) -> Result<Duration, Error> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Error::Read(BUS.into(), libc::ETIMEDOUT)) } else { Ok(left) }
    }

    /// Sends all of `bytes`.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let left = self.left()?;
            let sent = self.stream.set_write_timeout(Some(left));
            match sent.and_then(|()| self.stream.write(bytes)) {
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) => tolerate(&error)?,
            }
        }
        Ok(())
    }

    /// Start and end of the next message in the input.
    pub fn receive(&mut self) -> Result<(usize, usize), Error> {
        loop {
            let rest = self.input.get(self.used..).unwrap_or_default();
            let whole = length(rest).map_err(|expected| Error::parse(BUS, expected, rest))?;
            if let Some(length) = whole.filter(|length| *length <= rest.len()) {
                let start = self.used;
                self.used += length;
                return Ok((start, self.used));
            }
            self.fill()?;
        }
    }

    /// The message at the position that `receive` returned.
    pub fn message(&self, start: usize, end: usize) -> Result<Message<'_>, Error> {
        let bytes = self.input.get(start..end).unwrap_or_default();
        Message::parse(bytes).ok_or_else(|| {
            Error::parse(BUS, "the fields of a message", bytes.get(16..).unwrap_or_default())
        })
    }

    /// Receives more; drops the consumed bytes.
    fn fill(&mut self) -> Result<(), Error> {
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        let left = self.left()?;
        let length = self.input.len();
        debug_assert!(length <= MAX_MESSAGE + PIECE);
        self.input.resize(length + PIECE, 0);
        let read = self.stream.set_read_timeout(Some(left));
        let piece = self.input.get_mut(length..).unwrap_or_default();
        let read = read.and_then(|()| self.stream.read(piece));
        self.input.truncate(length + read.as_ref().map_or(0, |n| *n));
        match read {
            Ok(0) => Err(Error::Read(BUS.into(), libc::ECONNRESET)),
            Ok(_) => Ok(()),
            Err(error) => tolerate(&error),
        }
    }
}

/// An interruption, or a timeout, is not a failure: the deadline is checked elsewhere.
fn tolerate(error: &std::io::Error) -> Result<(), Error> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(()),
        _ => Err(Error::of(BUS, error)),
    }
}
