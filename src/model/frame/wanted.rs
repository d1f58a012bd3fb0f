//! What is recorded, and how.

use crate::base::dialect::Dialect;

/// What is recorded, and how.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Under whose names.
    pub dialect: Dialect,
    /// Globs of full names; empty is all.
    pub include: Vec<String>,
    /// Globs of full names that are left out.
    pub exclude: Vec<String>,
    /// On every series that has none of that name.
    pub labels: Vec<(String, String)>,
    /// Counters are what came since the frame before.
    pub is_delta: bool,
    /// When this program started, in milliseconds since the machine did: since then it counts, and
    /// what others brought. What comes up after the first frame counts since the frame before it.
    pub start: u64,
}
