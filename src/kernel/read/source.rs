//! One kernel file, opened once and re-read from offset 0: four times cheaper than open, read, close. A file that
//! cannot be opened is tried again, so one that is loaded, mounted or plugged in later is found; an open file that
//! fails is opened again, once, since a file whose device, module or process is gone fails for ever (ENODEV, ENOENT,
//! EIO, ESRCH). A pipe in place of a file is an error: waiting for its writer would block.

use super::{Absence, scan};
use crate::base::error::Error;
use crate::base::sys;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The largest file that is read: /proc/stat of 4096 CPUs has 0.4 MB.
const MAX_FILE: usize = 8 << 20;

/// The buffer of a first reading; a seq_file returns a page at once.
const PAGE: usize = 4096;

/// Bytes of the first read of a parameter in /proc/sys: the kernel allocates as much as is requested, and clears it.
const PARAMETER: usize = 255;
const PARAMETERS: &str = "/proc/sys/";

/// Bytes that a read requests beyond the last line that is wanted: numbers grow.
const SLACK: usize = 48;

/// The longest line of the files that come record by record. A read stops before a record that does
/// not fit into the kernel's page, so one with more than this unused has reached the end.
const MAX_RECORD: usize = 512;

/// How the kernel returns a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// At once (`single_open`): whole after a read that did not fill the buffer.
    Whole,
    /// Record by record, about a page each read (`seq_open`).
    Records,
    /// Record by record, with records of any length: whole when a read returns nothing. The kernel reports
    /// changes of mounts, which are among these.
    LongRecords,
    /// The same with lines that stay the same but for their numbers: whole when a read gives nothing, or has
    /// the line that was the last before, or the last that was wanted.
    SameRecords,
}

/// One kernel file.
pub struct Source {
    path: &'static str,
    real: PathBuf,
    shape: Shape,
    file: Option<File>,
    /// The first word of the last line that is wanted, of those files whose lines stay the same.
    last: Vec<u8>,
    /// Bytes that the first read requests, 0 for all that the buffer has room for: the kernel formats no more.
    limit: usize,
    /// The open file has events for changes.
    has_events: bool,
    absence: Absence,
}

impl Source {
    pub(super) fn new(path: &'static str, real: PathBuf, shape: Shape) -> Source {
        let (last, absence) = (Vec::new(), Absence::default());
        let is_parameter = shape == Shape::Whole && path.starts_with(PARAMETERS);
        let limit = if is_parameter { PARAMETER } else { 0 };
        Source { path, real, shape, file: None, last, limit, has_events: false, absence }
    }

    /// Marks it as optional: an absent file is checked again only after a few seconds.
    pub(super) fn or_absent(mut self, absence: Absence) -> Source {
        self.absence = absence;
        self
    }

    /// Its path in the kernel's tree, for messages.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Whether the file reports that it has not changed since the last call.
    pub(super) fn is_unchanged(&self) -> bool {
        self.file.as_ref().is_some_and(|file| self.has_events && !sys::has_event(file))
    }

    /// Closes the descriptor; the next reading opens the file again.
    pub(super) fn close(&mut self) {
        self.file = None;
    }

    /// Reads the file as it is now to the beginning of `buf`; returns its length.
    pub(super) fn fill(&mut self, buf: &mut Vec<u8>) -> Result<usize, Error> {
        let was_kept = self.file.is_some();
        match self.fill_from_kept(buf) {
            Err(Error::Read(..) | Error::Absent(_)) if was_kept => {
                self.file = None;
                self.fill_from_kept(buf)
            }
            result => result,
        }
    }

    /// Opens the file, unless it was absent a moment ago.
    fn open(&mut self) -> Result<(), Error> {
        if self.absence.is_known() {
            return Err(Error::Absent(self.path.into()));
        }
        let file = sys::open_unwaiting(&self.real).map_err(|e| {
            let error = self.failure(&e);
            if matches!(error, Error::Absent(_)) {
                self.absence.note();
            }
            error
        })?;
        self.has_events = self.shape == Shape::LongRecords && sys::is_procfs(&file);
        self.file = Some(file);
        Ok(())
    }

