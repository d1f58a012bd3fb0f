//! A frame that a receiver fails for each time, while it takes others: it would hold up all behind it.

use super::Delivery;
use crate::model::frame::Frame;
use std::time::Instant;

/// Frames behind the oldest that are tried in its place, at most.
const MAX_PROBES: usize = 16;

impl Delivery {
    /// The receiver answers, and just now did not take the oldest once more: whether it takes a frame
    /// behind it tells which of them is at fault. Each time more of them are tried: what fails for one
    /// frame may fail for the next few.
    pub(super) fn probe(&mut self) {
        let count = self.probes;
        (self.answers, self.probes) = (0, (2 * count).min(MAX_PROBES));
        for at in 1..=count {
            let behind = self.keep().spool.behind(at);
            let Some((next, boot)) = behind else { return };
            let (mut parts, stale) = self.parts(next.clone(), boot);
            let whole: usize = parts.iter().map(Frame::len).sum();
            let is_done = self.attempt(&mut parts, boot);
            let left: usize = parts.iter().map(Frame::len).sum();
            if is_done || left < whole {
                self.leave_out(stale);
                (0..at).for_each(|_| self.set_aside());
                // That one is the oldest now.
                let known = self.boot.now();
                self.keep().spool.first(known, Instant::now());
                return self.conclude(next, parts, is_done);
            }
            if !self.is_answered {
                return;
            }
        }
    }

    /// The receiver fails for the oldest alone.
    fn set_aside(&mut self) {
        let now = Instant::now();
        if !self.pass(now) {
            let known = self.boot.now();
            let Some((frame, _)) = self.keep().spool.first(known, now) else { return };
            self.refused(
                "poison",
                "the receiver fails for this frame alone: it is left out",
                &frame,
            );
            self.keep().spool.acknowledge(now);
        }
        (self.tries, self.probes, self.rest) = (0, 1, None);
    }
}
