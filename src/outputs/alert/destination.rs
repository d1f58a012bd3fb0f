//! A receiver of alerts: what waits for it, what is being sent, and when it is tried again. Its
//! worker has one message at a time, so that nothing overtakes; the queue is on this side.

use super::notice::Notice;
use super::rule::MAX_ACTIVE;
use super::send_error::SendError;
use super::transport::Transport;
use crate::base::log::{self, Limiter};
use crate::outputs::backoff::pause;
use crate::outputs::reasons::{Reasons, add};
use crate::workers::{Client, Queue, Slot, Worker};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Alerts that wait for one destination: each that may be active, and its resolution.
const MAX_WAITING: usize = 2 * MAX_ACTIVE;

/// Indices of the limiters of the log.
const FAILED: usize = 0;
const DROPPED: usize = 1;

/// Alerts in one message.
const MAX_BATCH: usize = 64;

/// The pause before the first retry; then twice as long each time, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A receiver is not contacted for at most this long, whatever it asks for.
const LONGEST_AFTER: Duration = Duration::from_secs(600);

/// A message that a receiver refuses for this long, though it is_answer, is given up: it
/// may be the message that it cannot accept.
const GIVE_UP: Duration = Duration::from_secs(3600);

/// The message that a worker sends.
type Batch = Vec<Arc<Notice>>;

/// The result of sending a message.
pub struct Report {
    destination: u32,
    done: Result<(), SendError>,
}

/// The state of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Idle,
    UnderWay,
    /// The current message is tried again then.
    Paused(Instant),
}

/// One destination.
pub struct Destination {
    id: u32,
    /// The name in metrics and logs.
    pub name: String,
    transport: Transport,
    queue: Batch,
    /// The current message.
    batch: Batch,
    work: Work,
    /// Failures in a row, and since when.
    failures: u32,
    failing: Option<Instant>,
    /// Started when there is something to send.
    worker: Option<Worker<Batch>>,
    created: Instant,
    /// Results of messages, since the start.
    pub counts: Counts,
    /// One for failures, and one for drops, so that neither silences the other.
    limiters: [Limiter; 2],
}

/// Results of messages.
#[derive(Clone, Default)]
pub struct Counts {
    /// Messages that were delivered.
    pub sent: u64,
    /// Tries that failed, by reason.
    pub failed: Reasons,
    /// Alerts that were not sent.
    pub dropped: u64,
}

impl Destination {
    /// A new destination. It takes over the counts of the one `before` it, and its queue.
    pub fn new(
        id: u32,
        name: String,
        transport: Transport,
        before: Option<Destination>,
        now: Instant,
    ) -> Destination {
        let (mut queue, mut counts) = (Batch::new(), Counts::default());
        if let Some(mut before) = before {
            // The message that is being sent is finished by the old worker.
            if before.work != Work::UnderWay {
                queue = before.batch;
            }
            queue.append(&mut before.queue);
            counts = before.counts;
        }
        Destination {
            id,
            name,
            transport,
            queue,
            batch: Vec::new(),
            work: Work::Idle,
            failures: 0,
            failing: None,
            worker: None,
            created: now,
            counts,
            limiters: Default::default(),
        }
    }

    /// The transport of its messages.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Whether this is the report about its current message.
    pub fn is_current(&self, report: &Report) -> bool {
        self.id == report.destination
    }

