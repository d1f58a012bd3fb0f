//! Metrics that are declared before they have samples, in the settings or by a group; those of the settings stay.

use super::index::NONE;
use super::known::Known;
use super::series::Buckets;
use super::{Group, Offer, Reason, Store};
use std::time::Instant;

impl Store {
    /// Begins a new set of declarations; `drop_undeclared` ends it.
    pub fn forget_declarations(&mut self) {
        for at in 0..self.families.len() {
            let id = self.families.nth(at).unwrap_or(NONE);
            if let Some(family) = self.families.get_mut(id) {
                family.was_declared = std::mem::take(&mut family.declared);
            }
        }
    }

    /// Removes families that are not declared any more, with all their series.
    pub fn drop_undeclared(&mut self) {
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            let is_over = |f: &Known| f.was_declared && !f.declared;
            if self.families.get(id).is_some_and(is_over) {
                self.drop_family(id);
            } else {
                at += 1;
            }
        }
    }

    /// Makes sure that the family of `offer` exists, with `buckets` for a histogram, and the series, too, at
    /// zero if it is new. A shared one stays from now on; one that a group declares is removed
    /// with its series.
    pub fn declare(
        &mut self,
        offer: &Offer<'_>,
        buckets: &[f64],
        now: Instant,
    ) -> Result<(), Reason> {
        let is_shared = offer.group == Group::SHARED;
        let known = self.families.find(offer.name);
        // A histogram with other buckets starts again.
        let differs = |f: &Known| f.kind != offer.kind || *f.buckets != *buckets;
        let is_other = known.and_then(|id| self.families.get(id)).is_some_and(differs);
        if let Some(id) = known.filter(|_| is_other && is_shared) {
            self.drop_family(id);
        }
        let id = match self.families.find(offer.name) {
            Some(id) => id,
            None => {
                self.families.judge(offer, &self.bounds, None)?;
                self.room(offer.group, offer.of_family())?;
                self.make_family(offer, buckets)
            }
        };
        if let Some(family) = self.families.get_mut(id).filter(|_| is_shared) {
            family.declared = true;
        }
        let now = self.millis(now);
        let done = self.change(offer, now);
        let is_empty = |f: &Known| f.first == NONE && !f.declared;
        if self.families.get(id).is_some_and(is_empty) {
            self.forget_family(id);
        }
        done
    }

    pub(super) fn make_family(&mut self, offer: &Offer<'_>, buckets: &[f64]) -> u32 {
        let account = self.groups.account(offer.group);
        let buckets = Buckets { bounds: buckets, texts: offer.texts_of_family() };
        let id = self.families.insert(offer, account, buckets);
        if let Some(amount) = self.families.get(id).map(Known::amount) {
            self.charge(account, amount);
        }
        id
    }
}
