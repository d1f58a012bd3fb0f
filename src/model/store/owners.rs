//! Operations of groups on their series: generations, and removal with the owner.

use super::group::{Group, SLACK};
use super::index::NONE;
use super::known::Known;
use super::series::Series;
use super::{PARTS, Store, parts_of};
use crate::base::sys;

impl Store {
    /// Opens a group with an account of its own.
    pub fn open_group(&mut self) -> Group {
        self.groups.sources += 1;
        self.groups.open(false)
    }

    /// Opens a group for pushed series; all of those share one account.
    pub fn open_pushed(&mut self) -> Group {
        self.groups.open(true)
    }

    /// Begins a new generation of the group's series.
    pub fn begin(&mut self, group: Group) {
        if let Some(state) = self.groups.get_mut(group) {
            state.generation = state.generation.wrapping_add(4);
            state.is_open = true;
        }
    }

    /// Removes the series of the group that were not stored since `begin`.
    pub fn end(&mut self, group: Group) {
        let generation = self.groups.generation(group);
        self.drop_where(group, |of| of != generation);
        self.leave(group);
    }

    /// Ends the generation; series that were not stored in it stay.
    pub fn leave(&mut self, group: Group) {
        if let Some(state) = self.groups.get_mut(group) {
            state.is_open = false;
        }
    }

    /// Removes the group and all its series.
    pub fn close_group(&mut self, group: Group) {
        self.drop_where(group, |_| true);
        if self.groups.held(group).families > 0 {
            self.pass_families(group);
        }
        if let Some(state) = self.groups.get_mut(group) {
            let is_pushed = std::mem::take(state).is_pushed;
            self.groups.sources -= usize::from(!is_pushed);
            self.groups.free.push(group);
        }
    }

    /// Moves families from the account of the group to groups that have series of them.
    fn pass_families(&mut self, group: Group) {
        for at in 0..self.families.len() {
            let known = self.families.nth(at).and_then(|id| self.families.get_mut(id));
            let Some(known) = known.filter(|known| known.account == group) else { continue };
            let heir = self.series.get(known.first as usize).map(|series| series.owner);
            let heir = self.groups.account(heir.unwrap_or(Group::SHARED));
            let amount = known.amount();
            known.account = heir;
            self.refund(group, amount);
            self.charge(heir, amount);
        }
    }

    /// Removes its series of that family, and the lines of a histogram or summary of that name; between `begin` and
    /// `end` those stay that were stored since.
    pub fn drop_metric(&mut self, group: Group, name: &str) {
        self.drop_series(group, name, false);
        for part in PARTS {
            self.drop_series(group, &[name, part].concat(), true);
        }
    }

    fn drop_series(&mut self, group: Group, name: &str, only_lines: bool) {
        let since = self.groups.is_open(group).then(|| self.groups.generation(group));
        let known = self.families.find(name).and_then(|id| self.families.get(id));
        let mut slot = known.map_or(NONE, |family| family.first);
        while let Some(series) = self.series.get(slot as usize) {
            let is_its = series.owner == group && Some(series.generation()) != since;
            let is_its = is_its && (!only_lines || series.is_line());
            let this = std::mem::replace(&mut slot, series.next);
            if is_its && group != Group::SHARED {
                self.remove(this);
            }
        }
    }

    /// Whether the group has series of that family to which it gave a type.
    pub fn has_typed(&self, group: Group, name: &str) -> bool {
        let family = self.families.find(name).and_then(|id| self.families.get(id));
        let is_it = |series: &Series| series.owner == group && series.is_typed();
        family.is_some_and(|family| self.has_series(family, &is_it))
    }

    /// The name of the group's histogram or summary that has a part of this name.
    pub fn whole_of<'n>(&self, group: Group, part: &'n str) -> Option<&'n str> {
        PARTS.iter().find_map(|suffix| {
            let name = part.strip_suffix(suffix)?;
            let family = self.families.get(self.families.find(name)?)?;
            let is_its = |series: &Series| series.owner == group && series.is_whole();
            let has_part = parts_of(family.kind).contains(suffix);
            (has_part && self.has_series(family, &is_its)).then_some(name)
        })
    }

    fn has_series(&self, family: &Known, is_it: &dyn Fn(&Series) -> bool) -> bool {
        let mut next = self.series.get(family.first as usize);
        while let Some(series) = next.filter(|series| !is_it(series)) {
            #[cfg(test)]
            tests::VISITED.set(tests::VISITED.get() + 1);
            next = self.series.get(series.next as usize);
        }
        next.is_some()
    }

    /// How many series the group has; expired ones may be among them.
    pub fn live_in(&self, group: Group) -> usize {
        self.groups.get(group).map_or(0, |state| state.live)
    }

    /// The length of the list of the group's slots.
    #[cfg(test)]
    pub(super) fn slots_of(&self, group: Group) -> usize {
        self.groups.get(group).map_or(0, |state| state.slots.len())
    }

    /// Records that a slot is the group's.
    pub(super) fn own(&mut self, group: Group, slot: u32) {
        let Some(state) = self.groups.get_mut(group) else { return };
        state.slots.push(slot);
        state.live += 1;
        if state.slots.len() > 2 * state.live + SLACK {
            let slots = std::mem::take(&mut state.slots);
            let slots = self.tidy(group, slots);
            self.set_slots(group, slots);
        }
    }

    /// The slots among these that are the group's, each once.
    fn tidy(&self, group: Group, mut slots: Vec<u32>) -> Vec<u32> {
        let owner = |slot: u32| self.series.get(slot as usize).map(|series| series.owner);
        slots.retain(|slot| owner(*slot) == Some(group));
        if slots.len() > self.live_in(group) {
            sys::sort(&mut slots, Ord::cmp);
            slots.dedup();
        }
        slots
    }

    fn set_slots(&mut self, group: Group, slots: Vec<u32>) {
        if let Some(state) = self.groups.get_mut(group) {
            state.slots = slots;
        }
    }

    /// Removes the group's series if `goes` is true for their generation.
    fn drop_where(&mut self, group: Group, goes: impl Fn(u32) -> bool) {
        let Some(state) = self.groups.get_mut(group) else { return };
        let slots = std::mem::take(&mut state.slots);
        let mut slots = self.tidy(group, slots);
        slots.retain(|slot| {
            let of = self.series.get(*slot as usize).map(Series::generation);
            let stays = !of.is_some_and(&goes);
            if !stays {
                self.remove(*slot);
            }
            stays
        });
        self.set_slots(group, slots);
    }
}

#[cfg(test)]
pub mod tests {
    thread_local! {
        /// Series that were looked at in vain, for tests of what a push costs.
        pub static VISITED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
}
