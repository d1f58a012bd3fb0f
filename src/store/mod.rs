//! The live series of other programs: whatever comes in from outside ends here, and every sink
//! finds it here. Bounded in all directions; each series has its time to live; what is refused is
//! counted by reason. An update of a series that is there allocates nothing.
//!
//! A series is 64 bytes and its labels as they are written at every scrape, which are also what it
//! is known by. The hash is seeded at the start, so that nobody outside can make series clash.

mod family;
mod index;
mod labels;
mod reason;

pub use labels::{LabelSet, is_label_name, is_metric_name};
pub use reason::Reason;

use crate::metric::{Family, Histogram, Kind, Labels, Point, Sink, Unit, Value, counter, gauge};
use family::Families;
use index::{Index, NONE};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

/// How many series each change looks at for whether their time is over.
const SWEEP: usize = 2;

/// How often at most all series are looked at because there is no room for another.
const FULL_SWEEP_MILLIS: u64 = 1000;

/// A series without a time of its own.
const NO_TIME: i64 = i64::MIN;

/// A series that lives for ever.
const NEVER: u64 = u64::MAX;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Series; each bucket, the sum and the count of a histogram are one.
    pub series: usize,
    /// Families.
    pub families: usize,
    /// Labels of a series.
    pub labels: usize,
    /// Bytes of a name, of a metric or a label.
    pub name_bytes: usize,
    /// Bytes of a label's value.
    pub value_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { series: 100_000, families: 5_000, labels: 32, name_bytes: 200, value_bytes: 1024 }
    }
}

/// The bounds of a histogram's buckets where nobody says others, in seconds.
pub const DEFAULT_BUCKETS: [f64; 11] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What becomes of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// A counter or gauge has this value.
    Set(f64),
    /// A counter or gauge has so much more.
    Add(f64),
    /// A histogram has seen these.
    Observe(&'a [f64]),
}

/// A sample from outside.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The whole name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// One sentence for people; that of the first sample of a family is kept.
    pub help: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
    /// What becomes of it.
    pub change: Change<'a>,
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
    /// How long it lives without another; zero is for ever.
    pub ttl: Duration,
}

struct Series {
    text: Box<[u8]>,
    /// The sum of a histogram.
    value: f64,
    time: i64,
    /// Milliseconds since the store was made.
    expires: u64,
    counts: Option<Box<Counts>>,
    /// `NONE` in a slot that is free; `next` is the next one, then.
    family: u32,
    previous: u32,
    next: u32,
    hash: u32,
}

/// How many observations were in each bucket.
struct Counts(Box<[u64]>);

impl Series {
    /// How many series it is once it is written.
    fn weight(&self) -> usize {
        self.counts.as_ref().map_or(1, |counts| counts.0.len() + 2)
    }
}

/// All live series.
pub struct Store {
    bounds: Bounds,
    origin: Instant,
    hasher: RandomState,
    families: Families,
    series: Vec<Series>,
    index: Index,
    free: u32,
    live: usize,
    /// Where the next look for expired series starts, and when all were looked at.
    hand: usize,
    swept: u64,
    accepted: u64,
    refused: [u64; Reason::ALL.len()],
    /// When there was no room for another series or family, in milliseconds since the store was made.
    full: Option<u64>,
}

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 4] = [
    gauge(  "push_series",         Unit::One, "Series of other programs that live now.",           &[]).only_own(),
    gauge(  "push_families",       Unit::One, "Metrics of other programs that live now.",          &[]).only_own(),
    counter("push_accepted_total", Unit::One, "Samples taken from other programs.",                &[]).only_own(),
    counter("push_refused_total",  Unit::One, "Samples of other programs refused, by reason.",     &["reason"]).only_own(),
];

/// The families about the store itself, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

impl Store {
    /// An empty one.
    pub fn new(bounds: Bounds, now: Instant) -> Store {
        Store {
            bounds,
            origin: now,
            hasher: RandomState::new(),
            families: Families::default(),
            series: Vec::new(),
            index: Index::default(),
            free: NONE,
            live: 0,
            hand: 0,
            swept: 0,
            accepted: 0,
            refused: Default::default(),
            full: None,
        }
    }

