//! Tells the program what cargo does not tell it: which compiler, for which target, with which
//! features, and of which commit; and the linker of static targets the order of functions. Outside of its repository the commit is "unknown"; two builds of
//! the same commit say the same.
use std::path::Path;
use std::process::Command;

/// Has the linker put together what runs in a steady scrape; made by .ci/hot.sh.
const HOT: &str = ".cargo/hot.ld";

fn main() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = output(&rustc, &["--version"]);
    let number = version.as_deref().and_then(|v| v.split(' ').nth(1)).unwrap_or("unknown");
    println!("cargo::rustc-env=BUILD_RUSTC={number}");
    println!("cargo::rustc-env=BUILD_TARGET={}", var("TARGET"));
    println!("cargo::rustc-env=BUILD_FEATURES={}", features());
    println!("cargo::rustc-env=BUILD_COMMIT={}", commit().unwrap_or_else(|| "unknown".into()));
    println!("cargo::rerun-if-changed=build.rs");
    if var("CARGO_CFG_TARGET_ENV") == "musl" && Path::new(HOT).exists() {
        println!("cargo::rustc-link-arg-bins=-T{}/{HOT}", var("CARGO_MANIFEST_DIR"));
        println!("cargo::rerun-if-changed={HOT}");
    }
    // A debug build is not made anew for each commit.
    if var("PROFILE") == "release" {
        let log = output("git", &["rev-parse", "--git-path", "logs/HEAD"]).unwrap_or_default();
        // What is not there would run this script each time.
        if Path::new(log.trim()).exists() {
            println!("cargo::rerun-if-changed={}", log.trim());
        }
    }
}

/// What a program says, if it succeeds.
fn output(program: &str, args: &[&str]) -> Option<String> {
    #[allow(clippy::disallowed_methods)] // the agent starts no processes; its build may
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The commit, if this is the top of a repository and not a part of another one.
fn commit() -> Option<String> {
    let said = output("git", &["rev-parse", "--show-prefix", "HEAD"])?;
    let commit = said.strip_prefix('\n')?.trim();
    // How short git makes it depends on how much of the repository is there.
    Some(commit.get(..12)?.to_owned())
}

/// The names of the features, in alphabetical order.
fn features() -> String {
    let names = std::env::vars_os().filter_map(|(name, _)| {
        let name = name.to_str()?.strip_prefix("CARGO_FEATURE_")?.to_ascii_lowercase();
        (name != "default").then_some(name)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.join(" ")
}
