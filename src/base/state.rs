//! Small files that keep something over a restart. Each has two slots of the same size, written in
//! turns: the previous text stays whole, whenever the program is killed or the power fails. A slot is
//! a text, padded with zeros; the last lines of the text are
//!
//! ```text
//! write COUNT
//! end CRC
//! ```
//!
//! `COUNT` shows which slot is newer, `CRC` is the CRC-32 of everything before its line. Slots are written in place,
//! because flash wears: on ext4 that writes 20 KiB with the file system's own notes, a file that is written
//! under another name and renamed 48 KiB. They are not synced at once: that can take seconds on slow flash, and the
//! serving thread must not wait for it.

use crate::base::error::{Error, Place};
use crate::base::{sys, wire, written};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The state of an agent shall make at most 1 MiB of flash a day. Two files change all day: how far logs were read
/// is written at most this often, as lines are counted twice after a loss of power, and what was written to disks
/// half as often.
pub const PERIOD: Duration = Duration::from_secs(3600);

/// Bytes of flash that a write costs on ext4: the block, and the file system's notes, in its journal first.
pub const COST: u64 = 20 << 10;

/// How long to wait before a failed write is tried again, unless the file's period is shorter.
pub const RETRY: Duration = Duration::from_secs(600);

/// The smallest write of file systems; a slot is a multiple of it.
const BLOCK: usize = 4096;

/// Precedes the check sum.
const END: &[u8] = b"end ";

/// Precedes the number of the write.
const WRITE: &[u8] = b"write ";

/// The content of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no such file.
    Nothing,
    /// It is one of ours, but no slot is whole, as after a power failure.
    Lost,
    /// It is another program's; these are its first bytes.
    Foreign(Vec<u8>),
    /// What was written last.
    Body(Vec<u8>),
}

/// A file of two slots. It is opened for each use, so that it keeps no file system busy.
#[derive(Debug, Default)]
pub struct Slots {
    path: PathBuf,
    /// Bytes of a slot; 0 if the file has to be created again.
    size: usize,
    /// The number of the last write.
    count: u64,
}

impl Slots {
    /// A file of which nothing is known yet.
    pub fn new(path: PathBuf) -> Slots {
        Slots { path, ..Slots::default() }
    }

    /// Its path; empty for no file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what was written last. Files of this kind begin with `title`, and have slots of at most `max` bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&mut self, title: &[u8], max: u64) -> io::Result<Found> {
        let mut all = Vec::new();
        match sys::open_private(&self.path, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            file => sys::read_rest(&file?, 2 * max, &mut all)?,
        };
        let (first, second) = all.split_at(all.len() / 2);
        let whole = [first, second].into_iter().filter_map(slot).max_by_key(|(count, _)| *count);
        if let Some((count, body)) = whole.filter(|(_, body)| body.starts_with(title)) {
            (self.size, self.count) = (first.len(), count);
            return Ok(Found::Body(body.to_vec()));
        }
        let is_ours = all.starts_with(title) || second.starts_with(title);
        if is_ours || all.iter().all(|byte| *byte == 0) {
            return Ok(Found::Lost);
        }
        Ok(Found::Foreign(all))
    }

    /// Writes `body` into the older slot.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the previous text stays.
    pub fn write(&mut self, body: &[u8]) -> io::Result<()> {
        let count = self.count + 1;
        let mut text = [body, WRITE, count.to_string().as_bytes(), b"\n"].concat();
        let end = closing(&text);
        text.extend_from_slice(&end);
        if text.len() > self.size || !self.overwrite(&text, count)? {
            self.create(&text, count)?;
        }
        self.count = count;
        Ok(())
    }

    /// Overwrites a slot of the existing file; returns false if the file is missing or has another size.
    fn overwrite(&mut self, text: &[u8], count: u64) -> io::Result<bool> {
        let file = match sys::open_private(&self.path, OpenOptions::new().write(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        if file.metadata()?.len() != 2 * self.size as u64 {
            return Ok(false);
        }
        let mut slot = text.to_vec();
        slot.resize(self.size, 0);
        file.write_all_at(&slot, self.at(count))?;
        written::note(slot.len() as u64);
        Ok(true)
    }

    /// Creates the file again, with some room for longer texts.
    fn create(&mut self, text: &[u8], count: u64) -> io::Result<()> {
        self.size = (text.len() + text.len() / 4).next_multiple_of(BLOCK);
        let mut all = vec![0; 2 * self.size];
        let at = self.at(count) as usize;
        if let Some(slot) = all.get_mut(at..at + text.len()) {
            slot.copy_from_slice(text);
        }
        replace(&self.path, &all)?;
        written::note(all.len() as u64);
        Ok(())
    }

    /// The offset of the slot of a write.
    fn at(&self, count: u64) -> u64 {
        ((count + 1) & 1) * self.size as u64
    }
}

/// The number of the write and the body of a slot; `None` if it is not whole.
fn slot(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let text = body(bytes.get(..end)?)?;
    let lines = text.strip_suffix(b"\n")?;
    let at = lines.iter().rposition(|byte| *byte == b'\n')? + 1;
    let (body, line) = lines.split_at(at);
    let count = str::from_utf8(line.strip_prefix(WRITE)?).ok()?.parse().ok()?;
    Some((count, body))
}

/// Writes `text` to `path` so that it is there whole or not at all.
///
/// # Errors
///
/// The file cannot be written; the previous one stays.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    // Its own directory may be missing, the parents not.
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        DirBuilder::new().mode(sys::PRIVATE_DIR).create(directory)?;
    }
    let mut how = OpenOptions::new();
    let file = sys::open_private(beside.as_ref(), how.write(true).create(true).truncate(true));
    let done = file.and_then(|mut f| f.write_all(text)).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// Whether the directory of a file, or the one that it will be made in, is in memory: on a disk a copy would
/// wear the flash that it is meant to spare.
pub fn is_in_memory(file: &Path) -> bool {
    let above = file.ancestors().skip(1).take(2);
    let mut existing = above.filter(|dir| dir.is_dir());
    existing.next().is_some_and(sys::is_in_memory)
}

/// Syncs a file and its name to the disk. It may take seconds.
///
/// # Errors
///
/// The file or its directory cannot be opened or synced.
pub fn sync(path: &Path) -> io::Result<()> {
    let of = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    of(path).and_then(|()| path.parent().map_or(Ok(()), of))
}

/// The last line after `body`.
pub fn closing(body: &[u8]) -> [u8; 13] {
    let mut line = *b"end 00000000\n";
    let crc = wire::crc32(body);
    for (at, digit) in line.iter_mut().skip(END.len()).take(8).enumerate() {
        let value = (crc >> (28 - 4 * at)) & 15;
        *digit = char::from_digit(value, 16).map_or(b'0', |digit| digit as u8);
    }
    line
}

/// The text before the last line; `None` if the check sum differs.
fn body(text: &[u8]) -> Option<&[u8]> {
    let (body, end) = text.split_at_checked(text.len().checked_sub(END.len() + 9)?)?;
    (end == closing(body)).then_some(body)
}

/// The file, as errors name it: by the key of the settings, which the user may have to change.
fn place(path: &Path) -> Place {
    let path = path.as_os_str().as_bytes();
    Place::below("state_file /", path.strip_prefix(b"/").unwrap_or(path))
}

/// The error for a file of another program.
pub fn foreign(path: &Path, expected: &'static str, found: &[u8]) -> Error {
    Error::parse(place(path), expected, found)
}

/// The error of a system call on the file.
pub fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Read(place(path).into(), error.raw_os_error().unwrap_or(libc::EINVAL))
}

#[cfg(test)]
mod tests;
