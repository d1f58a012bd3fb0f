//! A selection of the store's series for a page.

use super::Group;

/// Which series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All.
    All,
    /// Those of this group.
    Only(Group),
    /// All except those of this group.
    Without(Group),
}

impl Shown {
    /// Whether the series of `owner` are selected.
    pub fn has(self, owner: Group) -> bool {
        match self {
            Shown::All => true,
            Shown::Only(group) => owner == group,
            Shown::Without(group) => owner != group,
        }
    }
}
