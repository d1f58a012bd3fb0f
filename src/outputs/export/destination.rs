//! One destination on the serving thread's side: when a frame is due, its recorder, and the
//! mailbox of its worker.

use super::delivery::{Delivery, PATIENCE};
use super::ending::{Ending, Fallback, lock};
use super::plan::Plan;
use super::tally::{Shared, Tally};
use super::transport::Transport;
use crate::base::clock::{Boot, Timestamp};
use crate::base::log;
use crate::model::frame::{Frame, FrameBuilder, Wanted};
use crate::outputs::spool::{Bounds, Spool};
use crate::workers::{Queue, Tls, spawn};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The most frames that wait for the worker.
const MAX_WAITING: usize = 8;

/// Bytes of frames that wait in memory.
pub const MAX_MEMORY: u64 = 512 << 10;

/// The greatest age of frames that wait in memory only.
const MAX_AGE: Duration = Duration::from_secs(86_400);

/// The shortest interval, so that the loop does not spin.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Bytes of a worker's stack. Only touched pages use memory. TLS needs more than the rest, and code
/// that is not optimised much more.
const STACK: usize = match (cfg!(debug_assertions), cfg!(feature = "tls") || cfg!(feature = "grpc"))
{
    (true, _) => 1 << 20,
    (_, true) => 256 << 10,
    _ => 160 << 10,
};

/// Bytes of a thread's name.
const MAX_NAME: usize = 15;

/// What a worker starts with once the old one has ended.
struct Begin {
    plan: Plan,
    tls: Option<Tls>,
    fallback: Option<Fallback>,
    before: Option<Ending>,
    boot: Boot,
    tally: Shared,
    ending: Ending,
    jobs: Queue<Frame>,
}

/// One destination.
pub struct Destination {
    plan: Plan,
    /// Makes its frames; `None` while a frame is being recorded.
    recorder: Option<FrameBuilder>,
    due: Instant,
    mailbox: Queue<Frame>,
    tally: Shared,
    ending: Ending,
    /// While the worker waits for the old one to end: settings that come meanwhile change what it
    /// starts with, so that however many come only one waits.
    begin: Arc<Mutex<Option<Begin>>>,
    /// The worker's thread could not be started: this is tried again with each frame.
    is_unstarted: bool,
}

impl Destination {
    /// A destination that takes over the counts of `before`, and its frames once that has ended.
    pub fn new(
        plan: Plan,
        wanted: Wanted,
        before: Option<Destination>,
        now: Instant,
    ) -> Destination {
        let tally = before.as_ref().map(|old| old.tally.clone()).unwrap_or_default();
        let is_unstarted = before.as_ref().is_some_and(|old| old.is_unstarted);
        let begin = before.map(|old| old.begin).unwrap_or_default();
        Destination {
            plan,
            recorder: Some(FrameBuilder::new(wanted)),
            due: now,
            mailbox: Queue::new(MAX_WAITING),
            tally,
            ending: Ending::new(),
            begin,
            is_unstarted,
        }
    }

    /// Its plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The name in metrics, logs and settings.
    pub fn name(&self) -> &str {
        &self.plan.export.name
    }

