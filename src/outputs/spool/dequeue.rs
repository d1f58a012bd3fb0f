//! The end of the queue from which frames are read. Of the first segment, acknowledged frames are
//! read again after a restart: they contain definitions.

use super::disk::MAX_FILE;
use super::payload::{Decoder, read_brief};
use super::reader::{Head, Reader};
use super::reason::Reason;
use super::segment::Place;
use super::unread::Unread;
use super::{Spool, record};
use crate::base::clock::{Boot, Timestamp};
use crate::model::frame::Frame;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

/// Tables of frames from before this program started have generations of their own.
const GENERATION: u64 = 1 << 63;

fn new_generation() -> u64 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    GENERATION | u64::from(LAST.fetch_add(1, Relaxed))
}

/// The time of a frame.
enum Stamp {
    At(i64),
    NotYet,
    Never,
}

impl Spool {
    /// The oldest frame that waits, with the boot time in milliseconds since 1970, as it is best
    /// known: `boot_time` is that of this boot, as known now. A frame that cannot be stamped
    /// yet is not returned; one that never can be, or is too old, is dropped and counted.
    pub fn first(&mut self, boot_time: Option<i64>, now: Instant) -> Option<(Frame, i64)> {
        self.boot_time = boot_time;
        self.given = None;
        self.forget_given();
        loop {
            let head = self.head()?;
            if self.is_old(head.boot, head.brief.moment, now) {
                self.pass(&head, Some(Reason::Age));
                continue;
            }
            let boot_time = match self.stamp(head.boot, head.brief.moment) {
                Stamp::At(time) => time,
                Stamp::NotYet => return None,
                Stamp::Never => {
                    self.pass(&head, Some(Reason::Clock));
                    continue;
                }
            };
            match self.decode(&head) {
                Some((frame, lost)) => {
                    self.given = Some((head, lost));
                    self.reader.iter_mut().for_each(Reader::trim);
                    return Some((frame, boot_time));
                }
                None => self.pass(&head, Some(Reason::Damaged)),
            }
        }
    }

    /// The frame this many positions after the oldest, stamped as there. `None` if there is none, or if it
    /// cannot be stamped. Nothing is dropped.
    pub fn behind(&mut self, mut count: usize) -> Option<(Frame, i64)> {
        let head = self.head()?;
        let reader = self.reader.as_ref()?;
        // Definitions after the head must not be known when that is read again.
        let mut decoder = reader.decoder.clone();
        let (mut at, mut read) = (head.start - record::HEADER, Vec::new());
        for segment in &self.segments {
            let bytes = match (&segment.place, &self.disk) {
                (Place::Memory(bytes), _) => bytes,
                (Place::Disk, disk) => {
                    disk.as_ref()?.read(segment.number, 0, MAX_FILE, &mut read).ok()?;
                    &read
                }
            };
            while let (_, Some(record)) = record::next(bytes, at) {
                at = record.end;
                let Some((frame, _)) = decoder.read(record.payload) else { continue };
                if count == 0 {
                    return match self.stamp(segment.content.boot, frame.moment) {
                        Stamp::At(time) => Some((frame, time)),
                        _ => None,
                    };
                }
                count -= 1;
            }
            decoder = Decoder::new(new_generation());
            at = 0;
        }
        None
    }

    /// Notes that the oldest, which `first` returned, is done. Does nothing if it was dropped since.
    pub fn acknowledge(&mut self, now: Instant) {
        let Some((head, lost)) = self.given.take() else { return self.acknowledge_left() };
        if head.sequence <= self.acknowledged {
            return;
        }
        self.drop_samples(Reason::Damaged, lost);
        self.pass(&head, None);
        if self.trouble.is_none()
            && let Err(error) = self.note()
        {
            self.fail(&error, now);
        }
        // Sets the age of the next one.
        self.head();
    }

    /// The time of a frame of that boot.
    fn stamp(&self, boot: Boot, moment: Timestamp) -> Stamp {
        if boot == self.bounds.boot {
            return self.boot_time.map_or(Stamp::NotYet, |now| Stamp::At(moment.stamp(now)));
        }
        self.start_of(boot, moment).map_or(Stamp::Never, Stamp::At)
    }

