//! Wall-clock time as people and protocols write it. Durations are measured with `Instant`.

#[cfg(feature = "hub")]
mod parse;

use crate::base::sys;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// 2026-11-01: a wall clock before this has not been set yet.
const EARLIEST_PLAUSIBLE: u64 = 1_793_491_200;

/// Milliseconds by which the two clocks must disagree for one to have been set.
const CLOCK_WAS_SET: u64 = 100;

/// A point of wall-clock time, in UTC.
#[derive(Clone, Copy, Debug)]
pub struct WallClock(Duration);

impl WallClock {
    /// The time of the wall clock; 1970 if it is earlier.
    pub fn now() -> WallClock {
        WallClock(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The time at this distance from the start of 1970.
    pub fn at(since_epoch: Duration) -> WallClock {
        WallClock(since_epoch)
    }

    /// Time since 1970.
    pub fn since_epoch(self) -> Duration {
        self.0
    }

    /// The year.
    pub fn year(self) -> u64 {
        Civil::of(self.0.as_secs()).year
    }

    /// Whether the clock can be right: not before this program was written.
    pub fn is_plausible(self) -> bool {
        self.0.as_secs() >= EARLIEST_PLAUSIBLE
    }

    /// `Fri, 20 Nov 2026 09:12:03 GMT`, as HTTP writes dates (RFC 9110 section 5.6.7).
    pub fn http(self) -> [u8; 29] {
        const DAYS: [&[u8; 3]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];
        const MONTHS: [&[u8; 3]; 12] = [
            b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
            b"Dec",
        ];
        let c = Civil::of(self.0.as_secs());
        let two = |n: u64| [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        let [a, b, e] = *DAYS.get(c.weekday as usize).copied().unwrap_or(b"   ");
        let [f, g, i] = *MONTHS.get(c.month as usize - 1).copied().unwrap_or(b"   ");
        let ([d1, d2], [y1, y2], [y3, y4]) = (two(c.day), two(c.year / 100), two(c.year));
        let (hour, minute, second) = c.time();
        let ([h1, h2], [m1, m2], [s1, s2]) = (two(hour), two(minute), two(second));
        #[rustfmt::skip]
        let text = [
            a, b, e, b',', b' ', d1, d2, b' ', f, g, i, b' ', y1, y2, y3, y4, b' ',
            h1, h2, b':', m1, m2, b':', s1, s2, b' ', b'G', b'M', b'T',
        ];
        text
    }

    /// `2026-11-20T09:12:03.456Z` (RFC 3339).
    pub fn rfc3339(self) -> impl fmt::Display {
        Rfc3339(Civil::of(self.0.as_secs()), self.0.subsec_millis())
    }
}

/// A point of time on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timestamp {
    /// Milliseconds since the machine started, suspended or not (CLOCK_BOOTTIME).
    pub since_boot: u64,
    /// When the machine started, in milliseconds since 1970, as far as it was known then.
    pub boot_time: Option<i64>,
}

/// Starts of the machine that differ by less, in milliseconds, are the same: the wall clock was only
/// slewed.
const MAX_SLEW: u64 = 2000;

impl Timestamp {
    /// When the machine started, for an instant of this start; `now` is what is known of that start today. Returns it
    /// as it was known at the instant, so that a caller who stamps it twice stamps it the same, unless the clock was
    /// set since.
    pub fn stamp(self, now: i64) -> i64 {
        self.boot_time.filter(|then| Timestamp::is_same(*then, now)).unwrap_or(now)
    }

    /// Whether both times are those of one start of the machine.
    pub fn is_same(one: i64, other: i64) -> bool {
        one.abs_diff(other) < MAX_SLEW
    }
}

/// When the machine started, by its clocks. The two are not read at once, so their difference varies a little
/// each time, and a start that moves looks like a reset to a reader of metrics. So it moves here only when the
/// wall clock was set.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootTime {
    known: Option<i64>,
}

impl BootTime {
    /// Milliseconds since 1970; `None` while the wall clock cannot be right.
    pub fn now(&mut self) -> Option<i64> {
        self.learn(WallClock::now(), sys::boot_millis())
    }

    fn learn(&mut self, wall: WallClock, since_boot: u64) -> Option<i64> {
        if !wall.is_plausible() {
            return None;
        }
        let wall = i64::try_from(wall.0.as_millis()).unwrap_or(i64::MAX);
        let found = wall.saturating_sub(i64::try_from(since_boot).unwrap_or(i64::MAX));
        match self.known {
            Some(known) if known.abs_diff(found) < CLOCK_WAS_SET => {}
            _ => self.known = Some(found),
        }
        self.known
    }

    /// The current instant.
    pub fn moment(&mut self) -> Timestamp {
        Timestamp { since_boot: sys::boot_millis(), boot_time: self.now() }
    }
}

/// Which start of the machine this is: `/proc/sys/kernel/random/boot_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot(pub [u8; 16]);

/// When the process started. Boxes without a battery-backed clock start in 1970, or with a time that is ahead, and get
/// the time later: then the start is calculated back.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    wall: WallClock,
    instant: Instant,
}

