//! Files as they are on disk: their names, and how they are identified.

use super::state::Head;
use crate::base::sys;
use crate::base::wire::crc32;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirEntryExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Bytes of a file's start that identify it.
pub const HEAD: usize = 256;

/// Zero bytes after a hole that are read to find how a file begins; a block is at most this large.
const MAX_ZEROS: usize = 64 << 10;

/// Names in a directory that are read for a file that was renamed.
const MAX_NAMES: usize = 10_000;

/// The suffixes of compressed files, and how they begin.
const PACKED: [(&str, &[u8]); 4] = [
    (".gz", &[0x1f, 0x8b]),
    (".xz", b"\xfd7zXZ\0"),
    (".zst", &[0x28, 0xb5, 0x2f, 0xfd]),
    (".bz2", b"BZh"),
];

/// Whether `copy` is a name that a rotation would give to a copy of `original`: web.log.1, web.log-20260101,
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

/// Whether `rest`, what a name has after that of a log, is what a rotation appends: `.1`, `-20260101`,
/// also of one that is compressed.
pub fn is_rotation(rest: &[u8]) -> bool {
    let plain = PACKED.iter().find_map(|(suffix, _)| rest.strip_suffix(suffix.as_bytes()));
    let plain = plain.unwrap_or(rest);
    plain.iter().any(u8::is_ascii_digit)
        && plain.iter().all(|b| b.is_ascii_digit() || b"._:-".contains(b))
}

/// Whether `path` is a name that a rotation would give to an earlier `original`, by its whole name.
pub fn is_earlier(path: &Path, original: &Path) -> bool {
    let (Some(name), Some(of)) = (path.file_name(), original.file_name()) else { return false };
    name.as_bytes().strip_prefix(of.as_bytes()).is_some_and(is_rotation)
}

/// Whether a file with this start is compressed.
fn is_packed(bytes: &[u8]) -> bool {
    let is = |magic: &[u8]| bytes.starts_with(magic);
    let has_size = bytes.get(3).is_some_and(|b| matches!(b, b'1'..=b'9'));
    PACKED.iter().any(|(name, magic)| is(magic) && (has_size || *name != ".bz2"))
}

/// Opens a regular file without blocking. What is not a regular file is not even opened: opening alone can
/// have an effect on a device.
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
/// `NotFound` if it has no name there, any other error if that cannot be known.
pub fn renamed(path: &Path, inode: u64) -> io::Result<PathBuf> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut entries = fs::read_dir(directory)?.take(MAX_NAMES).flatten();
    let entry = entries.find(|entry| entry.ino() == inode);
    entry.map(|entry| entry.path()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Whether the file at this path begins with this head.
pub fn begins_with(path: &Path, head: Head) -> bool {
    let file = open_regular(path).map(|(file, _)| file);
    file.and_then(|file| head_of(&file, head.bytes.into())).is_ok_and(|h| h == head)
}

/// Reads how a file begins, by at most `most` bytes.
pub fn head_of(file: &File, most: usize) -> io::Result<Head> {
    look(file, most).map(|look| look.start)
}

/// How a file begins. Both are read together, as the file may be emptied at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStart {
    /// Of as many bytes as were asked for.
    pub start: Head,
    /// Of as many bytes as there are, at most `HEAD`.
    pub head: Head,
    pub is_packed: bool,
}

/// Reads how a file begins, by at most `most` bytes. A hole at its start, or zero bytes, are skipped: a writer
/// that does not append leaves one each time its file is emptied, and all holes are alike.
pub fn look(file: &File, most: usize) -> io::Result<FileStart> {
    let mut bytes = [0; HEAD];
    let mut n = read_at(file, &mut bytes, 0)?;
    if n > 0 && bytes.first() == Some(&0) {
        let start = first_byte(file)?;
        n = start.map_or(Ok(0), |start| read_at(file, &mut bytes, start))?;
    }
    let known = bytes.get(..n).unwrap_or_default();
    let start = head_in(known.get(..most).unwrap_or(known));
    Ok(FileStart { start, head: head_in(known), is_packed: is_packed(known) })
}

/// The head of a file with these first bytes. Zero bytes at their end do not count, as lines that are written later
/// may replace them. Those before other bytes do: a head that ended at the first would be that of many files.
pub fn head_in(bytes: &[u8]) -> Head {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let end = head.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let head = head.get(..end).unwrap_or_default();
    Head { bytes: head.len() as u16, crc: crc32(head) }
}

/// The offset of the first byte that is not zero, if it is near the first data.
fn first_byte(file: &File) -> io::Result<Option<u64>> {
    let Some(mut from) = sys::next_data(file, 0).unwrap_or(Some(0)) else { return Ok(None) };
    let mut bytes = [0; 4096];
    for _ in 0..MAX_ZEROS / bytes.len() {
        let n = read_at(file, &mut bytes, from)?;
        let read = bytes.get(..n).unwrap_or_default();
        if let Some(at) = read.iter().position(|byte| *byte != 0) {
            return Ok(Some(from + at as u64));
        }
        if n == 0 {
            break;
        }
        from += n as u64;
    }
    Ok(None)
}

/// Reads, and repeats the call if a signal interrupts it.
pub fn read_at(file: &File, into: &mut [u8], from: u64) -> io::Result<usize> {
    loop {
        match file.read_at(into, from) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Size and time of the last change.
pub type FileState = (u64, i64, i64);

/// Size and time of the last change.
pub fn state(about: &Metadata) -> FileState {
    (about.size(), about.mtime(), about.mtime_nsec())
}

/// The time of the last change.
pub fn changed(about: &Metadata) -> (i64, i64) {
    (about.mtime(), about.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rotations_put_behind_a_name() {
        for rest in [".1", "-20260101", "-2026-01-01_10:00", ".12.gz", "-20260101.xz", ".0"] {
            assert!(is_rotation(rest.as_bytes()), "{rest}");
        }
        for rest in ["", ".", "-", ".gz", ".bak", ".1.bak", "1a", ".err", "-web.1"] {
            assert!(!is_rotation(rest.as_bytes()), "{rest}");
        }
        assert!(is_earlier(Path::new("/a/web.log.1"), Path::new("/b/web.log")));
        assert!(!is_earlier(Path::new("web-1.log"), Path::new("web.log")));
    }

    #[test]
    fn a_head_is_what_comes_behind_a_hole() {
        let path = std::env::temp_dir().join(format!("sysmetrics-head-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let known = |bytes: &[u8]| Head { bytes: bytes.len() as u16, crc: crc32(bytes) };
        let starts = |most: usize| head_of(&file, most).unwrap();
        assert_eq!(starts(HEAD), known(b""));
        file.set_len(10 << 30).unwrap();
        assert_eq!(starts(HEAD), known(b""));
        file.write_all_at(b"one\n", (10 << 30) + 5).unwrap();
        assert_eq!((starts(HEAD), starts(2)), (known(b"one\n"), known(b"on")));
        assert_eq!(look(&file, 2).unwrap().head, known(b"one\n"));
        for magic in [&b"\x1f\x8b\x08\0"[..], b"\xfd7zXZ\0\0", b"\x28\xb5\x2f\xfd", b"BZh91AY"] {
            file.set_len(0).unwrap();
            file.write_all_at(magic, 0).unwrap();
            assert!(look(&file, 0).unwrap().is_packed);
        }
        fs::remove_file(path).unwrap();
    }

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
