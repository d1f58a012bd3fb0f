//! The program locks itself in: what it may not do any more fails, what it is for goes on.
//!
//! What must fail is tried in a child of this program that locks itself in with the rules of `sys`, and what
//! must work by the real binary. Where the kernel has no Landlock, its part is skipped, loudly.
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
