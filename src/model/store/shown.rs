//! Part of the store for a page.

use super::Group;

/// Whose series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Everybody's.
    All,
    /// Those of this group.
    Only(Group),
    /// All but those of this group.
    Without(Group),
}

impl Shown {
    /// Whether the series of `owner` are among them.
    pub fn has(self, owner: Group) -> bool {
        match self {
            Shown::All => true,
            Shown::Only(group) => owner == group,
            Shown::Without(group) => owner != group,
        }
    }
}