    /// Like `fill`, from the open file, which is opened if there is none.
    fn fill_from_kept(&mut self, buf: &mut Vec<u8>) -> Result<usize, Error> {
        if self.file.is_none() {
            self.open()?;
        }
        let (mut length, mut limit) = (0, self.limit);
        loop {
            if buf.len() - length < PAGE {
                self.grow(buf)?;
            }
            let Some(file) = &self.file else { return Err(Error::Absent(self.path.into())) };
            let requested = match limit.saturating_sub(length) {
                0 => buf.len() - length,
                some => some.min(buf.len() - length),
            };
            let room = buf.get_mut(length..length + requested).unwrap_or_default();
            match file.read_at(room, length as u64) {
                // The kernel returns a longer parameter only as a whole, from its beginning.
                Ok(n) if n > 0 && n == limit && self.shape == Shape::Whole => limit = 0,
                Ok(n) => {
                    length += n;
                    let text = buf.get(..length).unwrap_or_default();
                    if n == 0 {
                        self.note_last(text);
                        return Ok(length);
                    }
                    if let Some(length) = self.whole(n, requested, text) {
                        if self.limit > 0 && self.shape == Shape::SameRecords {
                            self.limit = length + SLACK;
                        }
                        return Ok(length);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failure(&e)),
            }
        }
    }

    /// Marks the lines after the first `end` bytes of `text`, which was read, as not wanted, if the lines of the
    /// file stay the same.
    pub(super) fn wants_until(&mut self, text: &[u8], end: usize) {
        if self.shape == Shape::SameRecords && end > 0 && end <= text.len() {
            self.note_last(text.get(..end).unwrap_or_default());
            self.limit = end + SLACK;
        }
    }

    fn note_last(&mut self, text: &[u8]) {
        let last = last_word(text).unwrap_or_default();
        if self.shape == Shape::SameRecords {
            self.limit = 0;
            if self.last != last {
                self.last = last.to_vec();
            }
        }
    }

    /// The length of the wanted part of the file, if the read that returned `n` of the `requested` bytes was the last
    /// one; `text` is all that was read.
    fn whole(&self, n: usize, requested: usize, text: &[u8]) -> Option<usize> {
        let is_last = match self.shape {
            Shape::SameRecords if self.limit > 0 => return self.end_of_last(text),
            Shape::SameRecords => last_word(text).is_some_and(|last| last == self.last),
            Shape::Whole => true,
            Shape::Records => n + MAX_RECORD < PAGE,
            Shape::LongRecords => false,
        };
        (is_last && n < requested).then_some(text.len())
    }

    /// Where the last line that is wanted ends: it is one of the last that were read.
    fn end_of_last(&self, mut text: &[u8]) -> Option<usize> {
        loop {
            text = text.get(..=memchr::memrchr(b'\n', text)?)?;
            if last_word(text)? == self.last {
                return Some(text.len());
            }
            text = text.split_last()?.1;
        }
    }

    #[cold]
    fn grow(&self, buf: &mut Vec<u8>) -> Result<(), Error> {
        if buf.len() >= MAX_FILE {
            return Err(Error::too_large(self.path, MAX_FILE));
        }
        buf.resize(buf.len() + (buf.len() / 2).max(PAGE), 0);
        Ok(())
    }

    fn failure(&self, e: &std::io::Error) -> Error {
        Error::of(self.path, e)
    }
}

/// The first word of the last line, if that is complete.
fn last_word(text: &[u8]) -> Option<&[u8]> {
    let lines = text.strip_suffix(b"\n")?;
    let line =
        memchr::memrchr(b'\n', lines).map_or(lines, |at| lines.get(at + 1..).unwrap_or_default());
    scan::fields(line).next()
}

#[cfg(test)]
mod tests;
