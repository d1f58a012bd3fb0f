//! Engine for counters of parts that come and go and start again from 0: stations of an access point, connections of a
//! modem. Their growth between two readings is added up, so that the sum never falls when a part is gone. What
//! was there before the first reading does not count, and growth of a part after the last reading that showed it is
//! lost.

use std::time::{Duration, Instant};

/// Counters of a part.
pub const COLUMNS: usize = 10;

/// Parts that are remembered; those beyond are left out, and `add` returns false.
const MAX_PARTS: usize = 512;

/// Ages are in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// A counter of 32 bits that fell started again from 0 if it was below this; otherwise it wrapped.
const HALF: u64 = 1 << 31;

/// The counters of a part; `None` for those that it does not have.
pub type Counts = [Option<u64>; COLUMNS];

/// The sums over the parts of one object, such as the stations of an interface.
#[derive(Debug, Default)]
pub struct Growth {
    /// `None` for counters that no part has.
    pub sums: Counts,
    parts: Vec<Part>,
    /// When the last complete reading was.
    last_reading: Option<Instant>,
    /// The index of the probable next part: they mostly come in the same order.
    next: usize,
}

#[derive(Debug)]
struct Part {
    key: u64,
    /// When it was seen last, and what it counted then.
    at: Instant,
    last: Counts,
    is_seen: bool,
}

/// A part as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// The identity of the part.
    pub key: u64,
    pub counts: Counts,
    /// How long it counts, if that is known.
    pub age: Option<Duration>,
    /// Bit i for column i: the counter has 32 bits.
    pub short: u16,
}

impl Growth {
    /// Begins a reading.
    pub fn begin(&mut self) {
        self.next = 0;
        self.parts.iter_mut().for_each(|part| part.is_seen = false);
    }

    /// Whether the part was seen before.
    pub fn knows(&self, key: u64) -> bool {
        self.parts.iter().any(|part| part.key == key)
    }

    /// Adds the growth of a part; `false` if there are too many. A part that appears twice in a reading counts once.
    pub fn add(&mut self, seen: &Observation, now: Instant) -> bool {
        let is_it = |part: &Part| part.key == seen.key;
        let expected = self.parts.get(self.next).filter(|part| is_it(part)).map(|_| self.next);
        let at = expected.or_else(|| self.parts.iter().position(is_it));
        let at = at.unwrap_or(self.parts.len());
        self.next = at + 1;
        if at >= MAX_PARTS {
            return false;
        }
        match self.parts.get_mut(at) {
            Some(part) if part.is_seen => {}
            Some(part) => part.grow(seen, now, &mut self.sums),
            None => {
                // It may only have been missed by the last reading.
                let is_new = self
                    .last_reading
                    .is_some_and(|last_reading| is_younger(seen.age, now, last_reading));
                let of = |count: &Option<u64>| count.map(|count| if is_new { count } else { 0 });
                self.sums
                    .iter_mut()
                    .zip(&seen.counts)
                    .for_each(|(sum, count)| raise(sum, of(count)));
                let (key, last) = (seen.key, seen.counts);
                self.parts.push(Part { key, at: now, last, is_seen: true });
            }
        }
        true
    }

    /// Ends a complete reading: parts that it did not show are gone.
    pub fn end(&mut self, now: Instant) {
        self.parts.retain(|part| part.is_seen);
        self.last_reading = Some(now);
    }
}

impl Part {
    fn grow(&mut self, seen: &Observation, now: Instant, sums: &mut Counts) {
        let is_younger = is_younger(seen.age, now, self.at);
        let columns = self.last.iter_mut().zip(seen.counts).zip(sums).enumerate();
        for (column, ((last, count), sum)) in columns {
            let Some(count) = count else { continue };
            let is_short = seen.short >> column & 1 == 1;
            let grown = match *last {
                // It is unknown since when it counts.
                None => 0,
                Some(_) if is_younger => count,
                Some(last) if count >= last => count - last,
                Some(last) if is_short && seen.age.is_some() && (HALF..1 << 32).contains(&last) => {
                    (count + (1 << 32)).saturating_sub(last)
                }
                Some(_) => count,
            };
            raise(sum, Some(grown));
            *last = Some(count);
        }
        (self.at, self.is_seen) = (now, true);
    }
}

