//! A file of records, or the same in memory: a key and the frames that refer to it.

use super::payload::{Base, RecordHeader, read_brief};
use super::record::{self, HEADER};
use crate::base::clock::{Boot, Timestamp};
use std::fs::File;

/// Where the data of a segment is.
#[derive(Debug)]
pub enum Place {
    /// In its file.
    Disk,
    /// In this buffer.
    Memory(Vec<u8>),
}

/// What is known of a segment.
#[derive(Debug)]
pub struct Segment {
    /// Its place in the queue, and the name of its file.
    pub number: u32,
    /// Where it lies.
    pub place: Place,
    /// Its length.
    pub bytes: u64,
    /// Its contents.
    pub content: Content,
    /// The generation of its frames' table; 0 if it existed when this program started.
    pub generation: u64,
    /// All up to this one were done while it was in memory, and frames from the disk go before it.
    pub done: u64,
}

/// The segment that is being written, the last one.
pub struct Writer {
    /// Its number.
    pub number: u32,
    /// The generation of its frames' table.
    pub generation: u64,
    /// Its key.
    pub base: Base,
    /// Its file; `None` in memory.
    pub file: Option<File>,
}

/// The contents of a segment.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// The boot in which it was written.
    pub boot: Boot,
    /// Frames that wait.
    pub frames: u64,
    /// Their samples.
    pub samples: u64,
    /// When the first of them was made.
    pub oldest: Timestamp,
    /// When the last of them was made.
    pub newest: Timestamp,
    /// The last known time of that boot.
    pub boot_time: Option<i64>,
    /// The sequence of the last record.
    pub last: u64,
    /// What is lost, in samples or, where that is unknown, in records.
    pub damaged: u64,
    /// Where the last whole record ends.
    pub end: usize,
    has_key: bool,
}

impl Content {
    /// Adds a record that waits.
    pub fn add(&mut self, brief: &RecordHeader, sequence: u64) {
        if self.frames == 0 {
            self.oldest = brief.moment;
        }
        self.frames += 1;
        self.samples += brief.samples;
        self.newest = brief.moment;
        self.last = sequence;
        self.know(brief);
    }

    fn know(&mut self, brief: &RecordHeader) {
        if let Some(boot) = brief.key {
            self.boot = boot;
            self.has_key = true;
        }
        self.boot_time = brief.moment.boot_time.or(self.boot_time);
    }

    /// Removes the oldest of its frames.
    pub fn take(&mut self, samples: u64) {
        self.frames = self.frames.saturating_sub(1);
        self.samples = self.samples.saturating_sub(samples);
    }

    /// Scans the bytes of a segment, of which all up to `acknowledged` are done.
    pub fn scan(bytes: &[u8], acknowledged: u64) -> Content {
        let mut found = Content::default();
        let (mut start, mut previous) = (0, None);
        loop {
            let (damage, record) = record::next(bytes, start);
            let Some(record) = record else {
                found.damaged += u64::from(damage > 0);
                return found;
            };
            if damage > 0 && record.sequence > acknowledged {
                // As many as are missing, if that is possible: each had at least a header.
                let seen = previous.unwrap_or(0).max(acknowledged);
                let missing = match previous {
                    Some(_) => record.sequence.saturating_sub(seen + 1),
                    None => 1,
                };
                found.damaged += missing.clamp(1, (damage / HEADER) as u64 + 1);
            }
            (start, found.end) = (record.end, record.end);
            previous = Some(record.sequence);
            found.last = found.last.max(record.sequence);
            let is_waiting = record.sequence > acknowledged;
            match read_brief(record.payload) {
                Some((brief, _)) if brief.key.is_some() || found.has_key => {
                    if is_waiting {
                        found.add(&brief, record.sequence);
                    } else {
                        found.know(&brief);
                    }
                }
                // Without the key, only the number of samples is known.
                Some((brief, _)) if is_waiting => found.damaged += brief.samples,
                None if is_waiting => found.damaged += 1,
                _ => {}
            }
        }
    }
}

/// Adds to the sequence of every record.
pub fn shift(bytes: &mut [u8], by: u64) {
    let mut start = 0;
    while let (_, Some(record)) = record::next(bytes, start) {
        let (sequence, end) = (record.sequence.saturating_add(by), record.end);
        let begin = end - record.payload.len() - HEADER;
        record::seal(bytes.get_mut(begin..end).unwrap_or_default(), sequence);
        start = end;
    }
}
