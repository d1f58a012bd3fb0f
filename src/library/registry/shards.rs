//! Known keys: a lookup takes one read lock of one of several tables, and no memory. The tables only map
//! keys to cells; the series are in the catalog.
//!
//! A key that was refused is known, too: it leads to a cell that is not exposed. A limited number of these is
//! kept in each table; when there are more, those are forgotten and will be refused again.

use super::cell::{Cell, Sort};
use super::index::Index;
use super::key::{Key, StoredKey};
use crate::model::store::Reason;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many tables there are.
const SHARDS: usize = 16;

/// Refused keys of one table, and their bytes.
const MAX_REFUSED: usize = 1024;
const MAX_REFUSED_BYTES: usize = 256 << 10;

/// Spreads hashes over the tables by their upper bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Default)]
struct Shard {
    index: Index,
    /// `None` where a slot is free.
    slots: Vec<Option<Known>>,
    free: Vec<u32>,
    /// Indices of refused keys, and their bytes.
    refused: Vec<u32>,
    refused_bytes: usize,
}

struct Known {
    hash: u32,
    key: StoredKey,
    cell: Cell,
    refused: Option<Reason>,
}

/// Alone in its cache line, as every lookup writes to the lock.
#[derive(Default)]
#[repr(align(64))]
struct Locked(RwLock<Shard>);

/// All known keys.
pub struct Shards(Vec<Locked>);

impl Default for Shards {
    fn default() -> Shards {
        let mut all = Vec::new();
        all.resize_with(SHARDS, Locked::default);
        Shards(all)
    }
}

