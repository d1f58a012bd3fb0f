//! The families that come, by their source, and random numbers.

use crate::model::metric::*;

pub const BOOT: i64 = 1_800_000_000_250;
pub const START: u64 = 700;

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

/// What comes, by its source: a collector's number, 8 for our own, 9 for others.
pub const FAMILIES: [(u8, Row<'static>); 11] = [
    (0, counter("a_total", Unit::One, "", &["k"])),
    (0, gauge("b", Unit::One, "", &["z", "a"])),
    (1, counter("c_total|other_total", Unit::One, "", &[])),
    (1, counter("d_total", Unit::One, "", &["k"]).only_node()),
    (1, counter("late_total", Unit::One, "", &["k"])),
    (8, counter("own_total", Unit::One, "", &["k"])),
    (9, counter("pushed_total", Unit::One, "", &[]).unprefixed()),
    (9, gauge("pushed", Unit::One, "", &[]).unprefixed()),
    (9, gauge("h", Unit::One, "", &[]).unprefixed().of_kind(Kind::Histogram)),
    (9, gauge("s", Unit::One, "", &[]).unprefixed().of_kind(Kind::Summary)),
    (9, gauge("u", Unit::One, "", &[]).unprefixed().of_kind(Kind::Untyped)),
];
