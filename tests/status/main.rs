//! `/api/status`, `/api/health` and `/status` of the real binary; `status_page` tests the page in a browser.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front drives no pipelines
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod figures;
mod health;
mod page;
mod support;
