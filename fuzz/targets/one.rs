//! All bodies in one binary, so that fuzzing links once: `one --target=NAME` runs the one of that name.
//! libFuzzer leaves arguments alone that begin with two dashes.
#![no_main]
#[path = "../bodies/mod.rs"]
mod bodies;

use std::sync::OnceLock;

static BODY: OnceLock<bodies::Body> = OnceLock::new();

fn named() -> bodies::Body {
    let named = std::env::args().find_map(|arg| arg.strip_prefix("--target=").map(str::to_owned));
    let all = || bodies::BODIES.map(|(name, _)| name).join(", ");
    let Some(name) = named else { panic!("--target=NAME, one of {}", all()) };
    let found = bodies::BODIES.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} is no target: {}", all())).1
}

libfuzzer_sys::fuzz_target!(init: { BODY.get_or_init(named); }, |bytes: &[u8]| {
    BODY.get_or_init(named)(bytes)
});
