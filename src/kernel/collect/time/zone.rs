//! Local time by a file in the format TZif (RFC 9636) or by a rule as in POSIX (`CET-1CEST,M3.5.0,M10.5.0/3`).
//!
//! A file has the times at which the offset changes, as 32 bits; from version 2 on all of it again with 64 bits, and
//! at the end a rule for the time after the last change. Leap seconds are left out, as the kernel's clock has none.
//!
//! The C library is not asked: musl maps `/etc/localtime` into memory once and for all. It never notices another
//! file, and if the file is truncated, which `cp` does, the process ends with SIGBUS.

use crate::base::clock::{WallClock, days};
use std::time::Duration;

/// Bytes of an abbreviation. POSIX allows programs to support six only.
const MAX_NAME: usize = 15;

/// Hours in an offset or a time of day (RFC 9636 section 3.3.1).
const MAX_HOURS: i64 = 167;

/// The latest time that a rule is used for: the year 36812.
const MAX_TIME: u64 = 1 << 40;

const HEADER: usize = 44;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// A time in which the offset does not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    name: [u8; MAX_NAME],
    length: usize,
    /// Seconds by which local time is ahead of UTC.
    pub ahead: i64,
    from: i64,
    until: i64,
}

impl Span {
    /// Always the same.
    pub fn always(name: &[u8], ahead: i64) -> Option<Span> {
        let mut room = [0; MAX_NAME];
        room.get_mut(..name.len())?.copy_from_slice(name);
        let is_name = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
        let span = Span { name: room, length: name.len(), ahead, from: i64::MIN, until: i64::MAX };
        is_name.then_some(span)
    }

    /// The abbreviation, such as `CEST`.
    pub fn name(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }

    /// Whether a time, in seconds since 1970, is in it.
    pub fn contains(&self, time: i64) -> bool {
        (self.from..self.until).contains(&time)
    }
}

/// A big-endian number with a sign.
fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|b| *b > 0x7f) { -1 } else { 0 };
    bytes.iter().fold(sign, |n, b| n << 8 | i64::from(*b))
}

/// The tables of a file.
struct Block<'a> {
    /// When the offset changes, and the number of the type from then on.
    times: &'a [u8],
    kinds: &'a [u8],
    /// The offset, whether it is summer time, the position of the name.
    types: &'a [u8],
    names: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads header and tables, with times of so many bytes; gives what follows, too.
    fn read(bytes: &'a [u8], width: usize) -> Option<(Block<'a>, &'a [u8])> {
        let (header, mut rest) = bytes.split_at_checked(HEADER)?;
        let mut counts = header.strip_prefix(b"TZif")?.get(16..)?.chunks_exact(4).map(number);
        let mut count = || usize::try_from(counts.next()?).ok();
        let (utc, standard, leaps) = (count()?, count()?, count()?);
        let (times, types, names) = (count()?, count()?, count()?);
        let mut take = |count: usize, size: usize| {
            let (taken, after) = rest.split_at_checked(count.checked_mul(size)?)?;
            rest = after;
            Some(taken)
        };
        let (times, kinds) = (take(times, width)?, take(times, 1)?);
        let block = Block { times, kinds, types: take(types, 6)?, names: take(names, 1)? };
        take(leaps, width + 4)?;
        take(standard, 1)?;
        take(utc, 1)?;
        Some((block, rest))
    }
}

/// Local time at `now` by the bytes of a file; `None` if they are none in this format.
pub fn of_file(bytes: &[u8], now: i64) -> Option<Span> {
    let has_more = bytes.get(4).is_some_and(|version| *version >= b'2');
    let (mut block, mut rest) = Block::read(bytes, 4)?;
    if has_more {
        (block, rest) = Block::read(rest, 8)?;
    }
    let times = || block.times.chunks_exact(if has_more { 8 } else { 4 }).map(number);
    let count = times().take_while(|time| *time <= now).count();
    let last = count.checked_sub(1);
    let from = last.and_then(|last| times().nth(last)).unwrap_or(i64::MIN);
    let until = times().nth(count);
    let rule = rest.strip_prefix(b"\n").and_then(|rule| rule.split(|b| *b == b'\n').next());
    if let (None, Some(span)) = (until, rule.and_then(|rule| of_rule(rule, now))) {
        return Some(Span { from: span.from.max(from), ..span });
    }
    let kind = last.map_or(Some(0), |last| block.kinds.get(last).copied())?;
    let (ahead, rest) = block.types.chunks_exact(6).nth(kind.into())?.split_at_checked(4)?;
    let name = block.names.get(usize::from(*rest.get(1)?)..)?.split(|b| *b == 0).next()?;
    let span = Span::always(name, number(ahead))?;
    Some(Span { from, until: until.unwrap_or(i64::MAX), ..span })
}

