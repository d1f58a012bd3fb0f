//! Where frames wait for a link: a queue on disk that survives kill -9 at any instant and a power
//! cut, or in memory where there is no disk or it fails. A courier owns it; nothing here runs on the
//! serving thread.

use crate::clock::{Boot, Moment};
use crate::frame::Frame;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where and how much.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The directory of this queue alone; none is in memory only.
    pub dir: Option<PathBuf>,
    /// Bytes on disk.
    pub max_bytes: u64,
    /// Bytes in memory.
    pub max_memory: u64,
    /// How old a frame gets.
    pub max_age: Duration,
    /// Bytes a day that may be forced to the disk.
    pub write_budget: u64,
    /// Which start of the machine this is.
    pub boot: Boot,
}

/// What there is and what became of the rest, since the start.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Frames that wait.
    pub frames: u64,
    /// Their bytes on disk.
    pub disk_bytes: u64,
    /// Their bytes in memory.
    pub memory_bytes: u64,
    /// When the oldest was taken.
    pub oldest: Option<Moment>,
    /// Bytes that were forced to the disk.
    pub synced_bytes: u64,
    /// Samples that were given up, by reason: full, age, damaged, clock.
    pub dropped: Vec<(&'static str, u64)>,
    /// Why the disk is not used, while it is not.
    pub trouble: Option<String>,
}

/// A queue of frames.
pub struct Spool {
    bounds: Bounds,
}

impl Spool {
    /// Opens what is there. What is damaged is counted; a directory that cannot be used is trouble
    /// that is told, not an error: frames then wait in memory.
    pub fn open(bounds: Bounds, now: Instant) -> Spool {
        let _ = now;
        Spool { bounds }
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: &Frame, now: Instant) {
        let _ = (frame, now, &self.bounds);
    }

    /// The oldest that waits, with when the machine started in milliseconds since 1970, as it is best
    /// known: `boot_time` is that of this start of the machine, as known now. What cannot be stamped
    /// yet is not given; what can never be, or is too old, is dropped and counted.
    pub fn first(&mut self, boot_time: Option<i64>, now: Instant) -> Option<(Frame, i64)> {
        let _ = (boot_time, now);
        None
    }

    /// The oldest, which `first` gave, need not wait any more.
    pub fn acknowledge(&mut self, now: Instant) {
        let _ = now;
    }

    /// Does what is due: forces to disk, drops what is too old, tries a disk that failed again.
    pub fn turn(&mut self, now: Instant) {
        let _ = now;
    }

    /// When `turn` is due.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// What there is.
    pub fn levels(&self) -> Levels {
        Levels::default()
    }

    /// Forces everything to disk; what is in memory goes there, if it can.
    pub fn close(&mut self, now: Instant) {
        let _ = now;
    }
}
