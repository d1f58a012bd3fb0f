//! A small D-Bus client (D-Bus specification 0.42): over a Unix socket, with authentication EXTERNAL, for
//! calls with texts or one number as arguments and for properties. The peer's messages are bounded and are checked
//! before they are used.

mod address;
mod client;
mod connection;
mod message;
#[cfg(test)]
pub(crate) mod testing;
mod values;

pub use address::Address;
pub use client::{Answer, Client, Get, is_absent};
pub use message::{Call, Kind, Message, length, write_call};
pub use values::{Value, Values};
