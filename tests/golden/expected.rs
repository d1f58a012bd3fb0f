//! The accepted texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How many lines of a difference are shown.
const SHOWN: usize = 12;

/// Holds texts against the accepted ones, or accepts them.
pub struct Expected {
    directory: PathBuf,
    rewrite: bool,
    names: BTreeSet<String>,
    differences: String,
}

impl Expected {
    pub fn new() -> Expected {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/expected");
        let rewrite = std::env::var("GOLDEN").is_ok_and(|g| g == "rewrite");
        Expected { directory, rewrite, names: BTreeSet::new(), differences: String::new() }
    }

    pub fn check(&mut self, name: &str, made: &str) {
        self.names.insert(name.to_owned());
        let path = self.directory.join(name);
        let accepted = fs::read_to_string(&path).unwrap_or_default();
        if self.rewrite && accepted != made {
            fs::write(&path, made).unwrap();
        } else if accepted != made {
            self.differences += &format!("\n{name}:\n{}", difference(&accepted, made));
        }
    }

    /// Says what differed.
    pub fn finish(self) {
        for entry in fs::read_dir(&self.directory).unwrap().map(Result::unwrap) {
            let known = self.names.contains(&entry.file_name().into_string().unwrap());
            if self.rewrite && !known {
                fs::remove_file(entry.path()).unwrap();
            }
            assert!(self.rewrite || known, "{}: no such machine", entry.path().display());
        }
        assert!(
            self.differences.is_empty(),
            "{}\nAccept it with `make golden`, then look at the diff of tests/golden/expected.",
            self.differences
        );
    }
}

/// Lines that only one of the texts has.
fn difference(before: &str, after: &str) -> String {
    let mut all = BTreeMap::<&str, i64>::new();
    before.lines().for_each(|line| *all.entry(line).or_default() -= 1);
    after.lines().for_each(|line| *all.entry(line).or_default() += 1);
    let mut shown = String::new();
    for (sign, text, other) in [('-', before, -1), ('+', after, 1)] {
        let only = text.lines().enumerate().filter(|(_, l)| all[l] * other > 0);
        let count = only.clone().count();
        for (i, line) in only.take(SHOWN) {
            shown += &format!("  {sign}{}: {line}\n", i + 1);
        }
        if count > SHOWN {
            shown += &format!("  {sign} … and {} more\n", count - SHOWN);
        }
    }
    if shown.is_empty() { "  the same lines in another order\n".to_owned() } else { shown }
}
