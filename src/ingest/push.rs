//! Pushed JSON: one sample or many a request, taken or refused one by one.
//!
//! `/update` takes an object or an array of them:
//! `{"name":"queue_depth","type":"gauge","value":7,"labels":{"queue":"a"},"help":"…"}`. A counter's
//! value is added unless `"set":true`, a gauge's is set unless `"add":true` (or `"add":7` instead of
//! a value), a histogram observes its `value` or `values`. `/api/metrics` takes
//! `{"metrics":[{"name":…,"metric_type":…,"value":{"value":…,"timestamp":…}}],"source":"…"}`, whose
//! source becomes a label. A time stamp is in seconds since 1970, or in milliseconds if it is
//! 100 000 000 000 or more.

use super::json::{self, Elements, Fault, Members, Text, Value};
use crate::clock::Wall;
use crate::log;
use crate::metric::{Buffer, Kind};
use crate::store::{Change, Group, LabelSet, Offer, Reason, Store};
use std::str;
use std::time::{Duration, Instant};

/// Refused entries whose reasons are told; the others are only counted.
const MAX_TOLD: usize = 1000;

/// Observations of one entry.
const MAX_VALUES: usize = 10_000;

/// How far a time stamp may lie in the future: clocks differ.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// A time stamp from here on is in milliseconds.
const MILLIS_FROM: f64 = 1e11;

/// How much of what was refused is told again.
const MAX_QUOTED: usize = 64;

/// The label that tells where a batch came from.
const SOURCE: &str = "source";

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// What the settings say about what is pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How long a series lives without another sample; zero is for ever.
    pub ttl: Duration,
    /// The same for single sources.
    pub ttl_by_source: Vec<(String, Duration)>,
    /// How old a time stamp may be.
    pub max_age: Duration,
    /// What is put before every name.
    pub prefix: String,
    /// What is put on every series that has no such label.
    pub labels: Vec<(String, String)>,
}

/// Reads what is pushed. What it needs for that is kept from one request to the next.
#[derive(Default)]
pub struct Push {
    rules: Rules,
    labels: LabelSet,
    name: Vec<u8>,
    help: Vec<u8>,
    values: Vec<f64>,
    errors: Buffer,
}

/// When a request came.
#[derive(Clone, Copy)]
struct Now {
    instant: Instant,
    wall: Wall,
}

/// Why an entry is refused, and what of it is meant.
type Refused<'a> = (Reason, Option<Text<'a>>);

/// What an entry says. Everything but the name and the type may be missing.
#[derive(Default)]
struct Entry<'a> {
    name: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    help: Option<Text<'a>>,
    labels: Option<Members<'a>>,
    value: Option<f64>,
    values: Option<Elements<'a>>,
    add: Option<bool>,
    set: Option<bool>,
    time: Option<Option<f64>>,
}

impl Push {
    /// Takes what comes by `rules`.
    pub fn new(rules: Rules) -> Push {
        Push { rules, ..Push::default() }
    }

    /// Names and types that are there from now on, at zero and for ever; those of before go.
    pub fn declare(&mut self, declared: &[(&str, Kind)], store: &mut Store, now: Instant) {
        store.forget_declarations();
        for (name, kind) in declared {
            let whole = [&self.rules.prefix, *name].concat();
            self.labels.clear();
            for (name, value) in &self.rules.labels {
                self.labels.add(name, value);
            }
            let labels = self.labels.render(store.bounds(), "");
            let done = labels.and_then(|labels| {
                let (change, time, ttl) = (Change::Add(0.0), None, Duration::ZERO);
                let help = "Declared in the settings.";
                let (name, kind, group) = (&whole, *kind, Group::SHARED);
                let offer = Offer { name, kind, help, labels, change, time, ttl, group };
                store.declare(&offer, &[], now)
            });
            if let Err(reason) = done {
                let reason = reason.said().1;
                log::warn("metric not declared", &[("name", &whole), ("reason", &reason)]);
            }
        }
        store.drop_undeclared();
    }

