//! A record of a file that no path names, so that it is checked only once.

use super::disk::{self, FileState, HEAD};
use super::file::Tailed;
use super::state::Head;
use crate::base::wire::crc32;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file that was checked, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub(super) inode: u64,
    /// Size and last change.
    pub state: FileState,
    /// How it begins: a new file may get the inode of one that is gone.
    pub(super) head: Head,
}

impl Passed {
    /// A file that is followed no longer.
    pub fn of(file: &Tailed) -> Passed {
        Passed { inode: file.id.1, state: file.found, head: file.known_head() }
    }

    /// A file that is there, at this path.
    pub fn at(path: &Path, about: &Metadata) -> Passed {
        let head = disk::open_regular(path).and_then(|(file, _)| disk::head_of(&file, HEAD));
        let (inode, state) = (about.ino(), disk::state(about));
        Passed { inode, state, head: head.unwrap_or_default() }
    }

    /// The same after a restart, as long as its first bytes are the same.
    pub fn id(&self) -> u32 {
        let Head { bytes, crc } = self.head;
        let parts = [&self.inode.to_le_bytes()[..], &bytes.to_le_bytes(), &crc.to_le_bytes()];
        crc32(&parts.concat())
    }
}

/// Whether a file of this name may be one that a rotation left beside one of these.
pub fn concerns(files: &[Tailed], name: &[u8]) -> bool {
    let name = Path::new(OsStr::from_bytes(name));
    files.iter().any(|file| disk::is_named_after(name, &file.path))
}
