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
    /// Record by record, with lines that change only in their numbers: whole when a read returns nothing, or
    /// ends with the line that was the last before.
    SameRecords,
}

/// One kernel file.
pub struct Source {
    path: &'static str,
    real: PathBuf,
    shape: Shape,
    file: Option<File>,
    /// The first word of the last line, for files whose lines stay the same.
    last: Vec<u8>,
    /// The open file has events for changes.
    has_events: bool,
    absence: Absence,
}

impl Source {
    pub(super) fn new(path: &'static str, real: PathBuf, shape: Shape) -> Source {
        let (last, absence) = (Vec::new(), Absence::default());
        Source { path, real, shape, file: None, last, has_events: false, absence }
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

    fn fill_from_kept(&mut self, buf: &mut Vec<u8>) -> Result<usize, Error> {
        if self.file.is_none() {
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
        }
        let mut length = 0;
        loop {
            if buf.len() - length < PAGE {
                self.grow(buf)?;
            }
            let Some(file) = &self.file else { return Err(Error::Absent(self.path.into())) };
            let room = buf.get_mut(length..).unwrap_or_default();
            let asked = room.len();
            match file.read_at(room, length as u64) {
                Ok(n) => {
                    length += n;
                    let text = buf.get(..length).unwrap_or_default();
                    if n == 0 {
                        self.note_last(text);
                        return Ok(length);
                    }
                    if n < asked && self.is_last(n, text) {
                        return Ok(length);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failure(&e)),
            }
        }
    }

    fn note_last(&mut self, text: &[u8]) {
        let last = last_word(text).unwrap_or_default();
        if self.shape == Shape::SameRecords && self.last != last {
            self.last = last.to_vec();
        }
    }

    /// Whether a read of `n` bytes that did not fill the buffer must have been the last of `text`.
    fn is_last(&self, n: usize, text: &[u8]) -> bool {
        match self.shape {
            Shape::Whole => true,
            Shape::Records => n + MAX_RECORD < PAGE,
            Shape::LongRecords => false,
            Shape::SameRecords => last_word(text).is_some_and(|last| last == self.last),
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
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::sync::mpsc::channel;
    use std::{fs, thread};

    #[test]
    fn a_file_of_the_same_lines_ends_with_the_last_of_them() {
        let path = std::env::temp_dir().join(format!("sysmetrics-same-{}", std::process::id()));
        let mut source = Source::new("/proc/x", path.clone(), Shape::SameRecords);
        let mut buf = Vec::new();
        for (text, last) in
            [("a 1\nbc 2\n", "bc"), ("a 10\nbc 20\n", "bc"), ("a 1\nbc 3\nd 4\n", "d"), ("", "")]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(source.fill(&mut buf), Ok(text.len()));
            assert_eq!((&buf[..text.len()], &*source.last), (text.as_bytes(), last.as_bytes()));
        }
        assert_eq!(last_word(b"a 1\nbc 2"), None, "a line that is not whole");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_kept_file_that_fails_is_opened_anew() {
        let link = std::env::temp_dir().join(format!("sysmetrics-source-{}", std::process::id()));
        let (tell, told) = channel();
        let (end, ended) = channel::<()>();
        let other = thread::spawn(move || {
            tell.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
            ended.recv().unwrap_err();
        });
        symlink(PathBuf::from("/proc").join(told.recv().unwrap()).join("stat"), &link).unwrap();
        let mut source = Source::new("/proc/x", link.clone(), Shape::Whole);
        let mut buf = Vec::new();
        assert!(source.fill(&mut buf).is_ok());
        drop(end);
        other.join().unwrap();
        let gone = (0..1000).find(|_| {
            thread::sleep(std::time::Duration::from_millis(5));
            source.fill_from_kept(&mut buf).is_err()
        });
        assert!(gone.is_some(), "the file of a thread that ended fails");
        fs::remove_file(&link).unwrap();
        fs::write(&link, "new\n").unwrap();
        assert_eq!(source.fill(&mut buf), Ok(4));
        assert_eq!(buf[..4], *b"new\n");
        fs::remove_file(&link).unwrap();
    }
}
