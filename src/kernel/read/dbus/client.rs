//! The client: calls methods and reads properties, over a connection for each scrape.

use super::address::Address;
use super::connection::{BUS, Connection};
use super::message::{Call, Kind, Message, NO_AUTO_START, write_call};
use super::values::Value;
use crate::base::error::{Error, Place};
use crate::kernel::read::scan;
use std::time::Instant;

/// Calls that are under way at the same time; a bus allows 128 of them.
const MAX_UNDER_WAY: usize = 64;

/// Bytes of the last answers whose memory is kept.
const MAX_KEPT: usize = 512 << 10;

/// The common prefix of most errors' names.
const ERRORS: &[u8] = b"org.freedesktop.DBus.Error.";

/// A property of an object.
#[derive(Clone, Copy)]
pub struct Get<'a> {
    pub path: &'a [u8],
    /// Interface and name.
    pub property: &'a [&'static str; 2],
}

/// The answer for a property: its value, `None` if it is of a type that `Value` does not have, or the name
/// of an error without the common prefix.
pub type Answer<'a> = Result<Option<Value<'a>>, &'a [u8]>;

/// A client of the service `destination`.
pub struct Client {
    address: Address,
    destination: &'static str,
    /// Whether a request does not start the service, and the service may be absent.
    is_optional: bool,
    connection: Option<Connection>,
    /// Buffers for input and output.
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Client {
    pub fn new(address: Address, destination: &'static str) -> Client {
        let (is_optional, connection) = (false, None);
        let (input, output) = (Vec::new(), Vec::new());
        Client { address, destination, is_optional, connection, input, output }
    }

    /// A client of a service that a bus must not start; if the service or the object is missing, the error is
    /// `Unsupported`.
    pub fn optional(address: Address, destination: &'static str) -> Client {
        Client { is_optional: true, ..Client::new(address, destination) }
    }

    /// Whether there may be a peer to connect to.
    pub fn can_open(&self) -> bool {
        self.address.is_there()
    }

    /// Connects; all further calls have to end by `until`.
    pub fn open(&mut self, until: Instant) -> Result<(), Error> {
        let input = std::mem::take(&mut self.input);
        let (connection, is_bus) = Connection::open(&self.address, until, input)?;
        self.connection = Some(connection);
        if is_bus {
            let hello = Call {
                destination: "org.freedesktop.DBus",
                path: b"/org/freedesktop/DBus",
                interface: "org.freedesktop.DBus",
                member: "Hello",
                arguments: &[],
                number: None,
                flags: 0,
            };
            self.call(&hello)?;
        }
        Ok(())
    }

    /// Calls the method `member` of `path`, which takes no arguments.
    pub fn ask(
        &mut self,
        path: &'static str,
        interface: &'static str,
        member: &'static str,
    ) -> Result<Message<'_>, Error> {
        self.request(path.as_bytes(), [interface, member], &[], None)
    }

    /// Calls a method, by interface and name, with texts or a number.
    pub fn request(
        &mut self,
        path: &[u8],
        [interface, member]: [&'static str; 2],
        arguments: &[&'static str],
        number: Option<u32>,
    ) -> Result<Message<'_>, Error> {
        let flags = if self.is_optional { NO_AUTO_START } else { 0 };
        let destination = self.destination;
        self.call(&Call { destination, path, interface, member, arguments, number, flags })
    }

    fn call(&mut self, call: &Call<'_>) -> Result<Message<'_>, Error> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        connection.serial += 1;
        let serial = connection.serial;
        self.output.clear();
        write_call(&mut self.output, serial, call);
        connection.send(&self.output)?;
        let answer = loop {
            let (start, end) = connection.receive()?;
            if connection.message(start, end)?.reply_to == serial {
                break connection.message(start, end)?;
            }
        };
        match answer.kind {
            Kind::Error(name) => {
                let name = name.strip_prefix(ERRORS).unwrap_or(name);
                let place = Place::below(BUS, call.member.as_bytes());
                if self.is_optional && (is_absent(name) || is_missing(name)) {
                    return Err(Error::Unsupported(place.into()));
                }
                Err(Error::parse(place, "an answer", name))
            }
            _ => Ok(answer),
        }
    }

    /// Reads `count` properties, several at a time, and passes each answer to `take` with its index.
    pub fn get<'a>(
        &mut self,
        count: usize,
        which: &dyn Fn(usize) -> Get<'a>,
        take: &mut dyn FnMut(usize, Answer<'_>),
    ) -> Result<(), Error> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        let first = connection.serial + 1;
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            self.output.clear();
            while sent < count && sent - answered < MAX_UNDER_WAY {
                connection.serial += 1;
                let Get { path, property } = which(sent);
                let call = Call {
                    destination: self.destination,
                    path,
                    interface: "org.freedesktop.DBus.Properties",
                    member: "Get",
                    arguments: property,
                    number: None,
                    flags: 0,
                };
                write_call(&mut self.output, connection.serial, &call);
                sent += 1;
            }
            connection.send(&self.output)?;
            let (start, end) = connection.receive()?;
            let answer = connection.message(start, end)?;
            let number = answer.reply_to.checked_sub(first).map(|number| number as usize);
            let Some(number) = number.filter(|number| *number < sent) else { continue };
            answered += 1;
            match answer.kind {
                Kind::Return => take(number, Ok(value(answer))),
                Kind::Error(name) => take(number, Err(name.strip_prefix(ERRORS).unwrap_or(name))),
                Kind::Other => {}
            }
        }
        Ok(())
    }

    /// Ends the connection; memory for answers is kept.
    pub fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.input = connection.input;
            self.input.clear();
            self.input.shrink_to(MAX_KEPT);
        }
    }
}

fn value(mut answer: Message<'_>) -> Option<Value<'_>> {
    if answer.signature == b"v" { answer.body.variant() } else { None }
}

fn closed() -> Error {
    Error::Read(BUS.into(), libc::ENOTCONN)
}

/// Whether an error says that no service has the name.
fn is_missing(error: &[u8]) -> bool {
    matches!(scan::text(error), "ServiceUnknown" | "NameHasNoOwner")
}

/// Whether an error says that there is no such object or property, as with an older service or an
/// object that is gone; `error` is as `Client::get` gives it.
pub fn is_absent(error: &[u8]) -> bool {
    matches!(
        scan::text(error),
        "UnknownProperty"
            | "UnknownInterface"
            | "UnknownObject"
            | "UnknownMethod"
            | "org.freedesktop.systemd1.NoSuchUnit"
            | "org.freedesktop.login1.NoSuchSession"
    )
}
