//! Shared by the integration tests: the real binary under test, a strict client, and strict readers of its output.
#![allow(dead_code, unused_imports)] // no test file uses all of it
#![allow(unsafe_code)] // signals and socket options of the processes under test
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(feature = "exporter")]
pub mod agent;
pub mod browser;
pub mod client;
pub mod endpoint;
pub mod exposition;
pub mod fuse;
pub mod fuse_tree;
pub mod json;
pub mod limits;
pub mod prometheus;
pub mod server;
#[cfg(feature = "exporter")]
pub mod slow;
pub mod temp;

#[cfg(feature = "exporter")]
pub use agent::{Agent, Plan};
pub use client::{Answer, Client, get, get_with};
pub use endpoint::{Endpoint, Say};
pub use exposition::{Exposition, Format};
pub use server::{Server, ask, free_address, free_port};
pub use temp::Temp;

use std::time::{Duration, Instant};

/// Upper bound of everything that is waited for: far beyond what a slow machine needs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The names of all collectors in our own dialect, in the order of the page.
#[cfg(feature = "exporter")]
pub fn collectors() -> Vec<&'static str> {
    sysmetrics::kernel::collect::COLLECTORS
        .iter()
        .filter(|spec| spec.subject.on)
        .map(|spec| spec.subject.name)
        .collect()
}

/// Asks until it is so; panics when patience ends.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
