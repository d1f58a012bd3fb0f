//! Applies a sample to its series.

use super::index::NONE;
use super::known::Known;
use super::offered::{
    NO_BUCKETS, fresh_buckets, fresh_parts, is_whole, kind_in, next_value, replaced, takes,
};
use super::series::{NEVER, Parts, Series, amount, time_of};
use super::{Amount, Change, Kind, Offer, Reason, Store};
use std::time::Instant;

/// The outcome of a check of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it would add, without the family.
    pub more: Amount,
    /// The family does not exist yet.
    pub is_new: bool,
    /// Series of the group have to be removed first.
    pub clashes: bool,
}

impl Store {
    /// Applies a sample, or returns why not; a rejected one changes nothing.
    pub(super) fn change(&mut self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let known = self.family_of(offer, now)?;
        let kind = kind_in(known.and_then(|id| self.families.get(id)), offer);
        let slot = known.and_then(|id| self.find(id, offer.labels, is_whole(offer)));
        let slot = slot.filter(|slot| !self.remove_expired(*slot, now));
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        let value = next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        if slot.is_none() || self.may_clash(offer, known) {
            self.judge_lines(offer, now)?;
        }
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
        let is_typed = offer.kind != Kind::Untyped;
        series.stored = generation | u32::from(is_typed) | u32::from(offer.is_line) << 1;
        series.time = time_of(offer.time, now);
        let ttl = u64::try_from(offer.ttl.as_millis()).unwrap_or(NEVER);
        // A declared series stays.
        let stays = series.expires == NEVER && family.is_some_and(|f| f.declared);
        series.expires = if ttl == 0 || stays { NEVER } else { now.saturating_add(ttl) };
        self.next_expiry = self.next_expiry.min(series.expires);
        let Some(parts) = &mut series.parts else { return Ok(()) };
        let bounds = family.map_or(&[][..], |f| &f.buckets);
        match offer.change {
            Change::Observe(values) => values.iter().for_each(|v| parts.observe(bounds, *v, 1)),
            Change::ObserveMany(value, times) => parts.observe(bounds, value, times),
            // Its parts are those of the offer already.
            _ => {}
        }
        Ok(())
    }

