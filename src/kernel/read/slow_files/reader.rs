//! The thread that reads the files that are new or slow, one after the other.

use crate::base::error::{Error, KeptError, Place};
use crate::base::sys;
use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a reading took that began then.
#[cfg(not(test))]
pub fn took_since(begun: Instant) -> Duration {
    begun.elapsed()
}

#[cfg(test)]
thread_local! {
    /// How long the last reading of a test took: the machine may be busy.
    pub static TOOK: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

#[cfg(test)]
pub fn took_since(_: Instant) -> Duration {
    TOOK.take()
}

/// The longest text of a slow file.
const MAX_TEXT: usize = 1024;

/// Reads the start of a file below a directory.
pub type ReadFn = fn(&File, &CStr, &mut [u8]) -> io::Result<usize>;

/// Reads the file `name` below `directory`, as much as fits into `into`.
pub fn read_below(directory: &File, name: &CStr, into: &mut [u8]) -> io::Result<usize> {
    let file = sys::open_below(directory, name)?;
    loop {
        // `read` would return an empty text for a pipe without a writer.
        match file.read_at(into, 0) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The files that the thread is asked for, and what it has read.
#[derive(Default)]
pub struct Exchange {
    queue: Mutex<Queue>,
    pub answered: Condvar,
}

#[derive(Default)]
pub struct Queue {
    pub asked: VecDeque<CString>,
    pub answers: Vec<Answer>,
    /// How often everything was forgotten: an answer to an older request is not wanted.
    era: u32,
}

/// The reading of a file: when it began, how long it took, and the text.
pub struct Answer {
    pub path: CString,
    pub at: Instant,
    pub took: Duration,
    pub text: Result<Vec<u8>, KeptError>,
}

impl Exchange {
    pub fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Drops all requests and answers, also the one that the thread works on.
    pub fn forget(&mut self) {
        *self = Queue { era: self.era.wrapping_add(1), ..Queue::default() };
    }
}

/// The directory, and the work of the thread.
#[derive(Clone)]
pub struct Reader {
    /// The directory, as the kernel has it, and where it is.
    pub place: &'static str,
    pub real: PathBuf,
    pub read: ReadFn,
    pub exchange: Arc<Exchange>,
}

impl Reader {
    /// Reads all files that are asked for. The lock is not held meanwhile.
    pub fn work(&mut self, _: Instant) {
        let directory = sys::open_directory(&self.real);
        loop {
            let mut queue = self.exchange.lock();
            let (path, era) = (queue.asked.pop_front(), queue.era);
            drop(queue);
            let Some(path) = path else { return };
            let (at, mut room) = (Instant::now(), [0; MAX_TEXT]);
            let length = match &directory {
                Ok(directory) => self.read(directory, &path, &mut room),
                Err(e) => Err(Error::of(self.place, e)),
            };
            let text = length.map(|length| room.get(..length).unwrap_or_default().to_vec());
            let text = text.map_err(|error| error.keep());
            let took = took_since(at);
            let mut queue = self.exchange.lock();
            if queue.era == era {
                queue.answers.push(Answer { path, at, took, text });
                self.exchange.answered.notify_all();
            }
        }
    }

    /// Reads the file `path` below the open directory.
    pub fn read(&self, directory: &File, path: &CStr, into: &mut [u8]) -> Result<usize, Error> {
        let read = (self.read)(directory, path, into);
        read.map_err(|e| Error::of(self.place(path), &e))
    }

    /// The place of a file, for messages.
    pub fn place(&self, path: &CStr) -> Place {
        Place::below(self.place, path.to_bytes())
    }
}