fn short(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

impl Shards {
    #[inline]
    fn locked(&self, hash: u64) -> Option<&RwLock<Shard>> {
        let at = hash.wrapping_mul(SPREAD) >> (u64::BITS - SHARDS.ilog2());
        self.0.get(at as usize).map(|locked| &locked.0)
    }

    fn read(&self, hash: u64) -> Option<RwLockReadGuard<'_, Shard>> {
        self.locked(hash).map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, hash: u64) -> Option<RwLockWriteGuard<'_, Shard>> {
        self.locked(hash).map(|shard| shard.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cell of a known key that is requested as `sort`, and why it is not exposed, if it is not.
    #[inline]
    pub fn find(&self, hash: u64, key: &impl Key, sort: Sort) -> Option<(Cell, Option<Reason>)> {
        let shard = self.read(hash)?;
        let known = |at: u32| {
            let known = shard.slots.get(at as usize)?.as_ref()?;
            (known.cell.sort() == sort && known.key.is(key)).then_some(known)
        };
        let at = shard.index.find(short(hash), |at| known(at).is_some())?;
        shard.slots.get(at as usize)?.as_ref().map(|known| (known.cell.clone(), known.refused))
    }

    /// Whether the key of that text leads to a cell of that sort.
    pub fn knows(&self, hash: u64, text: &[u8], sort: Sort) -> bool {
        let Some(shard) = self.read(hash) else { return false };
        let is_it = |at: u32| {
            let known = shard.slots.get(at as usize).and_then(Option::as_ref);
            known.is_some_and(|known| known.cell.sort() == sort && known.key.text() == text)
        };
        shard.index.find(short(hash), is_it).is_some()
    }

    /// Maps `key`, which has no cell of that sort, to `cell`.
    pub fn insert(&self, hash: u64, key: StoredKey, cell: Cell) {
        if let Some(mut shard) = self.write(hash) {
            shard.insert(Known { hash: short(hash), key, cell, refused: None });
        }
    }

    /// Maps `key`, which has no cell of that sort, to a cell that is not exposed. Returns false
    /// if the key is too long to be kept.
    pub fn refuse(&self, hash: u64, key: StoredKey, cell: Cell, reason: Reason) -> bool {
        let bytes = key.text().len();
        let Some(mut shard) = self.write(hash).filter(|_| bytes <= MAX_REFUSED_BYTES) else {
            return false;
        };
        let bytes_then = shard.refused_bytes + bytes;
        if shard.refused.len() >= MAX_REFUSED || bytes_then > MAX_REFUSED_BYTES {
            shard.forget_refused();
        }
        shard.refused_bytes += bytes;
        let at = shard.insert(Known { hash: short(hash), key, cell, refused: Some(reason) });
        shard.refused.push(at);
        true
    }

    /// Forgets all refusals, as they may be accepted now.
    pub fn forget_refused(&self) {
        for Locked(shard) in self.0.iter() {
            shard.write().unwrap_or_else(PoisonError::into_inner).forget_refused();
        }
    }

    /// Removes every key of this hash that leads to `cell`.
    pub fn remove(&self, hash: u64, cell: &Cell) {
        let Some(mut shard) = self.write(hash) else { return };
        let is_it = |at: u32| {
            let known = shard.slots.get(at as usize).and_then(Option::as_ref);
            known.is_some_and(|known| known.cell.is(cell))
        };
        if let Some(at) = shard.index.find(short(hash), is_it) {
            shard.remove(at);
        }
    }
}

impl Shard {
    fn insert(&mut self, known: Known) -> u32 {
        let at = self.free.pop().unwrap_or(self.slots.len() as u32);
        self.index.insert(known.hash, at);
        match self.slots.get_mut(at as usize) {
            Some(place) => *place = Some(known),
            None => self.slots.push(Some(known)),
        }
        at
    }

    fn remove(&mut self, at: u32) {
        if let Some(known) = self.slots.get_mut(at as usize).and_then(Option::take) {
            self.index.remove(known.hash, at);
            self.free.push(at);
        }
    }

    fn forget_refused(&mut self) {
        for at in std::mem::take(&mut self.refused) {
            self.remove(at);
        }
        self.refused_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::registry::key::{self, BorrowedKey};
    use crate::library::registry::{Counter, Gauge};

    fn kept(key: &BorrowedKey<'_>) -> StoredKey {
        let mut text = Vec::new();
        key::write(key, &mut text);
        StoredKey::of(&text)
    }

    #[test]
    fn keys_lead_to_their_cells_until_they_are_removed() {
        let shards = Shards::default();
        let names: Vec<String> = (0..500).map(|n| format!("n{n}")).collect();
        let cells: Vec<Counter> = names.iter().map(|_| Counter::default()).collect();
        // Few hashes, so that many collide.
        let hash = |n: usize| (n % 40) as u64 * 0x0123_4567_89ab;
        let key = |n: usize| BorrowedKey { name: &names[n], labels: &[] };
        for (n, cell) in cells.iter().enumerate() {
            shards.insert(hash(n), kept(&key(n)), Cell::Counter(cell.clone()));
        }
        for n in (0..500).step_by(3) {
            shards.remove(hash(n), &Cell::Counter(cells[n].clone()));
        }
        for (n, cell) in cells.iter().enumerate() {
            let found = shards.find(hash(n), &key(n), Sort::Counter);
            assert_eq!(found.is_some(), n % 3 != 0, "{n}");
            assert!(found.is_none_or(|(found, _)| found.is(&Cell::Counter(cell.clone()))));
            assert!(shards.find(hash(n), &key(n), Sort::Gauge).is_none());
        }
        shards.insert(hash(3), kept(&key(3)), Cell::Gauge(Gauge::default()));
        assert!(shards.find(hash(3), &key(3), Sort::Gauge).is_some());
    }

    #[test]
    fn refused_keys_are_bounded_and_known_ones_stay() {
        let shards = Shards::default();
        let (name, long) = (|n: usize| format!("n{n}"), "x".repeat(MAX_REFUSED_BYTES));
        let counter = || Cell::Counter(Counter::default());
        let refuse = |n: usize, name: &str| {
            let key = kept(&BorrowedKey { name, labels: &[] });
            shards.refuse(n as u64, key, counter(), Reason::Series)
        };
        shards.insert(0, kept(&BorrowedKey { name: "known", labels: &[] }), counter());
        assert!(!refuse(0, &long), "it is too long to be kept");
        // All in one table, as only the upper bits select it.
        for n in 0..3 * MAX_REFUSED + 7 {
            assert!(refuse(n % 5, &name(n)));
        }
        let is_known = |n: usize| {
            let key = name(n);
            let key = BorrowedKey { name: &key, labels: &[] };
            let found = shards.find(n as u64 % 5, &key, Sort::Counter);
            found.is_some_and(|(_, refused)| refused == Some(Reason::Series))
        };
        let kept = (0..3 * MAX_REFUSED + 7).filter(|n| is_known(*n)).count();
        assert!((1..=5 * MAX_REFUSED).contains(&kept), "{kept}");
        let counts: Vec<usize> =
            shards.0.iter().map(|s| s.0.read().unwrap().refused.len()).collect();
        assert!(counts.iter().all(|count| *count <= MAX_REFUSED), "{counts:?}");
        assert!(refuse(0, &"x".repeat(MAX_REFUSED_BYTES / 2)));
        shards.forget_refused();
        assert!(!(0..3 * MAX_REFUSED + 7).any(is_known));
        let known = shards.find(0, &BorrowedKey { name: "known", labels: &[] }, Sort::Counter);
        assert_eq!(known.map(|(_, refused)| refused), Some(None));
    }
}