    /// Goes on with other bounds; what is there stays until its time is over.
    pub fn limit(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// How much is kept.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// How many series are kept.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether there was no room for a series or a family, `within` that time.
    pub fn was_full(&self, now: Instant, within: Duration) -> bool {
        let now = self.millis(now);
        self.full.is_some_and(|at| u128::from(now.saturating_sub(at)) < within.as_millis())
    }

    /// Counts a sample that did not get as far as `take`.
    pub fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Takes a sample, or says why not; a refused one changes nothing.
    pub fn take(&mut self, offer: &Offer<'_>, now: Instant) -> Result<(), Reason> {
        let now = self.millis(now);
        self.sweep(SWEEP, now);
        let done = self.change(offer, now);
        match done {
            Ok(()) => self.accepted += 1,
            Err(reason) => {
                if matches!(reason, Reason::Series | Reason::Families) {
                    self.full = Some(now);
                }
                self.refuse(reason);
            }
        }
        done
    }

    /// What is to be declared will be declared anew; then comes `drop_undeclared`.
    pub fn forget_declarations(&mut self) {
        for at in 0..self.families.len() {
            let id = self.families.nth(at).unwrap_or(NONE);
            if let Some(family) = self.families.get_mut(id) {
                family.was_declared = std::mem::take(&mut family.declared);
            }
        }
    }

    /// Families that were declared and are not any more go with all their series.
    pub fn drop_undeclared(&mut self) {
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            let is_over = |f: &family::Known| f.was_declared && !f.declared;
            if self.families.get(id).is_some_and(is_over) {
                self.drop_family(id);
            } else {
                at += 1;
            }
        }
    }

    /// The family of `offer` stays from now on, and the series is there, at zero if it was not.
    /// `buckets` are those of a histogram.
    pub fn declare(
        &mut self,
        offer: &Offer<'_>,
        buckets: &[f64],
        now: Instant,
    ) -> Result<(), Reason> {
        let id = match self.families.find(offer.name) {
            Some(id) => {
                // A histogram with other buckets starts anew.
                let differs = |f: &family::Known| f.kind != offer.kind || *f.buckets != *buckets;
                if self.families.get(id).is_some_and(differs) {
                    self.drop_family(id);
                    self.make_family(offer, buckets)?
                } else {
                    id
                }
            }
            None => self.make_family(offer, buckets)?,
        };
        if let Some(family) = self.families.get_mut(id) {
            family.declared = true;
        }
        let now = self.millis(now);
        self.change(offer, now)
    }

