//! The documents: links lead to files and headlines that exist, the program accepts the settings that pages show,
//! the first page is short, and the reference names nothing of the source.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test runs the program

mod common;

use common::Temp;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents that are read, with their texts.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> =
        ["bench/README.md", "deploy/README.md"].map(PathBuf::from).to_vec();
    for directory in [".", "docs", "bench/record"] {
        paths.extend(fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// The text outside of blocks of code, or the blocks of one language.
fn parts<'t>(text: &'t str, language: Option<&'t str>) -> impl Iterator<Item = &'t str> {
    text.split("\n```").enumerate().filter_map(move |(at, part)| match language {
        None => (at % 2 == 0).then_some(part),
        Some(language) => part.strip_prefix(language)?.strip_prefix('\n').filter(|_| at % 2 == 1),
    })
}

/// The anchor of a headline, as the usual viewers make it.
fn anchor(headline: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    headline.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

fn anchors(text: &str) -> Vec<String> {
    let lines = parts(text, None).flat_map(str::lines);
    let headlines = lines.filter(|line| line.starts_with('#'));
    headlines.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    let mut count = 0;
    for (path, text) in &documents {
        for link in parts(text, None).flat_map(|part| part.split("](").skip(1)) {
            let link = link.split(')').next().unwrap();
            // A page of the site that shows the repository.
            if link.starts_with("http") || link == "../../releases" {
                continue;
            }
            count += 1;
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let place = path.parent().unwrap_or(Path::new("")).join(file);
            let target = if file.is_empty() { path.clone() } else { place };
            assert!(target.exists(), "{}: {link} leads nowhere", path.display());
            if !part.is_empty() {
                let page = fs::read_to_string(&target).unwrap();
                let anchors = anchors(&page);
                assert!(
                    anchors.iter().any(|a| a == part),
                    "{}: {link}: {anchors:?}",
                    path.display()
                );
            }
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn settings_of_the_pages_are_taken() {
    let dir = Temp::new();
    let mut count = 0;
    for (path, text) in documents() {
        // Files of certificates are not there; `tls_serving` has such a table.
        let others = ["[dependencies]", "[server.tls]"];
        let is_other = |block: &str| others.iter().any(|other| block.contains(other));
        for block in parts(&text, Some("toml")).filter(|block| !is_other(block)) {
            count += 1;
            let target =
                "[[scrape.targets]]\nname = \"a\"\nurl = \"http://a/\"\ntype = \"custom\"\n";
            let is_part = block.starts_with("[[scrape.targets.fields]]");
            let file = dir.write("page.toml", [if is_part { target } else { "" }, block].concat());
            let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
            command.env_clear().env("BOX", "b").arg("--config").arg(file).arg("--check-config");
            let done = command.output().unwrap();
            let errors = String::from_utf8(done.stderr).unwrap();
            assert!(
                done.status.success() && errors.is_empty(),
                "{}: {block}{errors}",
                path.display()
            );
        }
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn the_first_page_is_short_and_no_table_is_twice() {
    let text = fs::read_to_string("README.md").unwrap();
    assert!(text.lines().count() <= 150);
    assert!(!text.contains("<!--"), "what is made from the program stands on other pages");
    for (path, text) in documents().iter().filter(|(path, _)| path.starts_with("docs")) {
        let link = format!("]({})", path.display());
        assert!(text.starts_with("# "), "{}", path.display());
        let readme = fs::read_to_string("README.md").unwrap();
        assert!(readme.contains(&link), "README.md does not lead to {}", path.display());
    }
    assert!(fs::read_to_string("DESIGN.md").unwrap().lines().count() <= 400);
}

/// Such as the name of a constant: users know the kernel's files and the metrics.
#[test]
fn the_reference_names_nothing_of_the_source() {
    let text = fs::read_to_string("docs/metrics.md").unwrap();
    for (at, quoted) in text.split('`').enumerate().filter(|(at, _)| at % 2 == 1) {
        assert!(!quoted.contains("::") && !quoted.contains("src/"), "{at}: {quoted}");
        assert!(!quoted.ends_with(".rs"), "{quoted}");
    }
    for word in ["fixtures", "REPLUGGED", "`topology`", "`inventory`", "BELIEVED_WITH"] {
        assert!(!text.contains(word), "{word}");
    }
}
