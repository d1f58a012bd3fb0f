//! Which text files there are: `*.prom` in directories that may be named by globs. As with node_exporter a
//! glob that finds nothing, or is invalid, is the name of a directory, and what is found must be one. A scan allocates
//! nothing.

use super::glob;
use crate::base::sys;
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
    /// Names without `.`, and with `..` where nothing before it can be left out.
    parts: Vec<Box<str>>,
    /// It may find directories; otherwise it is the name of one.
    is_glob: bool,
}

impl Pattern {
    /// A pattern from a path as it is written. As in Go a glob that is invalid finds nothing, nor does one with `.`,
    /// `..` or `/` behind its first name with a wildcard: these are no names in a directory.
    pub fn new(path: &str) -> Pattern {
        let mut parts: Vec<Box<str>> = Vec::new();
        let (mut has_glob, mut is_sound) = (false, true);
        for part in path.trim_start_matches('/').split('/') {
            is_sound &= glob::is_valid(part) && !(has_glob && matches!(part, "" | "." | ".."));
            has_glob |= glob::is_glob(part);
            match parts.last() {
                _ if matches!(part, "" | ".") => {}
                Some(last) if part == ".." && !has_glob && **last != *".." => _ = parts.pop(),
                _ => parts.push(part.into()),
            }
        }
        let root: &[u8] = if path.starts_with('/') { b"/" } else { b"" };
        Pattern { root, parts, is_glob: has_glob && is_sound }
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
        if pattern.is_glob && self.enter(&pattern.parts, each) {
            return;
        }
        self.path.truncate(pattern.root.len());
        pattern.parts.iter().for_each(|part| _ = self.push(part.as_bytes()));
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
    fn enter(&mut self, parts: &[Box<str>], each: &mut Visitor<'_>) -> bool {
        let Some((part, rest)) = parts.split_first() else {
            self.directory(each);
            return true;
        };
        if !glob::is_glob(part) {
            let before = self.push(part.as_bytes());
            let found = fs::symlink_metadata(self.place()).is_ok() && self.enter(rest, each);
            self.path.truncate(before);
            return found;
        }
        // As in Go, a directory that cannot be read has nothing to find.
        let Ok(directory) = sys::open_listing(self.place()) else { return false };
        let mut found = false;
        let _ = sys::list(&directory, &mut |name| {
            if self.counts() && glob::matches(part, name) {
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
