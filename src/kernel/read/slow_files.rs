//! Files that a driver answers when they are read: over I2C, 1-wire, a mailbox or firmware, in microseconds, or in
//! seconds where the device is slow or its bus is stuck. Nobody knows which before the first reading, and a thread
//! that reads cannot be interrupted. So a thread reads each file first; what was fast is read by scrapes, and the
//! thread ends if everything was. What was slow stays with the thread, and scrapes show its last text.

mod reader;

pub use reader::read_below;

use super::{Background, Shared};
use crate::base::error::{Error, KeptError};
use reader::{Answer, Reader, took_since};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A file that took longer is slow. All fast files of a directory together take no longer.
const SLOW: Duration = Duration::from_millis(20);

/// A file that takes less is fast, however many there are.
const FAST: Duration = Duration::from_millis(1);

/// After this time in one scrape, of all directories together, files that were fast are left to the thread, and
/// their last texts are shown: a bus is stuck.
const MAX_READING: Duration = Duration::from_millis(100);

/// The shortest time between two readings of a slow file.
const PAUSE: Duration = Duration::from_secs(60);

/// An older text is no longer shown.
const MAX_AGE: Duration = Duration::from_secs(900);

/// A waiting scrape looks so often whether the thread has stopped before it saw the last request.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// More files than the drivers of one class have on any box; what comes after cannot be read.
const MAX_FILES: usize = 16_384;

/// The files below one directory, and the thread that reads those that are new or slow.
pub struct SlowFiles {
    reader: Reader,
    pause: Duration,
    shared: Arc<Shared>,
    /// `None` while all files are fast.
    thread: Option<Background<Reader>>,
    files: Vec<KnownFile>,
    /// The index of the file that is expected next: scrapes read the same files in the same order.
    next: usize,
    /// The scrape of the last reading, and how many files had no answer in it.
    scrape: u32,
    pub waiting: u32,
    /// The age of the text that was read last, if it is not of this scrape.
    pub age: Option<Duration>,
    /// The system has no resources for the thread.
    is_refused: bool,
}

struct KnownFile {
    /// Of a file that is there, or that is asked for though it is absent.
    path: CString,
    pace: Pace,
    /// Whether the thread was asked, and has not answered.
    is_asked: bool,
    took: Duration,
    /// Two readings in a row were slow: one may be because the machine is busy.
    is_surely_slow: bool,
    /// The last text, and when its reading began.
    read_at: Option<Instant>,
    text: Result<Vec<u8>, KeptError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    New,
    Fast,
    Slow,
}

impl SlowFiles {
    /// The files of the directory `place`, which is at `real`; nothing is read yet.
    pub fn new(place: &'static str, real: PathBuf, shared: &Arc<Shared>) -> SlowFiles {
        SlowFiles {
            reader: Reader { place, real, read: read_below, exchange: Arc::default() },
            pause: PAUSE,
            shared: shared.clone(),
            thread: None,
            files: Vec::new(),
            next: 0,
            scrape: 0,
            waiting: 0,
            age: None,
            is_refused: false,
        }
    }

    /// The length of the text of the file `path` below the open `directory`, which is read into `into`. A file that
    /// is not answered yet counts as absent, and as waiting.
    pub fn read(&mut self, directory: &File, path: &CStr, into: &mut [u8]) -> Result<usize, Error> {
        if self.scrape != self.shared.scrape() {
            self.begin();
        }
        let at = self.find(path)?;
        (self.next, self.age) = (at + 1, None);
        if let Some(file) = self.files.get_mut(at)
            && file.pace == Pace::Fast
            && self.shared.spent() > MAX_READING
        {
            (file.pace, file.is_surely_slow) = (Pace::Slow, false);
        }
        if self.pace(at) != Some(Pace::Fast) {
            self.ask(at);
            self.wait(at);
        }
        match self.pace(at) {
            Some(Pace::Fast) => self.read_now(at, directory, into),
            Some(Pace::Slow) => self.last(at, into),
            _ if self.is_refused => Err(Error::Read(self.reader.place(path).into(), libc::EAGAIN)),
            _ => {
                self.waiting = self.waiting.saturating_add(1);
                Err(Error::Absent(self.reader.place(path).into()))
            }
        }
    }

    /// Forgets all files: others may be at their paths.
    pub fn forget(&mut self) {
        self.files.clear();
        self.reader.exchange.lock().forget();
    }

    /// Begins a scrape: takes what was read since the last.
    fn begin(&mut self) {
        (self.scrape, self.waiting) = (self.shared.scrape(), 0);
        if self.thread.is_none() {
            return;
        }
        self.take();
        // The thread may have stopped before it saw the last request.
        if !self.reader.exchange.lock().asked.is_empty() {
            self.start();
        }
    }

    fn pace(&self, at: usize) -> Option<Pace> {
        self.files.get(at).map(|file| file.pace)
    }

    /// The index of a file. A new one is put where it is expected.
    fn find(&mut self, path: &CStr) -> Result<usize, Error> {
        if let Some(at) = self.position(path) {
            return Ok(at);
        }
        if self.files.len() >= MAX_FILES {
            return Err(Error::parse(self.reader.place, "at most 16384 files", path.to_bytes()));
        }
        let (at, path) = (self.next.min(self.files.len()), path.to_owned());
        let (pace, took, text) = (Pace::New, Duration::ZERO, Ok(Vec::new()));
        let (is_asked, is_surely_slow, read_at) = (false, false, None);
        let new = KnownFile { path, pace, is_asked, took, is_surely_slow, read_at, text };
        self.files.insert(at, new);
        Ok(at)
    }

