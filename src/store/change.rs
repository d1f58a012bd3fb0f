//! What a sample does to its series.

use super::family::Known;
use super::index::NONE;
use super::series::{NEVER, NO_TIME, Parts, Series};
use super::{Amount, Change, DEFAULT_BUCKETS, Group, Offer, Reason, Store};
use crate::metric::{Kind, Point};
use std::time::Instant;

/// What would become of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// So much more there would be, without the family.
    pub more: Amount,
    /// There is no such family yet.
    pub is_new: bool,
    /// Series of the group must go first.
    pub clashes: bool,
}

impl Store {
    /// Takes a sample, or says why not; a refused one changes nothing.
    pub(super) fn change(&mut self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let known = self.family_of(offer, now)?;
        let kind = known.and_then(|id| self.families.get(id)).map_or(offer.kind, |f| f.kind);
        let slot = known.and_then(|id| self.find(id, self.hash(id, offer.labels), offer.labels));
        let slot = slot.filter(|slot| !self.remove_expired(*slot, now));
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        let value = next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        let slot = match slot {
            Some(slot) => {
                self.replace_parts(offer, slot, now)?;
                slot
            }
            None => self.make(offer, now)?,
        };
        let generation = self.groups.generation(offer.group);
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let family = self.families.get(series.family);
        series.value = value;
        series.generation = generation;
        series.time = offer.time.unwrap_or(NO_TIME);
        let ttl = u64::try_from(offer.ttl.as_millis()).unwrap_or(NEVER);
        // What was declared stays.
        let stays = series.expires == NEVER && family.is_some_and(|f| f.declared);
        series.expires = if ttl == 0 || stays { NEVER } else { now.saturating_add(ttl) };
        let Some(parts) = &mut series.parts else { return Ok(()) };
        let bounds = family.map_or(&[][..], |f| &f.buckets);
        match offer.change {
            Change::Observe(values) => values.iter().for_each(|v| parts.observe(bounds, *v, 1)),
            Change::ObserveMany(value, times) => parts.observe(bounds, value, times),
            // They are those of the offer already.
            Change::Replace(_) | Change::Set(_) | Change::Add(_) => {}
        }
        Ok(())
    }

    /// How much more there would be if `offer` was taken, or why it would not be. Room is not
    /// looked at. The group replaces its series of that family; all of its series if `is_all`.
    pub fn judge(
        &self,
        offer: &Offer<'_>,
        is_all: bool,
        now: Instant,
    ) -> Result<Judgement, Reason> {
        let now = self.millis(now);
        let id = self.families.find(offer.name);
        let known = id.and_then(|id| self.families.get(id));
        let is_own = known.is_some_and(|family| family.is_only_of(offer.group));
        if !is_own && known.is_some_and(|family| !takes(family, offer)) {
            return Err(Reason::Kind);
        }
        // Its type and help text may be replaced together with all its series.
        let differs = |f: &Known| f.kind != offer.kind || *f.help != *offer.help;
        let clashes = is_own && known.is_some_and(differs);
        let kind = known.filter(|_| !clashes).map_or(offer.kind, |family| family.kind);
        if known.is_none() || clashes {
            let without = is_all.then_some(offer.group);
            match self.families.judge(offer, &self.bounds, without) {
                // It takes the place of the one that goes.
                Err(Reason::Families) if clashes => {}
                judged => judged?,
            }
        }
        let slot = id.and_then(|id| self.find(id, self.hash(id, offer.labels), offer.labels));
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        let old = old.filter(|series| series.expires > now);
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        if let (None, Some(row)) = (old, known.and_then(|family| family.ours)) {
            self.families.judge_ours(row, offer)?;
        }
        next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        let weight = fresh_parts(offer, &DEFAULT_BUCKETS).map_or(1, |parts| parts.weight());
        let series = weight.saturating_sub(old.map_or(0, Series::weight));
        let bytes = if old.is_none() { offer.labels.text().len() } else { 0 };
        let more = Amount { series, bytes, families: 0 };
        // Parts of a histogram may be in the way that the group has now.
        let is_in_the_way =
            known.is_none() && self.families.judge(offer, &self.bounds, None) == Err(Reason::Taken);
        let clashes = clashes || is_in_the_way;
        Ok(Judgement { more, is_new: known.is_none(), clashes })
    }

