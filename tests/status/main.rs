//! `/api/status`, `/api/health` and `/status` over the real binary; the page in a browser is
//! `status_page`'s.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front drives no pipelines
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod figures;
mod health;
mod page;
mod support;