    /// The time of an earlier boot for a frame of it, as it was last known then: the clock may have been set after
    /// the frame was made.
    pub(super) fn start_of(&self, boot: Boot, moment: Timestamp) -> Option<i64> {
        let same = self.segments.iter().filter(|segment| segment.content.boot == boot);
        let last = same.filter_map(|segment| segment.content.boot_time).next_back();
        last.map(|last| moment.stamp(last))
    }

    /// The next record. Segments of which nothing more can be read are dropped.
    pub(super) fn head(&mut self) -> Option<Head> {
        loop {
            self.load()?;
            let (segment, reader) = (self.segments.front_mut()?, self.reader.as_mut()?);
            let bytes = match &segment.place {
                Place::Memory(bytes) => bytes,
                Place::Disk => &reader.bytes,
            };
            let before = reader.start;
            let (_, Some(record)) = record::next(bytes, reader.at.saturating_sub(before)) else {
                self.drop_first(Reason::Damaged);
                continue;
            };
            let (sequence, end) = (record.sequence, before + record.end);
            let start = end - record.payload.len();
            match read_brief(record.payload) {
                Some((brief, _)) if sequence > self.acknowledged.max(segment.done) => {
                    segment.content.oldest = brief.moment;
                    let boot = segment.content.boot;
                    return Some(Head { brief, sequence, boot, start, end });
                }
                _ => {
                    let _ = reader.decoder.read(record.payload);
                    reader.at = end;
                }
            }
        }
    }

    /// Opens the reader for the first segment, with its next record. `None` if there is none, or if it is to be
    /// read again later.
    fn load(&mut self) -> Option<()> {
        while let Some(first) = self.segments.front() {
            let is_new = self.reader.as_ref().is_none_or(|reader| reader.number != first.number);
            if is_new {
                // The buffer is kept.
                let mut bytes = self.reader.take().map(|reader| reader.bytes).unwrap_or_default();
                bytes.clear();
                let number = first.number;
                let decoder = Decoder::new(new_generation());
                self.reader = Some(Reader { number, bytes, start: 0, at: 0, decoder });
            }
            let reader = self.reader.as_mut()?;
            if let Some(table) = self.table.as_ref().filter(|t| t.generation == first.generation) {
                reader.decoder.share(table);
            }
            let error = match (&first.place, &self.disk) {
                (Place::Memory(_), _) => return Some(()),
                (Place::Disk, None) => ErrorKind::NotFound.into(),
                (Place::Disk, Some(disk)) => match reader.fill(disk) {
                    Ok(()) => {
                        self.unread = Unread::default();
                        return Some(());
                    }
                    Err(error) => error,
                },
            };
            if self.leave_if_gone(Instant::now()) {
                continue;
            }
            if !self.unread.is_final(&error) {
                if self.trouble.is_none() {
                    self.fail(&error, Instant::now());
                }
                return None;
            }
            self.drop_first(Reason::Damaged);
        }
        self.reader = None;
        None
    }

    fn decode(&mut self, head: &Head) -> Option<(Frame, u64)> {
        let (segment, reader) = (self.segments.front()?, self.reader.as_mut()?);
        let bytes = match &segment.place {
            Place::Memory(bytes) => bytes,
            Place::Disk => &reader.bytes,
        };
        let [start, end] = [head.start, head.end].map(|at| at.saturating_sub(reader.start));
        reader.decoder.read(bytes.get(start..end)?)
    }

    /// Removes the head, for a reason or because it was sent.
    pub(super) fn pass(&mut self, head: &Head, reason: Option<Reason>) {
        if let Some(reason) = reason {
            // Its definitions are needed.
            let _ = self.decode(head);
            self.drop_samples(reason, head.brief.samples);
        }
        self.acknowledged = head.sequence;
        let (Some(segment), Some(reader)) = (self.segments.front_mut(), &mut self.reader) else {
            return;
        };
        reader.at = head.end;
        segment.content.take(head.brief.samples);
        if segment.content.frames == 0 {
            self.remove_first();
        }
    }
}
