//! The queue of frames that wait for a connection: on disk, where it survives kill -9 at any instant and a power
//! cut, or in memory where there is no disk or it fails. A worker owns it; nothing here runs on the
//! serving thread.
//!
//! Frames are appended to segments (`segment`, `payload`, `record`), files in one directory (`disk`)
//! or the same in memory, and read from the first one on (`take`). What is too much or too old is
//! dropped from there (`keep`); a disk that fails is tried again (`recover`).

mod abandon;
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

pub use disk::check;
pub use payload::Decoder;

use crate::base::clock::{Boot, Timestamp};
use crate::base::sys;
use crate::model::frame::{Frame, Table};
use disk::{Disk, Remnant};
use payload::{Base, put_frame, read_brief};
use reader::Reader;
use reason::{REASONS, Reason};
use segment::{Content, Place, Segment};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::Sync;

/// The least and the most bytes of a segment, with usual limits of the queue.
const MIN_SEGMENT: u64 = 64 << 10;
const MAX_SEGMENT: u64 = 128 << 10;

/// The least bytes of a segment in memory.
const MIN_MEMORY_SEGMENT: u64 = 32 << 10;

/// Bytes of a record's buffer that are kept for the next: as much as records other than keys need.
const MAX_KEPT: usize = 4 << 10;

/// The most segments of a queue: those of a large one are larger.
const MAX_SEGMENTS: u64 = 2048;

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

/// The segment that is being written, the last one.
struct Writer {
    number: u32,
    generation: u64,
    base: Base,
    /// `None` in memory.
    file: Option<File>,
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
    given: Option<(u64, u64)>,
    /// The number of the last segment.
    number: u32,
    dropped: [u64; REASONS.len()],
    trouble: Option<String>,
    retry: Option<Instant>,
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
            sync: Sync::new(bounds.write_budget, now),
            clock: (sys::boot_millis(), now),
            boot_time: None,
            record: Vec::new(),
            bounds,
        };
        spool.recover(now);
        spool
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: &Frame, now: Instant) {
        self.clock = (frame.moment.since_boot, now);
        self.boot_time = frame.moment.boot_time.or(self.boot_time);
        self.retry_if_due(now);
        if self.trouble.is_none() {
            self.leave_if_gone(now);
        }
        let samples = frame.len() as u64;
        if !dictionary::Counts::of(&frame.table).is_bounded() {
            return self.drop_samples(Reason::Full, samples);
        }
        let mut record = std::mem::take(&mut self.record);
        // The disk may fail: then it is repeated once, in memory.
        for _ in 0..2 {
            if self.is_sealed(frame) {
                self.seal();
            }
            if !self.fit(frame, &mut record) {
                self.drop_samples(Reason::Full, samples);
                break;
            }
            match self.append(frame, &record, now) {
                Ok(()) => break,
                Err(error) => self.fail(&error, now),
            }
        }
        // Keys are long, and few.
        record.clear();
        record.shrink_to(MAX_KEPT);
        self.record = record;
        self.sync_if_due(now);
    }

    /// Makes a record, and room for it. Returns whether there is any.
    fn fit(&mut self, frame: &Frame, record: &mut Vec<u8>) -> bool {
        loop {
            self.encode(frame, record);
            let was_key = self.writer.is_none();
            let is_short = record.len() <= record::HEADER + record::MAX_PAYLOAD;
            if !is_short || !self.make_room(record) {
                return false;
            }
            // Making room may have dropped the frame that this one refers to.
            if was_key == self.writer.is_none() {
                return true;
            }
        }
    }

    /// Whether the frame needs a segment of its own.
    fn is_sealed(&self, frame: &Frame) -> bool {
        let Some(writer) = &self.writer else { return false };
        let bytes = self.segments.back().map_or(0, |last| last.bytes);
        writer.generation != frame.table.generation || bytes >= self.segment_size()
    }

    fn segment_size(&self) -> u64 {
        if self.disk.is_none() || self.trouble.is_some() {
            return (self.bounds.max_memory / 8).clamp(MIN_MEMORY_SEGMENT, MAX_SEGMENT);
        }
        let size = (self.bounds.max_bytes / 16).clamp(MIN_SEGMENT, MAX_SEGMENT);
        size.max((self.bounds.max_bytes / MAX_SEGMENTS).min(disk::MAX_FILE / 2))
    }

    fn encode(&mut self, frame: &Frame, record: &mut Vec<u8>) {
        record::begin(record);
        match &self.writer {
            Some(writer) => put_frame(frame, &writer.base, None, record),
            None => put_frame(frame, &Base::default(), Some(self.bounds.boot), record),
        }
        record::seal(record, self.sequence + 1);
    }

    /// Writes a record, into a new segment if there is none.
    fn append(&mut self, frame: &Frame, record: &[u8], now: Instant) -> io::Result<()> {
        if self.writer.is_none() {
            self.start(frame)?;
        }
        let (Some(writer), Some(segment)) = (&mut self.writer, self.segments.back_mut()) else {
            return Ok(());
        };
        let end = segment.bytes + record.len() as u64;
        match (&mut segment.place, &writer.file) {
            (Place::Memory(bytes), _) => bytes.extend_from_slice(record),
            (Place::Disk, Some(file)) => {
                if let Err(error) = file.write_all_at(record, segment.bytes) {
                    // Half a record is damage, and is cut off if possible.
                    let _ = file.set_len(segment.bytes);
                    return Err(error);
                }
                self.sync.wrote(segment.bytes, end, now);
            }
            (Place::Disk, None) => return Err(io::ErrorKind::NotFound.into()),
        }
        segment.bytes = end;
        self.sequence += 1;
        self.table = Some(Arc::clone(&frame.table));
        let known = dictionary::Counts::of(&frame.table);
        writer.base.known = writer.base.known.max(known);
        let payload = record.get(record::HEADER..).unwrap_or_default();
        if let Some((brief, _)) = read_brief(payload) {
            segment.content.add(&brief, self.sequence);
        }
        Ok(())
    }

    /// Starts a new segment, of which the frame will be the key.
    fn start(&mut self, frame: &Frame) -> io::Result<()> {
        let number = self.number.saturating_add(1);
        let file = match &self.disk {
            Some(disk) if self.trouble.is_none() => Some(disk.create(number)?),
            _ => None,
        };
        if let Some(disk) = self.disk.as_ref().filter(|_| file.is_some() && self.sync.may_note()) {
            disk.sync()?;
        }
        self.number = number;
        let place = if file.is_some() { Place::Disk } else { Place::Memory(Vec::new()) };
        let content = Content::default();
        let (generation, base) = (frame.table.generation, Base::new(frame));
        self.segments.push_back(Segment { number, place, bytes: 0, content, generation, done: 0 });
        self.writer = Some(Writer { number, generation, base, file });
        Ok(())
    }

    /// Ends the segment that is being written.
    fn seal(&mut self) {
        if let Some(Writer { file: Some(file), .. }) = self.writer.take() {
            // If it fails, the next write reports it.
            let _ = self.sync.force(&file);
        }
        self.sync.forget();
        if let Some(Segment { place: Place::Memory(bytes), .. }) = self.segments.back_mut() {
            bytes.shrink_to_fit();
        }
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
            boot_time: first.oldest.boot_time.or_else(|| self.time_of(first.boot)),
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