    /// The body of `/update`. The answer, a JSON object, goes to `out`; a fault is in the JSON, and
    /// nothing was taken then.
    pub fn update(
        &mut self,
        body: &[u8],
        store: &mut Store,
        now: Instant,
        out: &mut Buffer,
    ) -> Result<(), Fault> {
        match json::parse(body)? {
            Value::Array(entries) => {
                self.take_all(entries, Entry::of_update, None, store, now, out)
            }
            one => self.take_all([one].into_iter(), Entry::of_update, None, store, now, out),
        }
        Ok(())
    }

    /// The body of `/api/metrics`, likewise.
    pub fn batch(
        &mut self,
        body: &[u8],
        store: &mut Store,
        now: Instant,
        out: &mut Buffer,
    ) -> Result<(), Fault> {
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
        let entries = entries.ok_or(fault("the key metrics, an array"))?;
        self.take_all(entries, Entry::of_batch, source, store, now, out);
        Ok(())
    }

    /// Takes every entry and answers.
    fn take_all<'a>(
        &mut self,
        entries: impl Iterator<Item = Value<'a>>,
        read: fn(Members<'a>) -> Result<Entry<'a>, Refused<'a>>,
        source: Option<Text<'a>>,
        store: &mut Store,
        now: Instant,
        out: &mut Buffer,
    ) {
        let ttl = self.ttl(source);
        let now = Now { instant: now, wall: Wall::now() };
        let (mut accepted, mut refused) = (0usize, 0usize);
        self.errors.reset(MAX_TOLD * MAX_QUOTED);
        for (index, value) in entries.enumerate() {
            let entry = match value {
                Value::Object(members) => read(members),
                _ => Err((Reason::Entry, None)),
            };
            let offered = match entry {
                Ok(entry) => self.offer(&entry, source, ttl, store, now),
                Err((reason, what)) => {
                    store.refuse(reason);
                    Err((reason, what))
                }
            };
            match offered {
                Ok(()) => accepted += 1,
                Err((reason, what)) => {
                    refused += 1;
                    if refused <= MAX_TOLD {
                        self.tell(index, reason, what);
                    }
                }
            }
        }
        out.put(b"{\"accepted\":");
        put_count(out, accepted);
        out.put(b",\"refused\":");
        put_count(out, refused);
        out.put_all([b",\"errors\":[", self.errors.bytes(), b"]}\n"]);
    }

