//! Handles a disk that fails, and one that works again: in between segments are made in memory, and every
//! minute the disk is tried. Order is kept.

use super::disk::{self, Disk, MAX_FILE};
use super::reason::Reason;
use super::segment::{Content, Place, Segment, shift};
use super::unread::Unread;
use super::{Spool, record};
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// How long after a failure the disk is tried again.
const RETRY: Duration = Duration::from_secs(60);

impl Spool {
    /// Handles a failure of the disk.
    pub(super) fn fail(&mut self, error: &io::Error, now: Instant) {
        let Some(dir) = &self.bounds.dir else { return };
        self.trouble = Some(disk::trouble(dir, error));
        self.retry = now.checked_add(RETRY);
        // An empty file is not a segment.
        while let Some(last) = self.segments.back().filter(|last| last.bytes == 0) {
            if let (Place::Disk, Some(disk)) = (&last.place, &self.disk) {
                let _ = disk.remove(last.number);
            }
            self.segments.pop_back();
        }
        if self.writer.as_ref().is_some_and(|writer| writer.file.is_some()) {
            self.writer = None;
            self.sync.forget();
        }
        self.disk.iter_mut().for_each(Disk::release);
    }

    pub(super) fn retry_if_due(&mut self, now: Instant) {
        if self.retry.is_some_and(|at| at <= now) {
            self.recover(now);
        }
    }

    /// Makes the disk usable, and moves there what waits in memory. Returns whether that worked.
    pub(super) fn recover(&mut self, now: Instant) {
        if self.bounds.dir.is_none() {
            return;
        }
        self.leave_if_gone(now);
        if self.unread == Unread::Waits {
            self.unread = Unread::Retried;
        }
        let recovered =
            self.attach().and_then(|()| self.move_to_disk(now)).and_then(|()| self.note());
        match recovered {
            Ok(()) => (self.trouble, self.retry) = (None, None),
            Err(error) => self.fail(&error, now),
        }
    }

    /// Opens the directory and adds the frames that wait there, before those that wait in memory.
    fn attach(&mut self) -> io::Result<()> {
        if let Some(disk) = &mut self.disk {
            return disk.resume();
        }
        let Some(dir) = &self.bounds.dir else { return Ok(()) };
        let (disk, acknowledged) = Disk::open(dir)?;
        let acknowledged = acknowledged.max(self.acknowledged_of(disk.queue()));
        let numbers = disk.numbers()?;
        let (mut found, mut last, mut damaged) = (VecDeque::new(), acknowledged, 0);
        let mut bytes = Vec::new();
        for number in &numbers {
            if let Err(error) = disk.read(*number, 0, MAX_FILE, &mut bytes) {
                if !self.unread.is_final(&error) {
                    return Err(error);
                }
                // It may be readable after the next start.
                damaged += 1;
                continue;
            }
            let content = Content::scan(&bytes, acknowledged);
            last = last.max(content.last);
            let is_ours = record::is_ours(&bytes) || content.end > 0;
            if Some(number) == numbers.last() && content.end < bytes.len() && content.end > 0 {
                disk.cut(*number, content.end as u64)?;
                bytes.truncate(content.end);
            }
            damaged += content.damaged;
            if content.frames > 0 {
                let (number, bytes) = (*number, bytes.len() as u64);
                let place = Place::Disk;
                found.push_back(Segment { number, place, bytes, content, generation: 0, done: 0 });
            } else if is_ours {
                disk.remove(*number)?;
            }
        }
        let number = numbers.last().copied().unwrap_or(0);
        self.drop_samples(Reason::Damaged, damaged);
        (self.disk, self.left) = (Some(disk), None);
        self.join(found, number, acknowledged, last);
        Ok(())
    }

    /// Puts what is on disk before what is in memory, whose numbers become higher.
    fn join(&mut self, mut found: VecDeque<Segment>, number: u32, acknowledged: u64, last: u64) {
        (self.reader, self.given) = (None, None);
        self.sequence += last;
        let done = self.acknowledged + last;
        self.acknowledged = if found.is_empty() { self.acknowledged + last } else { acknowledged };
        self.number = self.number.saturating_add(number);
        if let Some(writer) = &mut self.writer {
            writer.number = writer.number.saturating_add(number);
        }
        for mut segment in self.segments.drain(..) {
            segment.number = segment.number.saturating_add(number);
            if let Place::Memory(bytes) = &mut segment.place {
                shift(bytes, last);
                segment.done = done;
                segment.content = Content::scan(bytes, done.max(self.acknowledged));
            }
            found.push_back(segment);
        }
        self.segments = found;
    }

    /// Moves what waits in memory to the disk.
    fn move_to_disk(&mut self, now: Instant) -> io::Result<()> {
        let is_memory = |segment: &Segment| matches!(segment.place, Place::Memory(_));
        while let Some(first) = self.segments.iter().find(|segment| is_memory(segment)) {
            let (number, length) = (first.number, first.bytes);
            if !self.free(true, length) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let Some(segment) = self.segments.iter_mut().find(|s| s.number == number) else {
                return Ok(());
            };
            let (Some(disk), Place::Memory(bytes)) = (&self.disk, &segment.place) else {
                return Ok(());
            };
            let file = disk.create(number)?;
            if let Err(error) = file.write_all_at(bytes, 0) {
                let _ = disk.remove(number);
                return Err(error);
            }
            segment.place = Place::Disk;
            self.sync.wrote(0, length, now);
            match self.writer.as_mut().filter(|writer| writer.number == number) {
                Some(writer) => writer.file = Some(file),
                None => self.sync.force(&file)?,
            }
        }
        Ok(())
    }

    /// Writes which frames are done.
    pub(super) fn note(&mut self) -> io::Result<()> {
        match &mut self.disk {
            Some(disk) if self.acknowledged > 0 => disk.acknowledge(self.acknowledged),
            _ => Ok(()),
        }
    }

    /// Forces written data to the disk, if it is time.
    pub(super) fn sync_if_due(&mut self, now: Instant) {
        let Some(file) = self.writer.as_ref().and_then(|writer| writer.file.as_ref()) else {
            return;
        };
        if let Err(error) = self.sync.turn(file, now) {
            self.fail(&error, now);
        }
    }

    /// Forces everything to disk; what is in memory is written there, if possible.
    pub fn close(&mut self, now: Instant) {
        self.recover(now);
        if let Err(error) = self.seal() {
            self.fail(&error, now);
        }
        if let Some(disk) = self.disk.as_ref().filter(|_| !self.segments.is_empty()) {
            let _ = disk.sync();
        }
    }
}
