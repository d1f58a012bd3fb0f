//! Numbers with a fraction. Short ones are read by division, all others by the C library: strtod(3) is
//! exact, and in a static binary 8 KB smaller than the core library's reader with its table of powers.

use std::ffi::{CStr, CString};

/// Decimal digits that fit into 64 bits.
const MAX_DIGITS: i32 = 19;
/// Bytes of a number, and the 0 behind it, for which nothing is allocated.
const ROOM: usize = 64;

/// The number that `text` is, all of it: what `str::parse` takes, and nothing else.
pub fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(number) = short(digits) {
        return Some(if text.starts_with('-') { -number } else { number });
    }
    let is_word = ["inf", "infinity", "nan"].iter().any(|w| w.eq_ignore_ascii_case(digits));
    // strtod knows hexadecimal numbers, other words and leading blanks, too.
    let is_known = |b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if digits.is_empty() || !is_word && !digits.bytes().all(is_known) {
        return None;
    }
    let mut room = [0; ROOM];
    match room.split_at_mut_checked(text.len()) {
        Some((to, [0, ..])) => {
            to.copy_from_slice(text.as_bytes());
            read(CStr::from_bytes_until_nul(&room).ok()?)
        }
        _ => read(&CString::new(text).ok()?),
    }
}

/// A number of no more digits than fit into 64 bits, times a power of ten that fits as well: nearly
/// all that programs write. It is exact, and read ten times as fast as by the C library.
fn short(text: &str) -> Option<f64> {
    let (mut number, mut count, mut point, mut exponent) = (0u64, 0, None, 0i32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if count < MAX_DIGITS => {
                number = number * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if point.is_none() => point = Some(count),
            b'e' | b'E' => {
                exponent = text.get(at + 1..)?.parse().ok()?;
                break;
            }
            _ => return None,
        }
    }
    let exponent = exponent.checked_sub(count - point.unwrap_or(count))?;
    let power = 10u64.checked_pow(exponent.unsigned_abs()).filter(|_| count > 0)?;
    // Both are exact as floats, so one operation rounds once.
    if number <= 1 << f64::MANTISSA_DIGITS {
        let (number, power) = (number as f64, power as f64);
        return Some(if exponent < 0 { number / power } else { number * power });
    }
    let (number, power) = (u128::from(number), u128::from(power));
    if exponent >= 0 {
        return Some((number * power) as f64);
    }
    // A quotient of 64 bits and more; what is left behind them is told by the last.
    let shift = number.leading_zeros();
    let whole = (number << shift) / power;
    let quotient = whole | u128::from(whole * power != number << shift);
    Some(quotient as f64 / (1u128 << shift) as f64)
}

fn read(text: &CStr) -> Option<f64> {
    let mut end = std::ptr::null_mut();
    // SAFETY: the text ends with 0, and `end` is written with a place in it, which is one to
    // compare with, no more.
    let number = unsafe { libc::strtod(text.as_ptr(), &raw mut end) };
    let length = end.addr().wrapping_sub(text.as_ptr().addr());
    (length == text.count_bytes()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_standard_library_reads() {
        let mut seed = 1u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 11
        };
        let same = |text: &str| {
            let bits = |n: f64| if n.is_nan() { None } else { Some(n.to_bits()) };
            let (ours, naive) = (float(text), text.parse::<f64>().ok());
            assert_eq!(ours.map(bits), naive.map(bits), "{text:?}");
        };
        for _ in 0..20_000 {
            let some = f64::from_bits(next() << 11 ^ next());
            same(&format!("{some:e}"));
            same(&format!("{}", (some % 1e6) / 3.0));
            same(&format!("{some}")); // up to 760 digits
            same(&format!("{}.{}e{}", next() >> 20, next(), next() % 50));
            same(&format!("{}e-{}", next() << 11, next() % 25));
            let length = next() % 8;
            let text: Vec<u8> =
                (0..length).map(|_| b"01259..eE+-xnaif \0"[next() as usize % 18]).collect();
            same(str::from_utf8(&text).unwrap());
        }
        let known = "|+|-|.|+.|5.|.5|1e|1e5|1e+5|e5|+-1|0x1p3| 1|1 |inf|-Infinity|nan|+NaN|nan(1)";
        for text in known.split('|').chain(["1e400", "-1e-400", "1_0", "١"]) {
            same(text);
        }
    }
}
