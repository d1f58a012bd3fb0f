//! How fast series grow. A ring holds values of a counter in the window, with what it lost at
//! resets added (as Prometheus does: a lower value means that it started again from zero). The increase
//! is not extrapolated to the edges of the window: `rate` is the observed increase, divided by the time
//! in which it was observed. A window that is shorter than the evaluation interval is as long as that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most points of a ring; in long windows they are further apart than evaluations.
const MAX_POINTS: u32 = 64;

/// The counters of one selector.
#[derive(Default)]
pub struct Rings {
    /// Sorted by labels.
    rings: Vec<Ring>,
}

struct Ring {
    labels: Box<[u8]>,
    /// The last finite raw value, and when it was read.
    raw: f64,
    seen: Instant,
    /// The total that was lost at resets.
    lost: f64,
    /// Times and values, with resets removed.
    points: VecDeque<(Instant, f64)>,
}

/// The growth of a counter in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The increase.
    pub increase: f64,
    /// The time in which it was observed, in seconds.
    pub seconds: f64,
}

/// The time and the range of an evaluation.
#[derive(Clone, Copy)]
pub struct RateWindow {
    /// The time.
    pub now: Instant,
    /// The evaluation interval.
    pub interval: Duration,
    /// The requested window.
    pub window: Duration,
}

impl RateWindow {
    /// Older points do not count. Evaluations come a little late: the point at the edge is included.
    fn reach(&self) -> Duration {
        self.window.max(self.interval) + self.interval / 2
    }

    fn is_within(&self, at: Instant) -> bool {
        self.now.saturating_duration_since(at) <= self.reach()
    }
}

impl Rings {
    /// The number of series.
    pub fn len(&self) -> usize {
        self.rings.len()
    }

    /// Adds the series' current `value`; returns its growth, once there are two points. `has_room` says
    /// whether one more series may be kept; otherwise an error is returned.
    pub fn push(
        &mut self,
        labels: &[u8],
        value: f64,
        range: RateWindow,
        has_room: bool,
    ) -> Result<Option<Growth>, ()> {
        let place = match self.rings.binary_search_by(|ring| (*ring.labels).cmp(labels)) {
            Ok(place) => place,
            Err(_) if !has_room => return Err(()),
            Err(place) => {
                self.rings.insert(place, Ring::new(labels, range.now));
                place
            }
        };
        Ok(self.rings.get_mut(place).and_then(|ring| ring.push(value, range)))
    }

    /// Forgets series that were not seen within the window.
    pub fn sweep(&mut self, range: RateWindow) {
        self.rings.retain(|ring| range.is_within(ring.seen));
    }
}

impl Ring {
    fn new(labels: &[u8], now: Instant) -> Ring {
        // No value is less than NaN: the first one is not a reset.
        let (raw, points) = (f64::NAN, VecDeque::new());
        Ring { labels: labels.into(), raw, seen: now, lost: 0.0, points }
    }

    fn push(&mut self, value: f64, range: RateWindow) -> Option<Growth> {
        if !value.is_finite() {
            return None;
        }
        if value < self.raw {
            self.lost += self.raw;
        }
        (self.raw, self.seen) = (value, range.now);
        let total = self.lost + value;
        while self.points.front().is_some_and(|(at, _)| !range.is_within(*at)) {
            self.points.pop_front();
        }
        let growth = self.points.front().and_then(|(at, before)| {
            let seconds = range.now.saturating_duration_since(*at).as_secs_f64();
            (seconds > 0.0).then(|| Growth { increase: total - before, seconds })
        });
        let apart = range.window / MAX_POINTS;
        let is_due = |(at, _): &(Instant, f64)| range.now.saturating_duration_since(*at) >= apart;
        if self.points.back().is_none_or(is_due) {
            self.points.push_back((range.now, total));
        }
        growth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The growth of a series at each evaluation, at `interval`, in a window of a minute.
    fn growths(interval: u32, values: &[f64]) -> Vec<Option<(f64, f64)>> {
        let (mut rings, start) = (Rings::default(), Instant::now());
        let interval = interval * SECOND;
        let range = |at: usize| RateWindow {
            now: start + interval * at as u32,
            interval,
            window: 60 * SECOND,
        };
        let push = |(at, value): (usize, &f64)| {
            let growth = rings.push(b"", *value, range(at), true).unwrap();
            growth.map(|growth| (growth.increase, growth.seconds))
        };
        values.iter().enumerate().map(push).collect()
    }

    #[test]
    fn a_rate_needs_two_points() {
        assert_eq!(growths(15, &[5.0, 5.0, 8.0]), [None, Some((0.0, 15.0)), Some((3.0, 30.0))]);
    }

    #[test]
    fn the_window_moves() {
        let grown = growths(30, &[0.0, 1.0, 3.0, 7.0, 15.0]);
        assert_eq!(grown[2..], [Some((3.0, 60.0)), Some((6.0, 60.0)), Some((12.0, 60.0))]);
        // A window shorter than the interval: from one evaluation to the next.
        assert_eq!(growths(90, &[0.0, 1.0, 3.0])[1..], [Some((1.0, 90.0)), Some((2.0, 90.0))]);
    }

    #[test]
    fn a_reset_starts_from_zero() {
        let grown = growths(15, &[10.0, 13.0, 2.0, 4.0, 1.0]);
        assert_eq!(grown[1..], [(3.0, 15.0), (5.0, 30.0), (7.0, 45.0), (8.0, 60.0)].map(Some));
        assert_eq!(growths(15, &[10.0, f64::NAN, 11.0])[1..], [None, Some((1.0, 30.0))]);
        let after_infinity = growths(15, &[f64::INFINITY, 10.0, 11.0]);
        assert_eq!(after_infinity, [None, None, Some((1.0, 15.0))], "it was no value of a counter");
    }

    #[test]
    fn memory_is_bounded() {
        let (mut rings, start) = (Rings::default(), Instant::now());
        let window = 3600 * SECOND;
        let mut last = None;
        for second in 0..20_000 {
            let range = RateWindow { now: start + SECOND * second, interval: SECOND, window };
            last = rings.push(b"a", f64::from(second), range, true).unwrap();
        }
        let points = rings.rings[0].points.len();
        assert!((32..=MAX_POINTS as usize + 2).contains(&points), "{points}");
        let growth = last.unwrap();
        assert_eq!(growth.increase, growth.seconds);
        assert!((3500.0..=3600.0).contains(&growth.seconds), "{growth:?}");
        let range = RateWindow { now: start + SECOND * 20_000, interval: SECOND, window };
        assert_eq!(rings.push(b"b", 1.0, range, false), Err(()));
        assert_eq!(rings.push(b"b", 1.0, range, true), Ok(None));
        let later = RateWindow { now: range.now + window + SECOND, ..range };
        rings.push(b"b", 2.0, later, true).unwrap();
        rings.sweep(later);
        assert_eq!(rings.len(), 1);
    }
}
