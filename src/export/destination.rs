//! One destination as the serving thread sees it: when a frame is due, what records it, and the
//! mailbox of the courier that takes it on.

use super::delivery::{Delivery, Ending, Fallback};
use super::tally::{Shared, Tally};
use super::way::{Plan, Way};
use crate::clock::Boot;
use crate::courier::{Queue, spawn};
use crate::frame::{Frame, Recorder, Wanted};
use crate::log;
use crate::spool::{Bounds, Spool};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Frames that wait for the courier.
const MAX_WAITING: usize = 8;

/// Bytes of frames that wait in memory.
const MAX_MEMORY: u64 = 512 << 10;

/// How old frames get that wait in memory only.
const MAX_AGE: Duration = Duration::from_secs(86_400);

/// The longest interval that does not spin.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Bytes of a courier's stack: without optimisation, the state of a compressor is made there before
/// it is boxed. Only what it touches is memory.
const STACK: usize = 1 << 20;

/// Bytes of a thread's name.
const MAX_NAME: usize = 15;

/// One destination.
pub struct Destination {
    plan: Plan,
    /// Makes its frames; taken while it does.
    pub recorder: Recorder,
    due: Instant,
    mailbox: Queue<Frame>,
    tally: Shared,
    ending: Ending,
}

impl Destination {
    /// One that goes on with the counts of `before`, and with what waits there once that is over.
    pub fn new(
        plan: Plan,
        wanted: Wanted,
        before: Option<Destination>,
        now: Instant,
    ) -> Destination {
        let tally = before.as_ref().map(|old| old.tally.clone()).unwrap_or_default();
        Destination {
            plan,
            recorder: Recorder::new(wanted),
            due: now,
            mailbox: Queue::new(MAX_WAITING),
            tally,
            ending: Ending::new(),
        }
    }

    /// What it was made of.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// In metrics, logs and settings.
    pub fn name(&self) -> &str {
        &self.plan.export.name
    }

    /// What became of its frames.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock()
    }

    /// Frames that wait for the courier.
    pub fn waiting(&self) -> u64 {
        self.mailbox.waiting() as u64
    }

    /// A way for the frames of others.
    pub fn as_fallback(&self) -> Fallback {
        Fallback { mailbox: self.mailbox.clone(), tally: self.tally.clone() }
    }

    /// What its successor has to know.
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Starts the courier, which waits for the end of the one `before` it.
    pub fn start(&self, fallback: Option<Fallback>, before: Option<Ending>, boot: Boot) {
        let (plan, tally) = (self.plan.clone(), self.tally.clone());
        let (ending, jobs) = (self.ending.clone(), self.mailbox.clone());
        let work = move || {
            // The directory is the same: who was there must have left it.
            while before.as_ref().is_some_and(|before| before.over.sleep(MAX_AGE)) {}
            let spool = Spool::open(bounds(&plan, boot), Instant::now());
            let mut delivery = Delivery::new(Way::new(plan), spool, tally, fallback, ending);
            before.iter().for_each(|before| delivery.inherit(before));
            delivery.run(&jobs);
            delivery.leave();
        };
        let mut name = ["export-", self.name()].concat();
        while name.len() > MAX_NAME {
            name.pop();
        }
        if let Err(error) = spawn(&name, STACK, Box::new(work)) {
            self.ending.over.close();
            self.mailbox.close();
            let fields: [log::Field<'_>; 2] = [("export", &self.name()), ("error", &error)];
            log::error("samples cannot be exported", &fields);
        }
    }

    /// When a frame is due.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Its time is over: the next one, without those that were missed.
    pub fn advance(&mut self, now: Instant) {
        let interval = self.plan.export.interval.max(MIN_INTERVAL);
        let behind = now.saturating_duration_since(self.due).as_nanos();
        let missed = behind / interval.as_nanos().max(1) + 1;
        self.due += interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
    }

    /// Ends the frame and hands it over; who is too slow does not get it.
    pub fn dispatch(&mut self) {
        let frame = self.recorder.finish();
        if let Err(frame) = self.mailbox.offer(frame) {
            self.tally.drop_samples("queue", frame.len());
        }
    }

    /// Takes no more frames; what waits may be sent until then.
    pub fn end(&self, until: Instant) {
        *self.ending.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.mailbox.finish();
    }

    /// Waits for the courier, no longer than until then.
    pub fn wait(&self, until: Instant) {
        self.ending.over.sleep(until.saturating_duration_since(Instant::now()));
    }
}

/// Where and how much may wait.
pub fn bounds(plan: &Plan, boot: Boot) -> Bounds {
    let (name, spool) = (&plan.export.name, plan.export.spool.as_ref());
    Bounds {
        dir: spool.map(|spool| spool.dir.join(name)),
        max_bytes: spool.map_or(0, |spool| spool.max_bytes),
        max_memory: MAX_MEMORY,
        max_age: spool.map_or(MAX_AGE, |spool| spool.max_age),
        write_budget: spool.map_or(0, |spool| spool.write_budget),
        boot,
    }
}
