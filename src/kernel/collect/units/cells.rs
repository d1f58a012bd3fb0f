//! The values of a control group, and sums of them.

/// A value of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    User,
    System,
    Memory,
    WorkingSet,
    Limit,
    Tasks,
    ReadBytes,
    WrittenBytes,
    Reads,
    Writes,
    CpuWaiting,
    IoWaiting,
    MemoryWaiting,
    CpuStalled,
    IoStalled,
    MemoryStalled,
    OomKills,
}

const COLUMNS: usize = 17;

/// The columns that go up and down.
const GAUGES: [Column; 4] = [Column::Memory, Column::WorkingSet, Column::Limit, Column::Tasks];

/// The values of one group, or of several together.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// The last values, also where the last reading failed.
    pub values: [u64; COLUMNS],
    /// The values of the last reading: bit i for column i.
    present: u32,
}

impl Cells {
    /// The value of the last reading.
    pub fn get(&self, column: Column) -> Option<u64> {
        let value = self.values.get(column as usize).copied();
        value.filter(|_| self.present >> column as u32 & 1 == 1)
    }

    pub fn set(&mut self, column: Column, value: u64) {
        if let Some(cell) = self.values.get_mut(column as usize) {
            *cell = value;
            self.present |= 1 << column as u32;
        }
    }

    pub fn clear(&mut self, columns: &[Column]) {
        columns.iter().for_each(|column| self.present &= !(1 << *column as u32));
    }

    /// For how many readings in a row no CPU time was used, if it was `before` up to the last reading and the values
    /// were these then.
    pub fn idle_since(&self, values: &[u64; COLUMNS], before: u8) -> u8 {
        let is_same = |column: Column| {
            self.get(column).is_some_and(|now| values.get(column as usize) == Some(&now))
        };
        let is_idle = is_same(Column::User) && is_same(Column::System);
        if is_idle { before.saturating_add(1) } else { 0 }
    }

    /// Begins a new sum: counters continue from their last value, even if groups are gone by now.
    pub fn begin(&mut self) {
        for column in GAUGES {
            self.set(column, 0);
        }
        self.clear(&GAUGES);
    }

    /// Adds a group that had the values `before` when it was added last: its counters by their growth,
    /// so that the sum does not fall when a group ends.
    pub fn add(&mut self, group: &Cells, before: &[u64; COLUMNS]) {
        let is_gauge = |at: usize| GAUGES.iter().any(|gauge| *gauge as usize == at);
        for (at, sum) in self.values.iter_mut().enumerate() {
            if group.present >> at & 1 == 0 {
                continue;
            }
            let now = group.values.get(at).copied().unwrap_or_default();
            let then = before.get(at).copied().unwrap_or_default();
            let grown = if is_gauge(at) { now } else { now.checked_sub(then).unwrap_or(now) };
            *sum = sum.saturating_add(grown);
            self.present |= 1 << at;
        }
    }
}
