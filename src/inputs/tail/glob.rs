//! Paths with `*`, `?` and `[…]` in the names of files and directories. As in a shell a pattern
//! matches one name, it never crosses a `/`, and only a literal `.` matches hidden names. `[!…]`
//! and `[^…]` are all but these; `[*]` is the character itself.

use crate::base::sys;
use crate::base::wire::matches;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Names that one scan of the directories of one pattern reads.
const MAX_NAMES: usize = 10_000;

/// Directories below one pattern.
const MAX_DIRECTORIES: usize = 256;

/// A path with patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    root: PathBuf,
    parts: Vec<Box<[u8]>>,
}

/// The result of a scan.
#[derive(Debug, Default)]
pub struct Found {
    /// Paths that could be files, sorted.
    pub files: Vec<PathBuf>,
    /// The directories in which a change could alter the result of the next scan.
    pub directories: Vec<PathBuf>,
    /// Directories that could not be read.
    pub failures: Vec<(PathBuf, io::Error)>,
    /// There were more names than the limit.
    pub is_cut: bool,
    names: usize,
}

impl Glob {
    /// A pattern from a path as it is written.
    pub fn new(path: &str) -> Glob {
        let root = if path.starts_with('/') { "/" } else { "." };
        let parts = path.split('/').filter(|part| !part.is_empty());
        Glob { root: root.into(), parts: parts.map(|part| part.as_bytes().into()).collect() }
    }

    /// Whether a file or directory of this name could be part of a path that is looked for.
    pub fn concerns(&self, name: &[u8]) -> bool {
        self.parts.iter().any(|part| matches(part, name))
    }

    /// The pattern of the file's name.
    pub fn name(&self) -> &[u8] {
        self.parts.last().map_or(b"", |part| part)
    }

    /// Scans the directories.
    pub fn look(&self) -> Found {
        let mut found = Found::default();
        found.walk(&self.root, &self.parts);
        sys::sort(&mut found.files, Ord::cmp);
        found.files.dedup();
        found
    }
}

impl Found {
    fn walk(&mut self, directory: &Path, parts: &[Box<[u8]>]) {
        let Some((part, rest)) = parts.split_first() else { return };
        if self.directories.len() >= MAX_DIRECTORIES {
            self.is_cut = true;
            return;
        }
        if is_pattern(part) {
            self.directories.push(directory.to_owned());
            return self.walk_matches(directory, part, rest);
        }
        let path = directory.join(OsStr::from_bytes(part));
        if rest.is_empty() {
            self.directories.push(directory.to_owned());
            self.files.push(path);
        } else if path.is_dir() {
            self.walk(&path, rest);
        } else {
            // It may appear here later.
            self.directories.push(directory.to_owned());
        }
    }

    /// Goes on at every name in a directory that the pattern `part` matches.
    fn walk_matches(&mut self, directory: &Path, part: &[u8], rest: &[Box<[u8]>]) {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.failures.push((directory.to_owned(), error));
                }
                return;
            }
        };
        for entry in entries.flatten() {
            self.names += 1;
            if self.names > MAX_NAMES {
                self.is_cut = true;
                return;
            }
            if !matches(part, entry.file_name().as_bytes()) {
                continue;
            }
            let path = entry.path();
            match rest {
                [] => self.files.push(path),
                rest if path.is_dir() => self.walk(&path, rest),
                _ => {}
            }
        }
    }
}

fn is_pattern(part: &[u8]) -> bool {
    part.iter().any(|byte| b"*?[".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_that_matches_is_searched() {
        let dir = std::env::temp_dir().join(format!("sysmetrics-glob-{}", std::process::id()));
        for name in ["a/x.log", "b/x.log", "b/y.log", "b/.h.log", "c"] {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let look = |pattern: &str| {
            let found = Glob::new(&format!("{}/{pattern}", dir.display())).look();
            let below = |paths: Vec<PathBuf>| {
                let part = |path: &PathBuf| path.strip_prefix(&dir).unwrap().display().to_string();
                let mut names: Vec<_> = paths.iter().map(part).collect();
                names.sort();
                names.join(" ")
            };
            assert!(!found.is_cut && found.failures.is_empty());
            (below(found.files), below(found.directories))
        };
        let of = |files: &str, directories: &str| (files.to_owned(), directories.to_owned());
        assert_eq!(look("*/x.log"), of("a/x.log b/x.log", " a b"));
        assert_eq!(look("b/*.log"), of("b/x.log b/y.log", "b"));
        assert_eq!(look("b/z.log"), of("b/z.log", "b"), "it may come");
        assert_eq!(look("new/*.log"), of("", ""), "the directory above is watched");
        assert_eq!(look("[ab]/[!x].log"), of("b/y.log", " a b"));
        let glob = Glob::new("/var/*/web*.log");
        assert!(glob.concerns(b"web1.log") && glob.concerns(b"log") && !glob.concerns(b".x"));
        fs::remove_dir_all(dir).unwrap();
    }
}
