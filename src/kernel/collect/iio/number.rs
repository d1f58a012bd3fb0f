//! Exact decimals, in the kernel's form: up to nine places after the point.

use crate::model::metric::Value;

/// The number of decimal places.
const PLACES: u32 = 9;

/// Fewer billionths than these are not rounded to whole ones.
const MIN_LEFT: u128 = 100_000;

/// The number in billionths, such as `-0.000123` or `101.435281250`; `None` for anything else, such as
/// several numbers or one followed by a unit.
pub fn parse(text: &[u8]) -> Option<i128> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let point = memchr::memchr(b'.', digits);
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let (mut number, mut places) = (0i128, PLACES);
    for digit in whole {
        number = number.checked_mul(10)?.checked_add(digit_of(*digit)?)?;
    }
    for digit in fraction {
        places = places.checked_sub(1)?;
        number = number.checked_mul(10)?.checked_add(digit_of(*digit)?)?;
    }
    let number = number.checked_mul(power(places)?)?;
    Some(if is_negative { -number } else { number })
}

fn digit_of(byte: u8) -> Option<i128> {
    char::from(byte).to_digit(10).map(i128::from)
}

fn power(places: u32) -> Option<i128> {
    10i128.checked_pow(places)
}

/// The value in base units of `number`, or of a product of two (`is_product`), with its point `left` places further
/// left. It is exact, or rounded to the nine places or nineteen digits that a value has, or a float where rounding
/// would leave little of a small number. `None` if it is too large.
pub fn value(number: i128, is_product: bool, left: i8) -> Option<Value> {
    let places = PLACES * (1 + u32::from(is_product));
    let (mut exact, mut places) = (number, i64::from(places) + i64::from(left));
    while places < 0 {
        (exact, places) = (exact.checked_mul(10)?, places + 1);
    }
    strip(&mut exact, &mut places);
    let beyond = u32::try_from(places - i64::from(PLACES)).unwrap_or(0);
    if beyond > 0 && exact.unsigned_abs() < MIN_LEFT.saturating_mul(10u128.saturating_pow(beyond)) {
        return Some(Value::Float(exact as f64 / 10f64.powi(i32::try_from(places).ok()?)));
    }
    let mut rounded = exact;
    while places > PLACES.into() || (places > 0 && i64::try_from(rounded).is_err()) {
        (rounded, exact, places) = (exact / 10 + exact % 10 / 5, exact / 10, places - 1);
    }
    strip(&mut rounded, &mut places);
    Some(Value::fixed(i64::try_from(rounded).ok()?, u8::try_from(places).ok()?))
}

/// Removes zeros from the end of a fraction.
fn strip(number: &mut i128, places: &mut i64) {
    while *places > 0 && *number % 10 == 0 {
        (*number, *places) = (*number / 10, *places - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_billionths() {
        for (text, number) in [
            ("0", Some(0)),
            ("-2800", Some(-2_800_000_000_000)),
            ("101.435281250", Some(101_435_281_250)),
            ("-0.000123", Some(-123_000)),
            ("9223372036854775807", Some(9_223_372_036_854_775_807_000_000_000)),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("1 2", None),
            ("3 dB", None),
            ("+1", None),
            ("0x10", None),
            ("1.0000000001", None),
            ("99999999999999999999999999999999999999999", None),
        ] {
            assert_eq!(parse(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn values_are_exact_in_base_units() {
        let product =
            |a: &str, b: &str| parse(a.as_bytes()).unwrap() * parse(b.as_bytes()).unwrap();
        let plain = |text: &str| parse(text.as_bytes()).unwrap();
        assert_eq!(value(plain("-2800"), false, 3), Some(Value::Minus(28, 1)), "-2.8 °C");
        assert_eq!(value(plain("12129"), false, 5), Some(Value::Fixed(12_129, 5)), "12.129 %");
        assert_eq!(value(plain("101.435281250"), false, -3), Some(Value::Fixed(10_143_528_125, 5)));
        assert_eq!(value(plain("7"), false, 0), Some(Value::Int(7)));
        assert_eq!(value(plain("0"), false, -3), Some(Value::Int(0)));
        // 1234 * 0.805664062 mV.
        let volts = value(product("1234", "0.805664062"), true, 3);
        assert_eq!(volts, Some(Value::Nano(994_189_453)), "0.994189452508");
        assert_eq!(value(product("2000", "0.5"), true, 3), Some(Value::Int(1)));
        // 0.45 Gauss.
        assert_eq!(value(plain("0.45"), false, 4), Some(Value::Fixed(45, 6)));
        let large = |left| value(plain("9223372036854775807.55"), false, left);
        assert_eq!(large(3), Some(Value::Centi(922_337_203_685_477_581)), "places give way");
        assert_eq!(
            value(plain("-922337203685477580.75"), false, 0),
            Some(Value::Minus(9_223_372_036_854_775_808, 1))
        );
        assert_eq!(large(-3), None);
        // 4.096 pF, 12.5 nF; 0.000244 Gauss.
        assert_eq!(value(plain("0.004096"), false, 9), Some(Value::Float(4.096e-12)));
        assert_eq!(value(product("125", "0.1"), true, 9), Some(Value::Float(12.5e-9)));
        assert_eq!(value(product("1", "0.000244"), true, 4), Some(Value::Float(2.44e-8)));
        assert_eq!(value(plain("-0.000000004"), false, 1), Some(Value::Float(-4e-10)));
        assert_eq!(value(plain("100000"), false, 9), Some(Value::Fixed(1, 4)));
        assert_eq!(value(plain("0"), false, 9), Some(Value::Int(0)));
    }
}
