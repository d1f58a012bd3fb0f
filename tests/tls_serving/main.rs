//! https and users, with real clients: curl, openssl, Python's ssl and Prometheus; and beside node_exporter with
//! the same web configuration file.
#![cfg(all(feature = "tls", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // clients and peers are processes

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod changes;
mod clients;
mod peer;
mod scraper;
mod settings;
mod support;