    /// The family that takes `offer`; there may be none yet.
    fn family_of(&mut self, offer: &Offer<'_>, now: u64) -> Result<Option<u32>, Reason> {
        let mut known = self.families.look_up(offer.name);
        let other = |store: &Store, id: Option<u32>| {
            id.and_then(|id| store.families.get(id)).is_some_and(|f| !takes(f, offer))
        };
        if other(self, known) {
            // Perhaps all of it is over.
            self.sweep_all(now);
            known = self.families.look_up(offer.name);
            if other(self, known) {
                return Err(Reason::Kind);
            }
        }
        Ok(known)
    }

    /// Whether the sample may change the series that is there.
    fn judge_owner(&self, offer: &Offer<'_>, old: &Series) -> Result<(), Reason> {
        if old.owner != offer.group {
            return Err(Reason::Owned);
        }
        let is_whole = matches!(offer.change, Change::Set(_) | Change::Replace(_));
        let is_of_now = old.generation == self.groups.generation(offer.group);
        if is_whole && is_of_now && self.groups.is_open(offer.group) {
            return Err(Reason::Twice);
        }
        Ok(())
    }

    /// A series whose time is over is none.
    fn remove_expired(&mut self, slot: u32, now: u64) -> bool {
        let is_over = self.series.get(slot as usize).is_some_and(|s| s.expires <= now);
        if is_over {
            self.remove(slot);
        }
        is_over
    }

    /// A histogram or summary becomes that of the offer; one of another shape takes another place.
    fn replace_parts(&mut self, offer: &Offer<'_>, slot: u32, now: u64) -> Result<(), Reason> {
        let Change::Replace(point) = offer.change else { return Ok(()) };
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let bounds = self.families.get(series.family).map_or(&[][..], |f| &f.buckets);
        let before = series.weight();
        if series.parts.as_mut().is_some_and(|parts| parts.set(point, bounds)) {
            return Ok(());
        }
        let Some(parts) = Parts::of(point, bounds) else { return Ok(()) };
        let account = self.groups.account(series.owner);
        let lines = |series| Amount { series, ..Amount::default() };
        let more = lines(parts.weight().saturating_sub(before));
        if self.room(account, more).is_err() {
            self.sweep_all(now);
            self.room(account, more)?;
        }
        self.refund(account, lines(before));
        self.charge(account, lines(parts.weight()));
        if let Some(series) = self.series.get_mut(slot as usize) {
            series.parts = Some(Box::new(parts));
        }
        Ok(())
    }

    /// Makes a series, and its family where there is none.
    fn make(&mut self, offer: &Offer<'_>, now: u64) -> Result<u32, Reason> {
        // The family may have gone with its last series.
        let known = self.families.look_up(offer.name);
        let of_family = known.and_then(|id| self.families.get(id)).map(|f| &*f.buckets);
        let buckets: &[f64] = match offer.change {
            Change::Replace(Point::Histogram(histogram)) => histogram.bounds,
            Change::Observe(_) | Change::ObserveMany(..) => &DEFAULT_BUCKETS,
            _ => &[],
        };
        let parts = fresh_parts(offer, of_family.unwrap_or(buckets));
        let series = parts.as_ref().map_or(1, |parts| parts.weight());
        let bytes = offer.labels.text().len();
        let more = |is_new: bool| {
            let mut more = Amount { series, bytes, families: 0 };
            if is_new {
                more.add(offer.of_family());
            }
            more
        };
        if self.room(offer.group, more(known.is_none())).is_err() {
            self.sweep_all(now);
        }
        // Its time may have been over, too.
        let known = known.and_then(|_| self.families.look_up(offer.name));
        match known.and_then(|id| self.families.get(id)) {
            None => self.families.judge(offer, &self.bounds, None)?,
            Some(family) => {
                family.ours.map_or(Ok(()), |row| self.families.judge_ours(row, offer))?;
            }
        }
        self.room(offer.group, more(known.is_none()))?;
        let family = match known {
            Some(id) => id,
            None => self.make_family(offer, buckets),
        };
        let series = Series {
            text: offer.labels.text().into(),
            value: 0.0,
            time: NO_TIME,
            expires: NEVER,
            parts: parts.map(Box::new),
            family,
            previous: NONE,
            next: NONE,
            hash: self.hash(family, offer.labels),
            owner: offer.group,
            generation: 0,
        };
        Ok(self.insert(series))
    }
}

