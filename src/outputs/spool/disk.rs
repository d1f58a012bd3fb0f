//! The directory of a queue. It contains `lock`, which one process holds; `00000001.seg` and so on; and
//! `ack`, two slots of 24 bytes, written by turns, so that one is whole whenever the machine stops:
//!
//! | bytes | |
//! |---|---|
//! | 8 | `sysmack1` |
//! | 8 | the sequence of the last frame that is done, the lowest byte first |
//! | 4 | CRC32C of both |
//! | 4 | zeros |
//!
//! All other files belong to other programs and are not touched.

use crate::base::sys;
use crate::base::wire::crc32c;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Bytes of a segment's file that are read.
pub const MAX_FILE: u64 = 16 << 20;

/// Files in the directory that are read.
const MAX_FILES: usize = 1 << 16;

/// A segment with such a number is not ours: no queue gets there, and others have to follow each.
const NUMBERS: u32 = u32::MAX / 2;

/// Bytes of a slot.
const SLOT: usize = 24;

const TITLE: &[u8; 8] = b"sysmack1";

/// A directory that this process has locked.
pub struct Disk {
    dir: PathBuf,
    /// `None` while it fails, so that its file system can be unmounted.
    held: Option<Held>,
    /// The device and the inode of the lock's file.
    id: (u64, u64),
}

/// The state of a directory that is gone.
pub struct Remnant {
    /// `Disk::queue`.
    pub queue: u64,
    /// All up to this one are done.
    pub acknowledged: u64,
    /// The frame that is being sent.
    pub given: Option<u64>,
}

/// What is open as long as the directory is locked.
struct Held {
    ack: File,
    second: bool,
    lock: File,
}

impl Drop for Held {
    /// Unlocks, rather than only closes: a child that was just started has a copy of the descriptor for a moment,
    /// and the successor that it would keep out tries again only after a minute.
    fn drop(&mut self) {
        sys::unlock(&self.lock);
    }
}

impl Disk {
    /// Opens the directory, which is made if it is missing; returns the sequence of the last frame that
    /// is done.
    ///
    /// # Errors
    ///
    /// The directory cannot be used; `WouldBlock` if another process uses it.
    pub fn open(dir: &Path) -> io::Result<(Disk, u64)> {
        DirBuilder::new().recursive(true).mode(sys::PRIVATE_DIR).create(dir)?;
        // A directory from an earlier version. If this fails, the files in it are private all the same.
        let _ = sys::make_private(dir);
        Disk::hold(dir)
    }

    fn hold(dir: &Path) -> io::Result<(Disk, u64)> {
        let file = |name| {
            let mut how = OpenOptions::new();
            how.read(true).write(true).create(true).truncate(false);
            sys::open_private(&dir.join(name), &mut how)
        };
        let lock = file("lock")?;
        sys::lock_alone(&lock)?;
        let ack = file("ack")?;
        let mut slots = [0; 2 * SLOT];
        let length = ack.read_at(&mut slots, 0)?;
        let (first, second) = slots.split_at(SLOT);
        let (first, second) = (slot(first), slot(second));
        if first.is_none() && second.is_none() && length > 0 {
            // Of another queue, or lost in a power cut.
            ack.set_len(0)?;
        }
        let about = lock.metadata()?;
        let id = (about.dev(), about.ino());
        let held = Some(Held { ack, second: second < first, lock });
        let disk = Disk { dir: dir.to_owned(), held, id };
        Ok((disk, first.max(second).unwrap_or(0)))
    }

    /// Whether the path still leads to the directory.
    pub fn is_there(&self) -> bool {
        let about = fs::symlink_metadata(self.dir.join("lock"));
        about.is_ok_and(|about| (about.dev(), about.ino()) == self.id)
    }

    /// Whether the directory is known to be deleted, not only moved.
    pub fn is_deleted(&self) -> bool {
        let about = self.held.as_ref().and_then(|held| held.lock.metadata().ok());
        about.is_some_and(|about| about.nlink() == 0)
    }

    /// Closes everything, because the directory fails.
    pub fn release(&mut self) {
        self.held = None;
    }

    /// Opens everything again.
    ///
    /// # Errors
    ///
    /// Those of `open`; `NotFound` if another directory is in its place.
    pub fn resume(&mut self) -> io::Result<()> {
        if self.held.is_none() {
            let (disk, _) = Disk::hold(&self.dir)?;
            if disk.id != self.id {
                return Err(ErrorKind::NotFound.into());
            }
            *self = disk;
        }
        Ok(())
    }

    /// Identifies the queue; a file system that is mounted again may have another device.
    pub fn queue(&self) -> u64 {
        self.id.1
    }

