//! Which text files there are: `*.prom` in directories that may be named by globs. As with node_exporter a
//! pattern that finds nothing is the name of a directory, and what is found must be one. A scan allocates
//! nothing.

use crate::base::sys;
use crate::base::wire::matches;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Names that one scan reads; those beyond are not seen.
const MAX_NAMES: usize = 50_000;

/// How the names of text files end.
const SUFFIX: &[u8] = b".prom";

/// One directory or glob, as in the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `/` or nothing.
    root: &'static [u8],
    /// Names without `.`, and with `..` where there is nothing before it.
    parts: Vec<Box<[u8]>>,
}

impl Pattern {
    /// A pattern from a path as it is written.
    pub fn new(path: &str) -> Pattern {
        let mut parts: Vec<Box<[u8]>> = Vec::new();
        for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
            match parts.last() {
                Some(last) if part == ".." && **last != *b".." => _ = parts.pop(),
                _ => parts.push(part.as_bytes().into()),
            }
        }
        Pattern { root: if path.starts_with('/') { b"/" } else { b"" }, parts }
    }
}

/// What a scan finds.
pub enum Visited {
    /// An entry with the name of a text file.
    File(io::Result<Metadata>),
    /// A directory that cannot be read.
    Failed(io::Error),
    /// There were more names than the limit.
    Excess,
}

/// Receives the path and what is there.
pub type Visitor<'e> = dyn FnMut(&Path, Visited) + 'e;

/// Looks for text files.
#[derive(Default)]
pub struct Walk {
    /// The current path.
    path: Vec<u8>,
    names: usize,
}

impl Walk {
    /// Begins a new scan: names are counted from zero.
    pub fn begin(&mut self) {
        self.names = 0;
    }

    /// Hands on what `pattern` finds, in the order of the directories.
    pub fn look(&mut self, pattern: &Pattern, each: &mut Visitor<'_>) {
        self.path.clear();
        self.path.extend_from_slice(pattern.root);
        let has_glob = pattern.parts.iter().any(|part| is_glob(part));
        if has_glob && self.enter(&pattern.parts, each) {
            return;
        }
        self.path.truncate(pattern.root.len());
        pattern.parts.iter().for_each(|part| _ = self.push(part));
        self.directory(each);
    }

    /// Appends one name; returns how long the path was.
    fn push(&mut self, name: &[u8]) -> usize {
        let before = self.path.len();
        if !matches!(self.path.last(), None | Some(b'/')) {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        before
    }

    fn place(&self) -> &Path {
        let is_here = self.path.is_empty();
        Path::new(OsStr::from_bytes(if is_here { b"." } else { &self.path }))
    }

    /// Whether there is anything below here that `parts` match.
    fn enter(&mut self, parts: &[Box<[u8]>], each: &mut Visitor<'_>) -> bool {
        let Some((part, rest)) = parts.split_first() else {
            self.directory(each);
            return true;
        };
        if !is_glob(part) {
            let before = self.push(part);
            let found = fs::symlink_metadata(self.place()).is_ok() && self.enter(rest, each);
            self.path.truncate(before);
            return found;
        }
        // As in Go, a directory that cannot be read has nothing to find.
        let Ok(directory) = sys::open_listing(self.place()) else { return false };
        let mut found = false;
        let _ = sys::list(&directory, &mut |name| {
            if self.counts() && finds(part, name) {
                let before = self.push(name);
                found |= self.enter(rest, each);
                self.path.truncate(before);
            }
        });
        found
    }

    /// Counts a name; false beyond the limit.
    fn counts(&mut self) -> bool {
        self.names += 1;
        self.names <= MAX_NAMES
    }

    fn directory(&mut self, each: &mut Visitor<'_>) {
        let listed = sys::open_listing(self.place()).and_then(|directory| {
            sys::list(&directory, &mut |name| {
                if self.counts() && name.ends_with(SUFFIX) {
                    let before = self.push(name);
                    each(self.place(), Visited::File(fs::metadata(self.place())));
                    self.path.truncate(before);
                }
            })
        });
        if let Err(error) = listed {
            each(self.place(), Visited::Failed(error));
        }
        if self.names > MAX_NAMES {
            each(self.place(), Visited::Excess);
        }
    }
}

fn is_glob(part: &[u8]) -> bool {
    part.iter().any(|byte| b"*?[".contains(byte))
}

/// In Go's globs a star finds hidden names, too.
fn finds(pattern: &[u8], name: &[u8]) -> bool {
    let is_hidden = name.first() == Some(&b'.');
    match name.get(1..).filter(|_| is_hidden) {
        Some(rest) if pattern.first() == Some(&b'?') => {
            matches(pattern.get(1..).unwrap_or_default(), rest)
        }
        Some(rest) if pattern.first() == Some(&b'*') => {
            finds(pattern, rest) || finds(pattern.get(1..).unwrap_or_default(), name)
        }
        _ => matches(pattern, name),
    }
}
