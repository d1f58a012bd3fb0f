//! Owners of series. Who brings whole sets of them (a target's answer, a group that is pushed) opens
//! a group, and parts one set from the next by generations: what a set lacks goes at once. A group
//! knows its series by their slots; a slot may have become another's since, which its owner tells.

use super::index::NONE;
use super::{Amount, Store};

/// An owner of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(u32);

impl Group {
    /// What everybody may touch: JSON, statsd.
    pub const SHARED: Group = Group(0);

    /// The account of all groups that are pushed as to a Pushgateway; no series is its own.
    pub(super) const PUSHED: Group = Group(1);

    /// Whether it is the account of what others push.
    pub fn is_pushed(self) -> bool {
        self.0 <= Group::PUSHED.0
    }
}

/// How many slots a list may have beyond twice those that count.
const SLACK: usize = 64;

/// One group.
#[derive(Default)]
struct State {
    generation: u32,
    /// Between `begin` and `end`.
    is_open: bool,
    /// What it has counts as that of `Group::PUSHED`.
    is_pushed: bool,
    /// What counts as its own.
    held: Amount,
    live: usize,
    /// Every slot that is the group's; also slots that were, and some twice.
    slots: Vec<u32>,
}

/// All groups but the shared one.
pub struct Groups {
    states: Vec<State>,
    free: Vec<Group>,
    /// What everybody may touch counts as that of the shared one.
    shared: Amount,
    /// Accounts: those of what is pushed, and of each group that is not.
    sources: usize,
}

impl Default for Groups {
    fn default() -> Groups {
        // The first is the account of pushed groups.
        let states = vec![State::default()];
        Groups { states, free: Vec::new(), shared: Amount::default(), sources: 2 }
    }
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

    fn open(&mut self, is_pushed: bool) -> Group {
        let group = self.free.pop().unwrap_or_else(|| {
            self.states.push(State::default());
            Group(self.states.len() as u32)
        });
        if let Some(state) = self.get_mut(group) {
            state.is_pushed = is_pushed;
        }
        group
    }

    /// With whose what the group has is counted.
    pub fn account(&self, group: Group) -> Group {
        let is_pushed = self.get(group).is_some_and(|state| state.is_pushed);
        if is_pushed { Group::PUSHED } else { group }
    }

    /// How much counts as that of `account`.
    pub fn held(&self, account: Group) -> Amount {
        self.get(account).map_or(self.shared, |state| state.held)
    }

    /// The same, to be changed.
    pub fn held_mut(&mut self, account: Group) -> &mut Amount {
        match self.states.get_mut((account.0 as usize).wrapping_sub(1)) {
            Some(state) => &mut state.held,
            None => &mut self.shared,
        }
    }

    /// How many accounts there are.
    pub fn sources(&self) -> usize {
        self.sources
    }

    /// One series less.
    pub fn lose(&mut self, group: Group) {
        if let Some(state) = self.get_mut(group) {
            state.live = state.live.saturating_sub(1);
        }
    }
}

impl Store {
    /// A new owner, which is a source of its own.
    pub fn open_group(&mut self) -> Group {
        self.groups.sources += 1;
        self.groups.open(false)
    }

    /// A new owner of what is pushed; all of those are one source.
    pub fn open_pushed(&mut self) -> Group {
        self.groups.open(true)
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
        if self.groups.held(group).families > 0 {
            self.pass_families(group);
        }
        if let Some(state) = self.groups.get_mut(group) {
            let is_pushed = std::mem::take(state).is_pushed;
            self.groups.sources -= usize::from(!is_pushed);
            self.groups.free.push(group);
        }
    }

    /// Families that count as the group's go over to those who have series of them.
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
