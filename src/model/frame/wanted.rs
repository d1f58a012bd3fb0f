//! The selection of samples for a frame.

use crate::base::dialect::Dialect;

/// The selection of samples for a frame.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The dialect of the names.
    pub dialect: Dialect,
    /// Globs of full names; empty for all.
    pub include: Vec<String>,
    /// Globs of full names that are left out.
    pub exclude: Vec<String>,
    /// Labels of every series that has no label of that name.
    pub labels: Vec<(String, String)>,
    /// Counters become increases since the frame before.
    pub is_delta: bool,
    /// When this program started, in milliseconds since the machine did: the start of its own counters and
    /// of other programs'. A series that first comes after the first frame starts at the frame before it.
    pub start: u64,
}
