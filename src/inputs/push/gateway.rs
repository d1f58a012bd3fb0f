//! The API of a Pushgateway (<https://github.com/prometheus/pushgateway#api>), for the clients
//! that push to one: `PUT`, `POST` and `DELETE` on `/metrics/job/<job>{/<label>/<value>}`. What the
//! path names is a group: PUT replaces all of it, POST the metrics of the same names, DELETE removes
//! it. `push_time_seconds` and `push_failure_time_seconds` report for each group when it was pushed
//! last, and when a push last failed.
//!
//! A body is stored whole or not at all: it is read and checked first, then stored. Unlike those of a
//! Pushgateway, series expire after their time to live, and a group is removed with its last one.

mod group_update;
mod path;
mod protobuf;

use super::exposition::Syntax;
use super::intake::{Buffers, Collision, Intake, Rejection};
use super::rules::Rules;
use crate::base::clock::WallClock;
use crate::model::metric::{Buffer, Family, Kind, Sink, Unit, families, gauge};
use crate::model::store::{Change, Group, LabelSet, Offer, Store};
use group_update::{Form, decode, form, from_protobuf, sentence};
pub use group_update::{GroupUpdate, Refusal, Verb};
use path::Key;
use std::time::{Duration, Instant};

/// Groups at a time.
const MAX_GROUPS: usize = 1000;

/// How the path begins; `job` may be followed by `@base64`.
const ROOT: &str = "/metrics/";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 1] = families![
    gauge("push_groups", Unit::One, "Groups that were pushed as to a Pushgateway and live now.", &[]).only_own(),
];

/// The families about groups, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

/// The names and help texts of what is reported for each group, as a Pushgateway has them.
const TIMES: [(&str, &str); 2] = [
    ("push_time_seconds", "Last Unix time when changing this group in the Pushgateway succeeded."),
    (
        "push_failure_time_seconds",
        "Last Unix time when changing this group in the Pushgateway failed.",
    ),
];

/// One group.
struct Member {
    /// Its labels as they are written.
    key: Vec<u8>,
    group: Group,
    /// When it was pushed last and when a push last failed, in seconds since 1970; zero means never.
    times: [f64; 2],
}

/// All groups.
#[derive(Default)]
pub struct Gateway {
    /// Sorted by key.
    members: Vec<Member>,
    buffers: Buffers,
    labels: LabelSet,
    key: Vec<u8>,
}

impl Gateway {
    /// Carries out a request, or returns why nothing was done.
    pub fn serve(
        &mut self,
        update: &GroupUpdate<'_>,
        rules: &Rules,
        store: &mut Store,
        now: Instant,
    ) -> Result<(), Refusal> {
        let key = path::read(update.path.strip_prefix(ROOT).unwrap_or_default());
        let key = key.map_err(Refusal::Bad)?;
        self.name_group(&key, store)?;
        if update.verb == Verb::Delete {
            self.delete(store);
            return Ok(());
        }
        let form = form(update.content_type)?;
        self.buffers.reader.as_pushgateway = true;
        let decoded = decode(update)?;
        let body = decoded.as_deref().unwrap_or(update.body);
        let (text, syntax) = match form {
            Form::Text(syntax) => (None, syntax),
            Form::Protobuf => (Some(from_protobuf(body, update.max_body)?), Syntax::Prometheus),
        };
        let body = text.as_ref().map_or(body, Buffer::bytes);
        let at = self.open(store, now)?;
        let Some(member) = self.members.get(at) else { return Err(Refusal::Full) };
        let ttl = rules.ttl_of(&key.job);
        let intake = intake(member.group, &key, rules, ttl, store.bounds().labels);
        let done = self.take(update.verb, &intake, body, syntax, store, now);
        // As with a Pushgateway, a body that cannot be read leaves no trace.
        if !matches!(done, Err(Refusal::Unreadable(_))) {
            self.store_times(at, done.is_ok(), &intake, store, now);
        }
        done
    }

    /// Reads the group's labels, as they are written.
    fn name_group(&mut self, key: &Key, store: &Store) -> Result<(), Refusal> {
        self.labels.clear();
        for (name, value) in &key.labels {
            self.labels.add(name, value);
        }
        let labels = self.labels.render(store.bounds(), "").map_err(|reason| {
            let reason = reason.text().1;
            Refusal::Bad(format!("The path's labels are refused: {reason}."))
        })?;
        self.key.clear();
        self.key.extend_from_slice(labels.text());
        Ok(())
    }

    fn place(&self) -> Result<usize, usize> {
        self.members.binary_search_by(|member| member.key.cmp(&self.key))
    }

    fn delete(&mut self, store: &mut Store) {
        if let Ok(at) = self.place() {
            let member = self.members.remove(at);
            store.close_group(member.group);
        }
    }

