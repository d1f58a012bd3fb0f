//! Quantiles of observations in bounded memory, without a lock: observations are counted in bins, 64
//! of equal width between a power of two and the next, so that the value of a bin is off by at most
//! 1/128 (0.8 %) of a value. That holds for values whose magnitude is between 2^-30 (a billionth) and
//! 2^50 (10^15); smaller ones count as zero, larger ones go into the last bin. The smallest and the
//! largest value are known exactly.
//!
//! The bins of an octave are allocated when its first value comes: 512 bytes for each octave, window and sign.
//! Latencies between a microsecond and a second are 20 octaves, 30 KB in three windows; no values
//! take more than 240 KB in three windows.
//!
//! Quantiles cover recent observations: of several windows the oldest is emptied when its time is over.
//! Windows turn when they are read, so that an observation needs no clock; where they were not read for
//! longer, the quantiles reach back to the last reading. Sum and count cover all time.

use super::atomic::add;
use super::bins::{Bins, disordered};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The most windows.
pub const MAX_WINDOWS: usize = 16;

/// How far quantiles look back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The time after which the oldest window is forgotten.
    pub turn: Duration,
    /// The number of windows; between 1 and 16.
    pub count: usize,
}

impl Default for Window {
    /// A minute, of which a third is forgotten at a time.
    fn default() -> Window {
        Window { turn: Duration::from_secs(20), count: 3 }
    }
}

/// Observations.
#[derive(Debug)]
pub struct Sketch {
    windows: Box<[Bins]>,
    /// The window that is filled now.
    at: AtomicUsize,
    sum: AtomicU64,
    turn: Duration,
    turned: Mutex<Rotation>,
}

#[derive(Debug, Default)]
struct Rotation {
    /// The number of observations that are forgotten.
    gone: u64,
    /// When the current window began, in milliseconds of the registry.
    began: Option<u64>,
}

/// The values of a sketch.
#[derive(Debug, Default, PartialEq)]
pub struct Snapshot {
    pub quantiles: Vec<(f64, f64)>,
    pub sum: f64,
    pub count: u64,
}

impl Sketch {
    pub fn new(window: Window) -> Sketch {
        Sketch {
            windows: (0..window.count.clamp(1, MAX_WINDOWS)).map(|_| Bins::new()).collect(),
            at: AtomicUsize::new(0),
            sum: AtomicU64::new(0),
            turn: window.turn,
            turned: Mutex::default(),
        }
    }

    /// Adds an observation several times. Not a NaN.
    #[inline]
    pub fn add(&self, value: f64, times: u64) {
        if let Some(bins) = self.windows.get(self.at.load(Relaxed)) {
            bins.add(value, times);
            add(&self.sum, value * times as f64);
        }
    }

    /// The number of observations.
    pub fn count(&self) -> u64 {
        let turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        turned.gone + self.windows.iter().map(Bins::count).sum::<u64>()
    }

    /// Turns the windows whose time is over, then reads the others.
    pub fn snapshot(&self, quantiles: &[f64], now: u64) -> Snapshot {
        let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut turned, now);
        let all = Bins::merge(&self.windows);
        let recent = all.iter().map(|(_, count)| count).sum::<u64>();
        let ends = self.windows.iter().map(Bins::ends);
        let (least, most) = ends.fold((u64::MAX, 0), |(a, b), (c, d)| (a.min(c), b.max(d)));
        let ends = (disordered(least), disordered(most));
        let quantiles = quantiles.iter().map(|q| (*q, quantile(&all, recent, ends, *q))).collect();
        let sum = f64::from_bits(self.sum.load(Relaxed));
        Snapshot { quantiles, sum, count: turned.gone + recent }
    }

    fn turn(&self, turned: &mut Rotation, now: u64) {
        let turn = u64::try_from(self.turn.as_millis()).unwrap_or(u64::MAX).max(1);
        let Some(began) = turned.began else {
            turned.began = Some(now);
            return;
        };
        let times = now.saturating_sub(began) / turn;
        turned.began = Some(began + times * turn);
        for _ in 0..times.min(self.windows.len() as u64) {
            let next = (self.at.load(Relaxed) + 1) % self.windows.len();
            turned.gone += self.windows.get(next).map_or(0, Bins::clear);
            self.at.store(next, Relaxed);
        }
    }
}

