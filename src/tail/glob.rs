//! Paths with `*`, `?` and `[…]` in the names of files and directories. As in a shell a pattern is
//! for one name, it never crosses a `/`, and only a `.` that is written finds hidden names. `[!…]`
//! and `[^…]` are all but these; `[*]` is the character itself.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Names that one look at the directories of one pattern goes through.
const MAX_NAMES: usize = 10_000;

/// Directories below one pattern.
const MAX_DIRECTORIES: usize = 256;

/// A path with patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    root: PathBuf,
    parts: Vec<Box<[u8]>>,
}

/// What a look brought.
#[derive(Debug, Default)]
pub struct Found {
    /// Paths that could be files, sorted.
    pub files: Vec<PathBuf>,
    /// Where something would have to happen for the next look to bring something else.
    pub directories: Vec<PathBuf>,
    /// Directories that could not be read.
    pub failures: Vec<(PathBuf, io::Error)>,
    /// There was more than is looked at.
    pub is_cut: bool,
    names: usize,
}

impl Glob {
    /// Of a path as it is written.
    pub fn new(path: &str) -> Glob {
        let root = if path.starts_with('/') { "/" } else { "." };
        let parts = path.split('/').filter(|part| !part.is_empty());
        Glob { root: root.into(), parts: parts.map(|part| part.as_bytes().into()).collect() }
    }

    /// Whether a file or directory of this name could be part of a path that is looked for.
    pub fn concerns(&self, name: &[u8]) -> bool {
        self.parts.iter().any(|part| matches(part, name))
    }

    /// Looks what is there.
    pub fn look(&self) -> Found {
        let mut found = Found::default();
        found.walk(&self.root, &self.parts);
        found.files.sort_unstable();
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
        if !is_pattern(part) {
            let path = directory.join(OsStr::from_bytes(part));
            if rest.is_empty() {
                self.directories.push(directory.to_owned());
                self.files.push(path);
            } else if path.is_dir() {
                self.walk(&path, rest);
            } else {
                // It may come to be here.
                self.directories.push(directory.to_owned());
            }
            return;
        }
        self.directories.push(directory.to_owned());
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

/// Whether `pattern` is for `name`, all of it. At most as many steps as the product of both.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut pattern, mut name) = (pattern, name);
    // Behind the last star, and what it has not taken yet.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            star = Some((rest, name));
            continue;
        }
        if name.is_empty() && pattern.is_empty() {
            return true;
        }
        if let Some((p, n)) = step(pattern, name) {
            (pattern, name) = (p, n);
            continue;
        }
        // The last star takes one more.
        let Some((rest, [_, left @ ..])) = star else { return false };
        (pattern, name) = (rest, left);
        star = Some((rest, left));
    }
}

/// One character of both, if they agree: what is left of them.
fn step<'a>(pattern: &'a [u8], name: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (first, rest) = pattern.split_first()?;
    let size = name.first().map(|_| character(name))?;
    let (here, left) = name.split_at_checked(size)?;
    match first {
        b'?' => Some((rest, left)),
        b'[' => match class(rest) {
            Some((set, rest)) => is_in(set, here).then_some((rest, left)),
            // Without its end it is a character like others.
            None => (here == b"[").then_some((rest, left)),
        },
        byte => (name.first() == Some(byte)).then_some((rest, name.get(1..)?)),
    }
}

/// Bytes of the first character; of what is no UTF-8, one.
fn character(name: &[u8]) -> usize {
    let size = match name.first() {
        Some(0xc0..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..) => 4,
        _ => 1,
    };
    let is_whole = name.get(..size).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok());
    if is_whole { size } else { 1 }
}

/// What stands between the brackets, and what follows them. A `]` at the start is no end.
fn class(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let negation = usize::from(matches!(rest.first(), Some(b'!' | b'^')));
    let end = negation + 1 + memchr::memchr(b']', rest.get(negation + 1..)?)?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

fn is_in(set: &[u8], here: &[u8]) -> bool {
    let (wanted, mut set) = match set {
        [b'!' | b'^', rest @ ..] => (false, rest),
        set => (true, set),
    };
    let mut found = false;
    while !set.is_empty() {
        let (low, rest) = set.split_at(character(set));
        set = rest;
        let high = match rest {
            [b'-', after @ ..] if !after.is_empty() => {
                let (high, rest) = after.split_at(character(after));
                set = rest;
                high
            }
            _ => low,
        };
        // UTF-8 sorts as its characters do, if those of one length are compared.
        let key = |bytes: &[u8]| (bytes.len(), bytes.first().copied());
        found |= (key(low), low) <= (key(here), here) && (key(here), here) <= (key(high), high);
    }
    found == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, yes, no) in [
            ("web.log", &["web.log"][..], &["web.log.1", "web", ""][..]),
            ("*", &["a", "é"], &[".a"]),
            (".*", &[".", ".a"], &["a"]),
            ("web*.log", &["web.log", "web-1.log", "web.log.log"], &["web.log.1", "we.log"]),
            ("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a"]),
            ("?.log", &["a.log", "é.log"], &[".log", "ab.log"]),
            ("[a-c]x[!0-9]", &["axy", "cx-"], &["dxy", "ax1", "ax"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[^]]", &["a"], &["]"]),
            ("[*]", &["*"], &["a"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[ä-ü]", &["ö"], &["o", "€"]),
            ("a[", &["a["], &["a"]),
            ("**", &["a"], &[]),
        ] {
            for name in yes {
                assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
            for name in no {
                assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
        }
        assert!(matches(b"?", b"\xff") && matches(b"[!a]", b"\xff"));
        // It does not take for ever.
        assert!(!matches("*a".repeat(50).as_bytes(), "a".repeat(49).as_bytes()));
    }

    #[test]
    fn looks_below_every_directory_that_is_meant() {
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