/// Local time at `now` by a rule; `None` if it is none.
pub fn of_rule(mut rule: &[u8], now: i64) -> Option<Span> {
    let rest = &mut rule;
    let name = name_of(rest)?;
    let standard = Span::always(name, -time_of(rest)?)?;
    if rest.is_empty() {
        return Some(standard);
    }
    let name = name_of(rest)?;
    let ahead = match rest.first() {
        None | Some(b',') => standard.ahead + HOUR,
        _ => -time_of(rest)?,
    };
    let summer = Span::always(name, ahead)?;
    if rest.is_empty() {
        *rest = b",M3.2.0,M11.1.0";
    }
    let (starts, ends) = (Change::read(rest)?, Change::read(rest)?);
    if !rest.is_empty() {
        return None;
    }
    let since_epoch = u64::try_from(now).ok().filter(|now| *now < MAX_TIME)?;
    let year = WallClock::at(Duration::from_secs(since_epoch)).year();
    // Before the first change that is found, which is in 1970, it is as that leaves it.
    let (mut current, mut until, mut previous) = (None, i64::MAX, standard);
    for year in year.saturating_sub(1)..=year + 1 {
        // If one ends when the next begins, it is summer all year.
        for (change, before, after) in [(&ends, summer, standard), (&starts, standard, summer)] {
            let Some(at) = change.in_year(year) else { continue };
            let from = at - before.ahead;
            match current {
                _ if from >= until => {}
                _ if from > now => (until, previous) = (from, before),
                Some(Span { from: known, .. }) if known > from => {}
                _ => current = Some(Span { from, ..after }),
            }
        }
    }
    Some(Span { until, ..current.unwrap_or(previous) })
}

/// A name, in `<>` or of letters, at the start of a rule.
fn name_of<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (name, after) = match rest.strip_prefix(b"<") {
        Some(quoted) => {
            let end = quoted.iter().position(|b| *b == b'>')?;
            (quoted.get(..end)?, quoted.get(end + 1..)?)
        }
        None => {
            let is_letter = |b: &&u8| b.is_ascii_alphabetic();
            rest.split_at_checked(rest.iter().take_while(is_letter).count())?
        }
    };
    *rest = after;
    (name.len() >= 3).then_some(name)
}

/// `-1`, `+05:30` or `2:00:00`, in seconds.
fn time_of(rest: &mut &[u8]) -> Option<i64> {
    let sign = if accept(rest, b'-') { -1 } else { 1 };
    if sign == 1 {
        accept(rest, b'+');
    }
    let mut seconds = digits(rest, MAX_HOURS)? * HOUR;
    for unit in [60, 1] {
        if accept(rest, b':') {
            seconds += digits(rest, 59)? * unit;
        } else {
            break;
        }
    }
    Some(sign * seconds)
}

fn digits(rest: &mut &[u8], most: i64) -> Option<i64> {
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).take(3).count();
    let (text, after) = rest.split_at_checked(count).filter(|_| count > 0)?;
    *rest = after;
    Some(text.iter().fold(0, |n, b| 10 * n + i64::from(b - b'0'))).filter(|n| *n <= most)
}

/// Passes over a byte, if it is the next.
fn accept(rest: &mut &[u8], byte: u8) -> bool {
    let after = rest.strip_prefix(&[byte]);
    *rest = after.unwrap_or(rest);
    after.is_some()
}

/// A day of the year, and a time of this day in seconds.
struct Change {
    day: Day,
    time: i64,
}

enum Day {
    /// From 1 on; 29 February does not count.
    Julian(i64),
    /// From 0 on.
    Ordinal(i64),
    /// Month, week (5 is the last), day of the week.
    Week(i64, i64, i64),
}

impl Change {
    fn read(rest: &mut &[u8]) -> Option<Change> {
        let mut is_next = |byte| accept(rest, byte);
        let day = match (is_next(b','), is_next(b'J'), is_next(b'M')) {
            (false, ..) => return None,
            (_, true, _) => Day::Julian(digits(rest, 365)?),
            (_, _, false) => Day::Ordinal(digits(rest, 365)?),
            (_, _, true) => {
                let month = digits(rest, 12)?;
                let week = digits(accept(rest, b'.').then_some(&mut *rest)?, 5)?;
                Day::Week(month, week, digits(accept(rest, b'.').then_some(&mut *rest)?, 6)?)
            }
        };
        let time = if accept(rest, b'/') { time_of(rest)? } else { 2 * HOUR };
        Some(Change { day, time })
    }

    /// When it is in a year, in seconds of local time.
    fn in_year(&self, year: u64) -> Option<i64> {
        let first = |month: i64| {
            let is_over = month > 12;
            let month = u64::try_from(if is_over { 1 } else { month }).ok()?;
            i64::try_from(days(year + u64::from(is_over), month, 1)?).ok()
        };
        let day = match self.day {
            Day::Ordinal(n) => first(1)? + n,
            Day::Julian(n) => {
                let has_leap_day = first(3)? - first(2)? == 29;
                first(1)? + n - 1 + i64::from(has_leap_day && n > 59)
            }
            Day::Week(month, week, day) => {
                let start = first(month)?;
                // 1970 began with a Thursday.
                let day = start + (day - start - 4).rem_euclid(7) + 7 * (week - 1);
                if day < first(month + 1)? { day } else { day - 7 }
            }
        };
        Some(day * DAY + self.time)
    }
}

#[cfg(test)]
mod tests;
