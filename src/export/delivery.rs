//! What a courier does with frames: sends them, judges the answers, tries again later, and keeps what
//! could not be sent in its spool. What is fresh goes first and the backlog beside it at a bounded
//! rate, unless the receiver wants everything in the order of time.

use super::Verdict;
use super::tally::{Shared, add};
use super::way::Way;
use crate::clock::{BootTime, Wall};
use crate::courier::{Next, Queue};
use crate::frame::{Frame, State};
use crate::log::{self, Limiter};
use crate::settings::{Export, Order};
use crate::spool::Spool;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests of the backlog in a second.
const BACKLOG_PER_SECOND: u32 = 20;

/// A receiver is left alone no longer than this, whatever it wants.
const LONGEST_AFTER: Duration = Duration::from_secs(3600);

/// How often is looked whether the wall clock was set, while frames wait for that.
const CLOCK: Duration = Duration::from_secs(5);

/// Which limiter of the log.
const FAILED: usize = 0;
const DROPPED: usize = 1;

/// Where the frames go that one could not send.
#[derive(Clone)]
pub struct Fallback {
    /// Its mailbox.
    pub mailbox: Queue<Frame>,
    /// How it fares.
    pub tally: Shared,
}

/// What both sides know of the end.
#[derive(Clone)]
pub struct Ending {
    /// Until when what waits may be sent; `None` goes on.
    pub until: Arc<Mutex<Option<Instant>>>,
    /// Closed when the courier is gone.
    pub over: Queue<()>,
    /// What waited in memory only, for the successor.
    pub estate: Arc<Mutex<Option<Spool>>>,
}

