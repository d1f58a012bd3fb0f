//! The states of the status page, in headless Chromium, with an agent made by the test: well, failing, firing,
//! away; forty disks; reloads; a prefix; old browsers. `SCREENSHOTS=DIR` keeps the pictures.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../browser/mod.rs"]
mod page;

mod browsers;
mod plots;
mod support;
mod verdict;
