//! Why samples are given up.

/// Why samples are given up.
#[derive(Clone, Copy, Debug)]
pub enum Reason {
    Full,
    Age,
    Damaged,
    Clock,
}

/// As metrics name them, in the order of the variants.
pub const REASONS: [&str; 4] = ["full", "age", "damaged", "clock"];
