//! Pushed JSON: one sample or many in a request, accepted or refused one by one.
//!
//! `/update` accepts an object or an array of them:
//! `{"name":"queue_depth","type":"gauge","value":7,"labels":{"queue":"a"},"help":"…"}`. A counter's
//! value is added unless `"set":true`, a gauge's is set unless `"add":true` (or `"add":7` instead of
//! a value), a histogram observes its `value` or `values`. `/api/metrics` takes
//! `{"metrics":[{"name":…,"metric_type":…,"value":{"value":…,"timestamp":…}}],"source":"…"}`, whose
//! source becomes a label. A time stamp is in seconds since 1970, or in milliseconds if it is
//! 100 000 000 000 or more.

mod entry;
mod tally;

use super::rules::Rules;
use crate::base::clock::WallClock;
use crate::base::json::{self, Elements, Fault, Text, Value};
use crate::base::log;
use crate::model::metric::{Buffer, Kind};
use crate::model::store::{Change, Group, LabelSet, Offer, Reason, Store};
pub use entry::Form;
use entry::{Entry, Refused};
use std::str;
use std::time::{Duration, Instant};
use tally::Tally;

/// The most observations of one entry.
const MAX_VALUES: usize = 10_000;

/// The label that names the source of a batch.
const SOURCE: &str = "source";

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// Reads pushed JSON. Its buffers are kept from one request to the next.
#[derive(Default)]
pub struct Push {
    rules: Rules,
    labels: LabelSet,
    name: Vec<u8>,
    help: Vec<u8>,
    values: Vec<f64>,
    tally: Tally,
}

/// When a request arrived.
#[derive(Clone, Copy)]
struct RequestTime {
    instant: Instant,
    wall: WallClock,
}

/// A metric that exists from the start.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// The name without the prefix.
    pub name: &'a str,
    /// The type of the metric.
    pub kind: Kind,
    /// One sentence of help; may be empty.
    pub help: &'a str,
    /// The bounds of a histogram's buckets; empty for other types.
    pub buckets: &'a [f64],
}

impl Push {
    /// A reader that follows `rules`.
    pub fn new(rules: Rules) -> Push {
        Push { rules, ..Push::default() }
    }

    /// The rules, the same for every way in.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Declares these metrics at zero, without expiry; those declared before are removed. Returns how many cannot be, of
    /// which the log warns.
    pub fn declare(&mut self, declared: &[Declared<'_>], store: &mut Store, now: Instant) -> usize {
        let mut refused = 0;
        store.forget_declarations();
        for one in declared {
            let whole = [&self.rules.prefix, one.name].concat();
            self.labels.clear();
            self.rules.add_labels(&mut self.labels);
            let is_histogram = one.kind == Kind::Histogram;
            let change = if is_histogram { Change::Observe(&[]) } else { Change::Add(0.0) };
            let reserved = if is_histogram { BOUND } else { "" };
            let done = self.labels.render(store.bounds(), reserved).and_then(|labels| {
                let help = if one.help.is_empty() { "Declared in the settings." } else { one.help };
                let (name, kind, time) = (&*whole, one.kind, None);
                let (ttl, group) = (Duration::ZERO, Group::SHARED);
                let offer =
                    Offer { name, kind, help, labels, change, time, ttl, group, is_line: false };
                store.declare(&offer, one.buckets, now)
            });
            if let Err(reason) = done {
                let reason = reason.text().1;
                log::warn("metric not declared", &[("name", &whole), ("reason", &reason)]);
                refused += 1;
            }
        }
        store.drop_undeclared();
        refused
    }

    /// Stores every entry of a body that is valid; returns false if all of them are refused. The answer, a JSON
    /// object, goes to `out`; a syntax error is in the JSON, and then nothing was stored.
    pub fn take(
        &mut self,
        form: Form,
        body: &[u8],
        store: &mut Store,
        now: Instant,
        out: &mut Buffer,
    ) -> Result<bool, Fault> {
        let (entries, source) = match form {
            Form::Update => (json::parse_list(body)?, None),
            Form::Batch => batch(body)?,
        };
        let ttl = self.ttl(source);
        let now = RequestTime { instant: now, wall: WallClock::now() };
        self.tally.clear();
        for (index, value) in entries.enumerate() {
            let offered = match Entry::read(form, value) {
                Ok(entry) => self.offer(&entry, source, ttl, store, now),
                Err(refused) => {
                    store.refuse(Group::SHARED, refused.reason);
                    Err(refused)
                }
            };
            match offered {
                Ok(()) => self.tally.accept(),
                Err(refused) => self.tally.refuse(index, &refused),
            }
        }
        self.tally.write(out);
        Ok(!self.tally.is_refused())
    }

    fn ttl(&self, source: Option<Text<'_>>) -> Duration {
        let of = |source: Text<'_>| {
            let mut all = self.rules.ttl_by_source.iter();
            all.find(|(name, _)| source.is(name)).map(|(_, ttl)| *ttl)
        };
        source.and_then(of).unwrap_or(self.rules.ttl)
    }

