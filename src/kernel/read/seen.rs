//! The label sets of a scrape that occurred already. Each is stored as a hash of 64 bits with a key of this process,
//! so that a hundred thousand of them cost some memory and a steady scrape allocates nothing.

use crate::model::store::Index;
use std::hash::{BuildHasher, RandomState};

/// The label sets of one scrape.
#[derive(Default)]
pub struct SeenLabels {
    hashes: Vec<u64>,
    places: Index,
    hasher: RandomState,
}

impl SeenLabels {
    /// Begins a scrape.
    pub fn begin(&mut self) {
        self.hashes.clear();
        self.places.clear();
    }

    /// Adds a label set; returns whether it is new.
    pub fn is_new(&mut self, values: &[&[u8]]) -> bool {
        let SeenLabels { hashes, places, hasher } = self;
        let hash = hasher.hash_one(values);
        let at = |place: u32| hashes.get(place as usize).copied().unwrap_or_default();
        if places.find(hash as u32, |place| at(place) == hash).is_some() {
            return false;
        }
        places.insert(hash as u32, hashes.len() as u32, |place| at(place) as u32);
        hashes.push(hash);
        true
    }

    /// The number of label sets.
    pub fn count(&self) -> usize {
        self.hashes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_new_once_a_scrape() {
        let mut seen = SeenLabels::default();
        for _ in 0..2 {
            seen.begin();
            assert!(seen.is_new(&[b"a", b"bc"]) && seen.is_new(&[b"ab", b"c"]));
            assert!(!seen.is_new(&[b"a", b"bc"]) && seen.count() == 2);
        }
    }
}
