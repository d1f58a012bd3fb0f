//! The sandbox: forbidden actions fail, and what the program needs works.
//!
//! Forbidden actions are tried in a child of this program that applies the rules of `sys` to itself, the others by
//! the real binary. If the kernel has no Landlock, its part is skipped, with a message.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))]
#![allow(unsafe_code)] // forks, and asks for what is forbidden
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // starts a program to see it refused

#[path = "../common/mod.rs"]
mod common;

mod agent;
mod refused;
mod settings;
mod support;
