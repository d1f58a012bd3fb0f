//! Handles a frame for which a receiver fails each time, while it accepts others: it would hold up all later ones.

use super::Delivery;
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
                (0..at).for_each(|_| self.set_aside());
                // That frame is the oldest now.
                let known = self.boot.now();
                self.backlog().spool.first(known, Instant::now());
                return self.conclude(next, parts, is_done);
            }
            if !self.is_answered {
                return;
            }
        }
    }

    /// Sets the oldest aside, as the receiver fails only for it.
    fn set_aside(&mut self) {
        let now = Instant::now();
        if !self.pass_to_fallback(now) {
            let known = self.boot.now();
            let Some((frame, _)) = self.backlog().spool.first(known, now) else { return };
            self.refused(
                "poison",
                "the receiver fails for this frame alone: it is left out",
                &frame,
            );
            self.backlog().spool.acknowledge(now);
        }
        (self.tries, self.probes, self.rest) = (0, 1, None);
    }
}