    /// Offers an entry to the store.
    fn offer<'a>(
        &mut self,
        entry: &Entry<'a>,
        source: Option<Text<'a>>,
        ttl: Duration,
        store: &mut Store,
        now: RequestTime,
    ) -> Result<(), Refused<'a>> {
        let offered = self.make_offer(entry, source, ttl, store, now);
        if let Err(refused) = &offered {
            store.refuse(Group::SHARED, refused.reason);
        }
        let offer = offered?;
        // From here on the store counts by itself.
        store.take(&offer, now.instant).map_err(|reason| Refused::of(reason, entry.name))
    }

    fn make_offer<'a, 's>(
        &'s mut self,
        entry: &Entry<'a>,
        source: Option<Text<'a>>,
        ttl: Duration,
        store: &Store,
        now: RequestTime,
    ) -> Result<Offer<'s>, Refused<'a>> {
        let missing = Refused::of(Reason::MissingKey, entry::NAME);
        let name = entry.name.ok_or(missing)?;
        self.name.clear();
        self.name.extend_from_slice(self.rules.prefix.as_bytes());
        name.write(&mut self.name);
        let kind = self.kind_of(entry, store)?;
        let time = entry.time.flatten().map(|time| self.rules.stamp(time, now.wall));
        let time = time.transpose().map_err(|reason| Refused::of(reason, None))?;
        self.help.clear();
        if let Some(help) = entry.help {
            help.write(&mut self.help);
        }
        self.read_values(entry, kind)?;
        self.read_labels(entry, source)?;
        let reserved = if kind == Kind::Histogram { BOUND } else { "" };
        let labels = self.labels.render(store.bounds(), reserved);
        Ok(Offer {
            name: str::from_utf8(&self.name).unwrap_or_default(),
            kind,
            help: str::from_utf8(&self.help).unwrap_or_default(),
            labels: labels.map_err(|reason| Refused::of(reason, Some(name)))?,
            change: match (kind, self.values.first()) {
                (Kind::Histogram, _) => Change::Observe(&self.values),
                (Kind::Counter, Some(value)) if entry.set != Some(true) => Change::Add(*value),
                (Kind::Gauge, Some(value)) if entry.add == Some(true) => Change::Add(*value),
                (_, value) => Change::Set(value.copied().unwrap_or_default()),
            },
            time,
            ttl,
            group: Group::SHARED,
            is_line: false,
        })
    }

    /// The type of an entry; a declared metric has one without a key. The name was read before.
    fn kind_of<'a>(&self, entry: &Entry<'a>, store: &Store) -> Result<Kind, Refused<'a>> {
        match entry.kind {
            Some(kind) if kind.is("counter") => Ok(Kind::Counter),
            Some(kind) if kind.is("gauge") => Ok(Kind::Gauge),
            Some(kind) if kind.is("histogram") => Ok(Kind::Histogram),
            Some(other) => Err(Refused::of(Reason::Type, Some(other))),
            None => {
                let declared = store.declared_kind(str::from_utf8(&self.name).unwrap_or_default());
                declared.ok_or(Refused::of(Reason::MissingKey, entry::TYPE))
            }
        }
    }

    /// Reads the numbers of an entry and checks that its type accepts them.
    fn read_values<'a>(&mut self, entry: &Entry<'a>, kind: Kind) -> Result<(), Refused<'a>> {
        self.values.clear();
        match (entry.value, entry.values) {
            (Some(value), None) => self.values.push(value),
            (None, Some(values)) if kind == Kind::Histogram => {
                for value in values {
                    let number =
                        value.number().ok_or(Refused::of(Reason::Number, entry::VALUES))?;
                    self.values.push(number);
                    if self.values.len() > MAX_VALUES {
                        return Err(Refused::of(Reason::TooLong, entry::VALUES));
                    }
                }
            }
            (None, None) => return Err(Refused::of(Reason::MissingKey, entry::VALUE)),
            (_, Some(_)) => return Err(Refused::of(Reason::KeyTwice, entry::VALUES)),
        }
        let (add, set) = (entry.add == Some(true), entry.set == Some(true));
        if (set && add) || (kind == Kind::Histogram && (set || add)) {
            return Err(Refused::of(Reason::KeyTwice, if set { entry::SET } else { entry::ADD }));
        }
        Ok(())
    }

    fn read_labels<'a>(
        &mut self,
        entry: &Entry<'a>,
        source: Option<Text<'a>>,
    ) -> Result<(), Refused<'a>> {
        self.labels.clear();
        for (key, value) in entry.labels.into_iter().flatten() {
            let Value::Text(value) = value else { return entry::wrong(key, "a text", value) };
            self.labels.push(|bytes| {
                key.write(bytes);
                let middle = bytes.len();
                value.write(bytes);
                middle
            });
        }
        if let Some(source) = source {
            self.labels.push(|bytes| {
                bytes.extend_from_slice(SOURCE.as_bytes());
                let middle = bytes.len();
                source.write(bytes);
                middle
            });
        }
        self.rules.add_labels(&mut self.labels);
        Ok(())
    }
}

/// The entries of a batch, and its source.
fn batch(body: &[u8]) -> Result<(Elements<'_>, Option<Text<'_>>), Fault> {
    let fault = |expected| Fault { at: 0, expected };
    let Value::Object(members) = json::parse(body)? else { return Err(fault("an object")) };
    let (mut entries, mut source) = (None, None);
    for (key, value) in members {
        match value {
            Value::Array(all) if key.is("metrics") && entries.is_none() => entries = Some(all),
            Value::Text(text) if key.is(SOURCE) && source.is_none() => source = Some(text),
            Value::Null if key.is(SOURCE) => {}
            _ => return Err(fault("the keys metrics, an array, and source, a text")),
        }
    }
    Ok((entries.ok_or(fault("the key metrics, an array"))?, source))
}

#[cfg(test)]
mod tests;