    /// What `offer` would add, or why it would be rejected. Room is not
    /// checked. The group replaces its series of that family; all of its series if `is_all`.
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
        let stays = known.filter(|_| !clashes);
        let kind = kind_in(stays, offer);
        if stays.is_none() {
            let without = is_all.then_some(offer.group);
            self.families.judge(offer, &self.bounds, without)?;
        }
        let old = id.and_then(|id| self.old_series(id, offer, clashes));
        let old = old.filter(|series| series.expires > now);
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        if let (None, Some(row)) = (old, known.and_then(|family| family.ours)) {
            self.families.judge_ours(row, offer)?;
        }
        next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        self.judge_lines(offer, now)?;
        let parts = fresh_parts(offer, stays.map_or(fresh_buckets(offer), Known::buckets));
        let mut more = amount(offer.labels.text(), parts.as_ref());
        more.take(old.map_or(Amount::default(), Series::amount));
        // Parts of a histogram of the group may be in the way.
        let is_in_the_way =
            known.is_none() && self.families.judge(offer, &self.bounds, None) == Err(Reason::Taken);
        let clashes = clashes || is_in_the_way;
        Ok(Judgement { more, is_new: known.is_none(), clashes })
    }

    /// The series of the family with the labels of `offer`; of any shape if all of the family are removed.
    fn old_series(&self, id: u32, offer: &Offer<'_>, clashes: bool) -> Option<&Series> {
        let find = |is_whole| self.find(id, offer.labels, is_whole);
        let other = || find(!is_whole(offer)).filter(|_| clashes);
        self.series.get(find(is_whole(offer)).or_else(other)? as usize)
    }

    /// The family for `offer`; `None` if it does not exist yet.
    fn family_of(&mut self, offer: &Offer<'_>, now: u64) -> Result<Option<u32>, Reason> {
        let mut known = self.families.look_up(offer.name);
        let other = |store: &Store, id: Option<u32>| {
            id.and_then(|id| store.families.get(id)).is_some_and(|f| !takes(f, offer))
        };
        if other(self, known) {
            // Perhaps all its series have expired.
            self.sweep_all(now);
            known = self.families.look_up(offer.name);
            if other(self, known) {
                return Err(Reason::Kind);
            }
        }
        Ok(known)
    }

    /// Whether the sample may change the existing series.
    fn judge_owner(&self, offer: &Offer<'_>, old: &Series) -> Result<(), Reason> {
        if old.owner != offer.group {
            return Err(Reason::Owned);
        }
        let is_absolute = matches!(offer.change, Change::Set(_)) || replaced(offer).is_some();
        if is_absolute && self.is_in_current_set(offer, old) {
            return Err(Reason::Twice);
        }
        Ok(())
    }

    /// Whether the series came in the current set.
    pub(super) fn is_in_current_set(&self, offer: &Offer<'_>, old: &Series) -> bool {
        old.owner == offer.group
            && old.generation() == self.groups.generation(offer.group)
            && self.groups.is_open(offer.group)
    }

    /// Removes the series if it has expired; returns whether it did.
    fn remove_expired(&mut self, slot: u32, now: u64) -> bool {
        let is_over = self.series.get(slot as usize).is_some_and(|s| s.expires <= now);
        if is_over {
            self.remove(slot);
        }
        is_over
    }

    /// Replaces the parts of a histogram or summary by the offer's; another shape gets new memory.
    fn replace_parts(&mut self, offer: &Offer<'_>, slot: u32, now: u64) -> Result<(), Reason> {
        let Some((point, texts)) = replaced(offer) else { return Ok(()) };
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let family = self.families.get(series.family).map_or(NO_BUCKETS, Known::buckets);
        let before = series.amount();
        if series.parts.as_mut().is_some_and(|parts| parts.set(point, texts, family)) {
            return Ok(());
        }
        let Some(parts) = Parts::of(point, texts, family) else { return Ok(()) };
        let account = self.groups.account(series.owner);
        let after = amount(&series.text, Some(&parts));
        let mut more = after;
        more.take(before);
        if self.room(account, more).is_err() {
            self.sweep_all(now);
            self.room(account, more)?;
        }
        self.refund(account, before);
        self.charge(account, after);
        if let Some(series) = self.series.get_mut(slot as usize) {
            series.parts = Some(Box::new(parts));
        }
        Ok(())
    }

    /// Makes a series, and its family if that does not exist.
    fn make(&mut self, offer: &Offer<'_>, now: u64) -> Result<u32, Reason> {
        // The family may have been removed with its last series.
        let known = self.families.look_up(offer.name);
        let of_family = known.and_then(|id| self.families.get(id)).map(Known::buckets);
        let fresh = fresh_buckets(offer);
        let parts = fresh_parts(offer, of_family.unwrap_or(fresh));
        let series = amount(offer.labels.text(), parts.as_ref());
        let more = |is_new: bool| {
            let mut more = series;
            if is_new {
                more.add(offer.of_family());
            }
            more
        };
        if self.room(offer.group, more(known.is_none())).is_err() {
            self.sweep_all(now);
        }
        // It may have expired, too.
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
            None => self.make_family(offer, fresh.bounds),
        };
        Ok(self.insert(self.new_series(offer, family, parts, now)))
    }

    /// A series without a value yet.
    fn new_series(&self, offer: &Offer<'_>, family: u32, parts: Option<Parts>, now: u64) -> Series {
        Series {
            text: offer.labels.text().into(),
            value: 0.0,
            time: time_of(None, now),
            expires: NEVER,
            parts: parts.map(Box::new),
            family,
            previous: NONE,
            next: NONE,
            hash: self.hash(family, offer.labels),
            owner: offer.group,
            stored: 0,
        }
    }
}
