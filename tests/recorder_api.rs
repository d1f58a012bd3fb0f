//! The list of public items in docs/library.md is that of the source.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/library.md";

/// What is reached by its name at the top of the crate, or in the modules `recorder` and `registry`.
const TYPES: [&str; 23] = [
    "PrometheusBuilder",
    "PrometheusHandle",
    "PrometheusRecorder",
    "Exporter",
    "Serving",
    "BuildError",
    "Format",
    "Registry",
    "Counter",
    "Gauge",
    "Histogram",
    "Matcher",
    "MetricKindMask",
    "Options",
    "Bounds",
    "Naming",
    "Idle",
    "Shapes",
    "Shape",
    "Window",
    "CounterCell",
    "GaugeCell",
    "HistogramCell",
];

const SOURCES: [&str; 4] =
    ["src/recorder", "src/registry", "src/expose/text.rs", "src/store/mod.rs"];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        return found.push(path.to_owned());
    }
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries.iter().for_each(|entry| files(entry, found));
}

/// The public items of `text` that are, or belong to, the type `name`.
fn items(text: &str, name: &str, found: &mut Vec<String>) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_block = |start: &str| {
            let rest = line.strip_prefix(start).and_then(|rest| rest.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with([' ', '(', ';']))
        };
        if is_block("impl ") {
            while let Some(line) = lines.next_if(|line| *line != "}") {
                let Some(mut item) = line.strip_prefix("    pub ").map(str::to_owned) else {
                    continue;
                };
                while !item.contains(['{', ';']) {
                    item.push(' ');
                    item += lines.next().unwrap().trim();
                }
                let item = item.split(['{', ';', '=']).next().unwrap().trim();
                if !item.starts_with('(') {
                    let item = item.replace("( ", "(").replace(", )", ")");
                    found.push(format!("{name}: {item}"));
                }
            }
        } else if is_block("pub enum ") || is_block("pub struct ") && line.ends_with('{') {
            while let Some(line) = lines.next_if(|line| *line != "}") {
                let item = line.trim().trim_end_matches([',', '{', ' ']);
                let is_field = line.starts_with("    pub ");
                let is_variant = line.starts_with("    ") && item.starts_with(char::is_uppercase);
                if is_field || is_variant {
                    found.push(format!("{name}: {}", item.trim_start_matches("pub ")));
                }
            }
        }
    }
}

fn listed() -> String {
    let mut paths = Vec::new();
    SOURCES.iter().for_each(|source| files(Path::new(source), &mut paths));
    let mut all = String::new();
    for name in TYPES {
        let mut found = Vec::new();
        for path in paths.iter().filter(|path| path.file_stem().is_none_or(|stem| stem != "tests"))
        {
            let text = fs::read_to_string(path).unwrap();
            items(text.split("#[cfg(test)]\nmod tests").next().unwrap(), name, &mut found);
        }
        assert!(!found.is_empty(), "{name}: no such type in {SOURCES:?}");
        found.iter().for_each(|item| all += &format!("{item}\n"));
    }
    all
}

#[test]
fn public_items_are_those_of_the_list() {
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let (before, list) = document.rsplit_once("```rust\n").unwrap();
    let (list, after) = list.split_once("```").unwrap();
    let listed = listed();
    if std::env::var("GOLDEN").is_ok_and(|value| value == "rewrite") {
        fs::write(DOCUMENT, format!("{before}```rust\n{listed}```{after}")).unwrap();
        return;
    }
    for line in listed.lines() {
        assert!(list.lines().any(|l| l == line), "{DOCUMENT} lacks {line:?}");
    }
    assert_eq!(list, listed, "{DOCUMENT} has what is not there, or in another order");
}

/// The names at the top of the crate are among them.
#[test]
fn exports_are_listed() {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    for export in lib.split("\npub use ").skip(1) {
        let names = export.split(';').next().unwrap().rsplit("::").next().unwrap();
        for name in names.trim_matches(['{', '}']).split(',').map(str::trim) {
            assert!(TYPES.contains(&name), "{name}");
        }
    }
}
