//! Numbers, times and sizes: how they are parsed, and the canonical spelling of each.

use crate::base::float::float;
use crate::base::text::scan::Scan;
use std::time::Duration;

/// Parses a whole number of digits alone.
pub fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Parses a time in whole milliseconds, at least one unless it is zero: a number of seconds or of
/// a unit, or several units as Prometheus and Go write them, `1h30m`.
pub fn millis(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let unit = match text.get(number.len()..)? {
        "" | "s" => 1000,
        "ms" => 1,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return several(text),
    };
    let is_digit = |b: u8| b.is_ascii_digit();
    if number.bytes().all(is_digit) {
        return digits(number)?.checked_mul(unit);
    }
    let is_number =
        number.bytes().next().is_some_and(is_digit) && number.bytes().last().is_some_and(is_digit);
    match float(number).filter(|_| is_number) {
        Some(exact) if exact > 0.0 => Some((exact * unit as f64).round().max(1.0) as u64),
        Some(_) => Some(0),
        None => several(text),
    }
}

fn several(text: &str) -> Option<u64> {
    let mut scan = Scan::new(text);
    let time = scan.duration().filter(|_| !text.starts_with(char::is_whitespace))?;
    scan.rest().is_empty().then(|| in_millis(time))
}

/// A time in whole milliseconds.
pub fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The canonical spelling of a time.
pub fn time_of(length: Duration) -> String {
    time(in_millis(length))
}

/// The canonical spelling of a time in milliseconds.
pub fn time(millis: u64) -> String {
    let (number, unit) = match millis {
        n if n % 3_600_000 == 0 && n > 0 => (n / 3_600_000, "h"),
        n if n % 60_000 == 0 && n > 0 => (n / 60_000, "m"),
        n if n % 1000 == 0 => (n / 1000, "s"),
        n => (n, "ms"),
    };
    [&number.to_string(), unit].concat()
}

/// The units of a number of bytes, the canonical one of each size first.
static SIZES: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("", 1),
];

/// Parses a number of bytes.
pub fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(number.len()..)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit)?;
    digits(number)?.checked_mul(*factor)
}

/// The canonical spelling of a number of bytes.
pub fn size(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    let (unit, factor) = SIZES.iter().find(fits).copied().unwrap_or(("", 1));
    [&(bytes / factor).to_string(), unit].concat()
}

/// Parses the mode of a file, in octal digits; its owner must be able to read and write it.
pub fn mode(text: &str) -> Option<u64> {
    let octal = text.bytes().all(|b| matches!(b, b'0'..=b'7')) && text.len() <= 4;
    let mode = u64::from_str_radix(text, 8).ok().filter(|_| octal);
    mode.filter(|mode| (0o600..=0o777).contains(mode))
}

/// Parses a finite number, without the underscores that TOML allows.
pub fn finite(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    float(&plain).is_some_and(f64::is_finite).then_some(plain)
}
