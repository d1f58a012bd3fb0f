//! Known keys: a lookup takes one read lock of one of several tables, and no memory. Here is nothing
//! but ways to cells; which series there are, the families know.

use super::cell::{Cell, Handle};
use super::key::{Kept, Key};
use crate::store::{Index, NONE};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many tables there are.
const SHARDS: usize = 16;

/// Spreads hashes over the tables by their upper bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Default)]
struct Shard {
    index: Index,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    hash: u32,
    key: Kept,
    /// `None` if the slot is free.
    cell: Option<Cell>,
}

/// Alone in its cache line, as every lookup writes to the lock.
#[derive(Default)]
#[repr(align(64))]
struct Locked(RwLock<Shard>);

/// All known keys.
#[derive(Default)]
pub struct Shards([Locked; SHARDS]);

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

    /// The handle of a known key, if it is of that kind.
    #[inline]
    pub fn find<H: Handle>(&self, hash: u64, key: &impl Key) -> Option<H> {
        let shard = self.read(hash)?;
        let is = |slot: &Slot| slot.hash == short(hash) && slot.key.is(key);
        let slot = |at: u32| shard.slots.get(at as usize);
        let at = shard.index.find(short(hash), |at| slot(at).is_some_and(is))?;
        slot(at)?.cell.as_ref().and_then(H::of).cloned()
    }

    /// From now on `key` leads to `cell`. False if it did already.
    pub fn insert(&self, hash: u64, key: &impl Key, cell: &Cell) -> bool {
        let Some(mut shard) = self.write(hash) else { return false };
        let Shard { index, slots, free } = &mut *shard;
        let is_there = |slot: &Slot| slot.cell.is_some() && slot.key.is(key);
        let known = index.find(short(hash), |at| slots.get(at as usize).is_some_and(is_there));
        if known.is_some() {
            return false;
        }
        let slot = Slot { hash: short(hash), key: Kept::of(key), cell: Some(cell.clone()) };
        let at = free.pop().unwrap_or(slots.len() as u32);
        match slots.get_mut(at as usize) {
            Some(place) => *place = slot,
            None => slots.push(slot),
        }
        index.insert(short(hash), at, |at| slots.get(at as usize).map_or(0, |slot| slot.hash));
        true
    }

    /// No key of this hash leads to `cell` any more.
    pub fn remove(&self, hash: u64, cell: &Cell) {
        let Some(mut shard) = self.write(hash) else { return };
        let Shard { index, slots, free } = &mut *shard;
        let is_it = |slot: &Slot| {
            slot.hash == short(hash) && slot.cell.as_ref().is_some_and(|c| c.is(cell))
        };
        let found = index.find(short(hash), |at| slots.get(at as usize).is_some_and(is_it));
        let Some(at) = found.filter(|at| *at != NONE) else { return };
        index.remove(short(hash), at, |at| slots.get(at as usize).map_or(0, |slot| slot.hash));
        if let Some(slot) = slots.get_mut(at as usize) {
            slot.cell = None;
            slot.key = Kept::none();
        }
        free.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::key::Said;
    use crate::registry::{Counter, Gauge};

    #[test]
    fn keys_lead_to_their_cells_until_they_are_removed() {
        let shards = Shards::default();
        let names: Vec<String> = (0..500).map(|n| format!("n{n}")).collect();
        let cells: Vec<Counter> = names.iter().map(|_| Counter::default()).collect();
        // Few hashes, so that many clash.
        let hash = |n: usize| (n % 40) as u64 * 0x0123_4567_89ab;
        let key = |n: usize| Said { name: &names[n], labels: &[] };
        for (n, cell) in cells.iter().enumerate() {
            assert!(shards.insert(hash(n), &key(n), &Cell::Counter(cell.clone())));
            assert!(!shards.insert(hash(n), &key(n), &Cell::Counter(Counter::default())));
        }
        for n in (0..500).step_by(3) {
            shards.remove(hash(n), &Cell::Counter(cells[n].clone()));
        }
        for (n, cell) in cells.iter().enumerate() {
            let found: Option<Counter> = shards.find(hash(n), &key(n));
            assert_eq!(found.is_some(), n % 3 != 0, "{n}");
            found.iter().for_each(Counter::inc);
            assert_eq!(cell.get(), u64::from(n % 3 != 0));
            assert!(shards.find::<Gauge>(hash(n), &key(n)).is_none());
        }
        assert!(shards.insert(hash(3), &key(3), &Cell::Gauge(Gauge::default())));
        assert!(shards.find::<Gauge>(hash(3), &key(3)).is_some());
    }
}
