//! A small client of ubus, the message bus of OpenWrt (ubusmsg.h of ubus, blob.h and blobmsg.h of libubox): it
//! calls one method without arguments of one object. The peer's messages are bounded and are checked before
//! they are used.

mod blob;
mod client;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use blob::{Attributes, Table, Value};
pub use client::{Failure, call};
