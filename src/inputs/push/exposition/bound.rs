//! A bound or quantile as Go writes it in a label: node_exporter and a Pushgateway read numbers and write them anew,
//! `1e+06` for `1000000`. The digits stay as they came, but for zeros without a meaning.

use crate::model::metric::Decimal;
use std::str;

/// Leading zeros of a fraction, and digits before the point, beyond which there is an exponent.
const MAX_ZEROS: i64 = 3;
const MAX_WHOLE: i64 = 6;

/// Appends `number`, which is one.
pub fn as_go(number: &[u8], out: &mut Vec<u8>) {
    let (is_minus, number) = match number {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, number),
    };
    let end = number.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(number.len());
    let (digits, exponent) = (number.get(..end).unwrap_or_default(), number.get(end + 1..));
    match number.first() {
        Some(b'n' | b'N') => return out.extend_from_slice(b"NaN"),
        Some(b'i' | b'I') => {
            return out.extend_from_slice(if is_minus { b"-Inf" } else { b"+Inf" });
        }
        _ if is_minus => out.push(b'-'),
        _ => {}
    }
    let exponent = exponent.and_then(|text| str::from_utf8(text).ok()?.parse().ok()).unwrap_or(0);
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let all = || digits.iter().filter(|byte| **byte != b'.');
    let zeros = all().take_while(|digit| **digit == b'0').count();
    let last = all().rev().take_while(|digit| **digit == b'0').count();
    let count = all().count().saturating_sub(zeros + last);
    if count == 0 {
        return out.push(b'0');
    }
    // Digits before the point.
    let whole = (point as i64 - zeros as i64).saturating_add(exponent);
    let significant = all().skip(zeros).take(count).copied();
    match (-MAX_ZEROS..=MAX_WHOLE).contains(&whole) {
        true => plain(significant, whole, out),
        false => scientific(significant, whole - 1, out),
    }
}

fn plain(digits: impl Iterator<Item = u8>, whole: i64, out: &mut Vec<u8>) {
    if whole <= 0 {
        out.extend_from_slice(b"0.");
        (whole..0).for_each(|_| out.push(b'0'));
    }
    let mut written = 0;
    for digit in digits {
        if written == whole && written > 0 {
            out.push(b'.');
        }
        out.push(digit);
        written += 1;
    }
    (written..whole).for_each(|_| out.push(b'0'));
}

fn scientific(digits: impl Iterator<Item = u8>, exponent: i64, out: &mut Vec<u8>) {
    for (at, digit) in digits.enumerate() {
        if at == 1 {
            out.push(b'.');
        }
        out.push(digit);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let exponent = exponent.unsigned_abs();
    if exponent < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(Decimal::of(exponent).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelt_as_go_spells_them() {
        // What strconv.FormatFloat(x, 'g', -1, 64) gives.
        for (came, is) in [
            ("1", "1"),
            ("1.0", "1"),
            ("0.50", "0.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+07", "7"),
            ("-2.50", "-2.5"),
            ("0", "0"),
            ("0.000", "0"),
            ("-0", "-0"),
            ("10", "10"),
            ("100.25", "100.25"),
            ("123456.7", "123456.7"),
            ("999999", "999999"),
            ("1000000", "1e+06"),
            ("1048576", "1.048576e+06"),
            ("1e1", "10"),
            ("1E+3", "1000"),
            ("12e-1", "1.2"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("0.000012", "1.2e-05"),
            ("1e-05", "1e-05"),
            ("1e100", "1e+100"),
            ("Inf", "+Inf"),
            ("+inf", "+Inf"),
            ("-infinity", "-Inf"),
            ("nan", "NaN"),
        ] {
            let mut out = Vec::new();
            as_go(came.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), is, "{came}");
        }
    }
}
