//! Times written by other programs.

use super::{WallClock, days};
use std::time::Duration;

impl WallClock {
    /// Parses a time such as `2026-11-20T09:12:03.456Z` (RFC 3339, UTC only); `None` for anything else, and for
    /// times before 1970.
    pub fn parse_rfc3339(text: &[u8]) -> Option<WallClock> {
        let (whole, part) = text.strip_suffix(b"Z")?.split_at_checked(19)?;
        let number = |from: usize, length: usize| {
            let digits = whole.get(from..from + length)?;
            let digit = |n: u64, b: &u8| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0'));
            digits.iter().try_fold(0, digit)
        };
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        let is_form = marks.iter().all(|(at, mark)| whole.get(*at) == Some(mark));
        let days = days(number(0, 4)?, number(5, 2)?, number(8, 2)?)?;
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        if !is_form || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let nanos = match part.split_first() {
            None => 0,
            Some((b'.', digits)) if !digits.is_empty() => {
                let is_digits = digits.iter().all(u8::is_ascii_digit);
                let nine = (0..9).map(|at| digits.get(at).map_or(0, |b| u32::from(b - b'0')));
                is_digits.then(|| nine.fold(0, |n, digit| n * 10 + digit))?
            }
            Some(_) => return None,
        };
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        Some(WallClock::at(Duration::new(seconds, nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_or_refused() {
        let read =
            |text: &str| WallClock::parse_rfc3339(text.as_bytes()).map(WallClock::since_epoch);
        assert_eq!(read("1970-01-02T00:00:01Z"), Some(Duration::from_secs(86_401)));
        assert_eq!(read("2000-03-01T00:00:00.5Z"), Some(Duration::from_millis(951_868_800_500)));
        assert_eq!(
            read("1970-01-01T00:00:00.1234567899Z"),
            Some(Duration::from_nanos(123_456_789))
        );
        // The start of each day of 400 years.
        for day in 0..146_097 {
            let at = WallClock::at(Duration::from_secs(day * 86_400));
            assert_eq!(read(&at.rfc3339().to_string()), Some(at.since_epoch()));
        }
        for bad in [
            "",
            "Z",
            "1970-01-01T00:00:00",
            "1969-12-31T23:59:59Z",
            "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "1970-01-00T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01 00:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:61Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.xZ",
            "1970-01-01T00:00:00+Z",
            "-970-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
