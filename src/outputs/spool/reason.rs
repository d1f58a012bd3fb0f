//! The reasons for dropping samples.

/// The reason for dropping samples.
#[derive(Clone, Copy, Debug)]
pub enum Reason {
    Full,
    Age,
    Damaged,
    Clock,
}

/// The names in metrics, in the order of the variants.
pub const REASONS: [&str; 4] = ["full", "age", "damaged", "clock"];
