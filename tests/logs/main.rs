//! Log files, followed by the real binary while others write, rotate and empty them.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // tiny_http does not drive the hub
#![allow(unsafe_code)] // who we are
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start programs; the agent does not

#[path = "../common/mod.rs"]
mod common;

mod files;
mod load;
mod rotation;
mod support;
