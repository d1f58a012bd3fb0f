//! What a program pays for installing a recorder and a listener, over one that counts for nobody: the
//! programs in `programs` are built anew.

use crate::figure::Figure;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

const PROGRAMS: [&str; 3] = ["none", "ours", "theirs"];

/// Of the programs in `directory`.
pub fn measure(directory: &Path) -> io::Result<Vec<Figure>> {
    let mut crates = Vec::new();
    let (mut seconds, mut bytes) = ([0.0; 6], [0.0; 3]);
    for name in PROGRAMS {
        crates.push(count(&directory.join(name))?);
    }
    for (at, name) in PROGRAMS.iter().enumerate() {
        let program = directory.join(name);
        seconds[at] = build(&program, false)?;
        seconds[at + 3] = build(&program, true)?;
        bytes[at] = size(&program)?;
    }
    let more = |at: usize| (bytes[at] - bytes[0]) / 1e3;
    let figure = |what, ours, theirs, unit, share| Figure { what, ours, theirs, unit, share };
    Ok(vec![
        figure("crates in the tree", crates[1], crates[2], "", 0.2),
        figure("clean build, debug, CPU", seconds[1], seconds[2], "s", 0.25),
        figure("clean build, release, CPU", seconds[4], seconds[5], "s", 0.25),
        figure("growth of the stripped binary", more(1), more(2), "KB", 0.25),
    ])
}

fn cargo(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(program).args(arguments).env_remove("CARGO_TARGET_DIR");
    command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    command
}

/// Crates that are compiled, each once: the program and what it depends on.
fn count(program: &Path) -> io::Result<f64> {
    let arguments = ["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"];
    let output = cargo(program, &arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<_> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(names.iter().filter(|name| !name.is_empty()).count() as f64)
}

/// Seconds of CPU, of cargo and all that it starts.
fn build(program: &Path, is_release: bool) -> io::Result<f64> {
    let target = program.join("target");
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    let before = children();
    let arguments: &[&str] = if is_release { &["build", "--release"] } else { &["build"] };
    let output = cargo(program, arguments).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(children() - before)
}

/// Of `/proc/self/stat`: user and system time of children that were waited for, in ticks of 10 ms.
fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = rest.split(' ').skip(13).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Of the release build, stripped.
fn size(program: &Path) -> io::Result<f64> {
    let built = program.join("target/release/program");
    let stripped = program.join("target/stripped");
    let status = Command::new("strip").arg(&built).arg("-o").arg(&stripped).status()?;
    if !status.success() {
        return Err(io::Error::other("strip failed"));
    }
    Ok(fs::metadata(stripped)?.len() as f64)
}
