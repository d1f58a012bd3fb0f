//! Handles a frame for which a receiver fails each time, while it accepts others: it would hold up all later ones.

use super::Delivery;
use super::backlog::is_same;
use crate::model::frame::Frame;
use std::time::Instant;

/// The most frames after the oldest that are tried in its place.
const MAX_PROBES: usize = 16;

impl Delivery {
    /// Called when the receiver answers but has refused the oldest again: whether it accepts a later
    /// frame shows which of them is at fault. Each time more of them are tried: a failure with one
    /// frame may repeat for the next few.
    pub(super) fn probe(&mut self) {
        let count = self.probes;
        (self.answers, self.probes) = (0, (2 * count).min(MAX_PROBES));
        for at in 1..=count {
            let behind = self.backlog().spool.behind(at);
            let Some((next, boot)) = behind else { return };
            let (mut parts, stale) = self.parts(next.clone(), boot);
            let whole: usize = parts.iter().map(Frame::len).sum();
            let is_done = self.attempt(&mut parts, boot);
            let left: usize = parts.iter().map(Frame::len).sum();
            if is_done || left < whole {
                self.leave_out(stale);
                (0..at).for_each(|_| self.try_once_more());
                (self.failures, self.pause) = (0, None);
                // That frame is the oldest now, unless it became too old meanwhile.
                let known = self.boot.now();
                let oldest = self.backlog().spool.first(known, Instant::now());
                if oldest.is_some_and(|(oldest, _)| is_same(&oldest, &next)) {
                    self.conclude(next, parts, is_done);
                }
                return;
            }
            if !self.is_answered {
                return;
            }
        }
    }

    /// Sends the oldest, now that the receiver is known to work: it may have recovered only after the oldest
    /// failed. Sets it aside if it fails again.
    fn try_once_more(&mut self) {
        let now = Instant::now();
        let known = self.boot.now();
        let Some((frame, boot)) = self.backlog().spool.first(known, now) else { return };
        let mut parts = self.parts_of_oldest(&frame, boot);
        self.tally.lock().retried += 1;
        if !self.attempt(&mut parts, boot) {
            return self.set_aside(&parts);
        }
        self.backlog().spool.acknowledge(now);
        (self.tries, self.probes, self.rest) = (0, 1, None);
    }

    /// Sets the oldest aside, as the receiver fails only for it; `parts` are what was not accepted of it.
    fn set_aside(&mut self, parts: &[Frame]) {
        let now = Instant::now();
        if !self.pass_to_fallback(now) {
            let text = "the receiver fails for this frame alone: it is left out";
            parts.iter().for_each(|part| self.refused("poison", text, part));
            self.backlog().spool.acknowledge(now);
        }
        (self.tries, self.probes, self.rest) = (0, 1, None);
    }
}
