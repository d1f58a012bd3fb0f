//! Numbers with a fraction, read as the C library does it: strtod(3) is exact, and in a static binary
//! 8 KB smaller than the core library's reader with its table of powers.

use std::ffi::{CStr, CString};

/// Bytes of a number, and the 0 behind it, for which nothing is allocated.
const ROOM: usize = 64;

/// The number that `text` is, all of it: what `str::parse` takes, and nothing else.
pub fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
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
