//! The series of one family, in the order of their labels. Entries lie in the order in which they came
//! and are found through a sorted list of places, so that a new one moves four bytes of each behind it;
//! a tree would be quicker beyond some ten thousand series of one family, and is ten times the code.

use super::cell::Cell;

/// One series.
pub struct Entry {
    /// As text formats write them.
    pub labels: Box<[u8]>,
    pub cell: Cell,
    /// The hashes of the keys that lead to it.
    pub keys: Vec<u64>,
    /// Nobody told it anything for too long: it is not shown until somebody does.
    pub asleep: bool,
    /// What its cell looked like at the last look, and when that was last another, in milliseconds of
    /// the registry.
    pub mark: u64,
    pub changed: Option<u64>,
}

impl Entry {
    pub fn new(labels: Box<[u8]>, cell: Cell) -> Entry {
        Entry { labels, cell, keys: Vec::new(), asleep: false, mark: 0, changed: None }
    }
}

/// All series of a family.
#[derive(Default)]
pub struct Series {
    entries: Vec<Entry>,
    /// Places in `entries`, sorted by labels.
    order: Vec<u32>,
}

impl Series {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn place(&self, labels: &[u8]) -> Result<usize, usize> {
        let of = |at: &u32| self.entries.get(*at as usize).map(|entry| &*entry.labels);
        self.order.binary_search_by(|at| of(at).cmp(&Some(labels)))
    }

    /// Where the series of these labels is.
    pub fn find(&self, labels: &[u8]) -> Option<usize> {
        self.order.get(self.place(labels).ok()?).map(|at| *at as usize)
    }

    pub fn get_mut(&mut self, at: usize) -> Option<&mut Entry> {
        self.entries.get_mut(at)
    }

    /// Takes in a series that is not there; where it is.
    pub fn insert(&mut self, entry: Entry) -> usize {
        let at = self.entries.len();
        if let Err(place) = self.place(&entry.labels) {
            self.order.insert(place, at as u32);
            self.entries.push(entry);
        }
        at
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|at| self.entries.get(*at as usize))
    }

    /// Keeps those for which `is_kept` holds.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&mut Entry) -> bool) {
        let (mut kept, mut places) = (0, Vec::new());
        self.entries.retain_mut(|entry| {
            let stays = is_kept(entry);
            places.push(if stays { kept } else { GONE });
            kept += u32::from(stays);
            stays
        });
        if kept as usize == places.len() {
            return;
        }
        self.order.retain_mut(|at| {
            *at = places.get(*at as usize).copied().unwrap_or(GONE);
            *at != GONE
        });
    }
}

/// The new place of a series that goes.
const GONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Counter;
    use std::collections::BTreeSet;

    #[test]
    fn order_is_that_of_a_twin() {
        let (mut series, mut twin, mut seed) = (Series::default(), BTreeSet::new(), 7u64);
        for _ in 0..5000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let labels = (seed >> 55).to_string().into_bytes();
            if (seed >> 40) % 20 == 0 {
                series.retain(|entry| entry.labels[0] != labels[0]);
                twin.retain(|known: &Vec<u8>| known[0] != labels[0]);
            } else if series.find(&labels).is_none() {
                let at = series.insert(Entry::new(
                    labels.as_slice().into(),
                    Cell::Counter(Counter::default()),
                ));
                assert_eq!(series.find(&labels), Some(at));
                assert!(twin.insert(labels));
            } else {
                assert!(twin.contains(&labels));
            }
            assert!(series.iter().map(|entry| &*entry.labels).eq(twin.iter().map(Vec::as_slice)));
            assert_eq!(series.len(), twin.len());
        }
    }
}
