//! A selection of the store's series for a page.

use super::Group;

/// Which series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupFilter {
    /// All.
    All,
    /// Those of this group.
    Only(Group),
    /// All except those of this group.
    Without(Group),
}

impl GroupFilter {
    /// Whether the series of `owner` are selected.
    pub fn has(self, owner: Group) -> bool {
        match self {
            GroupFilter::All => true,
            GroupFilter::Only(group) => owner == group,
            GroupFilter::Without(group) => owner != group,
        }
    }
}
