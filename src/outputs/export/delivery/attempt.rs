//! One attempt to send a frame, and how it is counted and logged.

use super::Delivery;
use super::parts::{by_stamp, halves};
use crate::base::clock::WallClock;
use crate::base::log;
use crate::model::frame::Frame;
use crate::outputs::answer_text::is_late;
use crate::outputs::backoff::pause;
use crate::outputs::export::Verdict;
use crate::outputs::export::transport::Sent;
use crate::outputs::reasons::add;
use std::time::{Duration, Instant};

/// A receiver is not contacted for at most this long, whatever it asks for.
const LONGEST_AFTER: Duration = Duration::from_secs(3600);

/// The reason for samples that are out of order.
const LATE: &str = "out_of_order";

/// Indices of the limiters of the log.
const FAILED: usize = 0;
const DROPPED: usize = 1;
const WARNED: usize = 2;

/// How often a frame is split because a sample is out of order, and how often in a
/// row before anything is accepted: after that nothing will be.
const MAX_SPLITS: u32 = 64;
const MAX_IN_VAIN: u32 = 16;

/// A request may take longer than its deadline: the resolver has a limit of its own.
const RESOLVER: Duration = Duration::from_secs(15);

/// The results for the parts of a frame.
#[derive(Default)]
struct Round {
    /// Whether a part was accepted.
    is_accepted: bool,
    /// Why another one was refused.
    refusal: Option<String>,
    splits: u32,
    in_vain: u32,
}

/// What a receiver accepted of a request.
struct Accepted {
    /// Samples of the request, as the receiver counts them.
    samples: u64,
    /// Those that it refused, and why.
    rejected: u64,
    reason: &'static str,
    /// Samples that the format cannot represent.
    left_out: u64,
}

impl Delivery {
    /// Sends all parts, the last first; parts that remain could not be sent now.
    pub(super) fn attempt(&mut self, parts: &mut Vec<Frame>, boot: i64) -> bool {
        let mut round = Round::default();
        while let Some(frame) = parts.pop() {
            if frame.is_empty() {
                continue;
            }
            let Sent { verdict, samples, left_out, .. } = self.send(&frame, boot);
            let accepted = Accepted { samples, rejected: 0, reason: "", left_out };
            match verdict {
                Verdict::Done => self.arrived(&frame, boot, &accepted, &mut round),
                Verdict::Partial(rejected, text) => {
                    let accepted = Accepted { rejected, ..accepted };
                    self.arrived_partly(&frame, boot, accepted, &mut round, &text);
                    round.refusal = Some(text);
                }
                Verdict::Again(reason, text, after) => {
                    self.failed(reason, &text, after);
                    parts.push(frame);
                    return false;
                }
                Verdict::Late(text) => {
                    self.note_late(&text);
                    let split = round.split(&frame);
                    if split.is_none() {
                        self.sent.note(&frame.view(boot), false);
                    }
                    self.split_or_drop(split, (LATE, text), &frame, parts, &mut round);
                }
                Verdict::Halves(text) => {
                    let refusal = ("too_large", text);
                    self.split_or_drop(halves(&frame), refusal, &frame, parts, &mut round);
                }
                Verdict::Never(reason, text) => {
                    self.split_or_drop(None, (reason, text), &frame, parts, &mut round);
                }
                Verdict::Older(text) => {
                    self.split_or_drop(None, ("version", text), &frame, parts, &mut round);
                }
            }
        }
        if let (false, Some(text)) = (round.is_accepted, round.refusal) {
            self.set_failing(&text);
        }
        true
    }

