//! The arrows of the program: a module names only modules that stand above it in `RANKS`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test

use std::fs;
use std::path::Path;

/// Top-level modules from the ground up; a line is one rank of the house, and within it a module may
/// name those to its left.
const RANKS: &[&[&str]] = &[
    &["sys", "error", "wire", "settings", "clock", "log"],
    &["metric", "read"],
    &["collect", "store", "frame", "registry"],
    &["courier", "ingest", "target", "tail", "gather", "spool"],
    &["expose", "alert", "export", "status"],
    &["http", "listen", "event", "hub", "routes", "tiny", "recorder"],
    &["app", "lib", "main"],
];

fn height(module: &str) -> usize {
    let mut all = RANKS.iter().flat_map(|rank| rank.iter());
    all.position(|m| *m == module).unwrap_or_else(|| panic!("{module}: give it a rank"))
}

fn check(dir: &Path, top: Option<&str>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = top.unwrap_or(&stem);
        if stem == "tests" {
            continue;
        }
        if path.is_dir() {
            check(&path, Some(module));
            continue;
        }
        if path.extension().is_some_and(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap();
        for used in shipped.split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            let ok = used == module || height(used) < height(module);
            assert!(ok, "{}: {module} must not use {used:?}", path.display());
        }
    }
}

#[test]
fn arrows_point_one_way() {
    check(Path::new("src"), None);
}

/// `unsafe` has one address.
#[test]
fn only_sys_is_unsafe() {
    fn check(dir: &Path) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let is_source = path.is_dir() || path.extension().is_some_and(|e| e == "rs");
            if path.ends_with("sys") || !is_source {
                continue;
            }
            if path.is_dir() {
                check(&path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
                let found = code.filter(|l| l.contains("unsafe")).count();
                assert_eq!(found, 0, "{}", path.display());
            }
        }
    }
    check(Path::new("src"));
}
