//! Owners of series. Who brings whole sets of them (a target's answer, a group that is pushed) opens
//! a group, and parts one set from the next by generations: what a set lacks goes at once. A group
//! knows its series by their slots; a slot may have become another's since, which its owner tells.

use super::Store;
use super::index::NONE;

/// An owner of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(u32);

impl Group {
    /// What everybody may touch: JSON, statsd.
    pub const SHARED: Group = Group(0);
}

/// How many slots a list may have beyond twice those that count.
const SLACK: usize = 64;

/// One group.
#[derive(Default)]
struct State {
    generation: u32,
    /// Between `begin` and `end`.
    is_open: bool,
    /// What it brings counts as pushed.
    is_pushed: bool,
    live: usize,
    /// Every slot that is the group's; also slots that were, and some twice.
    slots: Vec<u32>,
}

/// All groups but the shared one.
#[derive(Default)]
pub struct Groups {
    states: Vec<State>,
    free: Vec<Group>,
}

impl Groups {
    fn get(&self, group: Group) -> Option<&State> {
        self.states.get((group.0 as usize).checked_sub(1)?)
    }

    fn get_mut(&mut self, group: Group) -> Option<&mut State> {
        self.states.get_mut((group.0 as usize).checked_sub(1)?)
    }

    /// The generation of the group's series that are taken now.
    pub fn generation(&self, group: Group) -> u32 {
        self.get(group).map_or(0, |state| state.generation)
    }

    /// Whether a set of series is being taken, in which none may be twice.
    pub fn is_open(&self, group: Group) -> bool {
        self.get(group).is_some_and(|state| state.is_open)
    }

    /// Whether what it brings counts as pushed.
    pub fn is_pushed(&self, group: Group) -> bool {
        self.get(group).is_none_or(|state| state.is_pushed)
    }

    /// One series less.
    pub fn lose(&mut self, group: Group) {
        if let Some(state) = self.get_mut(group) {
            state.live = state.live.saturating_sub(1);
        }
    }
}

impl Store {
    /// A new owner.
    pub fn open_group(&mut self) -> Group {
        if let Some(group) = self.groups.free.pop() {
            return group;
        }
        self.groups.states.push(State::default());
        Group(self.groups.states.len() as u32)
    }

    /// A new owner, what it brings counting as pushed.
    pub fn open_pushed(&mut self) -> Group {
        let group = self.open_group();
        if let Some(state) = self.groups.get_mut(group) {
            state.is_pushed = true;
        }
        group
    }

    /// A new generation of the group's series.
    pub fn begin(&mut self, group: Group) {
        if let Some(state) = self.groups.get_mut(group) {
            state.generation = state.generation.wrapping_add(1);
            state.is_open = true;
        }
    }

    /// Series of the group that were not taken since `begin` go at once.
    pub fn end(&mut self, group: Group) {
        let generation = self.groups.generation(group);
        self.drop_where(group, |of| of != generation);
        self.leave(group);
    }

    /// The generation ends, and series that were not taken in it stay.
    pub fn leave(&mut self, group: Group) {
        if let Some(state) = self.groups.get_mut(group) {
            state.is_open = false;
        }
    }

    /// All its series go at once, and the group.
    pub fn close_group(&mut self, group: Group) {
        self.drop_where(group, |_| true);
        if let Some(state) = self.groups.get_mut(group) {
            *state = State::default();
            self.groups.free.push(group);
        }
    }

    /// Its series of that family go at once; between `begin` and `end` those stay that were taken
    /// since.
    pub fn drop_metric(&mut self, group: Group, name: &str) {
        let since = self.groups.is_open(group).then(|| self.groups.generation(group));
        let known = self.families.find(name).and_then(|id| self.families.get(id));
        let mut slot = known.map_or(NONE, |family| family.first);
        while let Some(series) = self.series.get(slot as usize) {
            let is_its = series.owner == group && Some(series.generation) != since;
            let this = std::mem::replace(&mut slot, series.next);
            if is_its && group != Group::SHARED {
                self.remove(this);
            }
        }
    }

    /// How many series the group has; those whose time is over may be among them.
    pub fn live_in(&self, group: Group) -> usize {
        self.groups.get(group).map_or(0, |state| state.live)
    }

    /// How long the list of the group's slots is.
    #[cfg(test)]
    pub(super) fn slots_of(&self, group: Group) -> usize {
        self.groups.get(group).map_or(0, |state| state.slots.len())
    }

    /// A slot is the group's now.
    pub(super) fn own(&mut self, group: Group, slot: u32) {
        let Some(state) = self.groups.get_mut(group) else { return };
        state.slots.push(slot);
        state.live += 1;
        if state.slots.len() > 2 * state.live + SLACK {
            let slots = std::mem::take(&mut state.slots);
            let slots = self.tidy(group, slots);
            self.keep(group, slots);
        }
    }

    /// Of these slots those that are the group's, each once.
    fn tidy(&self, group: Group, mut slots: Vec<u32>) -> Vec<u32> {
        let owner = |slot: u32| self.series.get(slot as usize).map(|series| series.owner);
        slots.retain(|slot| owner(*slot) == Some(group));
        if slots.len() > self.live_in(group) {
            slots.sort_unstable();
            slots.dedup();
        }
        slots
    }

    fn keep(&mut self, group: Group, slots: Vec<u32>) {
        if let Some(state) = self.groups.get_mut(group) {
            state.slots = slots;
        }
    }

    /// The group's series go whose generation `goes`.
    fn drop_where(&mut self, group: Group, goes: impl Fn(u32) -> bool) {
        let Some(state) = self.groups.get_mut(group) else { return };
        let slots = std::mem::take(&mut state.slots);
        let mut slots = self.tidy(group, slots);
        slots.retain(|slot| {
            let of = self.series.get(*slot as usize).map(|series| series.generation);
            let stays = !of.is_some_and(&goes);
            if !stays {
                self.remove(*slot);
            }
            stays
        });
        self.keep(group, slots);
    }
}