/// The value below which the part `q` of `all` lies: of `n` in order the value at index `q * (n - 1)`.
fn quantile(all: &[(f64, u64)], n: u64, (least, most): (f64, f64), q: f64) -> f64 {
    let Some(last) = n.checked_sub(1) else { return f64::NAN };
    let place = (q * last as f64) as u64;
    if place == 0 {
        return least;
    }
    if place >= last {
        return most;
    }
    let mut before = 0;
    let found = all.iter().find(|(_, count)| {
        before += count;
        before > place
    });
    // A bin's middle may lie outside the range that was observed.
    found.map_or(most, |(value, _)| value.max(least).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of a bin.
    const ERROR: f64 = 1.0 / 128.0;

    fn sketch() -> Sketch {
        Sketch::new(Window { turn: Duration::from_secs(20), count: 3 })
    }

    #[test]
    fn quantiles_are_those_of_a_sorted_twin() {
        let quantiles = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0];
        let mut seed = 7u64;
        for (scale, shift) in [(1.0, 0.0), (1e-6, 0.0), (1e12, 0.0), (2.0, -1.0), (1e3, -2e3)] {
            for n in [1usize, 2, 3, 10, 1000] {
                let (sketch, mut twin) = (sketch(), Vec::new());
                for _ in 0..n {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    let chance = (seed >> 11) as f64 / (1u64 << 53) as f64;
                    twin.push(chance * chance * scale + shift);
                }
                twin.iter().for_each(|value| sketch.add(*value, 1));
                let (snapshot, sum) = (sketch.snapshot(&quantiles, 0), twin.iter().sum::<f64>());
                twin.sort_by(f64::total_cmp);
                for (q, value) in snapshot.quantiles {
                    let exact = twin[(q * (n - 1) as f64) as usize];
                    let off = (value - exact).abs();
                    let most = if exact.abs() < 1e-9 { 1e-9 } else { exact.abs() * ERROR };
                    assert!(off <= most, "{q} of {n} by {scale}: {value}, not {exact}");
                }
                assert_eq!((snapshot.sum, snapshot.count), (sum, n as u64));
            }
        }
    }

    #[test]
    fn values_beyond_the_bins_are_bounded_by_least_and_most() {
        let sketch = sketch();
        for value in [0.0, 1e-300, -1e-300, 1e300, f64::INFINITY, -1e300, f64::NEG_INFINITY] {
            sketch.add(value, 2);
        }
        let snapshot = sketch.snapshot(&[0.0, 0.5, 1.0], 0);
        assert_eq!(snapshot.count, 14);
        assert!(snapshot.sum.is_nan(), "infinity less infinity");
        let [least, middle, most] = snapshot.quantiles[..] else { panic!() };
        assert_eq!((least.1, most.1), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(middle.1, 0.0);
    }

    #[test]
    fn old_observations_are_forgotten_but_counted() {
        let sketch = sketch();
        let median = |now: u64| sketch.snapshot(&[0.5], now).quantiles[0].1.round();
        assert!(median(0).is_nan());
        sketch.add(1.0, 5);
        assert_eq!(median(19_999), 1.0);
        sketch.add(3.0, 4);
        assert_eq!(median(20_000), 1.0);
        sketch.add(7.0, 100);
        assert_eq!(median(59_999), 7.0);
        // The first window is emptied as the third of them begins again.
        assert_eq!(sketch.snapshot(&[0.0], 60_000).quantiles, [(0.0, 7.0)]);
        assert!(median(80_000).is_nan());
        assert!(median(10_000_000).is_nan());
        let snapshot = sketch.snapshot(&[], 10_000_001);
        assert_eq!((snapshot.count, snapshot.sum), (109, 5.0 + 12.0 + 700.0));
        assert_eq!(sketch.count(), 109);
    }
}
