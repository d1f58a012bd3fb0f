//! A record of a file that no path names, so that it is checked only once.

use super::disk::{self, FileState};
use super::file::Tailed;
use super::state::Head;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
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
        Passed { inode: file.id.1, state: file.found, head: file.head }
    }
}

/// Whether a file of this name may be one that a rotation left beside one of these.
pub fn concerns(files: &[Tailed], name: &[u8]) -> bool {
    let name = Path::new(OsStr::from_bytes(name));
    files.iter().any(|file| disk::is_named_after(name, &file.path))
}
