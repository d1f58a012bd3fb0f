//! Owners of series. Who brings whole sets of them (a target's answer, a group that is pushed) opens
//! a group, and parts one set from the next by generations: what a set lacks goes at once. A group
//! knows its series by their slots; a slot may have become another's since, which its owner tells.

use super::amount::Amount;

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
pub const SLACK: usize = 64;

/// One group.
#[derive(Default)]
pub struct State {
    pub generation: u32,
    /// Between `begin` and `end`.
    pub is_open: bool,
    /// What it has counts as that of `Group::PUSHED`.
    pub is_pushed: bool,
    /// What counts as its own.
    held: Amount,
    pub live: usize,
    /// Every slot that is the group's; also slots that were, and some twice.
    pub slots: Vec<u32>,
}

/// All groups but the shared one.
pub struct Groups {
    states: Vec<State>,
    pub free: Vec<Group>,
    /// What everybody may touch counts as that of the shared one.
    shared: Amount,
    /// Accounts: those of what is pushed, and of each group that is not.
    pub sources: usize,
}

impl Default for Groups {
    fn default() -> Groups {
        // The first is the account of pushed groups.
        let states = vec![State::default()];
        Groups { states, free: Vec::new(), shared: Amount::default(), sources: 2 }
    }
}

impl Groups {
    pub fn get(&self, group: Group) -> Option<&State> {
        self.states.get((group.0 as usize).checked_sub(1)?)
    }

    pub fn get_mut(&mut self, group: Group) -> Option<&mut State> {
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

    pub fn open(&mut self, is_pushed: bool) -> Group {
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
