//! One kernel file, opened once and re-read from offset 0 into a kept buffer: four times cheaper
//! than open, read, close. A file that cannot be opened is tried again at every reading, so what is
//! loaded, mounted or plugged in later is found; one whose device went away answers ENODEV for ever
//! and is opened anew. What is no file but a pipe is an error: nobody waits for its writer.

use crate::error::Error;
use crate::sys;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The largest file that is read: /proc/stat of 4096 CPUs has 0.4 MB.
const MAX_FILE: usize = 8 << 20;

/// A first reading's room; a page is what a seq_file gives at once.
const PAGE: usize = 4096;

/// The longest line of the files that come record by record. A read stops before a record that does
/// not fit into the kernel's page, so one that leaves more than this unused has seen the last.
const MAX_RECORD: usize = 512;

/// How the kernel hands a file out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// At once (`single_open`): whole after a read that did not fill the buffer.
    Whole,
    /// Record by record, about a page each read (`seq_open`).
    Records,
}

/// One kernel file.
pub struct Source {
    path: &'static str,
    real: PathBuf,
    shape: Shape,
    file: Option<File>,
    buf: Vec<u8>,
}

impl Source {
    pub(super) fn new(path: &'static str, real: PathBuf, shape: Shape) -> Source {
        Source { path, real, shape, file: None, buf: Vec::new() }
    }

    /// Where the kernel has it, for messages.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The whole file as it is now.
    pub fn read(&mut self) -> Result<&[u8], Error> {
        let length = match self.fill() {
            Err(Error::Read(_, libc::ENODEV | libc::ESTALE)) => {
                self.file = None;
                self.fill()?
            }
            result => result?,
        };
        Ok(self.buf.get(..length).unwrap_or_default())
    }

    fn fill(&mut self) -> Result<usize, Error> {
        if self.file.is_none() {
            self.file = Some(sys::open_unwaiting(&self.real).map_err(|e| self.failure(&e))?);
        }
        let mut length = 0;
        loop {
            if self.buf.len() - length < PAGE {
                self.grow()?;
            }
            let Some(file) = &self.file else { return Err(Error::Absent(self.path)) };
            let room = self.buf.get_mut(length..).unwrap_or_default();
            let asked = room.len();
            match file.read_at(room, length as u64) {
                Ok(n) => {
                    length += n;
                    if n == 0 || (n < asked && self.is_last(n)) {
                        return Ok(length);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failure(&e)),
            }
        }
    }

    /// Whether a read of `n` bytes that left room can only have been the last.
    fn is_last(&self, n: usize) -> bool {
        self.shape == Shape::Whole || n + MAX_RECORD < PAGE
    }

    #[cold]
    fn grow(&mut self) -> Result<(), Error> {
        if self.buf.len() >= MAX_FILE {
            return Err(Error::TooLarge(self.path, MAX_FILE));
        }
        self.buf.resize((self.buf.len() * 2).max(PAGE), 0);
        Ok(())
    }

    fn failure(&self, e: &std::io::Error) -> Error {
        match e.kind() {
            ErrorKind::NotFound => Error::Absent(self.path),
            _ => Error::Read(self.path, e.raw_os_error().unwrap_or(0)),
        }
    }
}
