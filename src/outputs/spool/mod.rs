//! The queue of frames that wait for a connection: on disk, where it survives kill -9 at any instant and a power
//! cut, or in memory where there is no disk or it fails. A worker owns it; nothing here runs on the
//! serving thread.
//!
//! Frames are appended to segments (`segment`, `payload`, `record`), files in one directory (`disk`)
//! or the same in memory (`append`), and read from the first one on (`dequeue`). What is too much or too old is
//! dropped from there (`retention`); a disk that fails is tried again (`recover`), and a directory that no longer
//! exists is abandoned (`abandon`).

mod abandon;
mod append;
mod bytes;
mod dequeue;
mod dictionary;
mod disk;
mod payload;
mod reader;
mod reason;
mod record;
mod recover;
mod retention;
mod segment;
mod sync;
#[cfg(test)]
mod tests;
mod unread;

pub use disk::check;
pub use payload::Decoder;

use crate::base::clock::{Boot, Timestamp};
use crate::base::sys;
use crate::model::frame::Table;
use disk::{Disk, Remnant};
use reader::{Head, Reader};
use reason::REASONS;
use segment::{Place, Segment, Writer};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::Sync;
use unread::Unread;

/// The place and the limits of a queue.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The directory of this queue alone; `None` for memory only.
    pub dir: Option<PathBuf>,
    /// Bytes on disk.
    pub max_bytes: u64,
    /// Bytes in memory.
    pub max_memory: u64,
    /// The greatest age of a frame.
    pub max_age: Duration,
    /// Bytes a day that may be forced to the disk.
    pub write_budget: u64,
    /// Identifies this boot.
    pub boot: Boot,
}

/// The contents and the counts of a queue, since the start.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Frames that wait.
    pub frames: u64,
    /// Their bytes on disk.
    pub disk_bytes: u64,
    /// Their bytes in memory.
    pub memory_bytes: u64,
    /// When the oldest was made.
    pub oldest: Option<Timestamp>,
    /// Whether that was before this boot.
    pub is_of_earlier: bool,
    /// Bytes that were forced to the disk.
    pub synced_bytes: u64,
    /// Samples that were dropped, by reason: full, age, damaged, clock.
    pub dropped: Vec<(&'static str, u64)>,
    /// Why the disk is not used, while it is not.
    pub trouble: Option<String>,
}

/// A queue of frames.
pub struct Spool {
    bounds: Bounds,
    disk: Option<Disk>,
    /// The directory that was abandoned because it no longer existed.
    left: Option<Remnant>,
    segments: VecDeque<Segment>,
    writer: Option<Writer>,
    reader: Option<Reader>,
    /// The table of the last frame, for reading frames again: it has all series of those of its generation.
    table: Option<Arc<Table>>,
    /// The sequence of the last record.
    sequence: u64,
    /// All up to this one are done.
    acknowledged: u64,
    /// The frame that `first` returned, and how many samples of it could not be read.
    given: Option<(Head, u64)>,
    /// The number of the last segment.
    number: u32,
    dropped: [u64; REASONS.len()],
    trouble: Option<String>,
    retry: Option<Instant>,
    unread: Unread,
    sync: Sync,
    /// Both clocks at one instant, and the last time of the wall clock.
    clock: (u64, Instant),
    boot_time: Option<i64>,
    /// A buffer for records.
    record: Vec<u8>,
}

impl Spool {
    /// Opens a queue. Damage is counted; a directory that cannot be used is
    /// reported as trouble, not as an error: frames then wait in memory.
    pub fn open(bounds: Bounds, now: Instant) -> Spool {
        let mut spool = Spool {
            disk: None,
            left: None,
            segments: VecDeque::new(),
            writer: None,
            reader: None,
            table: None,
            sequence: 0,
            acknowledged: 0,
            given: None,
            number: 0,
            dropped: [0; REASONS.len()],
            trouble: None,
            retry: None,
            unread: Unread::default(),
            sync: Sync::new(bounds.write_budget, now),
            clock: (sys::boot_millis(), now),
            boot_time: None,
            record: Vec::new(),
            bounds,
        };
        spool.recover(now);
        spool
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.segments.iter().all(|segment| segment.content.frames == 0)
    }

    /// The contents and counts.
    pub fn levels(&self) -> Levels {
        let dropped = REASONS.into_iter().zip(self.dropped).collect();
        let first = self.segments.front().map(|first| &first.content);
        let is_of_earlier = first.is_some_and(|first| first.boot != self.bounds.boot);
        let oldest = first.map(|first| Timestamp {
            boot_time: self.start_of(first.boot, first.oldest),
            ..first.oldest
        });
        let (synced_bytes, trouble) = (self.sync.bytes, self.trouble.clone());
        let mut levels =
            Levels { oldest, is_of_earlier, synced_bytes, dropped, trouble, ..Levels::default() };
        for segment in &self.segments {
            levels.frames += segment.content.frames;
            match segment.place {
                Place::Disk => levels.disk_bytes += segment.bytes,
                Place::Memory(_) => levels.memory_bytes += segment.bytes,
            }
        }
        levels
    }
}
