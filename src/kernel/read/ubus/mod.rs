//! A small client of ubus, the message bus of OpenWrt (ubusmsg.h of ubus, blob.h and blobmsg.h of libubox): it
//! asks one object for what one method without arguments tells. What a peer sends is bounded and is checked before
//! it is believed.

mod blob;
mod client;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use blob::{Attributes, Table, Value};
pub use client::{Failure, call};
