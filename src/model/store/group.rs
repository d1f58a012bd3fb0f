//! Owners of series. A source of whole sets of them (a target's response, a group that is pushed) opens
//! a group, and separates sets by generations: a series that a set lacks is removed at once. A group
//! knows its series by their slots; a slot may belong to another by now, which its owner shows.

use super::amount::Amount;

/// An owner of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(u32);

impl Group {
    /// Series that every source may change: JSON, statsd.
    pub const SHARED: Group = Group(0);

    /// The account of all groups that are pushed as to a Pushgateway; it owns no series.
    pub(super) const PUSHED: Group = Group(1);

    /// Whether it is the account of pushed series.
    pub fn is_pushed(self) -> bool {
        self.0 <= Group::PUSHED.0
    }
}

/// How many slots a list may have beyond twice the valid ones.
pub const SLACK: usize = 64;

/// One group.
#[derive(Default)]
pub struct State {
    /// A multiple of four.
    pub generation: u32,
    /// Between `begin` and `end`.
    pub is_open: bool,
    /// Its size is counted on `Group::PUSHED`.
    pub is_pushed: bool,
    /// The size that is counted on its own account.
    held: Amount,
    pub live: usize,
    /// Every slot of the group; also some that it lost, and some twice.
    pub slots: Vec<u32>,
}

/// All groups except the shared one.
pub struct Groups {
    states: Vec<State>,
    pub free: Vec<Group>,
    /// The account of the shared group.
    shared: Amount,
    /// The number of accounts: one for what is pushed, and one for each group that is not.
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

    /// The current generation of the group's series.
    pub fn generation(&self, group: Group) -> u32 {
        self.get(group).map_or(0, |state| state.generation)
    }

    /// Whether a set of series is being read, in which none may occur twice.
    pub fn is_open(&self, group: Group) -> bool {
        self.get(group).is_some_and(|state| state.is_open)
    }

    /// Whether its series count as pushed.
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

    /// The account on which the group's series are counted.
    pub fn account(&self, group: Group) -> Group {
        let is_pushed = self.get(group).is_some_and(|state| state.is_pushed);
        if is_pushed { Group::PUSHED } else { group }
    }

    /// The size counted on `account`.
    pub fn held(&self, account: Group) -> Amount {
        self.get(account).map_or(self.shared, |state| state.held)
    }

    /// The size counted on `account`, mutable.
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

    /// Subtracts one series.
    pub fn lose(&mut self, group: Group) {
        if let Some(state) = self.get_mut(group) {
            state.live = state.live.saturating_sub(1);
        }
    }
}