    fn ttl(&self, source: Option<Text<'_>>) -> Duration {
        let of = |source: Text<'_>| {
            let mut all = self.rules.ttl_by_source.iter();
            all.find(|(name, _)| source.is(name)).map(|(_, ttl)| *ttl)
        };
        source.and_then(of).unwrap_or(self.rules.ttl)
    }

    /// Adds to the errors of the answer.
    fn tell(&mut self, index: usize, reason: Reason, what: Option<Text<'_>>) {
        let (word, meaning) = reason.said();
        let out = &mut self.errors;
        out.put(if out.is_empty() { b"{\"index\":" } else { b",{\"index\":" });
        put_count(out, index);
        out.put_all([b",\"reason\":\"", word.as_bytes(), b"\",\"detail\":\"", meaning.as_bytes()]);
        if let Some(what) = what {
            out.put(b": ");
            // What came as JSON may go as JSON, if no escape is cut.
            match what.raw() {
                raw if raw.len() <= MAX_QUOTED => out.put(raw),
                raw => {
                    let cut = raw.get(..MAX_QUOTED).unwrap_or_default();
                    let cut = cut.split(|b| *b == b'\\').next().unwrap_or_default();
                    let cut = cut.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                    out.put_all([cut.as_bytes(), "…".as_bytes()]);
                }
            }
        }
        out.put(b"\"}");
    }

    /// Offers an entry to the store.
    fn offer<'a>(
        &mut self,
        entry: &Entry<'a>,
        source: Option<Text<'a>>,
        ttl: Duration,
        store: &mut Store,
        now: Now,
    ) -> Result<(), Refused<'a>> {
        let offered = self.make_offer(entry, source, ttl, store, now);
        if let Err((reason, _)) = offered {
            store.refuse(reason);
        }
        let offer = offered?;
        // The store counts for itself from here on.
        store.take(&offer, now.instant).map_err(|reason| (reason, entry.name))
    }

    fn make_offer<'a, 's>(
        &'s mut self,
        entry: &Entry<'a>,
        source: Option<Text<'a>>,
        ttl: Duration,
        store: &Store,
        now: Now,
    ) -> Result<Offer<'s>, Refused<'a>> {
        let Some(name) = entry.name else { return Err((Reason::MissingKey, NAME)) };
        let Some(kind) = entry.kind else { return Err((Reason::MissingKey, TYPE)) };
        let kind = match kind {
            kind if kind.is("counter") => Kind::Counter,
            kind if kind.is("gauge") => Kind::Gauge,
            kind if kind.is("histogram") => Kind::Histogram,
            other => return Err((Reason::Type, Some(other))),
        };
        let time = entry.time.flatten().map(|time| stamp(time, self.rules.max_age, now.wall));
        let time = time.transpose().map_err(|reason| (reason, None))?;
        self.name.clear();
        self.name.extend_from_slice(self.rules.prefix.as_bytes());
        name.write(&mut self.name);
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
            labels: labels.map_err(|reason| (reason, Some(name)))?,
            change: match (kind, self.values.first()) {
                (Kind::Histogram, _) => Change::Observe(&self.values),
                (Kind::Counter, Some(value)) if entry.set != Some(true) => Change::Add(*value),
                (Kind::Gauge, Some(value)) if entry.add == Some(true) => Change::Add(*value),
                (_, value) => Change::Set(value.copied().unwrap_or_default()),
            },
            time,
            ttl,
            group: Group::SHARED,
        })
    }

    /// The numbers of an entry, and whether its type takes them so.
    fn read_values<'a>(&mut self, entry: &Entry<'a>, kind: Kind) -> Result<(), Refused<'a>> {
        self.values.clear();
        match (entry.value, entry.values) {
            (Some(value), None) => self.values.push(value),
            (None, Some(values)) if kind == Kind::Histogram => {
                for value in values {
                    let number = value.number().ok_or((Reason::Number, VALUES))?;
                    self.values.push(number);
                    if self.values.len() > MAX_VALUES {
                        return Err((Reason::TooLong, VALUES));
                    }
                }
            }
            (None, None) => return Err((Reason::MissingKey, VALUE)),
            (_, Some(_)) => return Err((Reason::KeyTwice, VALUES)),
        }
        let (add, set) = (entry.add == Some(true), entry.set == Some(true));
        if (set && add) || (kind == Kind::Histogram && (set || add)) {
            return Err((Reason::KeyTwice, if set { SET } else { ADD }));
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
            let Value::Text(value) = value else { return Err((Reason::Shape, Some(key))) };
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
        for (name, value) in &self.rules.labels {
            self.labels.add_missing(name, value);
        }
        Ok(())
    }
}

// Keys as the answer names them.
const NAME: Option<Text<'static>> = Some(Text::of("name"));
const TYPE: Option<Text<'static>> = Some(Text::of("type"));
const VALUE: Option<Text<'static>> = Some(Text::of("value"));
const VALUES: Option<Text<'static>> = Some(Text::of("values"));
const ADD: Option<Text<'static>> = Some(Text::of("add"));
const SET: Option<Text<'static>> = Some(Text::of("set"));