impl Start {
    /// Starts now.
    pub fn now() -> Start {
        Start { wall: WallClock::now(), instant: Instant::now() }
    }

    /// How long ago that was.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.instant)
    }

    /// Time since 1970, as well as it is known at this point.
    pub fn since_epoch(&mut self) -> Duration {
        self.learn(WallClock::now(), Instant::now());
        self.wall.since_epoch()
    }

    /// Nothing started in the future: if the clock was set back, it was wrong at the start.
    fn learn(&mut self, wall: WallClock, now: Instant) {
        let is_wrong = !self.wall.is_plausible() || self.wall.0 > wall.0;
        if is_wrong && wall.is_plausible() {
            self.wall = WallClock(wall.0.saturating_sub(now.duration_since(self.instant)));
        }
    }
}

/// A date of the proleptic Gregorian calendar and a time of day.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    weekday: u64,
    second: u64,
}

impl Civil {
    /// Calculates in whole 400-year cycles that start on 1 March (0000-03-01 is day -719468 of the epoch), so
    /// that the leap day is the last day of a year.
    fn of(secs: u64) -> Civil {
        let days = secs / 86_400;
        let shifted = days + 719_468;
        let day_of_cycle = shifted % 146_097;
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524
            - day_of_cycle / 146_096)
            / 365;
        let day_of_year =
            day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Civil {
            year: shifted / 146_097 * 400 + year_of_cycle + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            weekday: (days + 4) % 7, // 1970-01-01 was a Thursday
            second: secs % 86_400,
        }
    }

    fn time(&self) -> (u64, u64, u64) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }
}

/// Days from 1970 to a date, the inverse of `Civil::of`; `None` if there is no such date, or it is earlier.
pub fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, from_march) =
        if month < 3 { (year.checked_sub(1)?, month + 9) } else { (year, month - 3) };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    (year * 365 + year / 4 - year / 100 + year / 400 + of_year).checked_sub(719_468)
}

struct Rfc3339(Civil, u32);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rfc3339(c, millis) = self;
        let (h, m, s) = c.time();
        write!(f, "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}.{millis:03}Z", c.year, c.month, c.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_as_the_field_does() {
        let at = |secs, millis: u32| WallClock(Duration::new(secs, millis * 1_000_000));
        for (secs, http, rfc) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.007Z"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.007Z"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.007Z"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.007Z"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.007Z"),
        ] {
            assert_eq!(at(secs, 7).http(), *http.as_bytes());
            assert_eq!(at(secs, 7).rfc3339().to_string(), rfc);
        }
        assert!(!at(0, 0).is_plausible());
        assert_eq!(at(EARLIEST_PLAUSIBLE, 0).rfc3339().to_string(), "2026-11-01T00:00:00.000Z");
    }

    #[test]
    fn the_start_of_the_machine_moves_only_when_the_clock_is_set() {
        let mut boot = BootTime::default();
        let wall = |millis| WallClock(Duration::from_millis(EARLIEST_PLAUSIBLE * 1000 + millis));
        assert_eq!(boot.learn(WallClock(Duration::from_secs(7)), 7000), None);
        let first = EARLIEST_PLAUSIBLE as i64 * 1000 + 5000 - 3000;
        assert_eq!(boot.learn(wall(5000), 3000), Some(first));
        assert_eq!(boot.learn(wall(6003), 4001), Some(first));
        assert_eq!(boot.learn(wall(6000), 4099), Some(first));
        assert_eq!(boot.learn(wall(6000), 4100), Some(first - 100));
        assert_eq!(boot.learn(wall(3_606_000), 4100), Some(first + 3_599_900));
        assert_eq!(boot.learn(WallClock(Duration::from_secs(7)), 4200), None);
    }

    #[test]
    fn a_start_before_the_clock_was_set_is_reckoned_back_once() {
        let (instant, secs) = (Instant::now(), Duration::from_secs);
        let mut start = Start { wall: WallClock(secs(7)), instant };
        start.learn(WallClock(secs(100)), instant + secs(93));
        assert_eq!(start.wall.since_epoch(), secs(7), "not set yet");
        let set = secs(EARLIEST_PLAUSIBLE + 1000);
        start.learn(WallClock(set), instant + secs(500));
        assert_eq!(start.wall.since_epoch(), set - secs(500));
        assert_eq!(start.since_epoch(), set - secs(500), "it does not wander with the clock");
        start.learn(WallClock(set - secs(7)), instant + secs(600));
        assert_eq!(start.wall.since_epoch(), set - secs(500), "set back by less than its age");
        start.learn(WallClock(secs(7)), instant + secs(700));
        assert_eq!(start.wall.since_epoch(), set - secs(500), "lost");
        start.learn(WallClock(set - secs(600)), instant + secs(800));
        assert_eq!(start.wall.since_epoch(), set - secs(1400), "it would be in the future");
    }
}