/// Those of a series that is not there yet, in a family with these buckets.
fn fresh_parts(offer: &Offer<'_>, bounds: &[f64]) -> Option<Parts> {
    match offer.change {
        Change::Replace(point) => Parts::of(point, bounds),
        Change::Observe(_) | Change::ObserveMany(..) => {
            Some(Parts::Counts(vec![0; bounds.len() + 1].into()))
        }
        Change::Set(_) | Change::Add(_) => None,
    }
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Gauge | Kind::Untyped)
}

/// Whether the family takes such samples: the first type wins, and those who bring what others told
/// them may call a number otherwise, or in a family of ours not say what it is.
fn takes(family: &Known, offer: &Offer<'_>) -> bool {
    let is_ours = family.ours.is_some_and(|row| row.kind != Kind::Untyped);
    let is_vague = if is_ours { offer.kind == Kind::Untyped } else { is_number(offer.kind) };
    let may_differ = offer.group != Group::SHARED && is_vague;
    family.kind == offer.kind || may_differ && is_number(family.kind)
}

/// What the series of this kind has after `offer`.
fn next_value(offer: &Offer<'_>, kind: Kind, old: f64) -> Result<f64, Reason> {
    let value = match (offer.change, kind) {
        (Change::Replace(Point::Histogram(histogram)), Kind::Histogram) => {
            judge_buckets(histogram.bounds, histogram.counts)?;
            histogram.sum
        }
        (Change::Replace(Point::Summary(summary)), Kind::Summary) => summary.sum,
        (Change::Observe(values), Kind::Histogram) => old + values.iter().sum::<f64>(),
        (Change::ObserveMany(value, times), Kind::Histogram) => old + value * times as f64,
        (Change::Set(value), kind) if is_number(kind) => value,
        (Change::Add(more), Kind::Counter) if more < 0.0 => return Err(Reason::Negative),
        (Change::Add(more), kind) if is_number(kind) => old + more,
        _ => return Err(Reason::Number),
    };
    // What others computed may well be no number, or a counter below zero: Prometheus keeps both.
    let is_said = matches!(offer.change, Change::Set(_) | Change::Replace(_));
    if is_said && offer.group != Group::SHARED {
        return Ok(value);
    }
    if !value.is_finite() {
        return Err(Reason::Number);
    }
    if kind == Kind::Counter && value < 0.0 {
        return Err(Reason::Negative);
    }
    Ok(value)
}

/// Whether these are the buckets of a histogram.
fn judge_buckets(bounds: &[f64], counts: &[u64]) -> Result<(), Reason> {
    let ascends = |pair: &[f64]| matches!(pair, [a, b] if a < b);
    let is_one = counts.len() == bounds.len() + 1 && bounds.windows(2).all(ascends);
    let is_sound = is_one && !bounds.iter().any(|b| b.is_nan() || *b == f64::INFINITY);
    if is_sound { Ok(()) } else { Err(Reason::Buckets) }
}
