//! The storage of series: slots that are found by hash, linked by family, freed and reused.

use super::index::NONE;
use super::series::{NEVER, Series};
use super::{Group, Store, parts_of};
use crate::base::float::float;
use crate::model::metric::{Labels, fresh_stamp};
use std::hash::{BuildHasher, Hasher};
use std::time::Instant;

/// The shortest time between two checks of all series because there is no room for another.
const FULL_SWEEP_MILLIS: u64 = 1000;

impl Store {
    pub(super) fn hash(&self, family: u32, labels: Labels<'_>) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(family);
        hasher.write(labels.text());
        hasher.finish() as u32
    }

    /// The series of a family with these labels; a number and a histogram may both have them.
    pub(super) fn find(&self, family: u32, labels: Labels<'_>, is_whole: bool) -> Option<u32> {
        let hash = self.hash(family, labels);
        self.index.find(hash, |slot| {
            self.series.get(slot as usize).is_some_and(|s| {
                s.hash == hash
                    && s.family == family
                    && *s.text == *labels.text()
                    && s.is_whole() == is_whole
            })
        })
    }

    /// Adds a new series, as the last of its family.
    pub(super) fn insert(&mut self, mut series: Series) -> u32 {
        let (family, hash, owner) = (series.family, series.hash, series.owner);
        let amount = series.amount();
        let last = self.families.get(family).map_or(NONE, |f| f.last);
        let is_whole = series.is_whole();
        let labels = Labels::rendered(&series.text);
        let is_word = |text: &[u8]| str::from_utf8(text).ok().and_then(float).is_none();
        let has_words = labels
            .raw_pairs()
            .any(|(name, value)| matches!(name, b"le" | b"quantile") && is_word(value));
        let has_quoted = labels.has_quoted();
        let before = self.owner_of(last);
        series.previous = last;
        let slot = self.place(series);
        if let Some(last) = self.series.get_mut(last as usize) {
            last.next = slot;
        }
        if let Some(family) = self.families.get_mut(family) {
            family.last = slot;
            if family.first == NONE {
                family.first = slot;
                family.owner = owner;
            }
            family.borders += u32::from(differ(before, Some(owner)));
            family.has_quoted |= has_quoted;
            family.has_words |= has_words;
            if !is_whole && family.lines == 0 && !parts_of(family.kind).is_empty() {
                family.lines = fresh_stamp();
            }
        }
        let hash_of = |slot: u32| self.series.get(slot as usize).map_or(0, |s| s.hash);
        self.index.insert(hash, slot, hash_of);
        self.charge(self.groups.account(owner), amount);
        self.own(owner, slot);
        slot
    }

    fn owner_of(&self, slot: u32) -> Option<Group> {
        self.series.get(slot as usize).map(|series| series.owner)
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

    /// Removes a series, and its family with the last one.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(series) = self.series.get_mut(slot as usize) else { return };
        let (family, hash) = (series.family, series.hash);
        let (previous, next, owner) = (series.previous, series.next, series.owner);
        let amount = series.amount();
        self.refund(self.groups.account(owner), amount);
        self.groups.lose(owner);
        let [before, after] = [previous, next].map(|slot| self.owner_of(slot));
        let hash_of = |slot: u32| self.series.get(slot as usize).map_or(0, |s| s.hash);
        self.index.remove(hash, slot, hash_of);
        if let Some(series) = self.series.get_mut(slot as usize) {
            series.text = Box::default();
            series.parts = None;
            series.family = NONE;
            series.owner = Group::SHARED;
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
            known.owner = after.unwrap_or(known.owner);
        }
        let gone = [differ(before, Some(owner)), differ(Some(owner), after)];
        known.borders += u32::from(differ(before, after));
        let gone = gone.into_iter().map(u32::from).sum();
        known.borders = known.borders.saturating_sub(gone);
        if known.last == slot {
            known.last = previous;
        }
        if known.first == NONE && !known.declared {
            self.forget_family(family);
        }
    }

    pub(super) fn drop_family(&mut self, id: u32) {
        while let Some(first) = self.families.get(id).map(|f| f.first).filter(|s| *s != NONE) {
            self.remove(first);
        }
        self.forget_family(id);
    }

    /// Removes a family without series.
    pub(super) fn forget_family(&mut self, id: u32) {
        if let Some(known) = self.families.get(id) {
            let (account, amount) = (known.account, known.amount());
            self.refund(account, amount);
        }
        self.families.remove(id);
    }

    /// Checks the next `n` series and removes the expired ones.
    pub(super) fn sweep(&mut self, n: usize, now: u64) {
        for _ in 0..n.min(self.series.len()) {
            self.hand = if self.hand + 1 < self.series.len() { self.hand + 1 } else { 0 };
            let Some(series) = self.series.get(self.hand) else { return };
            if series.family != NONE && series.expires <= now {
                self.remove(self.hand as u32);
            }
        }
    }

    /// Removes expired series; checks all of them, but only once in a while.
    pub fn forget_expired(&mut self, now: Instant) {
        self.sweep_all(self.millis(now));
    }

    /// Removes the expired series, so that none of them counts in what is written next.
    pub fn drop_expired(&mut self, now: Instant) {
        let now = self.millis(now);
        if now >= self.next_expiry {
            self.sweep(self.series.len(), now);
            let live = self.series.iter().filter(|series| series.family != NONE);
            self.next_expiry = live.map(|series| series.expires).min().unwrap_or(NEVER);
        }
    }

    /// Checks all series, once in a while.
    pub(super) fn sweep_all(&mut self, now: u64) {
        if now >= self.swept + FULL_SWEEP_MILLIS {
            self.swept = now;
            self.sweep(self.series.len(), now);
        }
    }

    /// Removes the expired series of a family.
    pub(super) fn expire(&mut self, id: u32, now: u64) {
        let mut slot = self.families.get(id).map_or(NONE, |f| f.first);
        while let Some(series) = self.series.get(slot as usize) {
            let (this, is_over) = (slot, series.expires <= now);
            slot = series.next;
            if is_over {
                self.remove(this);
            }
        }
    }
}

/// Whether both are set and differ.
fn differ(one: Option<Group>, other: Option<Group>) -> bool {
    one.is_some() && other.is_some() && one != other
}