    /// The numbers of the existing segments.
    pub fn numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.dir)?.take(MAX_FILES) {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
            let number = number.filter(|n| n.len() >= 8).and_then(|n| n.parse::<u32>().ok());
            let number = number.filter(|n| *n < NUMBERS);
            numbers.extend(number.filter(|n| self.path(*n).file_name() == Some(&name)));
        }
        sys::sort(&mut numbers, Ord::cmp);
        Ok(numbers)
    }

    /// The file of a segment.
    pub fn path(&self, number: u32) -> PathBuf {
        let digits = number.to_string();
        let zeros = "00000000".get(digits.len()..).unwrap_or_default();
        self.dir.join([zeros, &digits, ".seg"].concat())
    }

    /// Creates an empty file for a segment.
    pub fn create(&self, number: u32) -> io::Result<File> {
        let mut how = OpenOptions::new();
        sys::open_private(&self.path(number), how.write(true).create(true).truncate(true))
    }

    /// Reads a segment from `start` on, at most this many bytes, and replaces the contents of `to`.
    pub fn read(&self, number: u32, start: u64, most: u64, to: &mut Vec<u8>) -> io::Result<()> {
        let mut file = sys::open_private(&self.path(number), OpenOptions::new().read(true))?;
        let there = file.metadata()?.len().min(MAX_FILE).saturating_sub(start).min(most);
        to.clear();
        to.shrink_to(there as usize);
        to.reserve_exact(there as usize);
        file.seek(SeekFrom::Start(start))?;
        sys::read_rest(&file, there, to)
    }

    /// Cuts off everything after the last whole record.
    pub fn cut(&self, number: u32, length: u64) -> io::Result<()> {
        sys::open_private(&self.path(number), OpenOptions::new().write(true))?.set_len(length)
    }

    /// Removes a segment.
    pub fn remove(&self, number: u32) -> io::Result<()> {
        match fs::remove_file(self.path(number)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Notes that all up to `sequence` are done. It is not forced to the disk: if it is lost,
    /// frames are sent again.
    pub fn acknowledge(&mut self, sequence: u64) -> io::Result<()> {
        let sequence = sequence.to_le_bytes();
        let crc = crc32c(&[TITLE, &sequence]).to_le_bytes();
        let slot = [&TITLE[..], &sequence, &crc, &[0; 4]].concat();
        let Some(held) = &mut self.held else { return Err(ErrorKind::NotConnected.into()) };
        held.ack.write_all_at(&slot, if held.second { SLOT as u64 } else { 0 })?;
        held.second = !held.second;
        Ok(())
    }

    /// Forces new names to the disk.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

fn slot(bytes: &[u8]) -> Option<u64> {
    let (title, rest) = bytes.split_at_checked(8)?;
    let (sequence, rest) = rest.split_at_checked(8)?;
    let crc = rest.get(..4)?.try_into().ok()?;
    let is_whole = title == TITLE && crc32c(&[title, sequence]) == u32::from_le_bytes(crc);
    is_whole.then_some(u64::from_le_bytes(sequence.try_into().ok()?))
}

/// Whether the directory of a queue can be used or made, without making anything.
///
/// # Errors
///
/// It cannot; the error says why, and what to do.
pub fn check(dir: &Path) -> io::Result<()> {
    let mut existing = dir;
    let found = loop {
        match (fs::metadata(existing), existing.parent()) {
            (Err(error), Some(above)) if error.kind() == ErrorKind::NotFound => existing = above,
            (found, _) => break found,
        }
    };
    let is_dir = match found {
        // A relative path, of which no part exists yet.
        Err(_) if existing.as_os_str().is_empty() => sys::may_write(Path::new(".")),
        Err(error) => Err(error),
        Ok(about) if about.is_dir() => sys::may_write(existing),
        Ok(_) => Err(ErrorKind::NotADirectory.into()),
    };
    is_dir.map_err(|error| io::Error::new(error.kind(), trouble(dir, &error)))
}

/// The message about a disk that fails.
pub fn trouble(dir: &Path, error: &io::Error) -> String {
    let what = match error.kind() {
        ErrorKind::WouldBlock => "another process uses it: give each a spool.dir of its own",
        ErrorKind::PermissionDenied => {
            "give the user that runs sysmetrics the right to write there; restart it if the directory is new"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there, or lower spool.max_bytes"
        }
        ErrorKind::ReadOnlyFilesystem => "mount it for writing, or name another spool.dir",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::InvalidInput => {
            "a file is in the way: remove it, or name another spool.dir"
        }
        _ => "check the disk, or name another spool.dir",
    };
    let path = dir.to_string_lossy();
    format!("{path}: {error}; samples wait in memory; {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child has all descriptors for a moment, before it closes them.
    #[test]
    fn a_directory_that_was_left_is_free_although_a_child_has_the_lock() {
        let dir = std::env::temp_dir().join(["free-", &std::process::id().to_string()].concat());
        let (disk, _) = Disk::open(&dir).unwrap();
        let of_child = disk.held.as_ref().unwrap().lock.try_clone().unwrap();
        assert!(Disk::open(&dir).is_err());
        drop(disk);
        assert!(Disk::open(&dir).is_ok());
        drop(of_child);
        fs::remove_dir_all(dir).unwrap();
    }
}
