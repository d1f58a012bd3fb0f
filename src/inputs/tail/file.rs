//! One log file: how it is identified, and how far it was read (`bytes` reads on).
//!
//! A file is identified by device, inode and its first bytes: a name may be given to another file, an inode too,
//! and a file may be emptied and filled again past its offset. The offset is kept as the place
//! where the first line begins that was not counted yet; a line that waits for its end is kept in the file
//! and not in memory.

use super::disk::{FileState, open_regular, renamed, state};
use super::state::{Head, Place};
use super::watch::NONE;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes that are read at once.
pub const CHUNK: usize = 64 << 10;

/// Where the reading of a file starts that was not opened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At its first line.
    Beginning,
    /// At its first line, unless it is a copy: it appeared while the agent ran.
    Late,
    /// Where it was read to before the program started; if that is unknown, it is not read.
    Rest,
    /// At the last line that existed when it was found, then at this byte.
    End(u64),
    /// At its offset: it was opened before.
    Known,
}

/// A file that was renamed or deleted: it is read until writing to it has stopped.
#[derive(Clone, Copy, Debug)]
pub struct Draining {
    /// When it last grew, or was renamed or deleted.
    pub since: Instant,
    /// How often its end was reached since.
    pub ends: u32,
}

/// A file that the path does not name, beside one that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It is read if it is a copy of what was emptied.
    Copy,
    /// It is also read if the rotation was missed: then it was that file for a while.
    Earlier,
}

/// How a file began and how far it was read before it was emptied or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    pub head: Head,
    /// `u64::MAX` if a copy was found that has the rest.
    pub offset: u64,
    /// The offset is within a line that was cut.
    pub skips: bool,
    pub half: Option<PartialBatch>,
}

impl ReadMark {
    /// The state after a copy has taken over all that began like this.
    pub fn nothing(head: Head) -> ReadMark {
        ReadMark { head, offset: u64::MAX, skips: false, half: None }
    }
}

/// Lines that some rules were matched against, and others not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialBatch {
    /// Bytes from the offset on.
    pub len: usize,
    /// The index of the next rule.
    pub rule: usize,
    /// After them the offset is within a line that was cut.
    pub skips: bool,
}

/// One file.
pub struct Tailed {
    /// Where it was found.
    pub path: PathBuf,
    /// Its device and inode.
    pub id: (u64, u64),
    /// How it begins; empty before it was opened.
    pub head: Head,
    /// Where to begin.
    pub start: Start,
    /// Where the first line begins that was not counted yet.
    pub offset: u64,
    /// The offset is within a line that was cut.
    pub skips: bool,
    /// Whether there may be something to read.
    pub is_due: bool,
    /// Set when no pattern matches its name any more.
    pub leaving: Option<Draining>,
    /// It is a copy of another so far: the data is read from the original.
    pub is_copy: bool,
    /// What it was before it was last emptied.
    pub before: Option<ReadMark>,
    /// When it last began again: it was found, emptied, or got its first bytes.
    pub turned: Option<Instant>,
    /// The path does not name it.
    pub beside: Option<Beside>,
    /// Its original, or the file that it was itself, was empty or missing at the last scan: only one rotation was
    /// not seen.
    pub is_expected: bool,
    /// The path of the file of which this one is an earlier part.
    pub was: Option<PathBuf>,
    /// Set when the last line has no newline and the file stopped growing.
    pub unfinished: Option<Draining>,
    /// Lines that some rules have not seen yet.
    pub half: Option<PartialBatch>,
    /// It is compressed, and not read.
    pub is_packed: bool,
    /// Size and time of the last change when it was found or read.
    pub found: FileState,
    /// Where it really lies, if `path` leads through links.
    pub real: PathBuf,
    /// The watch on the directory where it lies.
    pub watch: i32,
    /// `path` is a symbolic link.
    pub is_link: bool,
    /// The watch on the directory of that link.
    pub link_watch: i32,
    /// How often the link was set since the last scan.
    pub link_sets: u32,
    /// The last turn that read from it.
    pub used: u64,
    /// It could not be opened or read, which was logged.
    pub is_troubled: bool,
    pub(super) file: Option<File>,
    /// Size and time of the last change when it was last checked.
    pub(super) seen: FileState,
    /// How much to read at once: more where a line is longer.
    pub(super) want: usize,
}