    fn make_family(&mut self, offer: &Offer<'_>, buckets: &[f64]) -> Result<u32, Reason> {
        self.families.judge(offer.name, offer.kind, offer.help, &self.bounds)?;
        Ok(self.families.insert(offer.name, offer.kind, offer.help, buckets))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.origin).as_millis();
        u64::try_from(since).unwrap_or(NEVER - 1)
    }

    fn change(&mut self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        if self.is_of_other_kind(offer) {
            // Perhaps all of it is over.
            self.sweep_all(now);
            if self.is_of_other_kind(offer) {
                return Err(Reason::Kind);
            }
        }
        let known = self.families.find(offer.name);
        let slot = known.and_then(|id| self.find(id, self.hash(id, offer.labels), offer.labels));
        let expired = |s: &Series| s.expires <= now;
        let slot = match slot {
            Some(slot) if self.series.get(slot as usize).is_some_and(expired) => {
                self.remove(slot);
                None
            }
            slot => slot,
        };
        let old = slot.and_then(|slot| self.series.get(slot as usize)).map_or(0.0, |s| s.value);
        let value = next_value(offer, old)?;
        let slot = match slot {
            Some(slot) => slot,
            None => self.make(offer, now)?,
        };
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let family = self.families.get(series.family);
        series.value = value;
        series.time = offer.time.unwrap_or(NO_TIME);
        let ttl = u64::try_from(offer.ttl.as_millis()).unwrap_or(NEVER);
        // What was declared stays.
        let stays = series.expires == NEVER && family.is_some_and(|f| f.declared);
        series.expires = if ttl == 0 || stays { NEVER } else { now.saturating_add(ttl) };
        if let (Change::Observe(values), Some(counts)) = (offer.change, &mut series.counts) {
            for value in values {
                let at = family.map_or(0, |f| f.buckets.partition_point(|bound| bound < value));
                if let Some(count) = counts.0.get_mut(at) {
                    *count = count.saturating_add(1);
                }
            }
        }
        Ok(())
    }

    fn is_of_other_kind(&self, offer: &Offer<'_>) -> bool {
        let known = self.families.find(offer.name).and_then(|id| self.families.get(id));
        known.is_some_and(|f| f.kind != offer.kind)
    }

    fn hash(&self, family: u32, labels: Labels<'_>) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(family);
        hasher.write(labels.text());
        hasher.finish() as u32
    }

    fn find(&self, family: u32, hash: u32, labels: Labels<'_>) -> Option<u32> {
        self.index.find(hash, |slot| {
            let series = self.series.get(slot as usize);
            series
                .is_some_and(|s| s.hash == hash && s.family == family && *s.text == *labels.text())
        })
    }

    /// Makes a series, and its family where there is none.
    fn make(&mut self, offer: &Offer<'_>, now: u64) -> Result<u32, Reason> {
        // The family may have gone with its last series.
        let known = self.families.find(offer.name);
        let buckets: &[f64] = if offer.kind == Kind::Histogram { &DEFAULT_BUCKETS } else { &[] };
        let of_family = known.and_then(|id| self.families.get(id)).map(|f| f.buckets.len());
        let counts = (offer.kind == Kind::Histogram).then(|| {
            let buckets = of_family.unwrap_or(buckets.len());
            Box::new(Counts(vec![0; buckets + 1].into()))
        });
        let weight = counts.as_ref().map_or(1, |counts| counts.0.len() + 2);
        let is_full = known.is_none() && self.families.len() >= self.bounds.families;
        if is_full || self.live + weight > self.bounds.series {
            self.sweep_all(now);
        }
        // Its time may have been over, too.
        let known = known.and_then(|_| self.families.find(offer.name));
        if self.live + weight > self.bounds.series {
            return Err(Reason::Series);
        }
        let family = match known {
            Some(id) => id,
            None => self.make_family(offer, buckets)?,
        };
        let hash = self.hash(family, offer.labels);
        let last = self.families.get(family).map_or(NONE, |f| f.last);
        let series = Series {
            text: offer.labels.text().into(),
            value: 0.0,
            time: NO_TIME,
            expires: NEVER,
            counts,
            family,
            previous: last,
            next: NONE,
            hash,
        };
        let slot = self.place(series);
        if let Some(last) = self.series.get_mut(last as usize) {
            last.next = slot;
        }
        if let Some(family) = self.families.get_mut(family) {
            family.last = slot;
            if family.first == NONE {
                family.first = slot;
            }
        }
        let hash_of = |slot: u32| self.series.get(slot as usize).map_or(0, |s| s.hash);
        self.index.insert(hash, slot, hash_of);
        self.live += weight;
        Ok(slot)
    }

    /// Puts a series into a free slot.
    fn place(&mut self, series: Series) -> u32 {
        let slot = self.free;
        match self.series.get_mut(slot as usize) {
            Some(free) => {
                self.free = free.next;
                *free = series;
                slot
            }
            None => {
                self.series.push(series);
                self.series.len() as u32 - 1
            }
        }
    }

    /// Forgets a series, and its family with the last one.
    fn remove(&mut self, slot: u32) {
        let Some(series) = self.series.get_mut(slot as usize) else { return };
        let (family, hash) = (series.family, series.hash);
        let (previous, next) = (series.previous, series.next);
        self.live -= series.weight();
        let hash_of = |slot: u32| self.series.get(slot as usize).map_or(0, |s| s.hash);
        self.index.remove(hash, slot, hash_of);
        if let Some(series) = self.series.get_mut(slot as usize) {
            series.text = Box::default();
            series.counts = None;
            series.family = NONE;
            series.next = self.free;
            self.free = slot;
        }
        if let Some(previous) = self.series.get_mut(previous as usize) {
            previous.next = next;
        }
        if let Some(next) = self.series.get_mut(next as usize) {
            next.previous = previous;
        }
        let Some(known) = self.families.get_mut(family) else { return };
        if known.first == slot {
            known.first = next;
        }
        if known.last == slot {
            known.last = previous;
        }
        if known.first == NONE && !known.declared {
            self.families.remove(family);
        }
    }

    fn drop_family(&mut self, id: u32) {
        while let Some(first) = self.families.get(id).map(|f| f.first).filter(|s| *s != NONE) {
            self.remove(first);
        }
        self.families.remove(id);
    }

    /// Looks at the next `n` series and forgets those whose time is over.
    fn sweep(&mut self, n: usize, now: u64) {
        for _ in 0..n.min(self.series.len()) {
            self.hand = if self.hand + 1 < self.series.len() { self.hand + 1 } else { 0 };
            let Some(series) = self.series.get(self.hand) else { return };
            if series.family != NONE && series.expires <= now {
                self.remove(self.hand as u32);
            }
        }
    }

    /// Looks at all, once a while.
    fn sweep_all(&mut self, now: u64) {
        if now >= self.swept + FULL_SWEEP_MILLIS {
            self.swept = now;
            self.sweep(self.series.len(), now);
        }
    }

    /// Writes every live series, family by family in the order of their names, then what is known
    /// about the store.
    pub fn write(&mut self, now: Instant, out: &mut dyn Sink) {
        let now = self.millis(now);
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            if self.write_family(id, now, out) {
                self.expire(id, now);
            }
            // It may have gone with its last series.
            at += usize::from(self.families.nth(at) == Some(id));
        }
    }

    /// Whether there are series whose time is over.
    fn write_family(&self, id: u32, now: u64, out: &mut dyn Sink) -> bool {
        let Some(family) = self.families.get(id) else { return false };
        out.family(&family.row());
        let (mut slot, mut expired) = (family.first, false);
        while let Some(series) = self.series.get(slot as usize) {
            slot = series.next;
            if series.expires <= now {
                expired = true;
                continue;
            }
            let (value, bounds) = (series.value, &*family.buckets);
            let point = match &series.counts {
                None => Point::Number(Value::Float(value)),
                Some(counts) => {
                    Point::Histogram(Histogram { bounds, counts: &counts.0, sum: value })
                }
            };
            let time = Some(series.time).filter(|time| *time != NO_TIME);
            out.labelled(Labels::rendered(&series.text), point, time);
        }
        expired
    }

    fn expire(&mut self, id: u32, now: u64) {
        let mut slot = self.families.get(id).map_or(NONE, |f| f.first);
        while let Some(series) = self.series.get(slot as usize) {
            let (this, is_over) = (slot, series.expires <= now);
            slot = series.next;
            if is_over {
                self.remove(this);
            }
        }
    }

    /// Writes what is known about the store.
    pub fn write_self(&self, out: &mut dyn Sink) {
        let [series, families, accepted, refused] = &FAMILIES;
        let numbers = [self.live as u64, self.families.len() as u64, self.accepted];
        for (family, raw) in [series, families, accepted].into_iter().zip(numbers) {
            out.family(family);
            out.sample(&[], family.value(raw));
        }
        out.family(refused);
        for (reason, count) in Reason::ALL.iter().zip(self.refused).filter(|(_, n)| *n > 0) {
            out.sample(&[reason.said().0.into()], refused.value(count));
        }
    }
}

/// What the series has after `offer`.
fn next_value(offer: &Offer<'_>, old: f64) -> Result<f64, Reason> {
    let value = match offer.change {
        Change::Set(value) => value,
        Change::Add(more) if offer.kind == Kind::Counter && more < 0.0 => {
            return Err(Reason::Negative);
        }
        Change::Add(more) => old + more,
        Change::Observe(values) => old + values.iter().sum::<f64>(),
    };
    let is_observed = matches!(offer.change, Change::Observe(_));
    if is_observed != (offer.kind == Kind::Histogram) || !value.is_finite() {
        return Err(Reason::Number);
    }
    if offer.kind == Kind::Counter && value < 0.0 {
        return Err(Reason::Negative);
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
