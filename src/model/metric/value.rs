//! One sample's number. The kernel counts in integers, and so do we: a tick, a millisecond or a
//! nanosecond becomes a decimal fraction of a second without passing through a float.

use super::Label;
use crate::base::digits::{self, BLOCK, ZEROS};
use crate::base::sys::{Pen, Places};

/// A number: one with an exact decimal form, but for what others computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// As it is.
    Int(u64),
    /// Hundredths.
    Centi(u64),
    /// Thousandths.
    Milli(u64),
    /// Billionths.
    Nano(u64),
    /// The first divided by ten to the power of the second, which is 1 to 9; what has a variant of its
    /// own above is written faster.
    Fixed(u64, u8),
    /// The same below zero; the power may be 0.
    Minus(u64, u8),
    /// So many times as much; only for what leaves `u64`.
    Times(u64, u32),
    /// What other programs computed; the shortest text that reads as the same number.
    Float(f64),
}

impl Value {
    /// `raw` clock ticks of `1 / hz` seconds (`sysconf(_SC_CLK_TCK)`), as seconds.
    #[inline]
    pub fn ticks(raw: u64, hz: u64) -> Value {
        match hz {
            100 => Value::Centi(raw),
            1000 => Value::Milli(raw),
            _ => {
                let nanos = u128::from(raw) * 1_000_000_000 / u128::from(hz.max(1));
                Value::Nano(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }

    /// `raw` divided by ten to the power of `places`, which is 0 to 9.
    #[inline]
    pub fn fixed(raw: i64, places: u8) -> Value {
        match (raw.unsigned_abs(), places) {
            (n, places) if raw < 0 => Value::Minus(n, places),
            (n, 0) => Value::Int(n),
            (n, 2) => Value::Centi(n),
            (n, 3) => Value::Milli(n),
            (n, 9) => Value::Nano(n),
            (n, places) => Value::Fixed(n, places),
        }
    }

    /// The room that `write` wants: its longest text and some slack.
    pub const ROOM: usize = 48;

    /// `n` units of `size`.
    #[inline]
    pub fn times(n: u64, size: u32) -> Value {
        n.checked_mul(size.into()).map_or(Value::Times(n, size), Value::Int)
    }

    /// The float nearest to it: the one that its text reads as.
    pub fn as_f64(self) -> f64 {
        match self {
            // Neither the integer nor the power of ten is rounded, so the quotient is once.
            Value::Centi(n)
            | Value::Milli(n)
            | Value::Nano(n)
            | Value::Fixed(n, _)
            | Value::Minus(n, _)
            | Value::Times(n, _)
                if n > EXACT =>
            {
                self.through_text()
            }
            Value::Int(n) => n as f64,
            Value::Centi(n) => n as f64 / 1e2,
            Value::Milli(n) => n as f64 / 1e3,
            Value::Nano(n) => n as f64 / 1e9,
            Value::Fixed(n, places) => n as f64 / power(places) as f64,
            Value::Minus(n, places) => -(n as f64 / power(places) as f64),
            Value::Times(n, size) => n as f64 * f64::from(size),
            Value::Float(n) => n,
        }
    }

    /// Writes the number, for which `pen` has `ROOM`. A fraction of nothing is left out.
    pub fn write(self, pen: Pen<'_>) -> Pen<'_> {
        self.write_any(pen, 0)
    }

    /// The same with the end of a line behind it.
    #[inline(always)] // for most samples
    pub fn write_line(self, pen: Pen<'_>) -> Pen<'_> {
        let (n, places) = match self {
            Value::Int(n) => (n, 0),
            Value::Centi(n) => (n, 2),
            Value::Milli(n) => (n, 3),
            _ => return self.write_any(pen, 1),
        };
        match Places::of(places) {
            Some(places) => places.write_line(pen, n),
            None => pen,
        }
    }

    /// Writes the number and the first `end` bytes, none or one, of the end of a line.
    #[inline(never)]
    fn write_any(self, pen: Pen<'_>, end: usize) -> Pen<'_> {
        let mut pen = match self {
            Value::Int(n) => fixed(pen, n, 0),
            Value::Centi(n) => fixed(pen, n, 2),
            Value::Milli(n) => fixed(pen, n, 3),
            Value::Nano(n) => nano(pen, n),
            Value::Fixed(n, places) => fixed(pen, n, places),
            Value::Minus(n, places) => minus(pen, n, places),
            Value::Times(n, size) => wide(pen, u128::from(n) * u128::from(size)),
            Value::Float(n) => float(pen, n),
        };
        pen.put_word(b'\n'.into(), end);
        pen
    }
}

/// Integers up to this are floats.
const EXACT: u64 = 1 << 53;

/// Ten to the power of `places`, of which more than nine count as nine.
fn power(places: u8) -> u64 {
    10u64.pow(places.min(9).into())
}

/// Writes `n` with as many places as it is told, at most nine.
fn fixed(pen: Pen<'_>, n: u64, places: u8) -> Pen<'_> {
    if let Some(places) = Places::of(places.into()) {
        return places.write(pen, n, 0);
    }
    if places > 8 {
        return nano(pen, n);
    }
    let scale = power(places);
    let mut pen = whole(pen, n / scale);
    if n % scale > 0 {
        let last = usize::from(places);
        pen.put_word(b'.'.into(), 1);
        pen.put_word((digits::of(n % scale) | ZEROS) >> (8 * (8 - last)), last);
    }
    pen
}

/// The same with nine places.
fn nano(pen: Pen<'_>, n: u64) -> Pen<'_> {
    let mut pen = whole(pen, n / NANO);
    let (first, others) = (n % NANO / BLOCK, n % BLOCK);
    if first != 0 || others != 0 {
        pen.put_word(u64::from(b'.') | (u64::from(b'0') + first) << 8, 2);
        pen.put_word(digits::of(others) | ZEROS, 8);
    }
    pen
}

/// Billionths of one.
const NANO: u64 = 10 * BLOCK;

/// Writes `fixed` below zero. There is no negative zero.
fn minus(mut pen: Pen<'_>, n: u64, places: u8) -> Pen<'_> {
    if n > 0 {
        pen.put(b"-");
    }
    fixed(pen, n, places)
}

/// Writes `n` in decimal.
fn whole(pen: Pen<'_>, n: u64) -> Pen<'_> {
    fixed(pen, n, 0)
}

/// Writes what may leave `u64`, the last sixteen digits in two blocks.
fn wide(pen: Pen<'_>, n: u128) -> Pen<'_> {
    const BLOCKS: u128 = BLOCK as u128 * BLOCK as u128;
    let (high, low) = ((n / BLOCKS) as u64, (n % BLOCKS) as u64);
    if high == 0 {
        return whole(pen, low);
    }
    let mut pen = whole(pen, high);
    pen.put_word(digits::of(low / BLOCK) | ZEROS, 8);
    pen.put_word(digits::of(low % BLOCK) | ZEROS, 8);
    pen
}

/// Whole numbers below this are written digit by digit: beyond it not every one is an `f64`.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Writes what is no decimal of ours as Prometheus does.
fn float(mut pen: Pen<'_>, n: f64) -> Pen<'_> {
    if n.trunc() == n && n.abs() < MAX_WHOLE {
        if n < 0.0 {
            pen.put(b"-");
        }
        return whole(pen, n.abs() as u64);
    }
    match n {
        f64::INFINITY => pen.put(b"+Inf"),
        f64::NEG_INFINITY => pen.put(b"-Inf"),
        n if n.is_nan() => pen.put(b"NaN"),
        n => pen.put(zmij::Buffer::new().format_finite(n).as_bytes()),
    }
    pen
}

/// An integer as text, for a label.
pub struct Decimal([u8; Value::ROOM], usize);

impl Decimal {
    /// The decimal digits of `n`.
    pub fn of(n: u64) -> Decimal {
        let mut text = [0; Value::ROOM];
        let length = Value::ROOM - whole(Pen::new(&mut text), n).left();
        Decimal(text, length)
    }

    /// The digits.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }

    /// The digits as a label value.
    #[inline]
    pub fn label(&self) -> Label<'_> {
        Label::of(self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn as_a_float_it_is_what_is_written() {
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
}