    /// The counts of its frames.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock()
    }

    /// Frames that wait for the worker.
    pub fn waiting(&self) -> u64 {
        self.mailbox.waiting() as u64
    }

    /// A handle for other destinations to pass their frames.
    pub fn as_fallback(&self) -> Fallback {
        Fallback { mailbox: self.mailbox.clone(), tally: self.tally.clone() }
    }

    /// The state that its successor needs.
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Starts the worker, which waits for the end of the one `before` it; or hands the work to that
    /// one, if it is itself still waiting.
    pub fn start(
        &mut self,
        tls: Option<Tls>,
        fallback: Option<Fallback>,
        before: Option<Ending>,
        boot: Boot,
    ) {
        let (plan, tally) = (self.plan.clone(), self.tally.clone());
        let (ending, jobs) = (self.ending.clone(), self.mailbox.clone());
        let mut begin = Begin { plan, tls, fallback, before, boot, tally, ending, jobs };
        let mut slot = lock(&self.begin);
        let is_left = slot.is_some() && !self.is_unstarted;
        if let Some(waiting) = slot.as_mut() {
            self.take_over(&waiting.jobs);
            begin.before = waiting.before.take();
        }
        if is_left {
            *slot = Some(begin);
            return;
        }
        drop(slot);
        self.begin = Arc::new(Mutex::new(Some(begin)));
        self.launch();
    }

    /// Starts the worker's thread. If that fails, frames wait meanwhile.
    fn launch(&mut self) {
        let waiting = Arc::clone(&self.begin);
        let waits_for = lock(&waiting).as_ref().and_then(|begin| begin.before.clone());
        let work = move || {
            // The directory is the same: the old worker must have left it.
            while waits_for.as_ref().is_some_and(|before| before.over.sleep(MAX_AGE)) {}
            let begin = lock(&waiting).take();
            if let Some(begin) = begin {
                begin.run();
            }
        };
        let mut name = ["export-", self.name()].concat();
        while name.len() > MAX_NAME {
            name.pop();
        }
        let done = spawn(&name, STACK, Box::new(work));
        let was_unstarted = std::mem::replace(&mut self.is_unstarted, done.is_err());
        if let Err(error) = done
            && !was_unstarted
        {
            let text = ["no room for another thread: ", &error.to_string()].concat();
            let fields: [log::Field<'_>; 2] = [("export", &self.name()), ("error", &text)];
            log::error("samples cannot be exported yet", &fields);
            self.tally.lock().failing = Some((Instant::now(), text));
        }
    }

    /// Takes over the frames that wait for a worker that does not start.
    fn take_over(&self, jobs: &Queue<Frame>) {
        while let Some(frame) = jobs.take() {
            if let Err(frame) = self.mailbox.offer(frame) {
                self.tally.lock().in_hand -= 1;
                self.tally.drop_samples("queue", frame.len());
            }
        }
    }

    /// When a frame is due.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Sets the next due time, without those that were missed.
    pub fn advance(&mut self, now: Instant) {
        let interval = self.plan.export.interval.max(MIN_INTERVAL);
        let behind = now.saturating_duration_since(self.due).as_nanos();
        let missed = behind / interval.as_nanos().max(1) + 1;
        self.due += interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
    }

    /// Begins a frame; returns its recorder.
    pub fn begin(&mut self, moment: Timestamp) -> Option<FrameBuilder> {
        let mut recorder = self.recorder.take()?;
        recorder.begin(moment);
        self.tally.lock().taken += 1;
        Some(recorder)
    }

    /// Ends the frame and hands it over; a worker that is too slow does not get it.
    pub fn dispatch(&mut self, mut recorder: FrameBuilder) {
        let frame = recorder.finish();
        self.recorder = Some(recorder);
        let samples = frame.len();
        if self.is_unstarted {
            self.launch();
        }
        if !self.as_fallback().accept(frame) {
            self.tally.drop_samples("queue", samples);
        }
    }

    /// Accepts no more frames; what waits may be sent until then.
    pub fn end(&self, until: Instant) {
        self.ending.set(until);
        self.mailbox.finish();
        if self.is_unstarted {
            self.ending.over.close();
        }
    }

    /// Waits for the worker, no longer than until then; frames that it still has are then written to the disk,
    /// if the spool is on disk.
    pub fn wait(&self, until: Instant) {
        let is_late = self.ending.over.sleep(until.saturating_duration_since(Instant::now()));
        if is_late && self.plan.export.spool.is_some() {
            self.ending.salvage(&self.mailbox, Instant::now());
        }
    }
}

impl Begin {
    fn run(self) {
        let Begin { plan, tls, fallback, before, boot, tally, ending, jobs } = self;
        tally.lock().busy = Some(Instant::now() + PATIENCE);
        let spool = Spool::open(bounds(&plan, boot), Instant::now());
        let transport = Transport::new(plan, tls);
        let mut delivery = Delivery::new(transport, spool, tally, fallback, ending);
        before.iter().for_each(|before| delivery.inherit(before));
        delivery.run(&jobs);
        delivery.leave();
    }
}

/// The place and the limits of the spool.
pub fn bounds(plan: &Plan, boot: Boot) -> Bounds {
    let spool = plan.export.spool.as_ref();
    Bounds {
        dir: plan.spool_dir(),
        max_bytes: spool.map_or(0, |spool| spool.max_bytes),
        max_memory: MAX_MEMORY,
        max_age: spool.map_or(MAX_AGE, |spool| spool.max_age),
        write_budget: spool.map_or(0, |spool| spool.write_budget),
        boot,
    }
}

#[cfg(test)]
mod tests;
