//! Finds a series by its hash: open addressing over indices of the table of series, at most half
//! full, so that a series costs 8 to 16 bytes here. The table itself stores the hashes.

/// No series.
pub const NONE: u32 = u32::MAX;

/// The smallest number of places.
const LEAST: usize = 64;

/// Places of series, by hash.
#[derive(Default)]
pub struct Index {
    /// INVARIANT: empty, or a power of two, and at least half of it is `NONE`.
    places: Vec<u32>,
    used: usize,
}

impl Index {
    /// The series with this hash for which `is` holds.
    pub fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            match *self.places.get(at)? {
                NONE => return None,
                series if is(series) => return Some(series),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.places.fill(NONE);
        self.used = 0;
    }

    /// Adds a series that is not there; `hash_of` returns the hashes of the others.
    pub fn insert(&mut self, hash: u32, series: u32, hash_of: impl Fn(u32) -> u32) {
        if (self.used + 1) * 2 > self.places.len() {
            let size = (self.places.len() * 2).max(LEAST);
            let old = std::mem::replace(&mut self.places, vec![NONE; size]);
            old.into_iter().filter(|s| *s != NONE).for_each(|s| self.put(hash_of(s), s));
        }
        self.put(hash, series);
        self.used += 1;
    }

    fn put(&mut self, hash: u32, series: u32) {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(place) = self.places.get_mut(at) {
            if *place == NONE {
                *place = series;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Removes a series; those after it that it displaced move up.
    pub fn remove(&mut self, hash: u32, series: u32, hash_of: impl Fn(u32) -> u32) {
        let Some(mask) = self.places.len().checked_sub(1) else { return };
        let at = |place: usize| self.places.get(place).copied().unwrap_or(NONE);
        let mut hole = hash as usize & mask;
        while at(hole) != series {
            if at(hole) == NONE {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.used -= 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let moving = self.places.get(next).copied().unwrap_or(NONE);
            if moving == NONE {
                break;
            }
            let home = hash_of(moving) as usize & mask;
            // It may move if its home is not between the hole and its place.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                self.set(hole, moving);
                hole = next;
            }
        }
        self.set(hole, NONE);
    }

    fn set(&mut self, at: usize, series: u32) {
        if let Some(place) = self.places.get_mut(at) {
            *place = series;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn finds_what_a_map_finds() {
        let (mut index, mut twin) = (Index::default(), HashMap::new());
        let mut seed = 7u64;
        for _ in 0..50_000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Few hashes, so that many clash.
            let series = (seed >> 40) as u32 % 300;
            let hash_of = |series: u32| (series % 40).wrapping_mul(0x9e37_79b9);
            let hash = hash_of(series);
            let known = twin.contains_key(&series);
            assert_eq!(index.find(hash, |s| s == series), known.then_some(series));
            if known {
                twin.remove(&series);
                index.remove(hash, series, hash_of);
            } else {
                twin.insert(series, ());
                index.insert(hash, series, hash_of);
            }
            assert_eq!(index.used, twin.len());
        }
    }
}
