//! The next bytes of a log file, and whether it is still the file that it was.

use super::disk::{HEAD, head_in, head_of, look, read_at, state};
use super::file::{CHUNK, ReadMark, Start, Tailed};
use super::state::Head;
use crate::base::sys;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

/// The result of reading.
#[derive(Debug, PartialEq, Eq)]
pub enum Bytes {
    /// The number of bytes from the offset on; fewer than asked for if there are no more.
    Some(usize),
    /// The file began otherwise before, or was longer. This is its state before.
    Truncated(ReadMark),
}

impl Tailed {
    /// Begins to read an opened file at its `start`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn begin(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let look = look(file, HEAD)?;
        (self.head, self.is_packed) = (look.head, look.is_packed);
        if let Start::End(size) = self.start {
            // A line that is being written is read from its start.
            let room = u64::try_from(buffer.len()).unwrap_or(0).min(size);
            let from = size - room;
            let last = buffer.get_mut(..room as usize).unwrap_or_default();
            let n = read_at(file, last, from)?;
            let last = last.get(..n).unwrap_or_default();
            let line = memchr::memrchr(b'\n', last).map(|newline| from + newline as u64 + 1);
            self.offset = line.unwrap_or(from);
            self.skips = line.is_none() && from > 0;
        }
        self.start = Start::Known;
        Ok(())
    }

    /// How many bytes `read` will ask for.
    pub fn want(&self) -> usize {
        self.want
    }

    /// Lines may be longer than the bytes asked for; the next read asks for more, up to `most`.
    pub fn want_more(&mut self, most: usize) {
        self.want = (self.want * 2).min(most);
    }

    /// Lines have the usual length again.
    pub fn want_usual(&mut self) {
        self.want = CHUNK;
    }

    /// Whether the opened file begins with this head.
    pub fn begins(&self, head: Head) -> bool {
        let file = self.file.as_ref();
        file.is_some_and(|file| head_of(file, head.bytes.into()).is_ok_and(|h| h == head))
    }

    /// How it begins, also if it was opened but not read.
    pub fn known_head(&self) -> Head {
        let file = self.file.as_ref().filter(|_| self.head.bytes == 0);
        file.and_then(|file| head_of(file, HEAD).ok()).unwrap_or(self.head)
    }

    /// Whether the opened file is empty; records that this was seen.
    pub fn is_empty(&mut self) -> bool {
        let about = self.file.as_ref().and_then(|file| file.metadata().ok());
        let is_empty = about.as_ref().is_some_and(|about| about.size() == 0);
        if let Some(about) = about.filter(|_| is_empty) {
            self.seen = state(&about);
        }
        is_empty
    }

    /// The size of the opened file.
    pub fn length(&self) -> u64 {
        self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |about| about.size())
    }

    /// Reads on. Whether the file is still the same is checked after that: what replaced it
    /// before is not mistaken for its continuation.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Bytes> {
        let Some(file) = &self.file else { return Ok(Bytes::Some(0)) };
        let n = read_at(file, buffer, self.offset);
        let is_hole = matches!(n, Ok(1..)) && buffer.first() == Some(&0);
        let about = file.metadata()?;
        // Some offsets are beyond what can be requested.
        let n = if about.size() < self.offset { 0 } else { n? };
        if n > 0 || state(&about) != self.seen {
            let read = buffer.get(..n).unwrap_or_default();
            if let Some(was) = self.check_start(read, is_hole, &about)? {
                return Ok(Bytes::Truncated(was));
            }
        }
        match () {
            () if self.is_packed => Ok(Bytes::Some(0)),
            () if is_hole && self.half.is_none() => self.skip_hole(buffer, n, about.size()),
            () => Ok(Bytes::Some(n)),
        }
    }

    /// Checks how the file begins; `read` was read at the offset. If the file was emptied, begins again and returns
    /// its state before.
    fn check_start(
        &mut self,
        read: &[u8],
        is_hole: bool,
        about: &Metadata,
    ) -> io::Result<Option<ReadMark>> {
        let Some(file) = &self.file else { return Ok(None) };
        if self.head.bytes == 0 && self.offset == 0 && !is_hole {
            // From the bytes that were read: it may have been emptied since.
            self.head = head_in(read);
        }
        let look = look(file, self.head.bytes.into())?;
        self.is_packed = look.is_packed;
        if about.size() < self.offset || look.start != self.head {
            let was = self.left();
            self.before = Some(was);
            (self.offset, self.skips, self.half) = (0, false, None);
            self.head = look.head;
            self.want_usual();
            return Ok(Some(was));
        }
        self.head = look.head;
        self.seen = state(about);
        self.found = self.seen;
        Ok(None)
    }

    /// Reads behind the hole that begins at the offset; `n` bytes were read of a file of this size.
    fn skip_hole(&mut self, buffer: &mut [u8], n: usize, size: u64) -> io::Result<Bytes> {
        let Some(file) = &self.file else { return Ok(Bytes::Some(0)) };
        let read = buffer.get(..n).unwrap_or_default();
        let is_all = read.iter().all(|byte| *byte == 0);
        let from = if is_all { self.offset + n as u64 } else { self.offset };
        match sys::next_data(file, from).unwrap_or(Some(from)) {
            // What follows a hole is a new line.
            Some(at) if at > self.offset && at < size => {
                (self.offset, self.skips) = (at, false);
                read_at(file, buffer, at).map(Bytes::Some)
            }
            // It may be filled later.
            _ if is_all => Ok(Bytes::Some(0)),
            _ => Ok(Bytes::Some(n)),
        }
    }

    /// Whether all of it is also the start of `other`: then it is a copy, perhaps one that is being written.
    /// `buffer` is written over.
    pub fn is_copy_of(&self, other: &Tailed, buffer: &mut [u8]) -> bool {
        let (Some(file), Some(original)) = (&self.file, &other.file) else { return false };
        let size = |file: &File| file.metadata().map_or(0, |about| about.size());
        let (own, whole) = (size(file), size(original));
        if own == 0 || own > whole {
            return false;
        }
        let half = buffer.len() / 2;
        let (a, b) = buffer.split_at_mut(half.min(HEAD));
        let mut is_same = |from: u64| {
            let b = b.get_mut(..a.len()).unwrap_or_default();
            let (n, m) =
                (read_at(file, a, from).unwrap_or(0), read_at(original, b, from).unwrap_or(0));
            n > 0 && n <= m && a.get(..n) == b.get(..n)
        };
        is_same(0) && is_same(own.saturating_sub(HEAD as u64))
    }
}
