//! The work of an export's thread: it sends frames, evaluates the answers, tries again later, and keeps what
//! could not be sent in its spool. New frames go first and the backlog beside them at a bounded
//! rate, unless the receiver requires the order of time.
//!
//! A frame that failed more than `retry.max` times goes to the fallback; so does the whole backlog
//! once as many attempts in a row failed, whatever the frame. What no fallback accepts stays until the
//! spool is full or it is too old. But where the receiver answered every failed attempt, and accepts
//! the next frame, the frame itself is at fault and is set aside.

mod attempt;
mod backlog;
mod late;
mod parts;
mod poison;
mod stamped;

use super::ending::{Backlog, Ending, Fallback, SharedBacklog, lock};
use super::tally::Shared;
use super::transport::Transport;
use crate::base::clock::BootTime;
use crate::base::log::{self, Limiter};
use crate::model::frame::Frame;
use crate::outputs::spool::Spool;
use crate::settings::{Export, Order};
use crate::workers::{Next, Queue};
use stamped::Sent;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

/// How often the wall clock is checked for being set, while frames wait for that.
const CLOCK: Duration = Duration::from_secs(5);

/// How long the work between two requests may take, which is disk I/O.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One destination, in its worker.
pub struct Delivery {
    export: Export,
    transport: Transport,
    shared: SharedBacklog,
    tally: Shared,
    fallback: Option<Fallback>,
    ending: Ending,
    boot: BootTime,
    /// Failed attempts in a row, and those of the oldest frame that waits.
    failures: u32,
    tries: u32,
    /// How many attempts of the oldest were answered with a failure of the receiver, and whether the last
    /// one was.
    answers: u32,
    is_answered: bool,
    /// How many frames after the oldest are tried once it failed too often.
    probes: usize,
    sent: Sent,
    /// Nothing is sent before this time.
    pause: Option<Instant>,
    /// When the backlog may go on.
    next: Instant,
    /// The parts that are left of the oldest frame, if it was sent in parts.
    rest: Option<(Frame, Vec<Frame>)>,
    limiters: [Limiter; 3],
    /// It is logged that samples do not arrive.
    is_logged: bool,
}