/// Whether a part of this age began after `then`.
fn is_younger(age: Option<Duration>, now: Instant, then: Instant) -> bool {
    age.is_some_and(|age| age + SECOND <= now.saturating_duration_since(then))
}

fn raise(sum: &mut Option<u64>, by: Option<u64>) {
    if let Some(by) = by {
        *sum = Some(sum.unwrap_or_default().saturating_add(by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(key: u64, count: u64, age: Option<u64>) -> Observation {
        let mut counts = Counts::default();
        counts[3] = Some(count);
        Observation { key, counts, age: age.map(Duration::from_secs), short: 1 << 3 }
    }

    /// The sum after each reading, ten seconds apart.
    fn sums(readings: &[&[Observation]]) -> Vec<Option<u64>> {
        let (mut growth, start) = (Growth::default(), Instant::now());
        let mut read = |(at, parts): (usize, &&[Observation])| {
            let now = start + Duration::from_secs(10 * at as u64);
            growth.begin();
            assert!(parts.iter().all(|part| growth.add(part, now)));
            growth.end(now);
            growth.sums[3]
        };
        readings.iter().enumerate().map(&mut read).collect()
    }

    #[test]
    fn a_sum_goes_on_when_parts_come_and_go() {
        let readings: [&[Observation]; 5] = [
            &[seen(1, 100, Some(60)), seen(2, 1000, Some(5))],
            &[seen(2, 1010, Some(15)), seen(1, 105, Some(70))],
            &[seen(1, 107, Some(80))],
            &[seen(1, 107, Some(90)), seen(2, 40, Some(3))],
            &[],
        ];
        assert_eq!(sums(&readings), [0, 15, 17, 57, 57].map(Some));
    }

    #[test]
    fn a_part_that_starts_again_counts_from_zero() {
        let again = |count| sums(&[&[seen(1, 100, Some(60))], &[seen(1, count, Some(4))]])[1];
        assert_eq!((again(30), again(130)), (Some(30), Some(130)));
        // A part of unknown age.
        let unknown = |count| sums(&[&[seen(1, 100, None)], &[seen(1, count, None)]])[1];
        assert_eq!((unknown(30), unknown(130)), (Some(30), Some(30)));
    }

    #[test]
    fn a_part_missed_once_is_not_counted_twice() {
        let readings: [&[Observation]; 3] =
            [&[seen(1, 900, Some(60))], &[], &[seen(1, 950, Some(80)), seen(2, 70, None)]];
        assert_eq!(sums(&readings)[2], Some(0));
        let twice = seen(1, 950, Some(70));
        assert_eq!(sums(&[&[seen(1, 900, Some(60))], &[twice, twice]])[1], Some(50));
    }

    #[test]
    fn counters_of_32_bits_go_on_when_they_wrap() {
        let high = (1 << 32) - 7;
        let over = |last, age| sums(&[&[seen(1, last, Some(60))], &[seen(1, 5, age)]])[1];
        assert_eq!(over(high, Some(70)), Some(12));
        // The value was too low for that, or the part is younger, or its age is unknown.
        assert_eq!([over(900, Some(70)), over(high, Some(2)), over(high, None)], [Some(5); 3]);
        // A counter of 64 bits.
        assert_eq!(over(1 << 40, Some(70)), Some(5));
    }

    #[test]
    fn a_failed_reading_keeps_the_known_parts() {
        let (mut growth, start) = (Growth::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        growth.add(&seen(1, 100, Some(60)), start);
        growth.end(start);
        growth.begin();
        growth.begin();
        growth.add(&seen(1, 20, Some(5)), later(20));
        growth.begin(); // before its end
        growth.add(&seen(1, 25, Some(15)), later(30));
        assert_eq!((growth.sums[3], growth.knows(1), growth.knows(2)), (Some(25), true, false));
    }

    #[test]
    fn parts_are_bounded() {
        let (mut growth, now) = (Growth::default(), Instant::now());
        let fits = (0..600).filter(|key| growth.add(&seen(*key, 1, None), now)).count();
        assert_eq!(fits, MAX_PARTS);
        assert_eq!(growth.sums[0], None);
    }
}
