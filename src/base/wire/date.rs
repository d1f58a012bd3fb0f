//! Dates of HTTP headers (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two
//! obsolete forms that a recipient has to accept, `Sunday, 06-Nov-94 08:49:37 GMT` and
//! `Sun Nov  6 08:49:37 1994`. The day of the week is ignored: it adds nothing to the date.

const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Two-digit years up to this are of this century. The specification treats a year more than 50
/// years ahead as past.
const CENTURY_TURNS: u64 = 76;

/// Seconds since 1970; `None` if the text is not a date, or one before 1970.
pub fn read_http_date(text: &str) -> Option<u64> {
    // Weekday, and four or six words.
    let mut words = text.split([' ', ',', '-']).filter(|w| !w.is_empty());
    words.next()?;
    let first = words.next()?;
    let (day, month, year, time) = if number(first).is_some() {
        let (month, year) = (words.next()?, words.next()?);
        let time = words.next()?;
        (words.next()? == "GMT").then_some((first, month, year, time))?
    } else {
        let (day, time) = (words.next()?, words.next()?);
        (day, first, words.next()?, time)
    };
    if words.next().is_some() {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| name == month.as_bytes())? as u64 + 1;
    let year = match (year.len(), number(year)?) {
        (2, year) if year > CENTURY_TURNS => 1900 + year,
        (2, year) => 2000 + year,
        (4, year) if year >= 1970 => year,
        _ => return None,
    };
    let day = number(day).filter(|day| (1..=days_in(year, month)).contains(day))?;
    let mut parts = time.split(':').map(|part| number(part).filter(|_| part.len() == 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A second may be a leap second.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The start of a day such as `2029-05-31` in seconds since 1970; `None` if the text is not a day, or one before 1970.
pub fn read_day(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_day =
        year >= 1970 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    is_day.then(|| days_before(year, month, day) * 86_400)
}

/// At most four digits, nothing else.
fn number(text: &str) -> Option<u64> {
    let is_number = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this date.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    let before = year - 1;
    let years = (year - 1970) * 365 + (before / 4 - before / 100 + before / 400 - 477);
    years + (1..month).map(|month| days_in(year, month)).sum::<u64>() + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_in_the_calendar() {
        for (text, seconds) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2027-04-21", Some(1_808_265_600)),
            ("2027-02-29", None),
            ("2027-13-01", None),
            ("2027-04", None),
            ("2027-04-21-1", None),
            ("1969-12-31", None),
            ("soon", None),
        ] {
            assert_eq!(read_day(text), seconds, "{text}");
        }
    }

    #[test]
    fn three_forms_are_one_date() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Friday, 20-Nov-26 09:12:03 GMT", 1_795_165_923),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ] {
            assert_eq!(read_http_date(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_the_clock_writes_is_read() {
        use crate::base::clock::WallClock;
        use std::time::Duration;
        // A day and a bit, for two centuries.
        for secs in (0..6_311_433_600u64).step_by(86_400 + 3677) {
            let text = WallClock::at(Duration::from_secs(secs)).http();
            let text = str::from_utf8(&text).unwrap();
            assert_eq!(read_http_date(text), Some(secs), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "120",
            "Sun",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun, 31 Jun 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 994 08:49:37 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:01 GMT",
            "Sun, 06 Nov 1994 08:49:+7 GMT",
            "Sun, 06 Nov é 08:49:37 GMT",
        ] {
            assert_eq!(read_http_date(text), None, "{text}");
        }
    }
}