impl Ending {
    /// It goes on.
    pub fn new() -> Ending {
        Ending { until: Arc::default(), over: Queue::new(1), estate: Arc::default() }
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn estate(&self) -> std::sync::MutexGuard<'_, Option<Spool>> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One destination, as its courier sees it.
pub struct Delivery {
    /// What the settings say.
    pub export: Export,
    /// How frames go.
    pub way: Way,
    /// What waits.
    pub spool: Spool,
    /// What became of frames.
    pub tally: Shared,
    /// Where frames go instead.
    pub fallback: Option<Fallback>,
    /// When to end.
    pub ending: Ending,
    boot: BootTime,
    /// Failed tries in a row, and of the oldest frame that waits.
    failures: u32,
    tries: u32,
    /// Nothing is tried before.
    pause: Option<Instant>,
    /// When the backlog may go on.
    next: Instant,
    /// What is left of the oldest frame that waits, if it went in parts.
    rest: Option<(Frame, Vec<Frame>)>,
    limiters: [Limiter; 2],
}

impl Delivery {
    /// Nothing was tried yet.
    pub fn new(
        way: Way,
        spool: Spool,
        tally: Shared,
        fallback: Option<Fallback>,
        ending: Ending,
    ) -> Delivery {
        Delivery {
            export: way.export().clone(),
            way,
            spool,
            tally,
            fallback,
            ending,
            boot: BootTime::default(),
            failures: 0,
            tries: 0,
            pause: None,
            next: Instant::now(),
            rest: None,
            limiters: Default::default(),
        }
    }

    /// Takes over what waited in memory before.
    pub fn inherit(&mut self, from: &Ending) {
        let Some(mut old) = from.estate().take() else { return };
        let now = Instant::now();
        let boot = self.boot.now().unwrap_or(0);
        while let Some((frame, _)) = old.first(Some(boot), now) {
            self.spool.push(&frame, now);
            old.acknowledge(now);
        }
    }

    /// Works until the mailbox is closed and empty; then sends what it can.
    pub fn run(&mut self, jobs: &Queue<Frame>) {
        loop {
            let now = Instant::now();
            if self.spool.deadline().is_some_and(|at| at <= now) {
                self.spool.turn(now);
            }
            self.report();
            match jobs.next_before(self.wake(now)) {
                Next::Item(frame) => self.take(frame),
                Next::Late => {}
                Next::End => break,
            }
            let now = Instant::now();
            if self.is_due(now) {
                self.drain(now);
            }
        }
        self.end();
    }

    /// When there is something to do besides the mailbox.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let backlog = (!self.spool.is_empty()).then(|| self.pause.unwrap_or(now).max(self.next));
        self.spool.deadline().into_iter().chain(backlog).min()
    }

    fn is_due(&self, now: Instant) -> bool {
        !self.spool.is_empty() && self.next <= now && self.pause.is_none_or(|until| until <= now)
    }

    fn report(&self) {
        let levels = self.spool.levels();
        self.tally.lock().spool = levels;
    }

    /// A fresh frame.
    fn take(&mut self, frame: Frame) {
        let now = Instant::now();
        let is_paused = self.pause.is_some_and(|until| now < until);
        let waits = self.export.order == Order::Time && !self.spool.is_empty();
        let boot = self.boot.now().filter(|_| !is_paused && !waits);
        let Some(boot) = boot else {
            self.spool.push(&frame, now);
            return;
        };
        let mut parts = vec![frame];
        if self.attempt(&mut parts, boot) {
            return;
        }
        let now = Instant::now();
        self.tries = u32::from(self.spool.is_empty());
        for part in parts.iter().rev() {
            self.spool.push(part, now);
        }
        self.give_up(boot, now);
    }

    /// The oldest that waits.
    fn drain(&mut self, now: Instant) {
        self.next = now + Duration::from_secs(1) / BACKLOG_PER_SECOND;
        let known = self.boot.now();
        let Some((frame, boot)) = self.spool.first(known, now) else {
            self.next = now + CLOCK;
            return;
        };
        let rest = self.rest.take().filter(|(of, _)| of.moment == frame.moment);
        let mut parts = rest.map_or_else(|| vec![frame.clone()], |(_, parts)| parts);
        if self.tries > 0 || self.failures > 0 {
            self.tally.lock().retried += 1;
        }
        if self.attempt(&mut parts, boot) {
            self.spool.acknowledge(Instant::now());
            self.tries = 0;
            return;
        }
        self.rest = Some((frame, parts));
        self.tries = self.tries.saturating_add(1);
        self.give_up(boot, Instant::now());
    }

    /// The oldest frame failed once more: others may have better luck with it.
    fn give_up(&mut self, boot: i64, now: Instant) {
        if self.tries <= self.export.retry.max && self.failures <= self.export.retry.max {
            return;
        }
        let Some(fallback) = self.fallback.clone() else {
            if self.export.spool.is_none() && self.tries > self.export.retry.max {
                let Some((frame, _)) = self.spool.first(Some(boot), now) else { return };
                self.tally.drop_samples("retries", frame.len());
                self.spool.acknowledge(now);
                (self.tries, self.rest) = (0, None);
            }
            return;
        };
        // One that fails itself would only give it back.
        while fallback.tally.lock().failing.is_none() {
            let Some(known) = self.boot.now() else { return };
            let Some((frame, boot)) = self.spool.first(Some(known), now) else { return };
            // Of an earlier start of the machine: the fallback's clock is another.
            if boot != known || fallback.mailbox.offer(frame).is_err() {
                return;
            }
            self.spool.acknowledge(now);
            self.tally.lock().passed += 1;
            (self.tries, self.rest) = (0, None);
        }
    }

    /// Sends all parts, the last first; what is left could not be sent now.
    fn attempt(&mut self, parts: &mut Vec<Frame>, boot: i64) -> bool {
        while let Some(frame) = parts.pop() {
            if frame.is_empty() {
                continue;
            }
            let start = Instant::now();
            let deadline = start + self.export.timeout;
            let deadline = self.ending.until().map_or(deadline, |until| deadline.min(until));
            let (verdict, bytes) = self.way.send(&frame.view(boot), deadline);
            let mut tally = self.tally.lock();
            tally.requests += 1;
            tally.took += start.elapsed();
            tally.sent_bytes += bytes as u64;
            drop(tally);
            match verdict {
                Verdict::Done => self.arrived(frame.len() as u64),
                Verdict::Partial(rejected, text) => {
                    self.arrived((frame.len() as u64).saturating_sub(rejected));
                    if rejected > 0 {
                        add(&mut self.tally.lock().dropped, "rejected", rejected);
                    }
                    self.say(DROPPED, "samples were rejected", &text);
                }
                Verdict::Again(reason, text, after) => {
                    self.failed(reason, &text, after);
                    parts.push(frame);
                    return false;
                }
                Verdict::Halves(text) => match halves(&frame) {
                    Some((one, other)) => parts.extend([other, one]),
                    None => self.refused("too_large", &text, &frame),
                },
                Verdict::Never(reason, text) => self.refused(reason, &text, &frame),
                Verdict::Older(text) => self.refused("version", &text, &frame),
            }
        }
        true
    }

    fn arrived(&mut self, samples: u64) {
        let mut tally = self.tally.lock();
        tally.success += 1;
        tally.samples += samples;
        tally.last_success = Some(Wall::now());
        let failing = tally.failing.take();
        drop(tally);
        (self.failures, self.pause) = (0, None);
        if let Some((since, _)) = failing {
            let (away, waiting) = (since.elapsed().as_secs(), self.spool.levels().frames);
            let fields: [log::Field<'_>; 3] =
                [("export", &self.export.name), ("seconds", &away), ("waiting", &waiting)];
            log::info("samples arrive again", &fields);
        }
    }

    /// It will never arrive.
    fn refused(&mut self, reason: &'static str, text: &str, frame: &Frame) {
        add(&mut self.tally.lock().failed, reason, 1);
        self.tally.drop_samples(reason, frame.len());
        self.say(DROPPED, "samples were refused", text);
    }

    /// It may arrive later.
    fn failed(&mut self, reason: &'static str, text: &str, after: Option<Duration>) {
        let now = Instant::now();
        let mut tally = self.tally.lock();
        add(&mut tally.failed, reason, 1);
        let since = tally.failing.take().map_or(now, |(since, _)| since);
        tally.failing = Some((since, text.to_owned()));
        drop(tally);
        let random = RandomState::new().build_hasher().finish() as u32;
        let retry = &self.export.retry;
        let pause = pause(retry.initial, retry.longest, self.failures, random);
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(now + pause.max(after.unwrap_or_default().min(LONGEST_AFTER)));
        self.say(FAILED, "samples could not be sent yet", text);
    }

    /// Says it once a minute.
    fn say(&mut self, limiter: usize, message: &str, text: &str) {
        let limiter = self.limiters.get_mut(limiter);
        if let Some(held_back) = limiter.and_then(|limiter| limiter.pass(Instant::now())) {
            let fields: [log::Field<'_>; 3] =
                [("export", &self.export.name), ("error", &text), ("repeated", &held_back)];
            log::warn(message, &fields);
        }
    }

    /// Sends what waits while there is time, unless the receiver failed just now and what waits is
    /// safe on disk.
    fn end(&mut self) {
        let is_safe = self.export.spool.is_some() && self.pause.is_some_and(|p| p > Instant::now());
        while let Some(until) = self.ending.until().filter(|_| !is_safe && !self.spool.is_empty()) {
            let (now, failures) = (Instant::now(), self.failures);
            if now >= until {
                break;
            }
            self.drain(now);
            if self.failures > failures || self.next > Instant::now() + CLOCK / 2 {
                break;
            }
        }
        self.spool.close(Instant::now());
        self.report();
        self.tally.lock().close();
    }

    /// One frame, with its tries, on the thread at hand; what fails waits on disk if it may. Whether
    /// it arrived.
    pub fn once(&mut self, frame: Frame, boot: i64, tries: u32) -> bool {
        let mut parts = vec![frame];
        for _ in 0..=tries {
            if let Some(until) = self.pause.take() {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            if self.attempt(&mut parts, boot) {
                return self.tally.lock().dropped.is_empty();
            }
        }
        if self.export.spool.is_some() {
            parts.iter().rev().for_each(|part| self.spool.push(part, Instant::now()));
            self.spool.close(Instant::now());
        }
        false
    }

    /// Leaves what waits in memory only to whoever comes next.
    pub fn leave(self) {
        let Delivery { spool, ending, export, .. } = self;
        if export.spool.is_none() && !spool.is_empty() {
            *ending.estate() = Some(spool);
        }
        ending.over.close();
    }
}

/// Between half and all of it: those who failed together do not come again together.
fn pause(initial: Duration, longest: Duration, failures: u32, random: u32) -> Duration {
    let whole = initial.saturating_mul(1 << failures.min(20)).min(longest);
    whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Parts the families of a frame, so that both have about as many series; `None` where there is one
/// family only.
fn halves(frame: &Frame) -> Option<(Frame, Frame)> {
    let counts: Vec<usize> = frame.view(0).families().map(|f| f.series().count()).collect();
    let (all, mut sum) = (counts.iter().sum::<usize>(), 0);
    let reach = |count: &usize| {
        sum += count;
        sum * 2 >= all
    };
    let first = counts.iter().position(reach)? + 1;
    let first = first.min(counts.len() - 1);
    if first == 0 {
        return None;
    }
    let (mut one, mut other) = (frame.clone(), frame.clone());
    for (at, family) in frame.view(0).families().enumerate() {
        let out = if at < first { &mut other } else { &mut one };
        for series in family.series() {
            if let Some(state) = out.states.get_mut(series.id as usize) {
                *state = State::Absent;
            }
        }
    }
    Some((one, other))
}
