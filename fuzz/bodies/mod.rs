//! What each fuzz target does with its bytes. Shared by `targets/`, which libFuzzer drives, and
//! `tests/fuzz.rs`, which drives them with stored and damaged files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod exposition;
mod files;
mod logs;
#[path = "../../tests/support/machine.rs"]
mod machine;
#[path = "../../tests/support/naive/mod.rs"]
mod naive;
#[path = "../../tests/support/place.rs"]
mod place;
#[path = "../../tests/support/strict.rs"]
mod strict;
mod wire;

/// A body takes any bytes and panics when a promise is broken.
pub type Body = fn(&[u8]);

/// Every target.
pub static BODIES: [(&str, Body); 16] = [
    ("accept", wire::accept),
    ("connection", wire::connection),
    ("diskstats", files::diskstats),
    ("exposition", exposition::exposition),
    ("meminfo", files::meminfo),
    ("net_dev", files::net_dev),
    ("proc_stat", files::proc_stat),
    ("push_json", wire::push_json),
    ("query", wire::query),
    ("request_head", wire::request_head),
    ("settings_toml", files::settings_toml),
    ("statsd", wire::statsd),
    ("sysfs", files::sysfs),
    ("tail_lines", logs::tail_lines),
    ("tail_state", logs::tail_state),
    ("udev", files::udev),
];

/// Runs the body of `target`.
#[allow(dead_code)] // the test walks the table
pub fn run(target: &str, bytes: &[u8]) {
    let (_, body) = BODIES.iter().find(|(name, _)| *name == target).unwrap();
    body(bytes);
}
