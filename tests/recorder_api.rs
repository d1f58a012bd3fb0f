//! The list of public items in docs/library.md is that of the source.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/library.md";

/// What is reached by its name at the top of the crate, or in the modules `recorder` and `registry`.
const TYPES: [&str; 24] = [
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
    "Reason",
    "Naming",
    "Idle",
    "Shapes",
    "Shape",
    "Window",
    "CounterCell",
    "GaugeCell",
    "HistogramCell",
];

const SOURCES: [&str; 5] = [
    "src/library/recorder",
    "src/library/registry",
    "src/outputs/expose/format.rs",
    "src/model/store/bounds.rs",
    "src/model/store/reason.rs",
];

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
            let mut is_hidden = false;
            while let Some(line) = lines.next_if(|line| *line != "}") {
                let was_hidden = std::mem::replace(&mut is_hidden, line.contains("#[doc(hidden)]"));
                let item = line.strip_prefix("    pub ").filter(|_| !was_hidden);
                let Some(mut item) = item.map(str::to_owned) else { continue };
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
    let library = fs::read_to_string("src/library/mod.rs").unwrap();
    let mut exported = Vec::new();
    for export in library.split("\npub use ").skip(1) {
        let names = export.split(';').next().unwrap();
        let names = names.split_once('{').map_or(names, |(_, names)| names.trim_end_matches('}'));
        let names = names.split(',').map(|name| name.trim().rsplit("::").next().unwrap());
        exported.extend(names.filter(|name| !name.is_empty()));
    }
    let modules = ["recorder", "registry"];
    for name in exported.iter().filter(|name| !modules.contains(name)) {
        assert!(TYPES.contains(name), "{name}");
    }
    for name in ["Bounds", "Reason", "Options", "Idle", "Naming", "Shape", "Window"] {
        assert!(exported.contains(&name), "{name}");
    }
}

/// What may get another field or variant is made of a default, not of all its parts.
#[test]
fn knobs_can_grow() {
    for (file, types) in [
        ("src/model/store/bounds.rs", &["struct Bounds"][..]),
        ("src/model/store/reason.rs", &["enum Reason"]),
        ("src/library/registry/options.rs", &["struct Options", "struct Naming", "struct Idle"]),
        ("src/library/registry/sketch.rs", &["struct Window"]),
        ("src/library/registry/shape.rs", &["enum Shape"]),
        ("src/library/recorder/error.rs", &["enum BuildError"]),
    ] {
        let text = fs::read_to_string(file).unwrap();
        for name in types {
            let line = format!("#[non_exhaustive]\npub {name} {{");
            assert!(text.contains(&line), "{file}: {name}");
        }
    }
}

/// Of the modules only those of the library are read about.
#[test]
fn modules_of_the_program_are_hidden() {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    let mut shown: Vec<&str> = Vec::new();
    for (at, _) in lib.match_indices("\npub mod ") {
        let name = lib[at..].split([' ', ';']).nth(2).unwrap();
        if !lib[..at].ends_with("#[doc(hidden)]") {
            shown.push(name);
        }
    }
    assert!(shown.is_empty(), "{shown:?}");
    assert!(lib.contains("\npub use library::*;\n"));
    let library = fs::read_to_string("src/library/mod.rs").unwrap();
    assert!(library.contains("\npub mod recorder;\npub mod registry;\n"), "their paths stay");
    let cargo = fs::read_to_string("Cargo.toml").unwrap();
    let docs = cargo.split("[package.metadata.docs.rs]").nth(1).unwrap();
    let features = docs.lines().find(|line| line.starts_with("features = ")).unwrap();
    assert!(features.contains("\"recorder\""), "{features}");
}
