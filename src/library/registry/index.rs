//! Finds an index into a table by a hash: open addressing, at most three quarters full. The hashes are
//! stored beside the indices, so that entries that do not match are skipped without reading the table.

/// The value for no index.
const NONE: u32 = u32::MAX;

/// The fewest cells.
const LEAST: usize = 16;

#[derive(Clone, Copy)]
struct Cell {
    hash: u32,
    place: u32,
}

const EMPTY: Cell = Cell { hash: 0, place: NONE };

/// Indices, by hash.
#[derive(Default)]
pub struct Index {
    /// INVARIANT: no cell, or a power of two of them, and at least a quarter is empty.
    cells: Vec<Cell>,
    used: usize,
}

impl Index {
    fn cell(&self, at: usize) -> Cell {
        self.cells.get(at).copied().unwrap_or(EMPTY)
    }

    fn set(&mut self, at: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }

    /// The index with this hash for which `is` holds.
    #[inline]
    pub fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.cells.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            match self.cell(at) {
                Cell { place: NONE, .. } => return None,
                cell if cell.hash == hash && is(cell.place) => return Some(cell.place),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds an index that is not present.
    pub fn insert(&mut self, hash: u32, place: u32) {
        if (self.used + 1) * 4 > self.cells.len() * 3 {
            let size = (self.cells.len() * 2).max(LEAST);
            let old = std::mem::replace(&mut self.cells, vec![EMPTY; size]);
            for cell in &old {
                if cell.place != NONE {
                    self.put(*cell);
                }
            }
        }
        self.put(Cell { hash, place });
        self.used += 1;
    }

    fn put(&mut self, cell: Cell) {
        let mask = self.cells.len() - 1;
        let mut at = cell.hash as usize & mask;
        while self.cell(at).place != NONE {
            at = (at + 1) & mask;
        }
        self.set(at, cell);
    }

    /// Removes an index; entries after it that it displaced move up.
    pub fn remove(&mut self, hash: u32, place: u32) {
        let Some(mask) = self.cells.len().checked_sub(1) else { return };
        let mut hole = hash as usize & mask;
        while self.cell(hole).place != place {
            if self.cell(hole).place == NONE {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.used -= 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let moving = self.cell(next);
            if moving.place == NONE {
                break;
            }
            let home = moving.hash as usize & mask;
            // It may move if its home is not between the hole and its cell.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                self.set(hole, moving);
                hole = next;
            }
        }
        self.set(hole, EMPTY);
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
            // Few hashes, so that many collide.
            let place = (seed >> 40) as u32 % 300;
            let hash = (place % 40).wrapping_mul(0x9e37_79b9);
            let known = twin.contains_key(&place);
            assert_eq!(index.find(hash, |p| p == place), known.then_some(place));
            if known {
                twin.remove(&place);
                index.remove(hash, place);
            } else {
                twin.insert(place, ());
                index.insert(hash, place);
            }
            assert_eq!(index.used, twin.len());
        }
    }
}
