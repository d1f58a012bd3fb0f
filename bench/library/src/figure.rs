//! What is measured.

/// One figure against its target: the first must be at most so many times the second.
pub struct Figure {
    pub what: &'static str,
    pub ours: f64,
    pub theirs: f64,
    pub unit: &'static str,
    /// At most this share of theirs.
    pub share: f64,
}
