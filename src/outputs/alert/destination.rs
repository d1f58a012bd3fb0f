//! A receiver of alerts: what waits for it, what is being sent, and when it is tried again. Its
//! worker has one message at a time, so that nothing overtakes; the queue is on this side.

use super::notice::Notice;
use super::rule::MAX_ACTIVE;
use super::send_error::SendError;
use super::transport::Transport;
use crate::base::log::{self, Limiter};
use crate::workers::{Client, Queue, Slot, Worker, random, spread};
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

/// A message that a receiver refuses for this long, though it answers, is given up: it
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
    way: Transport,
    queue: Batch,
    /// The current message.
    batch: Batch,
    work: Work,
    /// Failures in a row, and since when.
    failures: u32,
    failing: Option<Instant>,
    /// Started when there is something to send.
    worker: Option<Worker<Batch>>,
    born: Instant,
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
    pub failed: Vec<(&'static str, u64)>,
    /// Alerts that were not sent.
    pub dropped: u64,
}

impl Counts {
    /// Reasons are few, and keep their order.
    fn fail(&mut self, reason: &'static str) {
        let place = self.failed.partition_point(|(other, _)| *other < reason);
        match self.failed.get_mut(place) {
            Some((other, count)) if *other == reason => *count += 1,
            _ => self.failed.insert(place, (reason, 1)),
        }
    }
}

impl Destination {
    /// A new destination. It takes over the counts of the one `before` it, and its queue.
    pub fn new(
        id: u32,
        name: String,
        way: Transport,
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
            way,
            queue,
            batch: Vec::new(),
            work: Work::Idle,
            failures: 0,
            failing: None,
            worker: None,
            born: now,
            counts,
            limiters: Default::default(),
        }
    }

    /// The transport of its messages.
    pub fn way(&self) -> &Transport {
        &self.way
    }

    /// Whether this is the report about its current message.
    pub fn sent(&self, report: &Report) -> bool {
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
            Work::Idle => (!self.queue.is_empty()).then_some(self.born),
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
            self.say(DROPPED, "an alert was dropped", "too many wait, the oldest goes", now);
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
            match start(self.id, self.way.clone(), results.clone()) {
                Ok(worker) => self.worker = Some(worker),
                Err(error) => return self.fail("start", &error.to_string(), None, now),
            }
        }
        let given = self.worker.as_ref().is_some_and(|c| c.try_send(self.batch.clone()).is_ok());
        if given {
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
        let name = (!self.way.is_manager()).then(|| first.name.clone());
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
                self.rest();
            }
            Err(setback) => {
                let since = *self.failing.get_or_insert(now);
                let answers = matches!(setback.reason, "status" | "refused");
                let is_over = answers && now.saturating_duration_since(since) > GIVE_UP;
                if setback.again && !is_over {
                    self.fail(setback.reason, &setback.text, setback.after, now);
                } else {
                    self.counts.fail(setback.reason);
                    self.counts.dropped += self.batch.len() as u64;
                    self.say(FAILED, "an alert could not be sent", &setback.text, now);
                    self.rest();
                }
            }
        }
    }

    /// Ends the current message.
    fn rest(&mut self) {
        self.batch.clear();
        (self.failures, self.failing) = (0, None);
    }

    /// Schedules another attempt to send the current message.
    fn fail(&mut self, reason: &'static str, text: &str, after: Option<Duration>, now: Instant) {
        self.counts.fail(reason);
        self.failing.get_or_insert(now);
        let pause = PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        let pause = spread(pause, random() as u32);
        let after = after.unwrap_or_default().min(LONGEST_AFTER);
        self.work = Work::Paused(now + pause.max(after));
        self.say(FAILED, "an alert could not be sent yet", text, now);
    }

    /// Logs a message at most once a minute.
    fn say(&mut self, limiter: usize, message: &str, text: &str, now: Instant) {
        let limiter = self.limiters.get_mut(limiter);
        if let Some(held_back) = limiter.and_then(|limiter| limiter.pass(now)) {
            let fields: [log::Field<'_>; 3] =
                [("destination", &self.name), ("error", &text), ("repeated", &held_back)];
            log::warn(message, &fields);
        }
    }
}

