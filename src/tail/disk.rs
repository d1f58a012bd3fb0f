//! Files as the disk has them: what they are called, what they are known by.

use super::state::Head;
use crate::sys;
use crate::wire::crc32;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirEntryExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Bytes that tell how a file begins.
pub const HEAD: usize = 256;

/// Names in a directory that are gone through for a file that was renamed.
const MAX_NAMES: usize = 10_000;

/// Whether `copy` is what a rotation would call a copy of `original`: web.log.1, web.log-20260101,
/// web-20260101.log.
pub fn is_named_after(copy: &Path, original: &Path) -> bool {
    let (Some(name), Some(of)) = (copy.file_name(), original.file_name()) else { return false };
    let (name, of) = (name.as_bytes(), of.as_bytes());
    let stem = memchr::memrchr(b'.', of).and_then(|dot| of.get(..dot)).filter(|s| !s.is_empty());
    let follows = |stem: &[u8]| {
        let rest = name.strip_prefix(stem);
        rest.and_then(<[u8]>::first).is_some_and(|b| !b.is_ascii_alphanumeric())
    };
    name != of && (follows(of) || stem.is_some_and(follows))
}

/// Opens a regular file, never waiting for anybody. What is no file is not even opened: that alone can
/// do something to a device.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let check = |about: Metadata| match about.is_file() {
        true => Ok(about),
        false => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    };
    check(fs::metadata(path)?)?;
    let file = sys::open_unwaiting(path)?;
    let about = check(file.metadata()?)?;
    Ok((file, about))
}

/// The name that a file has now in the directory where it was at `path`.
///
/// # Errors
///
/// `NotFound` if it has none, any other if that is not to be known.
pub fn renamed(path: &Path, inode: u64) -> io::Result<PathBuf> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut entries = fs::read_dir(directory)?.take(MAX_NAMES).flatten();
    let entry = entries.find(|entry| entry.ino() == inode);
    entry.map(|entry| entry.path()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Whether a file at this path begins so.
pub fn is_so(path: &Path, head: Head) -> bool {
    let file = open_regular(path).map(|(file, _)| file);
    file.and_then(|file| head_of(&file, head.bytes.into())).is_ok_and(|h| h == head)
}

/// How a file begins, by at most `most` bytes.
pub fn head_of(file: &File, most: usize) -> io::Result<Head> {
    let mut bytes = [0; HEAD];
    let room = bytes.get_mut(..most).unwrap_or_default();
    let n = read_at(file, room, 0)?;
    let crc = crc32(room.get(..n).unwrap_or_default());
    Ok(Head { bytes: n as u16, crc })
}

/// Reads, also when a signal comes in between.
pub fn read_at(file: &File, into: &mut [u8], from: u64) -> io::Result<usize> {
    loop {
        match file.read_at(into, from) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Size and time of the last change.
pub fn state(about: &Metadata) -> (u64, i64, i64) {
    (about.size(), about.mtime(), about.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rotations_call_copies() {
        let is = |copy: &str, original: &str| is_named_after(Path::new(copy), Path::new(original));
        for copy in ["/a/web.log.1", "/b/web.log-20260101", "/a/web-20260101.log", "/a/web.1.log"] {
            assert!(is(copy, "/a/web.log"), "{copy}");
        }
        for other in ["/a/web.log", "/a/web2.log", "/a/we.log", "/a/b.log", "/"] {
            assert!(!is(other, "/a/web.log"), "{other}");
        }
        assert!(is("messages.1", "messages") && !is("messages2", "messages"));
    }
}
