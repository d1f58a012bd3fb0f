//! Groups against a map with linear search, with random groups, generations and times.

use super::{by, samples};
use crate::model::store::*;
use std::collections::BTreeMap;

/// The twin's data of a series.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    value: f64,
    end: u64,
    owner: usize,
    is_new: bool,
}

/// The store and its twin.
struct Both {
    store: Store,
    twin: BTreeMap<(String, String), Series>,
    groups: Vec<Group>,
    open: Vec<bool>,
}

/// The random numbers of a step, from the bits of one.
struct Random(u64);

impl Random {
    fn below(&self, n: u64, from: u32) -> u64 {
        (self.0 >> from) % n
    }
}

impl Both {
    /// One random operation of one group.
    fn step(&mut self, random: &Random, clock: u64, now: Instant) {
        self.twin.retain(|_, series| series.end > clock);
        let who = random.below(self.groups.len() as u64, 33) as usize;
        let group = self.groups[who];
        let name = format!("n{}", random.below(5, 37));
        match random.below(60, 48) {
            0 if who > 0 => {
                self.store.begin(group);
                self.open[who] = true;
                let own = self.twin.values_mut().filter(|s| s.owner == who);
                own.for_each(|s| s.is_new = false);
            }
            1 if self.open[who] => {
                self.store.end(group);
                self.open[who] = false;
                self.twin.retain(|_, s| s.owner != who || s.is_new);
            }
            2 if who > 0 => {
                self.store.drop_metric(group, &name);
                let is_open = self.open[who];
                self.twin.retain(|(n, _), s| s.owner != who || *n != name || is_open && s.is_new);
            }
            3 if who > 0 && random.below(3, 25) == 0 => {
                self.store.close_group(group);
                self.twin.retain(|_, s| s.owner != who);
                self.groups[who] = self.store.open_group();
                self.open[who] = false;
            }
            4 if self.groups.len() < 6 => {
                self.groups.push(self.store.open_group());
                self.open.push(false);
            }
            _ => self.take(who, name, random, clock, now),
        }
    }

    /// Stores a sample.
    fn take(&mut self, who: usize, name: String, random: &Random, clock: u64, now: Instant) {
        let labels = format!("l=\"{}\"", random.below(30, 41));
        let value = random.below(100, 50) as f64;
        let ttl = [0, 1_000, 4_000][random.below(3, 15) as usize];
        let ttl = if who == 0 && ttl == 0 { 500 } else { ttl };
        let offer = by(self.groups[who], &name, &labels, value);
        let done = self.store.take(&Offer { ttl: Duration::from_millis(ttl), ..offer }, now);
        let key = (name, labels);
        let expected = match self.twin.get(&key) {
            Some(old) if old.owner != who => Err(Reason::Owned),
            Some(old) if self.open[who] && old.is_new => Err(Reason::Twice),
            _ => Ok(()),
        };
        assert_eq!(done, expected, "{key:?} at {clock}");
        if done.is_ok() {
            let end = if ttl == 0 { u64::MAX } else { clock + ttl };
            self.twin.insert(key, Series { value, end, owner: who, is_new: true });
        }
    }

    fn compare(&mut self, now: Instant) {
        let mut found = samples(&mut self.store, now);
        found.sort_unstable();
        let line = |((name, labels), series): (&(String, String), &Series)| {
            format!("{name}{{{labels}}} {}", series.value)
        };
        let mut expected: Vec<_> = self.twin.iter().map(line).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(self.store.len(), self.twin.len());
        for (who, group) in self.groups.iter().enumerate().skip(1) {
            let count = self.twin.values().filter(|series| series.owner == who).count();
            assert_eq!(self.store.live_in(*group), count);
        }
    }
}

#[test]
fn does_what_a_naive_twin_does_with_groups() {
    let start = Instant::now();
    let mut store = Store::new(Bounds::default(), start);
    let groups = vec![Group::SHARED, store.open_group(), store.open_group()];
    let mut both = Both { store, twin: BTreeMap::new(), open: vec![false; groups.len()], groups };
    let (mut seed, mut clock) = (11u64, 0u64);
    for round in 0..60_000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let random = Random(seed);
        clock += random.below(3, 20) * 100;
        let now = start + Duration::from_millis(clock);
        both.step(&random, clock, now);
        if round % 50 == 0 {
            both.compare(now);
        }
    }
}