    /// The index of a known file, which is usually the next.
    fn position(&self, path: &CStr) -> Option<usize> {
        let is_it = |at: &usize| self.files.get(*at).is_some_and(|file| *file.path == *path);
        if is_it(&self.next) {
            return Some(self.next);
        }
        let next = self.next.min(self.files.len());
        (next..self.files.len()).find(is_it).or_else(|| (0..next).find(is_it))
    }

    /// Reads a file that was fast.
    fn read_now(&mut self, at: usize, directory: &File, into: &mut [u8]) -> Result<usize, Error> {
        let Some(file) = self.files.get_mut(at) else { return Ok(0) };
        let begun = Instant::now();
        let read = self.reader.read(directory, &file.path, into);
        file.took = took_since(begun);
        if file.took > FAST {
            self.shared.spend(file.took);
        }
        if file.took > SLOW {
            (file.pace, file.is_surely_slow) = (Pace::Slow, false);
        }
        match (&read, &mut file.text) {
            (Ok(length), Ok(text)) => {
                text.clear();
                text.extend_from_slice(into.get(..*length).unwrap_or_default());
                file.read_at = Some(begun);
            }
            (Ok(length), text) => {
                *text = Ok(into.get(..*length).unwrap_or_default().to_vec());
                file.read_at = Some(begun);
            }
            (Err(_), Err(_)) => {}
            (Err(error), text) => *text = Err(error.keep()),
        }
        read
    }

    /// The last text of a slow file.
    fn last(&mut self, at: usize, into: &mut [u8]) -> Result<usize, Error> {
        let Some(file) = self.files.get(at) else { return Ok(0) };
        let age = file.read_at.map(|at| at.elapsed());
        match &file.text {
            Err(error) => Err(error.error()),
            Ok(text) if age.is_some_and(|age| age <= MAX_AGE) => {
                let text = text.get(..into.len()).unwrap_or(text);
                into.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
                self.age = age;
                Ok(text.len())
            }
            Ok(_) => Err(Error::Read(self.reader.place(&file.path).into(), libc::ETIMEDOUT)),
        }
    }

    /// Asks the thread for a file that is new, or that was not read for a while.
    fn ask(&mut self, at: usize) {
        let Some(file) = self.files.get_mut(at) else { return };
        let is_recent = file.read_at.is_some_and(|at| at.elapsed() < self.pause);
        if file.is_asked || is_recent && file.is_surely_slow {
            return;
        }
        file.is_asked = true;
        self.reader.exchange.lock().asked.push_back(file.path.clone());
        self.start();
    }

    /// Lets the thread work, if it does not.
    fn start(&mut self) {
        let SlowFiles { reader, thread, .. } = self;
        let name = reader.place.rsplit('/').next().unwrap_or_default();
        let new = || Background::new(name, reader.clone(), Reader::work);
        let thread = thread.get_or_insert_with(new);
        if thread.at_rest().is_some() {
            thread.begin(Instant::now());
        }
        self.is_refused = thread.at_rest().is_some() && !reader.exchange.lock().asked.is_empty();
    }

    /// Waits for the first reading of a file, if the scrape has not waited long enough.
    fn wait(&mut self, at: usize) {
        let begun = Instant::now();
        let until = begun + self.shared.patience();
        loop {
            self.take();
            let left = until.saturating_duration_since(Instant::now());
            if self.pace(at) != Some(Pace::New) || left.is_zero() || self.is_refused {
                break;
            }
            self.start();
            let queue = self.reader.exchange.lock();
            if queue.answers.is_empty() {
                let _ = self.reader.exchange.answered.wait_timeout(queue, left.min(LOOK_AGAIN));
            }
        }
        self.shared.spend(begun.elapsed());
    }

    /// Takes what the thread has read, decides which files are slow, and ends the thread if none is.
    fn take(&mut self) {
        let answers = std::mem::take(&mut self.reader.exchange.lock().answers);
        if answers.is_empty() {
            return;
        }
        let fast = self.files.iter().filter(|file| file.pace == Pace::Fast);
        let mut sum: Duration = fast.map(|file| file.took).sum();
        let next = self.next;
        for Answer { path, at, took, text } in answers {
            let Some(place) = self.position(&path) else { continue };
            self.next = place + 1;
            let Some(file) = self.files.get_mut(place) else { continue };
            let is_slow = took > SLOW || took > FAST && sum + took > SLOW;
            file.is_surely_slow = is_slow && file.pace == Pace::Slow;
            file.pace = if is_slow { Pace::Slow } else { Pace::Fast };
            sum += if is_slow { Duration::ZERO } else { took };
            (file.is_asked, file.took, file.read_at, file.text) = (false, took, Some(at), text);
        }
        self.next = next;
        if self.files.iter().all(|file| file.pace == Pace::Fast && !file.is_asked) {
            self.thread = None;
        }
    }
}

#[cfg(test)]
mod tests;