impl Delivery {
    /// A delivery that has not tried anything yet.
    pub fn new(
        transport: Transport,
        spool: Spool,
        tally: Shared,
        fallback: Option<Fallback>,
        ending: Ending,
    ) -> Delivery {
        let delivery = Delivery {
            export: transport.export().clone(),
            transport,
            shared: ending.begin(spool),
            tally,
            fallback,
            ending,
            boot: BootTime::default(),
            failures: 0,
            tries: 0,
            answers: 0,
            is_answered: false,
            probes: 1,
            sent: Sent::default(),
            pause: None,
            next: Instant::now(),
            rest: None,
            limiters: Default::default(),
            is_logged: false,
        };
        delivery.report(0);
        delivery
    }

    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        lock(&self.shared)
    }

    /// Takes over what waited in memory before. What waited on disk is in the spool.
    pub fn inherit(&self, from: &Ending) {
        let Some(old) = from.take_backlog() else { return };
        let (mut old, now) = (lock(&old), Instant::now());
        // All of it is of this boot: the boot time is added when it is sent.
        while let Some((frame, _)) = old.spool.first(Some(0), now) {
            self.backlog().push(&frame, now);
            old.spool.acknowledge(now);
        }
        self.report(0);
    }

    /// Works until the mailbox is closed and empty; then sends what is still possible.
    pub fn run(&mut self, jobs: &Queue<Frame>) {
        loop {
            let now = Instant::now();
            if self.backlog().spool.deadline().is_some_and(|at| at <= now) {
                self.backlog().spool.turn(now);
                self.report(0);
            }
            let wake = self.wake(now);
            self.tally.lock().busy = None;
            let next = jobs.next_before(wake);
            self.set_busy();
            match next {
                Next::Item(frame) => {
                    self.handle(frame);
                    self.report(1);
                }
                Next::Late => {}
                Next::End => break,
            }
            let now = Instant::now();
            if self.is_due(now) {
                self.send_oldest(now);
                self.report(0);
            }
        }
        self.end();
    }

    /// When there is something to do besides the mailbox.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let backlog = self.backlog();
        let waits = !backlog.spool.is_empty();
        let due = waits.then(|| self.pause.unwrap_or(now).max(self.next));
        backlog.spool.deadline().into_iter().chain(due).min()
    }

    fn is_due(&self, now: Instant) -> bool {
        self.next <= now
            && self.pause.is_none_or(|until| until <= now)
            && !self.backlog().spool.is_empty()
    }

    /// Publishes the state of the spool, and that this many frames are done, both at once, so
    /// that no frame is missing from the counts.
    fn report(&self, done: u64) {
        let levels = self.backlog().spool.levels();
        let trouble = levels.trouble.clone();
        let mut tally = self.tally.lock();
        let before = std::mem::replace(&mut tally.spool, levels);
        tally.is_open = true;
        tally.in_hand = tally.in_hand.saturating_sub(done);
        drop(tally);
        let name: log::Field<'_> = ("export", &self.export.name);
        match (before.trouble, trouble) {
            (None, Some(text)) => log::error("the spool fails", &[name, ("error", &text)]),
            (Some(_), None) => log::info("the spool works again", &[name]),
            _ => {}
        }
    }

    /// Notes that work has begun that should not take long.
    fn set_busy(&self) {
        self.tally.lock().busy = Some(Instant::now() + PATIENCE);
    }

    /// Handles a new frame.
    fn handle(&mut self, frame: Frame) {
        let now = Instant::now();
        let is_paused = self.pause.is_some_and(|until| now < until);
        let is_late = self.ending.until().is_some_and(|until| until <= now);
        let waits = self.export.order == Order::Time && !self.backlog().spool.is_empty();
        let boot = self.boot.now().filter(|_| !is_paused && !is_late && !waits);
        let Some(boot) = boot else {
            self.backlog().push(&frame, now);
            return;
        };
        if self.export.spool.is_some() {
            self.backlog().in_hand.push(frame.clone());
        }
        let boot = frame.moment.stamp(boot);
        let (mut parts, stale) = self.parts(frame, boot);
        self.leave_out(stale);
        let is_done = self.attempt(&mut parts, boot);
        let now = Instant::now();
        let mut backlog = self.backlog();
        backlog.in_hand.clear();
        if is_done {
            return;
        }
        let is_oldest = backlog.spool.is_empty();
        parts.iter().rev().for_each(|part| backlog.push(part, now));
        drop(backlog);
        if is_oldest {
            (self.tries, self.answers) = (1, u32::from(self.is_answered));
        }
        self.give_up(now);
    }

    /// Sends what waits while there is time, unless the receiver failed just now and the rest is
    /// safe on disk.
    fn end(&mut self) {
        let is_safe = self.export.spool.is_some() && self.pause.is_some_and(|p| p > Instant::now());
        while let Some(until) = self.ending.until().filter(|_| !is_safe) {
            let (now, failures) = (Instant::now(), self.failures);
            if now >= until || self.backlog().spool.is_empty() {
                break;
            }
            self.send_oldest(now);
            self.report(0);
            if self.failures > failures || self.next > Instant::now() + CLOCK / 2 {
                break;
            }
        }
        let mut backlog = self.backlog();
        if !backlog.is_salvaged {
            backlog.spool.close(Instant::now());
        }
        drop(backlog);
        self.report(0);
        self.tally.lock().close();
    }

    /// Sends one frame, with retries, on the current thread. Returns the parts that were not accepted.
    pub fn send_with_retries(&mut self, frame: Frame, boot: i64) -> Vec<Frame> {
        let (mut parts, _) = self.parts(frame, boot);
        for _ in 0..=self.export.retry.max {
            if let Some(until) = self.pause.take() {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            if self.attempt(&mut parts, boot) {
                break;
            }
        }
        parts
    }

    /// Leaves only what waits in memory to a successor; the directory is free from now on.
    pub fn leave(self) {
        let Delivery { ending, shared, .. } = self;
        let has_frames = lock(&shared).spool.leave_disk();
        drop(shared);
        if !has_frames {
            ending.take_backlog();
        }
        ending.over.close();
    }
}

#[cfg(test)]
mod tests;
