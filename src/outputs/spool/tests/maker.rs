//! Frames with random series and numbers.

use crate::base::clock::Timestamp;
use crate::model::frame::{FamilyDef, Frame, Scale, SeriesDef, Shape, State, Table};
use crate::model::metric::Kind;
use std::sync::Arc;

#[path = "../../../../tests/support/random.rs"]
mod random;
pub use random::Random;

pub const BOOT_TIME: i64 = 1_800_000_000_250;

/// Grows a table and changes numbers at random, of every shape and scale.
pub struct Maker {
    pub random: Random,
    table: Table,
    states: Vec<State>,
    slots: Vec<u64>,
    since_boot: u64,
}

impl Maker {
    pub fn new(seed: u64) -> Maker {
        let (random, table) = (Random::new(seed), Table::new(seed));
        // The real clock is ahead of it: no frame is from the future.
        Maker { random, table, states: Vec::new(), slots: Vec::new(), since_boot: 10 }
    }

    fn text(&mut self) -> String {
        let parts = ["a", "node_", "é", "cpu\n", "\"", "", "0123456789", "\u{10ffff}"];
        (0..self.random.below(4)).map(|_| self.random.pick(&parts)).collect()
    }

    fn grow(&mut self) {
        let kinds = [Kind::Counter, Kind::Gauge, Kind::Histogram, Kind::Summary, Kind::Untyped];
        if self.table.families() == 0 || self.random.rarely(3) {
            let (name, help, collector) = (self.text(), self.text(), self.text());
            self.table.add_family(FamilyDef {
                name: &name,
                help: &help,
                kind: kinds[self.random.below(5)],
                is_delta: self.random.rarely(4),
                collector: &collector,
            });
        }
        let scales = [Scale::Int, Scale::Centi, Scale::Milli, Scale::Nano, Scale::Float];
        let list: Vec<f64> = [[0.5, 0.9, f64::NAN], [1.0, 2.0, f64::INFINITY]]
            [self.random.below(2)][..self.random.below(4)]
            .to_vec();
        let shape = match self.random.below(6) {
            0 => Shape::Histogram(&list),
            1 => Shape::Summary(&list),
            _ => Shape::Number(scales[self.random.below(5)]),
        };
        let (family, start) =
            (self.random.below(self.table.families()) as u32, self.random.number() % 3);
        let is_timed = self.random.rarely(5);
        let labels: Vec<_> =
            (0..self.random.below(3)).map(|_| (self.text(), self.text())).collect();
        let def = SeriesDef { family, shape, start, is_timed, slot: 0 };
        let labels = labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        self.table.add_series(def, labels);
        self.states.push(State::Absent);
        self.slots.resize(self.table.slots(), 0);
    }

    pub fn frame(&mut self) -> Frame {
        if self.random.rarely(60) {
            self.table = Table::new(self.table.generation + 1);
            self.states.clear();
            self.slots.clear();
        }
        while self.table.series() < 3 || self.random.rarely(5) {
            self.grow();
        }
        for id in 0..self.table.series() {
            if self.random.rarely(8) || self.states[id] == State::Stale {
                self.states[id] =
                    [State::Absent, State::Live, State::Live, State::Stale][self.random.below(4)];
            }
            let series = self.table.one(id as u32).unwrap();
            let count = series.shape.slots() + usize::from(series.is_timed);
            for slot in &mut self.slots[series.slot as usize..][..count] {
                *slot = match self.random.below(4) {
                    _ if self.states[id] != State::Live => 0,
                    0 => *slot,
                    1 => slot.wrapping_add(self.random.number() >> 40),
                    2 => self.random.number(),
                    _ => (self.random.number() as f64).to_bits(),
                };
            }
        }
        let before = self.since_boot;
        self.since_boot += self.random.number() % 9;
        let boot_time = if self.random.rarely(4) { None } else { Some(BOOT_TIME) };
        Frame {
            table: Arc::new(self.table.clone()),
            moment: Timestamp { since_boot: self.since_boot, boot_time },
            before,
            states: self.states.clone(),
            slots: self.slots.clone(),
        }
    }
}
