//! The processes with the largest amount of something.

use crate::kernel::read::Process;

/// The first few, largest first, and the sum of the others.
pub struct Top {
    most: usize,
    first: Vec<(Process, u64)>,
    rest: u64,
}

impl Top {
    /// At most `most` processes are kept individually.
    pub fn new(most: usize) -> Top {
        Top { most, first: Vec::with_capacity(most + 1), rest: 0 }
    }

    /// Begins a reading.
    pub fn begin(&mut self) {
        self.first.clear();
        self.rest = 0;
    }

    /// Adds a process with this amount; of two with the same the earlier one comes first.
    pub fn add(&mut self, process: &Process, amount: u64) {
        let place = self.first.partition_point(|(_, known)| *known >= amount);
        if amount > 0 && place < self.most {
            self.first.insert(place, (*process, amount));
            if self.first.len() <= self.most {
                return;
            }
        }
        let out = if self.first.len() > self.most { self.first.pop() } else { None };
        let amount = out.map_or(amount, |(_, amount)| amount);
        self.rest = self.rest.saturating_add(amount);
    }

    /// The processes with an amount above 0, largest first.
    pub fn first(&self) -> impl Iterator<Item = (&Process, u64)> {
        self.first.iter().map(|(process, amount)| (process, *amount))
    }

    /// The sum of all others.
    pub fn rest(&self) -> u64 {
        self.rest
    }
}
