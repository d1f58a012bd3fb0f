//! Tells the program which compiler and target made it, for `build_info`: cargo does not.
use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    #[allow(clippy::disallowed_methods)] // the agent starts no processes; its build may
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    let number = version.ok().and_then(|v| v.split(' ').nth(1).map(str::to_owned));
    println!("cargo::rustc-env=BUILD_RUSTC={}", number.unwrap_or_else(|| "unknown".into()));
    println!("cargo::rustc-env=BUILD_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}