    /// The number of alerts that are not delivered yet.
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.batch.len()
    }

    /// Since when every attempt to send the current message has failed.
    pub fn failing(&self) -> Option<Instant> {
        self.failing
    }

    /// When there is something to send; a time in the past means at once.
    pub fn deadline(&self) -> Option<Instant> {
        match self.work {
            Work::Paused(until) => Some(until),
            Work::Idle => (!self.queue.is_empty()).then_some(self.created),
            Work::UnderWay => None,
        }
    }

    /// Adds a notice to the queue. It replaces an older one about the same alert in the same state.
    pub fn push(&mut self, notice: &Arc<Notice>, now: Instant) {
        let is_same = |other: &Arc<Notice>| other.fingerprint == notice.fingerprint;
        let last = self.queue.iter_mut().rev().find(|other| is_same(other));
        if let Some(last) = last.filter(|last| last.is_resolved() == notice.is_resolved()) {
            *last = Arc::clone(notice);
            return;
        }
        if self.queue.len() >= MAX_WAITING {
            // The newest state of an alert is more important than the one before.
            let old = self.queue.iter().position(is_same).unwrap_or(0);
            self.queue.remove(old);
            self.counts.dropped += 1;
            self.log(DROPPED, "an alert was dropped", "too many wait, the oldest goes", now);
        }
        self.queue.push(Arc::clone(notice));
    }

    /// Gives the worker the next message, if it is time.
    pub fn dispatch(&mut self, results: &Slot<Report>, now: Instant) {
        match self.work {
            Work::UnderWay => return,
            Work::Paused(until) if now < until => return,
            Work::Idle if self.queue.is_empty() => return,
            Work::Idle => self.batch = self.next_batch(),
            Work::Paused(_) => {}
        }
        if self.worker.is_none() {
            match start(self.id, self.transport.clone(), results.clone()) {
                Ok(worker) => self.worker = Some(worker),
                Err(error) => return self.fail("start", &error.to_string(), None, now),
            }
        }
        let is_sent = self.worker.as_ref().is_some_and(|c| c.try_send(self.batch.clone()).is_ok());
        if is_sent {
            self.work = Work::UnderWay;
        } else {
            self.worker = None;
            self.fail("start", "the worker is gone", None, now);
        }
    }

    /// The alerts for one message: of one rule, each once, in their order. For an Alertmanager they may be
    /// of any rules.
    fn next_batch(&mut self) -> Batch {
        let Some(first) = self.queue.first() else { return Vec::new() };
        let name = (!self.transport.is_manager()).then(|| first.name.clone());
        let mut batch = Batch::new();
        self.queue.retain(|notice| {
            let is_there = |other: &Arc<Notice>| other.fingerprint == notice.fingerprint;
            let fits = name.as_ref().is_none_or(|name| *name == notice.name);
            let is_next = fits && batch.len() < MAX_BATCH && !batch.iter().any(is_there);
            if is_next {
                batch.push(Arc::clone(notice));
            }
            !is_next
        });
        batch
    }

    /// Handles the worker's report.
    pub fn take_report(&mut self, report: Report, now: Instant) {
        self.work = Work::Idle;
        match report.done {
            Ok(()) => {
                self.counts.sent += 1;
                self.finish_message();
            }
            Err(error) => {
                let since = *self.failing.get_or_insert(now);
                let is_answer = matches!(error.reason, "status" | "refused");
                let is_over = is_answer && now.saturating_duration_since(since) > GIVE_UP;
                if error.again && !is_over {
                    self.fail(error.reason, &error.text, error.after, now);
                } else {
                    add(&mut self.counts.failed, error.reason, 1);
                    self.counts.dropped += self.batch.len() as u64;
                    self.log(FAILED, "an alert could not be sent", &error.text, now);
                    self.finish_message();
                }
            }
        }
    }

    /// Ends the current message.
    fn finish_message(&mut self) {
        self.batch.clear();
        (self.failures, self.failing) = (0, None);
    }

    /// Schedules another attempt to send the current message.
    fn fail(&mut self, reason: &'static str, text: &str, after: Option<Duration>, now: Instant) {
        add(&mut self.counts.failed, reason, 1);
        self.failing.get_or_insert(now);
        let pause = pause(PAUSE, LONGEST_PAUSE, self.failures);
        self.failures = self.failures.saturating_add(1);
        let after = after.unwrap_or_default().min(LONGEST_AFTER);
        self.work = Work::Paused(now + pause.max(after));
        self.log(FAILED, "an alert could not be sent yet", text, now);
    }

    /// Logs a message at most once a minute.
    fn log(&mut self, limiter: usize, message: &str, text: &str, now: Instant) {
        let limiter = self.limiters.get_mut(limiter);
        if let Some(held_back) = limiter.and_then(|limiter| limiter.pass(now)) {
            let fields: [log::Field<'_>; 3] =
                [("destination", &self.name), ("error", &text), ("repeated", &held_back)];
            log::warn(message, &fields);
        }
    }
}

/// Starts the worker of the destination `id`.
fn start(id: u32, transport: Transport, results: Slot<Report>) -> io::Result<Worker<Batch>> {
    Worker::start(&["alert-", &id.to_string()].concat(), 1, move |jobs: &Queue<Batch>| {
        let mut client = Client::default();
        while let Some(batch) = jobs.next() {
            let done = transport.send(&mut client, &batch);
            if !results.send(Report { destination: id, done }) {
                return;
            }
        }
    })
}

#[cfg(test)]
mod tests;
