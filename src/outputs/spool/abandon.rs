//! A directory that no longer exists: deleted, moved, or on a file system that was unmounted, while the
//! program runs. Writes to it would be lost. So it is abandoned, samples wait in memory, and the
//! path is tried each minute, as that of a disk that fails (`recover`). If it comes back, its frames do, too.

use super::Spool;
use super::disk::Remnant;
use super::reason::Reason;
use super::segment::{Place, Segment};
use std::io;
use std::time::Instant;

impl Spool {
    /// Abandons the directory if it is gone. Returns whether it was.
    pub(super) fn leave_if_gone(&mut self, now: Instant) -> bool {
        let Some(disk) = self.disk.take_if(|disk| !disk.is_there()) else { return false };
        let is_here = |segment: &Segment| matches!(segment.place, Place::Memory(_));
        let is_given = self.segments.front().is_some_and(|first| !is_here(first));
        let given =
            if is_given { self.given.take().map(|(given, _)| given.sequence) } else { None };
        if disk.is_deleted() {
            let lost = self.segments.iter().filter(|segment| !is_here(segment));
            let samples = lost.map(|segment| segment.content.samples).sum();
            self.drop_samples(Reason::Damaged, samples);
        }
        self.segments.retain(is_here);
        self.reader = None;
        let (queue, acknowledged) = (disk.queue(), self.acknowledged);
        self.left = Some(Remnant { queue, acknowledged, given });
        self.fail(&io::Error::from_raw_os_error(libc::ENOENT), now);
        true
    }

    /// Leaves the directory to another queue, which reads the frames there. Returns whether frames wait in memory.
    pub fn leave_disk(&mut self) -> bool {
        self.segments.retain(|segment| matches!(segment.place, Place::Memory(_)));
        (self.disk, self.reader, self.given, self.bounds.dir) = (None, None, None, None);
        (self.trouble, self.retry) = (None, None);
        !self.is_empty()
    }

    /// The last frame that is done in a queue, if it is the one that was abandoned: this may be more than it could
    /// note itself.
    pub(super) fn acknowledged_of(&self, queue: u64) -> u64 {
        let left = self.left.as_ref().filter(|left| left.queue == queue);
        left.map_or(0, |left| left.acknowledged)
    }

    /// Notes that the frame that was being sent when the directory was abandoned was accepted.
    pub(super) fn acknowledge_left(&mut self) {
        if let Some(left) = &mut self.left {
            left.acknowledged = left.acknowledged.max(left.given.take().unwrap_or(0));
        }
    }

    /// Notes that it was not.
    pub(super) fn forget_given(&mut self) {
        if let Some(left) = &mut self.left {
            left.given = None;
        }
    }
}