impl<'a> Entry<'a> {
    fn of_update(members: Members<'a>) -> Result<Entry<'a>, Refused<'a>> {
        let mut entry = Entry::default();
        for (key, value) in members {
            if key.is("type") {
                once(&mut entry.kind, text(key, value)?, key)?;
            } else if key.is("value") {
                once(&mut entry.value, number(key, value)?, key)?;
            } else if key.is("timestamp") {
                entry.take_time(key, value)?;
            } else if key.is("values") {
                let Value::Array(values) = value else { return wrong(key) };
                once(&mut entry.values, values, key)?;
            } else if key.is("add") {
                if !matches!(value, Value::Bool(_)) {
                    once(&mut entry.value, number(key, value)?, key)?;
                }
                once(&mut entry.add, value != Value::Bool(false), key)?;
            } else if !entry.takes(key, value)? {
                return Err((Reason::UnknownKey, Some(key)));
            }
        }
        Ok(entry)
    }

    fn of_batch(members: Members<'a>) -> Result<Entry<'a>, Refused<'a>> {
        let mut entry = Entry::default();
        for (key, value) in members {
            if key.is("metric_type") {
                once(&mut entry.kind, text(key, value)?, key)?;
            } else if key.is("value") {
                let Value::Object(members) = value else { return wrong(key) };
                for (key, value) in members {
                    if key.is("value") {
                        once(&mut entry.value, number(key, value)?, key)?;
                    } else if key.is("timestamp") {
                        entry.take_time(key, value)?;
                    } else {
                        return Err((Reason::UnknownKey, Some(key)));
                    }
                }
            } else if !entry.takes(key, value)? {
                return Err((Reason::UnknownKey, Some(key)));
            }
        }
        Ok(entry)
    }

    /// Takes a key that both forms have; false if it is another.
    fn takes(&mut self, key: Text<'a>, value: Value<'a>) -> Result<bool, Refused<'a>> {
        if key.is("name") {
            once(&mut self.name, text(key, value)?, key)?;
        } else if key.is("help") {
            if value != Value::Null {
                once(&mut self.help, text(key, value)?, key)?;
            }
        } else if key.is("labels") {
            match value {
                Value::Object(labels) => once(&mut self.labels, labels, key)?,
                Value::Null => {}
                _ => return wrong(key),
            }
        } else if key.is("set") {
            let Value::Bool(set) = value else { return wrong(key) };
            once(&mut self.set, set, key)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn take_time(&mut self, key: Text<'a>, value: Value<'a>) -> Result<(), Refused<'a>> {
        let time = match value {
            Value::Null => None,
            value => Some(number(key, value)?),
        };
        once(&mut self.time, time, key)
    }
}

fn once<'a, T>(to: &mut Option<T>, value: T, key: Text<'a>) -> Result<(), Refused<'a>> {
    match to.replace(value) {
        None => Ok(()),
        Some(_) => Err((Reason::KeyTwice, Some(key))),
    }
}

fn wrong<'a, T>(key: Text<'a>) -> Result<T, Refused<'a>> {
    Err((Reason::Shape, Some(key)))
}

fn text<'a>(key: Text<'a>, value: Value<'a>) -> Result<Text<'a>, Refused<'a>> {
    if let Value::Text(text) = value { Ok(text) } else { wrong(key) }
}

fn number<'a>(key: Text<'a>, value: Value<'a>) -> Result<f64, Refused<'a>> {
    match value {
        Value::Number(_) => value.number().ok_or((Reason::Number, Some(key))),
        _ => wrong(key),
    }
}

/// A time stamp in milliseconds, if it is neither too old nor in the future.
fn stamp(time: f64, max_age: Duration, now: Wall) -> Result<i64, Reason> {
    let millis = if time.abs() < MILLIS_FROM { time * 1000.0 } else { time };
    let now = now.since_epoch();
    let from = now.saturating_sub(max_age).as_millis() as f64;
    let to = (now + MAX_AHEAD).as_millis() as f64;
    if (from..=to).contains(&millis) { Ok(millis.round() as i64) } else { Err(Reason::Time) }
}

fn put_count(out: &mut Buffer, n: usize) {
    out.put_value(crate::metric::Value::Int(n as u64));
}

#[cfg(test)]
mod tests;
