//! Drops frames: the oldest, where the queue is too large or they are too old.

use super::Spool;
use super::reason::Reason;
use super::segment::Place;
use super::unread::Unread;
use crate::base::clock::{Boot, Timestamp};
use std::time::{Duration, Instant};

/// How long after a frame has become too old it is dropped.
const SLACK: Duration = Duration::from_secs(1);

impl Spool {
    /// Counts samples that are dropped.
    pub(super) fn drop_samples(&mut self, reason: Reason, samples: u64) {
        if let Some(count) = self.dropped.get_mut(reason as usize) {
            *count += samples;
        }
    }

    /// Drops the first segment.
    pub(super) fn drop_first(&mut self, reason: Reason) {
        let Some(first) = self.segments.front() else { return };
        self.drop_samples(reason, first.content.samples);
        self.remove_first();
    }

    /// Removes the first segment, in which nothing waits.
    pub(super) fn remove_first(&mut self) {
        self.remove(0);
    }

    fn remove(&mut self, at: usize) {
        let Some(segment) = self.segments.remove(at) else { return };
        if at == 0 {
            // The next frame comes after all of it.
            self.acknowledged = self.acknowledged.max(segment.content.last);
            self.given = self.given.filter(|(given, _)| given.sequence > segment.content.last);
        }
        if self.writer.as_ref().is_some_and(|writer| writer.number == segment.number) {
            self.writer = None;
            self.sync.forget();
        }
        if let (Place::Disk, Some(disk)) = (&segment.place, &self.disk) {
            // If it cannot be removed, it is sent again after a restart.
            let _ = disk.remove(segment.number);
        }
        if self.segments.is_empty() {
            (self.reader, self.table) = (None, None);
        }
    }

    /// Drops the oldest until a record fits where it will be written. Returns whether it ever does.
    pub(super) fn make_room(&mut self, record: &[u8]) -> bool {
        let is_disk = match (&self.writer, &self.disk) {
            (Some(writer), _) => writer.file.is_some(),
            (None, disk) => disk.is_some() && self.trouble.is_none(),
        };
        self.free(is_disk, record.len() as u64)
    }

    /// Drops the oldest of disk or memory until this many bytes fit.
    pub(super) fn free(&mut self, is_disk: bool, bytes: u64) -> bool {
        let max = if is_disk { self.bounds.max_bytes } else { self.bounds.max_memory };
        if bytes > max {
            return false;
        }
        loop {
            let here = |place: &Place| matches!(place, Place::Disk) == is_disk;
            let used: u64 = self.segments.iter().filter(|s| here(&s.place)).map(|s| s.bytes).sum();
            if used + bytes <= max {
                return true;
            }
            let Some(at) = self.segments.iter().position(|s| here(&s.place)) else { return false };
            let samples = self.segments.get(at).map_or(0, |segment| segment.content.samples);
            self.drop_samples(Reason::Full, samples);
            self.remove(at);
        }
    }

    /// The age of a frame, as far as the clocks show it.
    fn age(&self, boot: Boot, moment: Timestamp, since_boot: u64) -> Option<Duration> {
        let millis = if boot == self.bounds.boot {
            since_boot.saturating_sub(moment.since_boot)
        } else {
            let now = self.boot_time?.checked_add_unsigned(since_boot)?;
            let then = self.start_of(boot, moment)?.checked_add_unsigned(moment.since_boot)?;
            u64::try_from(now.saturating_sub(then)).unwrap_or(0)
        };
        Some(Duration::from_millis(millis))
    }

    fn since_boot(&self, now: Instant) -> u64 {
        let (since_boot, then) = self.clock;
        let elapsed = now.saturating_duration_since(then).as_millis();
        since_boot.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// Whether a frame is too old.
    pub(super) fn is_old(&self, boot: Boot, moment: Timestamp, now: Instant) -> bool {
        let age = self.age(boot, moment, self.since_boot(now));
        age.is_some_and(|age| age > self.bounds.max_age)
    }

    /// Drops what is too old: whole segments without reading them, then frames.
    fn drop_old(&mut self, now: Instant) {
        while let Some(first) = self.segments.front()
            && self.is_old(first.content.boot, first.content.newest, now)
        {
            self.drop_first(Reason::Age);
        }
        while let Some(first) = self.segments.front()
            && self.is_old(first.content.boot, first.content.oldest, now)
            && let Some(head) = self.head()
            && self.is_old(head.boot, head.brief.moment, now)
        {
            self.pass(&head, Some(Reason::Age));
            self.head();
        }
    }

    /// Does what is due: forces to disk, drops what is too old, retries a disk that failed.
    pub fn turn(&mut self, now: Instant) {
        self.retry_if_due(now);
        self.drop_old(now);
        self.sync_if_due(now);
    }

    /// When `turn` is due.
    pub fn deadline(&self) -> Option<Instant> {
        // A file that cannot be read now is tried again together with the disk.
        let first = self.segments.front().filter(|_| self.unread != Unread::Waits);
        let old = first.and_then(|first| {
            let (since_boot, then) = self.clock;
            let age = self.age(first.content.boot, first.content.oldest, since_boot)?;
            then.checked_add(self.bounds.max_age.saturating_sub(age) + SLACK)
        });
        [old, self.retry, self.sync.deadline()].into_iter().flatten().min()
    }
}
