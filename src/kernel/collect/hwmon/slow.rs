//! The thread that reads slow sensors, one at a time: no scrape waits for them once they are known to be slow.

use super::chips::Reading;
use crate::base::error::{Error, KeptError};
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::{Background, Dir};
use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

/// A sensor that took longer is slow.
pub const SLOW: Duration = Duration::from_millis(20);

/// Reads the file of a sensor: its path, and the factor of its number.
pub type ReadFn = fn(&Dir, &CStr, i64) -> Result<Option<i64>, Error>;

/// The thread, which is started with its first sensor.
pub struct SlowReader(Background<Job>);

/// One sensor, and what was read.
struct Job {
    dir: Dir,
    read: ReadFn,
    path: CString,
    factor: i64,
    /// When it was begun; `None` if its result was taken.
    begun: Option<Instant>,
    value: Result<Option<i64>, KeptError>,
    took: Duration,
}

impl SlowReader {
    /// A reader of the files in `dir`.
    pub fn new(dir: Dir, read: ReadFn) -> SlowReader {
        let (path, took) = (CString::default(), Duration::ZERO);
        let job = Job { dir, read, path, factor: 1, begun: None, value: Ok(None), took };
        SlowReader(Background::new("hwmon", job, Job::work))
    }

    /// Begins to read a sensor, unless the thread still reads another.
    pub fn begin(&mut self, reading: &Reading, now: Instant) {
        let Some(job) = self.0.at_rest() else { return };
        (job.path, job.factor) = (reading.path.clone(), reading.factor);
        job.begun = Some(now);
        self.0.begin(now);
    }

    /// Stores what was read since. Returns whether the file is gone.
    pub fn take(&mut self, readings: &mut [Reading], errors: &mut PartialErrors) -> bool {
        let Some(job) = self.0.at_rest() else { return false };
        let Some(begun) = job.begun.take() else { return false };
        let mut slow = readings.iter_mut().filter(|reading| reading.is_slow);
        let Some(reading) = slow.find(|reading| reading.path == job.path) else { return false };
        let value = job.value.map_err(|error| error.error());
        let is_gone = matches!(value, Err(Error::Absent(_)));
        reading.is_slow = job.took > SLOW;
        reading.read_at = Some(begun);
        reading.last = errors.unless_absent(value).flatten();
        is_gone
    }

    /// Waits for the thread.
    #[cfg(test)]
    pub fn rest(&mut self) {
        while self.0.at_rest().is_none() {
            std::thread::yield_now();
        }
    }
}

impl Job {
    fn work(&mut self, _: Instant) {
        let before = Instant::now();
        let value = self.dir.open().and_then(|()| (self.read)(&self.dir, &self.path, self.factor));
        self.value = value.map_err(|error| error.keep());
        self.took = before.elapsed();
        self.dir.close();
    }
}

/// Keeps what is known of slow sensors when the same chips are looked up again.
pub fn keep(readings: &mut [Reading], before: &[Reading]) {
    for old in before.iter().filter(|reading| reading.is_slow) {
        if let Some(new) = readings.iter_mut().find(|reading| reading.path == old.path) {
            (new.is_slow, new.read_at, new.last) = (true, old.read_at, old.last);
        }
    }
}