    /// Adds both halves of a refused frame to the parts; drops one that cannot be split.
    fn split_or_drop(
        &mut self,
        split: Option<(Frame, Frame)>,
        (reason, text): (&'static str, String),
        frame: &Frame,
        parts: &mut Vec<Frame>,
        round: &mut Round,
    ) {
        match split {
            Some((one, other)) => {
                add(&mut self.tally.lock().failed, reason, 1);
                parts.extend([other, one]);
            }
            None => self.refused(reason, &text, frame),
        }
        round.refusal = Some(text);
    }

    /// Handles a request that was accepted with a warning, or in part.
    fn arrived_partly(
        &mut self,
        frame: &Frame,
        boot: i64,
        accepted: Accepted,
        round: &mut Round,
        text: &str,
    ) {
        let is_late = is_late(text.as_bytes());
        let reason = if is_late { LATE } else { "rejected" };
        let accepted = Accepted { reason, ..accepted };
        self.arrived(frame, boot, &accepted, round);
        if is_late {
            self.note_late(text);
        }
        match accepted.rejected {
            0 => self.log(WARNED, "the receiver warns", text),
            _ => self.log(DROPPED, "samples were rejected", text),
        };
    }

    /// Sends a frame.
    fn send(&mut self, frame: &Frame, boot: i64) -> Sent {
        let start = Instant::now();
        let deadline = start + self.export.timeout;
        let deadline = self.ending.until().map_or(deadline, |until| deadline.min(until));
        self.tally.lock().busy = Some(deadline + RESOLVER);
        let sent = self.transport.send(&frame.view(boot), deadline);
        self.set_busy();
        let mut tally = self.tally.lock();
        tally.requests += 1;
        tally.took += start.elapsed();
        tally.sent_bytes += sent.bytes as u64;
        sent
    }

    /// Counts a request that was accepted, at least in part.
    fn arrived(&mut self, frame: &Frame, boot: i64, accepted: &Accepted, round: &mut Round) {
        let Accepted { samples, rejected, reason, left_out } = *accepted;
        self.sent.note(&frame.view(boot), rejected == 0);
        let mut tally = self.tally.lock();
        tally.success += 1;
        tally.samples += (frame.len() as u64).saturating_sub(rejected + left_out);
        for (reason, count) in [(reason, rejected), ("invalid", left_out)] {
            if count > 0 {
                add(&mut tally.dropped, reason, count);
            }
        }
        (self.failures, self.pause) = (0, None);
        if rejected >= samples {
            return;
        }
        (round.is_accepted, round.in_vain) = (true, 0);
        tally.last_success = Some((WallClock::now(), Instant::now()));
        let failing = tally.failing.take();
        drop(tally);
        // A link that comes and goes is logged once a minute, as its failures are.
        if let Some((since, _)) = failing.filter(|_| std::mem::take(&mut self.is_logged)) {
            let (away, waiting) = (since.elapsed().as_secs(), self.backlog().spool.levels().frames);
            let fields: [log::Field<'_>; 3] =
                [("export", &self.export.name), ("seconds", &away), ("waiting", &waiting)];
            log::info("samples arrive again", &fields);
        }
    }

    /// Counts a frame that will never be accepted.
    pub(super) fn refused(&mut self, reason: &'static str, text: &str, frame: &Frame) {
        add(&mut self.tally.lock().failed, reason, 1);
        self.tally.drop_samples(reason, frame.len());
        self.is_logged |= self.log(DROPPED, "samples were refused", text);
    }

    /// Notes that a sample is out of order; health reports it for a while.
    pub(super) fn note_late(&self, text: &str) {
        self.tally.lock().late = Some((Instant::now(), text.to_owned()));
    }

    /// Notes that nothing of the last frame was accepted.
    fn set_failing(&self, text: &str) {
        let mut tally = self.tally.lock();
        let since = tally.failing.take().map_or_else(Instant::now, |(since, _)| since);
        tally.failing = Some((since, text.to_owned()));
    }

    /// Handles a failure after which a retry may succeed.
    fn failed(&mut self, reason: &'static str, text: &str, after: Option<Duration>) {
        let now = Instant::now();
        add(&mut self.tally.lock().failed, reason, 1);
        self.set_failing(text);
        self.is_answered = matches!(reason, "server" | "status");
        let retry = &self.export.retry;
        let pause = pause(retry.initial, retry.longest, self.failures);
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(now + pause.max(after.unwrap_or_default().min(LONGEST_AFTER)));
        self.is_logged |= self.log(FAILED, "samples could not be sent yet", text);
    }

    /// Logs a message at most once a minute; returns whether it did.
    fn log(&mut self, limiter: usize, message: &str, text: &str) -> bool {
        let limiter = self.limiters.get_mut(limiter);
        let held_back = limiter.and_then(|limiter| limiter.pass(Instant::now()));
        if let Some(held_back) = &held_back {
            let fields: [log::Field<'_>; 3] =
                [("export", &self.export.name), ("error", &text), ("repeated", held_back)];
            log::warn(message, &fields);
        }
        held_back.is_some()
    }
}

impl Round {
    /// Splits a frame that is refused because a sample is out of order; `None` where it has only one
    /// series, or the limit of attempts is reached.
    fn split(&mut self, frame: &Frame) -> Option<(Frame, Frame)> {
        if self.splits >= MAX_SPLITS || self.in_vain >= MAX_IN_VAIN {
            return None;
        }
        self.splits += 1;
        self.in_vain += 1;
        by_stamp(frame).or_else(|| halves(frame))
    }
}
