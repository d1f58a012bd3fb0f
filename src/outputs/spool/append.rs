//! The end of the queue at which frames are appended. A frame goes into the last segment, or into a new one, of
//! which it is the key.

use super::payload::{Base, put_frame, read_brief};
use super::reason::Reason;
use super::segment::{Content, Place, Segment, Writer};
use super::{Spool, dictionary, disk, record};
use crate::model::frame::Frame;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Instant;

/// The least and the most bytes of a segment, with usual limits of the queue.
const MIN_SEGMENT: u64 = 64 << 10;
const MAX_SEGMENT: u64 = 128 << 10;

/// The least bytes of a segment in memory.
const MIN_MEMORY_SEGMENT: u64 = 32 << 10;

/// Bytes of a record's buffer that are kept for the next: as much as records other than keys need.
const MAX_RECORD_BUFFER: usize = 4 << 10;

/// The most segments of a queue: those of a large one are larger.
const MAX_SEGMENTS: u64 = 2048;

impl Spool {
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
            if self.needs_segment(frame)
                && let Err(error) = self.seal()
            {
                self.fail(&error, now);
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
        record.shrink_to(MAX_RECORD_BUFFER);
        self.record = record;
        self.sync_if_due(now);
    }

    /// Makes a record, and room for it. Returns whether there is any.
    fn fit(&mut self, frame: &Frame, record: &mut Vec<u8>) -> bool {
        loop {
            self.encode(frame, record);
            let is_key = self.writer.is_none();
            let is_short = record.len() <= record::HEADER + record::MAX_PAYLOAD;
            if !is_short || !self.make_room(record) {
                return false;
            }
            // Making room may have dropped the frame that this one refers to.
            if is_key == self.writer.is_none() {
                return true;
            }
        }
    }

    /// Whether the frame needs a segment of its own.
    fn needs_segment(&self, frame: &Frame) -> bool {
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
            self.start_segment(frame)?;
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
    fn start_segment(&mut self, frame: &Frame) -> io::Result<()> {
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
    ///
    /// # Errors
    ///
    /// Its data could not be forced to the disk; it is ended all the same.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        let forced = match self.writer.take() {
            Some(Writer { file: Some(file), .. }) => self.sync.force(&file),
            _ => Ok(()),
        };
        self.sync.forget();
        if let Some(Segment { place: Place::Memory(bytes), .. }) = self.segments.back_mut() {
            bytes.shrink_to_fit();
        }
        forced
    }
}
