//! The layers of the program: a file names only what precedes it in `WINGS`, no files name each other in a circle,
//! `unsafe` is in one folder, and unit tests have one layout.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test

mod circles;
mod made_up;
mod reader;
mod tokens;
mod tree;
mod wings;

use circles::circles;
use std::path::Path;
use std::sync::LazyLock;
use tokens::{Token, tokens};
use tree::Tree;

static PROGRAM: LazyLock<Tree> = LazyLock::new(|| Tree::read("sysmetrics", Path::new("src")));

/// All faults at once, so that a move shows everything that it breaks.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn arrows_point_one_way() {
    let faults = wings::faults(&PROGRAM.files, &PROGRAM.edges());
    none(&faults);
}

#[test]
fn no_circles_of_files() {
    let crates = [
        ("sysmetrics", "src"),
        ("sysmetrics_bench", "bench/src"),
        ("library", "bench/library/src"),
    ];
    let mut faults = Vec::new();
    for (name, dir) in crates {
        let mut edges = Tree::read(name, Path::new(dir)).edges();
        edges.retain(|edge| !wings::is_allowed_in_tests(edge));
        let circles = circles(&edges);
        faults.extend(circles.iter().map(|circle| circles::describe(dir, circle, &edges)));
    }
    none(&faults);
}

/// All files of the program with their tokens.
fn sources() -> impl Iterator<Item = (String, Vec<Token>)> {
    PROGRAM.files.iter().map(|file| {
        let source = std::fs::read_to_string(Path::new("src").join(file)).unwrap();
        (file.clone(), tokens(&source))
    })
}

/// `unsafe` has one address.
#[test]
fn only_sys_is_unsafe() {
    let mut faults = Vec::new();
    for (file, tokens) in sources().filter(|(file, _)| !file.starts_with("base/sys/")) {
        let found = tokens.iter().filter(|token| token.text == "unsafe");
        faults.extend(found.map(|token| format!("src/{file}:{}: unsafe", token.line)));
    }
    none(&faults);
}

/// The static build leaves out the texts of `Debug`: what is said must not need them.
#[test]
fn no_message_needs_debug() {
    let is_code = |file: &&String| !wings::is_test(file);
    let mut faults = Vec::new();
    for file in PROGRAM.files.iter().filter(is_code) {
        let source = std::fs::read_to_string(Path::new("src").join(file)).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().enumerate().filter(|(_, line)| line.contains(":?}"));
        faults.extend(lines.map(|(at, line)| format!("src/{file}:{}: {}", at + 1, line.trim())));
    }
    none(&faults);
}

/// The system's twin where that is not Linux.
const OTHER_SYSTEM: &str = "base/mod.rs";

/// Tests of a file stand in its `mod tests`: at its end, or, when long, in `tests.rs` below it. What
/// several files' tests share is in `testing`; only what they share with `tests/` has a path.
#[test]
fn unit_tests_have_one_layout() {
    let mut faults = Vec::new();
    for (file, tokens) in sources().filter(|(file, _)| file != OTHER_SYSTEM) {
        let texts: Vec<_> = tokens.iter().map(|token| &*token.text).collect();
        for (at, words) in texts.windows(8).enumerate() {
            let line = tokens[at].line;
            if matches!(words, ["#", "[", "path", ..]) && !wings::is_test(&file) {
                faults.push(format!("src/{file}:{line}: a path; the file of `mod x` is x.rs"));
            }
            let ["#", "[", "cfg", "(", "test", ")", "]", _] = words else { continue };
            let rest = &texts[at + 7..];
            let rest =
                rest.iter().skip_while(|word| ["pub", "(", "crate", "super", ")"].contains(*word));
            let rest: Vec<_> = rest.take(3).copied().collect();
            if let ["mod", name, open] = rest[..]
                && !(name == "tests" || name == "testing" && open == ";")
            {
                let expected = "expected `mod tests`, or `mod testing;` for what tests share";
                faults.push(format!("src/{file}:{line}: mod {name}: {expected}"));
            }
        }
        let name = file.rsplit('/').next().unwrap();
        if name.contains("test") && !["tests.rs", "testing.rs"].contains(&name) {
            faults.push(format!("src/{file}: expected tests.rs, or a file of a folder tests"));
        }
    }
    none(&faults);
}
