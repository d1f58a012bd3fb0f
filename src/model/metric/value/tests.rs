//! Numbers, compared with naive twins.

use super::*;
use crate::model::metric::Decimal;

fn text(value: Value) -> String {
    let mut to = [0; Value::ROOM];
    let n = Value::ROOM - value.write(Pen::new(&mut to)).left();
    String::from_utf8(to[..n].to_vec()).unwrap()
}

#[test]
fn writes_like_a_naive_twin() {
    let mut n = 0u64;
    for i in 0..200_000u64 {
        n = n.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let n = n >> (i % 64);
        assert_eq!(text(Value::Int(n)), n.to_string());
        let naive = |per: u64, digits: usize| match n % per {
            0 => (n / per).to_string(),
            rest => format!("{}.{rest:0digits$}", n / per),
        };
        assert_eq!(text(Value::Centi(n)), naive(100, 2));
        assert_eq!(text(Value::Milli(n)), naive(1000, 3));
        assert_eq!(text(Value::Nano(n)), naive(1_000_000_000, 9));
        for places in 0..=9u8 {
            let raw = n as i64;
            let (whole, sign) = (raw.unsigned_abs(), if raw < 0 { "-" } else { "" });
            let (per, digits) = (10u64.pow(places.into()), usize::from(places));
            let naive = match whole % per {
                0 => format!("{sign}{}", whole / per),
                rest => format!("{sign}{}.{rest:0digits$}", whole / per),
            };
            assert_eq!(text(Value::fixed(raw, places)), naive);
        }
        for size in [1, 512, 1024, 65_536, u32::MAX] {
            let product = (u128::from(n) * u128::from(size)).to_string();
            assert_eq!(text(Value::times(n, size)), product);
            assert_eq!(text(Value::Times(n, size)), product);
        }
    }
    assert_eq!(text(Value::Int(u64::MAX)), u64::MAX.to_string());
    assert_eq!(text(Value::Int(0)), "0");
    for n in [0, 9, 10, u64::MAX] {
        assert_eq!(Decimal::of(n).as_bytes(), n.to_string().as_bytes());
    }
}
#[test]
fn as_a_float_it_equals_the_written_text() {
    for n in [0, 7, 123_456_789, 1 << 53, u64::MAX] {
        let values = [Value::Int(n), Value::Centi(n), Value::Milli(n), Value::Nano(n)];
        let fixed =
            [Value::Fixed(n, 1), Value::Fixed(n, 6), Value::Minus(n, 0), Value::Minus(n, 3)];
        let others = [Value::Times(n, 512), Value::Float(0.1)];
        for value in values.into_iter().chain(fixed).chain(others) {
            let written: f64 = text(value).parse().unwrap();
            assert!(value.as_f64() == written, "{value:?}");
        }
    }
}
#[test]
fn floats_read_as_the_same_number() {
    for (n, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (-7.0, "-7"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e15, "1000000000000000"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(text(Value::Float(n)), expected);
    }
    let mut bits = 1u64;
    for _ in 0..100_000 {
        bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let n = f64::from_bits(bits);
        let written = text(Value::Float(n));
        assert!(written.len() <= Value::ROOM);
        assert!(n.is_nan() || written.parse() == Ok(n), "{n:e}: {written}");
    }
}

#[test]
fn ticks_become_seconds_at_any_rate() {
    assert_eq!(text(Value::ticks(12_345, 100)), "123.45");
    assert_eq!(text(Value::ticks(1_500, 1000)), "1.500");
    assert_eq!(text(Value::ticks(512, 1024)), "0.500000000");
    assert_eq!(text(Value::ticks(u64::MAX, 1)), "18446744073.709551615"); // saturates
}