/// Starts the worker of the destination `id`.
fn start(id: u32, way: Transport, results: Slot<Report>) -> io::Result<Worker<Batch>> {
    Worker::start(&["alert-", &id.to_string()].concat(), 1, move |jobs: &Queue<Batch>| {
        let mut client = Client::default();
        while let Some(batch) = jobs.next() {
            let done = way.send(&mut client, &batch);
            if !results.send(Report { destination: id, done }) {
                return;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::json::tests::notice;
    use super::*;
    use crate::settings::Alerting;

    fn destination(is_manager: bool) -> Destination {
        let url = vec!["http://127.0.0.1:1/".to_owned()];
        let settings = match is_manager {
            true => Alerting { alertmanagers: url, ..Alerting::default() },
            false => Alerting { webhooks: url, ..Alerting::default() },
        };
        let way = Transport::all(&settings).0.remove(0);
        Destination::new(7, way.name(), way, None, Instant::now())
    }

    fn of_rule(name: &str, device: &str, ends: Option<u64>) -> Arc<Notice> {
        let mut notice = Notice::clone(&notice(device, ends));
        name.clone_into(&mut notice.name);
        notice.fingerprint = super::super::notice::fingerprint(&[(name.into(), device.into())]);
        Arc::new(notice)
    }

    /// The queue, as devices, with a `!` where an alert is resolved.
    fn waiting(queue: impl IntoIterator<Item = Arc<Notice>>) -> String {
        let device = |notice: Arc<Notice>| {
            let end = if notice.is_resolved() { "!" } else { "" };
            [&notice.labels[1].1, end].concat()
        };
        queue.into_iter().map(device).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_state_of_an_alert_waits_once_and_in_order() {
        let mut to = destination(false);
        for (device, ends) in
            [("a", None), ("b", None), ("a", None), ("a", Some(1)), ("a", None), ("b", Some(1))]
        {
            to.push(&of_rule("x", device, ends), Instant::now());
        }
        assert_eq!(waiting(to.queue.clone()), "a b a! a b!");
        assert_eq!(waiting(to.next_batch()), "a b");
        assert_eq!(waiting(to.next_batch()), "a! b!");
        assert_eq!(waiting(to.next_batch()), "a");
        assert_eq!(waiting(to.next_batch()), "");
    }

    #[test]
    fn a_message_is_about_one_rule_but_to_an_alertmanager() {
        for (is_manager, expected) in [(false, "a c"), (true, "a b c")] {
            let mut to = destination(is_manager);
            for (name, device) in [("x", "a"), ("y", "b"), ("x", "c")] {
                to.push(&of_rule(name, device, None), Instant::now());
            }
            assert_eq!(waiting(to.next_batch()), expected);
        }
        let mut to = destination(true);
        (0..MAX_BATCH + 9)
            .for_each(|at| to.push(&of_rule("x", &at.to_string(), None), Instant::now()));
        assert_eq!((to.next_batch().len(), to.next_batch().len()), (MAX_BATCH, 9));
    }

    #[test]
    fn the_newest_state_wins_in_a_full_queue() {
        let mut to = destination(false);
        for at in 0..MAX_WAITING {
            to.push(&of_rule("x", &at.to_string(), None), Instant::now());
        }
        to.push(&of_rule("x", "7", Some(1)), Instant::now());
        assert_eq!(to.queue.len(), MAX_WAITING);
        assert!(waiting(to.queue.clone()).starts_with("0 1 2 3 4 5 6 8 "));
        let last = format!(" {} 7!", MAX_WAITING - 1);
        assert!(waiting(to.queue.clone()).ends_with(&last));
        to.push(&of_rule("x", "new", None), Instant::now());
        assert!(waiting(to.queue.clone()).starts_with("1 2 "));
        assert_eq!(to.counts.dropped, 2);
    }

    #[test]
    fn what_fails_is_tried_again_later_and_later() {
        let mut to = destination(false);
        to.push(&of_rule("x", "a", None), Instant::now());
        to.batch = to.next_batch();
        let start = Instant::now();
        let report = |again, reason, after| Report {
            destination: 7,
            done: Err(SendError { reason, text: String::new(), again, after }),
        };
        // A worker that could not be started is a failure as well.
        to.fail("start", "", None, start);
        assert_eq!(to.failing(), Some(start));
        to = destination(false);
        to.batch = vec![of_rule("x", "a", None)];
        let mut pauses = Vec::new();
        for _ in 0..9 {
            to.take_report(report(true, "connect", None), start);
            pauses.push(to.deadline().unwrap() - start);
        }
        for (at, pause) in pauses.iter().enumerate() {
            let longest = (PAUSE * (1 << at)).min(LONGEST_PAUSE);
            assert!((longest / 2..=longest).contains(pause), "{at} {pause:?}");
        }
        to.take_report(report(true, "status", Some(Duration::from_secs(300))), start);
        assert_eq!(to.deadline(), Some(start + Duration::from_secs(300)));
        to.take_report(report(true, "status", Some(Duration::from_secs(86_400))), start);
        assert_eq!(to.deadline(), Some(start + LONGEST_AFTER));
        assert_eq!(
            (to.waiting(), to.counts.failed.as_slice()),
            (1, &[("connect", 9), ("status", 2)][..])
        );
        // A receiver that does not answer may come back after days; one that answers may reject this message.
        let later = start + GIVE_UP + PAUSE;
        to.take_report(report(true, "timeout", None), later);
        assert_eq!(to.waiting(), 1);
        to.take_report(report(true, "status", None), later);
        assert_eq!((to.waiting(), to.counts.dropped, to.deadline()), (0, 1, None));
        to.batch = vec![of_rule("x", "a", None)];
        to.take_report(report(false, "status", None), later);
        assert_eq!((to.waiting(), to.counts.dropped, to.deadline()), (0, 2, None));
    }
}
