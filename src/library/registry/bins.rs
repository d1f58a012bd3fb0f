//! Counts observations by size: 64 bins of equal width between a power of two and the next, so that the
//! middle of a bin is off by at most 1/128 of what was observed. A bin is found by the upper bits of the
//! float. The bins of an octave are allocated when its first value comes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bits of a float that select the bin within an octave.
const BITS: u32 = 6;
const BINS: usize = 1 << BITS;

/// The bits of a float that are dropped.
const DROPPED: u32 = f64::MANTISSA_DIGITS - 1 - BITS;

/// The first octave starts at 2^-30.
const LEAST: u64 = (1023 - 30) << BITS;
const OCTAVES: usize = 80;

type Octave = OnceLock<Box<[AtomicU64; BINS]>>;

/// Observations of one sign.
#[derive(Debug)]
struct Half([Octave; OCTAVES]);

impl Half {
    fn new() -> Half {
        Half([const { OnceLock::new() }; OCTAVES])
    }

    #[inline]
    fn add(&self, magnitude: f64, times: u64) {
        let bin = (magnitude.to_bits() >> DROPPED) - LEAST;
        let octave = (bin as usize >> BITS).min(OCTAVES - 1);
        let beyond = bin as usize >= OCTAVES * BINS;
        let within = if beyond { BINS - 1 } else { bin as usize % BINS };
        let Some(octave) = self.0.get(octave) else { return };
        let bins = octave.get_or_init(|| Box::new([const { AtomicU64::new(0) }; BINS]));
        if let Some(count) = bins.get(within) {
            count.fetch_add(times, Relaxed);
        }
    }

    /// The sum of what `take` returns for all bins that were ever used.
    fn sum(&self, take: fn(&AtomicU64) -> u64) -> u64 {
        let mut sum = 0;
        for bins in self.0.iter().filter_map(OnceLock::get) {
            for count in bins.iter() {
                sum += take(count);
            }
        }
        sum
    }

    /// Appends the middle of each bin that any of `halves` uses, ascending, and its count.
    fn merge<'h>(halves: impl Iterator<Item = &'h Half> + Clone, all: &mut Vec<(f64, u64)>) {
        for octave in 0..OCTAVES {
            let octaves = || halves.clone().filter_map(|half| half.0.get(octave)?.get());
            if octaves().next().is_none() {
                continue;
            }
            for bin in 0..BINS {
                let counts = octaves().filter_map(|bins| bins.get(bin));
                let count = counts.map(|count| count.load(Relaxed)).sum();
                if count > 0 {
                    all.push((middle(LEAST + (octave * BINS + bin) as u64), count));
                }
            }
        }
    }
}

fn middle(bin: u64) -> f64 {
    f64::from_bits(bin << DROPPED | 1 << (DROPPED - 1))
}

/// The observations of one window.
#[derive(Debug)]
pub struct Bins {
    zero: AtomicU64,
    positive: Half,
    negative: OnceLock<Box<Half>>,
    /// The smallest and the largest value, in the form of `ordered`.
    least: AtomicU64,
    most: AtomicU64,
}

/// A float as an integer of the same order.
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The float from which `ordered` made an integer.
pub fn disordered(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

impl Bins {
    pub fn new() -> Bins {
        Bins {
            zero: AtomicU64::new(0),
            positive: Half::new(),
            negative: OnceLock::new(),
            least: AtomicU64::new(u64::MAX),
            most: AtomicU64::new(0),
        }
    }

    #[inline]
    pub fn add(&self, value: f64, times: u64) {
        let magnitude = value.abs();
        if magnitude.to_bits() >> DROPPED < LEAST {
            self.zero.fetch_add(times, Relaxed);
        } else if value > 0.0 {
            self.positive.add(magnitude, times);
        } else {
            self.negative.get_or_init(|| Box::new(Half::new())).add(magnitude, times);
        }
        // Usually both are known already.
        let key = ordered(value);
        if key < self.least.load(Relaxed) {
            self.least.fetch_min(key, Relaxed);
        }
        if key > self.most.load(Relaxed) {
            self.most.fetch_max(key, Relaxed);
        }
    }

    fn sum(&self, take: fn(&AtomicU64) -> u64) -> u64 {
        let negative = self.negative.get().map_or(0, |half| half.sum(take));
        negative + take(&self.zero) + self.positive.sum(take)
    }

    /// The number of observations.
    pub fn count(&self) -> u64 {
        self.sum(|count| count.load(Relaxed))
    }

    /// Forgets all; returns how many there were.
    pub fn clear(&self) -> u64 {
        self.least.store(u64::MAX, Relaxed);
        self.most.store(0, Relaxed);
        self.sum(|count| count.swap(0, Relaxed))
    }

    /// The middle of each bin that any of `all` uses, ascending, and its count.
    pub fn merge(all: &[Bins]) -> Vec<(f64, u64)> {
        let mut merged = Vec::new();
        Half::merge(all.iter().filter_map(|bins| Some(&**bins.negative.get()?)), &mut merged);
        merged.reverse();
        merged.iter_mut().for_each(|(value, _)| *value = -*value);
        let zero = all.iter().map(|bins| bins.zero.load(Relaxed)).sum();
        if zero > 0 {
            merged.push((0.0, zero));
        }
        Half::merge(all.iter().map(|bins| &bins.positive), &mut merged);
        merged
    }

    /// The smallest and the largest value, as integers of the same order: `disordered` converts them back.
    pub fn ends(&self) -> (u64, u64) {
        (self.least.load(Relaxed), self.most.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_the_integer() {
        let values = [f64::NEG_INFINITY, -2.0, -1e-9, -0.0, 0.0, 1e-9, 2.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(values.iter().all(|v| disordered(ordered(*v)).to_bits() == v.to_bits()));
    }
}
