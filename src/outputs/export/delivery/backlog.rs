//! The frames that wait: the oldest is sent, tried again, and given to the fallback if it failed too often.

use super::{CLOCK, Delivery};
use crate::base::clock::Timestamp;
use crate::model::frame::Frame;
use std::time::{Duration, Instant};

/// Requests of the backlog in a second.
const BACKLOG_PER_SECOND: u32 = 20;

impl Delivery {
    /// Sends the oldest frame that waits.
    pub(super) fn send_oldest(&mut self, now: Instant) {
        self.next = now + Duration::from_secs(1) / BACKLOG_PER_SECOND;
        let known = self.boot.now();
        let Some((frame, boot)) = self.backlog().spool.first(known, now) else {
            self.next = now + CLOCK;
            return;
        };
        if self.tries > 0 {
            self.tally.lock().retried += 1;
        }
        let mut parts = self.parts_of_oldest(&frame, boot);
        let is_done = self.attempt(&mut parts, boot);
        self.conclude(frame, parts, is_done);
        if !is_done && self.answers > self.export.retry.max {
            self.probe();
        }
    }

    /// What is left to send of the oldest.
    pub(super) fn parts_of_oldest(&mut self, frame: &Frame, boot: i64) -> Vec<Frame> {
        if let Some((_, parts)) = self.rest.take().filter(|(of, _)| is_same(of, frame)) {
            return parts;
        }
        let (parts, stale) = self.parts(frame.clone(), boot);
        self.leave_out(stale);
        parts
    }

    /// Decides about the oldest after an attempt, of which `parts` are left.
    pub(super) fn conclude(&mut self, frame: Frame, parts: Vec<Frame>, is_done: bool) {
        let now = Instant::now();
        if is_done {
            self.backlog().spool.acknowledge(now);
            (self.tries, self.answers, self.probes) = (0, 0, 1);
            return;
        }
        let left: usize = parts.iter().map(Frame::len).sum();
        if self.export.is_delta && left < frame.len() {
            // A frame that was accepted must not be sent after a restart: it would count twice.
            (self.tries, self.answers) = (0, 0);
            let mut backlog = self.backlog();
            parts.iter().rev().for_each(|part| backlog.push(part, now));
            backlog.spool.acknowledge(now);
            return;
        }
        self.rest = Some((frame, parts));
        self.tries = self.tries.saturating_add(1);
        self.answers += u32::from(self.is_answered);
        self.give_up(now);
    }

    /// Passes what failed too often to the fallback, if there is one.
    pub(super) fn give_up(&mut self, now: Instant) {
        let max = self.export.retry.max;
        let is_down = self.failures > max;
        while (self.tries > max || is_down) && self.pass_to_fallback(now) {
            (self.tries, self.answers, self.rest) = (0, 0, None);
        }
    }

    /// Passes the oldest to the fallback, unless that fails itself. Returns whether it did.
    pub(super) fn pass_to_fallback(&mut self, now: Instant) -> bool {
        let Some(fallback) = &self.fallback else { return false };
        if fallback.tally.lock().failing.is_some() {
            return false;
        }
        let Some(known) = self.boot.now() else { return false };
        let mut backlog = self.backlog();
        let Some((frame, boot)) = backlog.spool.first(Some(known), now) else { return false };
        // A frame of an earlier boot: the fallback would stamp it with this one.
        if !Timestamp::is_same(boot, known) || !fallback.accept(frame) {
            return false;
        }
        backlog.spool.acknowledge(now);
        drop(backlog);
        self.tally.lock().passed += 1;
        true
    }
}

/// Whether both are the same frame of the spool.
pub(super) fn is_same(one: &Frame, other: &Frame) -> bool {
    one.moment == other.moment && one.states == other.states
}
