//! Engine for trees of objects that few boxes have, such as `/sys/fs/btrfs/UUID/allocation/data/raid1`.
//! The directory is opened for one scrape, and everything below it relative to it. No descriptor stays
//! open from scrape to scrape, and a steady scrape allocates nothing.

use super::PartialErrors;
use crate::base::error::{Error, Place};
use crate::base::sys::{self, Pen};
use crate::kernel::read::{Absence, Names, Root};
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// More entries than a directory of objects has; what comes after is left out and counted.
const MAX_ENTRIES: usize = 16_384;

/// The longest path below the directory.
const MAX_PATH: usize = 512;

/// The size of the largest file.
const MAX_FILE: usize = 1 << 20;

/// The buffer size for a first reading.
const PAGE: usize = 4096;

/// A directory with objects below it.
pub struct Subtree {
    base: &'static str,
    real: PathBuf,
    absence: Absence,
}

/// The same, open during a scrape.
pub struct Opened {
    base: &'static str,
    directory: File,
}

impl Subtree {
    /// The directory that the kernel has at `base`.
    pub fn new(root: &Root, base: &'static str) -> Subtree {
        Subtree { base, real: root.real(base), absence: root.absence() }
    }

    /// Opens the directory. One that was absent or empty a moment ago is treated as absent.
    pub fn open(&self) -> Result<Opened, Error> {
        if self.absence.is_known() {
            return Err(Error::Absent(self.base.into()));
        }
        let directory = sys::open_directory(&self.real).map_err(|e| {
            let error = Error::of(self.base, &e);
            if matches!(error, Error::Absent(_)) {
                self.rest();
            }
            error
        })?;
        Ok(Opened { base: self.base, directory })
    }

    /// Notes that there is no object: the directory need not be opened for a few seconds.
    pub fn rest(&self) {
        self.absence.note();
    }
}

impl Opened {
    /// Adds the names in the directory `path`, given in parts, to `names`, in the kernel's order, and
    /// returns whether there is such a directory. A name that is not UTF-8 is left out.
    pub fn list(&self, path: &[&[u8]], names: &mut Names, errors: &mut PartialErrors) -> bool {
        names.truncate(0);
        let (mut count, mut has_more) = (0, false);
        let joined = Joined::of(path);
        let opened = sys::open_below(&self.directory, joined.path());
        let listed = opened.and_then(|directory| {
            sys::list(&directory, &mut |name| {
                let is_text = std::str::from_utf8(name).is_ok();
                has_more |= is_text && count >= MAX_ENTRIES;
                if is_text && count < MAX_ENTRIES {
                    names.push(name);
                    count += 1;
                }
            })
        });
        if has_more {
            errors.refuse(self.place(path), "at most 16384 entries", b"");
        }
        let listed = listed.map_err(|e| Error::of(self.place(path), &e));
        errors.unless_absent(listed).is_some()
    }

    /// Reads the file `path`, which the kernel returns in one piece, as far as it fits into `into`, without blanks
    /// around it.
    pub fn read<'b>(&self, path: &[&[u8]], into: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let file = sys::open_below(&self.directory, Joined::of(path).path());
        let length = file.and_then(|file| read_at(&file, into, 0));
        let length = length.map_err(|e| Error::of(self.place(path), &e))?;
        Ok(into.get(..length).unwrap_or_default().trim_ascii())
    }

    /// Reads the file `path`, whatever its length; `into` keeps its memory from reading to reading.
    pub fn read_whole<'b>(&self, path: &[&[u8]], into: &'b mut Vec<u8>) -> Result<&'b [u8], Error> {
        let failed = |e: &io::Error| Error::of(self.place(path), e);
        let file = sys::open_below(&self.directory, Joined::of(path).path());
        let file = file.map_err(|e| failed(&e))?;
        let mut length = 0;
        loop {
            if into.len() - length < PAGE {
                if into.len() >= MAX_FILE {
                    return Err(Error::too_large(self.place(path), MAX_FILE));
                }
                into.resize((into.len() * 2).max(PAGE), 0);
            }
            let room = into.get_mut(length..).unwrap_or_default();
            match read_at(&file, room, length as u64).map_err(|e| failed(&e))? {
                0 => break,
                n => length += n,
            }
        }
        Ok(into.get(..length).unwrap_or_default())
    }

    /// The full path of `path`, for messages.
    pub fn place(&self, path: &[&[u8]]) -> Place {
        Place::below(self.base, Joined::of(path).path().to_bytes())
    }
}

fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(into, offset) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A path in one piece. One that is too long, or has a NUL in it, names nothing.
struct Joined([u8; MAX_PATH]);

impl Joined {
    fn of(parts: &[&[u8]]) -> Joined {
        let mut path = [0; MAX_PATH];
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        let has_nul = parts.iter().any(|part| memchr::memchr(0, part).is_some());
        if parts.is_empty() {
            path[0] = b'.';
        } else if length <= MAX_PATH && !has_nul {
            let mut pen = Pen::new(&mut path);
            for (at, part) in parts.iter().enumerate() {
                pen.put(if at > 0 { b"/" } else { b"" });
                pen.put(part);
            }
        }
        Joined(path)
    }

    fn path(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::read::testing::Tree;

    #[test]
    fn paths_are_joined_and_what_cannot_be_one_is_none() {
        let text = |parts: &[&[u8]]| Joined::of(parts).path().to_str().unwrap().to_owned();
        assert_eq!(text(&[]), ".");
        assert_eq!(text(&[b"a", b"bc", b"d"]), "a/bc/d");
        assert_eq!(text(&[b"a\0b"]), "");
        assert_eq!(text(&[&[b'x'; MAX_PATH - 1]]).len(), MAX_PATH - 1);
        assert_eq!(text(&[&[b'x'; MAX_PATH - 1], b""]), "");
    }

    #[test]
    fn a_tree_is_listed_and_read_and_may_be_missing() {
        let tree = Tree::new("subtree");
        let subtree = Subtree::new(&tree.root(), "/sys/fs/x");
        assert!(matches!(subtree.open(), Err(Error::Absent(_))));
        tree.put("sys/fs/x/one/size", " 12\n");
        tree.put("sys/fs/x/one/long", &"y".repeat(3 * PAGE));
        let opened = subtree.open().unwrap();
        let (mut names, mut whole) = (Names::default(), Vec::new());
        let mut errors = PartialErrors::default();
        assert!(opened.list(&[], &mut names, &mut errors));
        assert_eq!((names.get(0), names.get(1)), (Some(&b"one"[..]), None));
        assert_eq!(opened.read(&[b"one", b"size"], &mut [0; 9]), Ok(&b"12"[..]));
        assert_eq!(opened.read_whole(&[b"one", b"long"], &mut whole).unwrap().len(), 3 * PAGE);
        assert_eq!(opened.read_whole(&[b"one", b"size"], &mut whole), Ok(&b" 12\n"[..]));
        let gone = Error::Absent(opened.place(&[b"two", b"size"]).into());
        assert_eq!(opened.read(&[b"two", b"size"], &mut [0; 9]), Err(gone));
        assert!(!opened.list(&[b"two"], &mut names, &mut errors));
        assert!(!opened.list(&[b"one", b"size"], &mut names, &mut errors));
        assert!(names.get(0).is_none() && errors.count() == 0);
        assert!(matches!(opened.read(&[b"one"], &mut [0; 9]), Err(Error::Read(..))));
    }
}
