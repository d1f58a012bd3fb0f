//! The series of one family as a page has them, in the order of their labels. Entries are stored in the order
//! in which they came and are found through a sorted list of indices; new ones are sorted and merged in
//! when a page is written, not when they are registered.

use super::cell::Cell;

/// One series.
pub struct Entry {
    /// The labels as text formats write them.
    pub labels: Box<[u8]>,
    pub cell: Cell,
    /// Its index in the catalog.
    pub place: u32,
    /// It was not updated for too long: it is not exposed until it is updated again.
    pub asleep: bool,
    /// The mark of its cell at the last scrape, and when that last changed, in milliseconds of
    /// the registry.
    pub mark: u64,
    pub changed: Option<u64>,
}

impl Entry {
    pub fn new(labels: Box<[u8]>, cell: Cell, place: u32) -> Entry {
        Entry { labels, cell, place, asleep: false, mark: 0, changed: None }
    }
}

/// All series of a family.
#[derive(Default)]
pub struct Series {
    entries: Vec<Entry>,
    /// Indices into `entries`, sorted by labels; fewer than there are entries until `sort`.
    order: Vec<u32>,
}

impl Series {
    /// Adds a series that is not present.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sorts in what was pushed.
    pub fn sort(&mut self) {
        let labels = |at: u32| self.entries.get(at as usize).map(|entry| &*entry.labels);
        let new: Vec<u32> = (self.order.len()..self.entries.len()).map(|at| at as u32).collect();
        if new.is_empty() {
            return;
        }
        let new = sorted(new, &|one, other| labels(one) < labels(other));
        let mut merged = Vec::with_capacity(self.entries.len());
        let mut rest = self.order.as_slice();
        for at in new {
            let before = rest.partition_point(|known| labels(*known) < labels(at));
            let (smaller, larger) = rest.split_at_checked(before).unwrap_or_default();
            merged.extend_from_slice(smaller);
            merged.push(at);
            rest = larger;
        }
        merged.extend_from_slice(rest);
        self.order = merged;
    }

    /// The series in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|at| self.entries.get(*at as usize))
    }

    /// Keeps the entries for which `is_kept` holds.
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

/// Sorts `places`. Merging is a tenth of the code of the standard library's sort, which is
/// generated again for each type.
pub fn sorted(mut places: Vec<u32>, is_less: &dyn Fn(u32, u32) -> bool) -> Vec<u32> {
    let mut width = 1;
    while width < places.len() {
        let mut merged = Vec::with_capacity(places.len());
        for pair in places.chunks(2 * width) {
            let (mut one, mut other) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            while let ([first, ones @ ..], [second, others @ ..]) = (one, other) {
                if is_less(*second, *first) {
                    merged.push(*second);
                    other = others;
                } else {
                    merged.push(*first);
                    one = ones;
                }
            }
            merged.extend_from_slice(one);
            merged.extend_from_slice(other);
        }
        places = merged;
        width *= 2;
    }
    places
}

/// The new index of a series that is removed.
const GONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::registry::Counter;
    use std::collections::BTreeSet;

    #[test]
    fn order_is_that_of_a_twin() {
        let (mut series, mut twin, mut seed) = (Series::default(), BTreeSet::new(), 7u64);
        for _ in 0..5000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let labels = (seed >> 55).to_string().into_bytes();
            if (seed >> 40) % 20 == 0 {
                series.sort();
                series.retain(|entry| entry.labels[0] != labels[0]);
                twin.retain(|known: &Vec<u8>| known[0] != labels[0]);
            } else if twin.insert(labels.clone()) {
                let cell = Cell::Counter(Counter::default());
                series.push(Entry::new(labels.into(), cell, 0));
            }
            if (seed >> 30) % 3 == 0 {
                series.sort();
                let all = series.iter().map(|entry| &*entry.labels);
                assert!(all.eq(twin.iter().map(Vec::as_slice)));
            }
            assert_eq!(series.entries.len(), twin.len());
        }
    }
}