/// Where the file at `path` really lies, and whether `path` is a symbolic link.
fn behind(path: &Path) -> (PathBuf, bool) {
    let is_link = fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
    (fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), is_link)
}

impl Tailed {
    /// A file that was found but not opened yet.
    pub fn new(path: PathBuf, about: &Metadata, start: Start) -> Tailed {
        let (real, is_link) = behind(&path);
        Tailed {
            real,
            is_link,
            path,
            id: (about.dev(), about.ino()),
            head: Head::default(),
            start,
            offset: 0,
            skips: false,
            is_due: true,
            leaving: None,
            is_copy: false,
            before: None,
            turned: None,
            beside: None,
            is_expected: false,
            was: None,
            unfinished: None,
            half: None,
            is_packed: false,
            found: state(about),
            watch: NONE,
            link_watch: NONE,
            link_sets: 0,
            used: 0,
            is_troubled: false,
            file: None,
            seen: (0, 0, 0),
            want: CHUNK,
        }
    }

    /// Notes that the file has another name now.
    pub fn rename(&mut self, path: PathBuf) {
        if self.path != path {
            (self.real, self.is_link) = behind(&path);
            self.was = Some(std::mem::replace(&mut self.path, path));
        }
    }

    /// The size when it was last read.
    pub fn size(&self) -> u64 {
        self.seen.0
    }

    /// Its place, to be kept, if that is known.
    pub fn place(&self, setting: &str) -> Option<Place> {
        // A new file that is empty is read from its beginning later.
        let is_known = matches!(self.start, Start::Known | Start::Late);
        (is_known && !self.is_copy).then(|| Place {
            offset: self.offset,
            device: self.id.0,
            inode: self.id.1,
            head: self.head,
            skips: self.skips,
            setting: setting.to_owned(),
            path: self.path.clone(),
        })
    }

    /// Whether a descriptor is open.
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Opens the file unless it is open; under another name, if it was renamed in its directory.
    ///
    /// # Errors
    ///
    /// `NotFound` if it no longer exists under any name in its directory.
    pub fn open(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        let here = open_regular(&self.path).and_then(|(file, about)| {
            let is_same = (about.dev(), about.ino()) == self.id;
            if is_same { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
        });
        let file = match here {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = renamed(&self.path, self.id.1)?;
                let (file, about) = open_regular(&path)?;
                let is_same = (about.dev(), about.ino()) == self.id;
                if !is_same {
                    return Err(error);
                }
                file
            }
            here => here?,
        };
        self.file = Some(file);
        Ok(())
    }

    /// Closes the descriptor; the offset is kept.
    pub fn close(&mut self) {
        self.file = None;
    }

    /// Whether it changed since it was last read.
    pub fn has_changed(&self) -> bool {
        let about = match &self.file {
            Some(file) => file.metadata(),
            None => fs::metadata(&self.path),
        };
        // If that cannot be known, the file is opened, which shows it.
        about.map_or(true, |about| state(&about) != self.seen)
    }

    /// When it was last changed: it may have been since it was read.
    pub fn changed_at(&self) -> i64 {
        let about = self.file.as_ref().and_then(|file| file.metadata().ok());
        about.map_or(self.found.1, |about| about.mtime())
    }

    /// Sets the offset to that of `place`.
    pub fn resume(&mut self, place: &Place) {
        (self.offset, self.skips, self.head) = (place.offset, place.skips, place.head);
        self.start = Start::Known;
    }

    /// How it begins and how far it was read.
    pub fn left(&self) -> ReadMark {
        ReadMark { head: self.head, offset: self.offset, skips: self.skips, half: self.half }
    }

    /// Sets the offset to that of its original; of a shorter copy nothing is left.
    pub fn skip_to(&mut self, was: ReadMark) {
        let length = self.length();
        self.offset = was.offset.min(length);
        let is_all = was.offset <= length;
        (self.skips, self.half) = (is_all && was.skips, was.half.filter(|_| is_all));
    }
}