    /// The index of the group, which may be new.
    fn open(&mut self, store: &mut Store, now: Instant) -> Result<usize, Refusal> {
        let Err(_) = self.place() else { return self.place().map_err(|_| Refusal::Full) };
        // Groups are removed when their series have expired.
        store.forget_expired(now);
        self.members.retain(|member| {
            let lives = store.live_in(member.group) > 0;
            if !lives {
                store.close_group(member.group);
            }
            lives
        });
        if self.members.len() >= MAX_GROUPS {
            store.note_full(now);
            return Err(Refusal::Full);
        }
        let at = self.place().unwrap_or_else(|at| at);
        let (key, group) = (self.key.clone(), store.open_pushed());
        self.members.insert(at, Member { key, group, times: [0.0; 2] });
        Ok(at)
    }

    /// Checks a body, then stores it.
    fn take(
        &mut self,
        verb: Verb,
        intake: &Intake<'_>,
        body: &[u8],
        syntax: Syntax,
        store: &mut Store,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (is_all, group) = (verb == Verb::Replace, intake.group);
        let clashes = self.check(is_all, intake, body, syntax, store, now)?;
        if clashes && is_all {
            store.begin(group);
            store.end(group);
        } else if clashes {
            self.buffers.names().for_each(|name| store.drop_metric(group, name));
        }
        store.begin(group);
        let done = intake.take(body, syntax, &mut self.buffers, store, now);
        if is_all {
            store.end(group);
        } else {
            self.buffers.names().for_each(|name| store.drop_metric(group, name));
            store.leave(group);
        }
        // Everything that could be checked before was; the store may be full by now.
        match done.map(|tally| tally.first) {
            Ok(None) => Ok(()),
            Ok(Some((name, reason))) => {
                let rejection = Rejection::Sample(name, reason);
                Err(Refusal::Bad(sentence(&rejection, "The other samples are stored.")))
            }
            Err(line) => Err(Refusal::Bad(sentence(&Rejection::Line(line), ""))),
        }
    }

    /// Checks a body. Returns whether what it replaces must be removed first.
    fn check(
        &mut self,
        is_all: bool,
        intake: &Intake<'_>,
        body: &[u8],
        syntax: Syntax,
        store: &mut Store,
        now: Instant,
    ) -> Result<bool, Refusal> {
        let buffers = &mut self.buffers;
        let mut judge = |store: &Store| intake.judge(body, syntax, is_all, buffers, store, now);
        let judged = judge(store).or_else(|_| {
            // Series that conflict may have expired.
            store.forget_expired(now);
            judge(store)
        });
        judged.map_err(|rejection| {
            let text = sentence(&rejection, "Nothing was stored.");
            match rejection {
                Rejection::Line(_) => return Refusal::Unreadable(text),
                Rejection::Sample(_, reason) => store.refuse(intake.group, reason),
                Rejection::Timed(_) => {}
            }
            Refusal::Bad(text)
        })
    }

    /// Stores when the group was pushed and when that failed.
    fn store_times(
        &mut self,
        at: usize,
        is_pushed: bool,
        intake: &Intake<'_>,
        store: &mut Store,
        now: Instant,
    ) {
        let Some(member) = self.members.get_mut(at) else { return };
        let [pushed, failed] = &mut member.times;
        *(if is_pushed { pushed } else { failed }) = WallClock::now().since_epoch().as_secs_f64();
        self.labels.clear();
        for (name, value) in intake.add {
            self.labels.add(name, value);
        }
        for (name, value) in intake.constant {
            self.labels.add_missing(name, value);
        }
        let Ok(labels) = self.labels.render(store.bounds(), "") else { return };
        let Intake { ttl, group, .. } = *intake;
        for ((name, help), seconds) in TIMES.into_iter().zip(member.times) {
            let (kind, change, time) = (Kind::Gauge, Change::Set(seconds), None);
            let offer =
                Offer { name, kind, help, labels, change, time, ttl, group, is_line: false };
            // Not counted, as no client pushed it. The name may belong to another metric.
            let _ = store.declare(&offer, &[], now);
        }
    }

    /// Writes the metrics about the groups.
    pub fn write_self_metrics(&self, store: &Store, out: &mut dyn Sink) {
        let [groups] = &FAMILIES;
        let live = self.members.iter().filter(|member| store.live_in(member.group) > 0).count();
        out.family(groups);
        out.sample(&[], groups.value(live as u64));
    }
}

/// The settings under which a body is stored.
fn intake<'a>(
    group: Group,
    key: &'a Key,
    rules: &'a Rules,
    ttl: Duration,
    max_labels: usize,
) -> Intake<'a> {
    Intake {
        group,
        prefix: &rules.prefix,
        add: &key.labels,
        collision: Collision::Overwrite,
        constant: &rules.labels,
        ttl,
        honor_time: false,
        max_age: Duration::ZERO,
        max_series: usize::MAX,
        max_labels,
    }
}

#[cfg(test)]
mod tests;
