//! The parser against the standard library.

use super::whole::MAX_LENGTH;
use super::*;

/// Checks that the standard library reads the same.
#[track_caller]
fn same(text: &str) {
    let bits = |n: f64| if n.is_nan() { None } else { Some(n.to_bits()) };
    let (ours, naive) = (float(text), text.parse::<f64>().ok());
    assert_eq!(ours.map(bits), naive.map(bits), "{text:?}");
}

#[test]
fn random_texts_are_read_as_the_standard_library_does() {
    let mut seed = 1u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed >> 11
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
}

#[test]
fn odd_texts_are_read_as_the_standard_library_does() {
    let known = "|+|-|.|+.|5.|.5|1e|1e5|1e+5|e5|+-1|0x1p3| 1|1 |inf|-Infinity|nan|+NaN|nan(1)";
    for text in known.split('|').chain(["1e400", "-1e-400", "1_0", "١"]) {
        same(text);
    }
}

/// Limits, and the middles between two floats, to the last digit and beyond.
#[test]
fn limits_are_exact() {
    for near in [0, 1, 2, (1 << 52) - 1, 1 << 52, f64::MAX.to_bits(), 2f64.powi(60).to_bits()] {
        for bits in [near, near.saturating_sub(1)] {
            let exact = format!("{:.1080}", f64::from_bits(bits));
            let (whole, fraction) = exact.split_once('.').unwrap();
            let half = fraction.trim_end_matches('0');
            for text in [&exact, half, &[&exact, "1"].concat(), &format!("{whole}.{half}5")] {
                same(text);
                same(&format!("{text}e-1"));
            }
        }
    }
}

#[test]
fn middles_between_small_floats_are_exact() {
    for bits in [0, 1, 7, (1 << 52) - 1, 1 << 52, (1 << 52) + 1, (2 << 52) - 1, 2 << 52, 3 << 52] {
        let two = if bits < 1 << 52 { 1075 } else { 1076 - (bits >> 52) };
        let mantissa = bits % (1 << 52) + if bits < 1 << 52 { 0 } else { 1 << 52 };
        let mut middle = Whole::of(2 * mantissa + 1);
        middle.scale(5, two as i32);
        let digits = decimal(*middle.digits());
        for end in ["", "0", "1", "0000000000000000000000000001"] {
            same(&format!("{digits}{end}e-{}", two as usize + end.len()));
            same(&format!("0.{}{digits}{end}", "0".repeat(two as usize - digits.len())));
        }
    }
}

#[test]
fn very_long_numbers_are_exact() {
    let largest = "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880";
    for text in ["99999999999999999999e400", "1e-99999999999999999999", "0e99999999999999999999"] {
        same(text);
        same(&["0".repeat(900), text.to_owned()].concat());
        same(&[text.to_owned(), "9".repeat(900)].concat());
    }
    same(largest);
    same(&[largest, ".", &"0".repeat(900), "1"].concat());
}

fn decimal(mut number: [u64; MAX_LENGTH]) -> String {
    let mut digits = Vec::new();
    while number.iter().any(|digit| *digit > 0) {
        let mut rest = 0u128;
        for digit in number.iter_mut().rev() {
            let all = rest << 64 | u128::from(*digit);
            (*digit, rest) = ((all / 10) as u64, all % 10);
        }
        digits.push(b'0' + rest as u8);
    }
    digits.reverse();
    String::from_utf8(digits).unwrap()
}
