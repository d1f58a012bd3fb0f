//! One sample's number. The kernel counts in integers, which are kept: a tick, a millisecond or a
//! nanosecond becomes a decimal fraction of a second without passing through a float.

use crate::base::sys::digits::{self, BLOCK, ZEROS};
use crate::base::sys::{Pen, Places};

/// A number: in exact decimal form, except for those that other programs computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// An integer.
    Int(u64),
    /// Hundredths.
    Centi(u64),
    /// Thousandths.
    Milli(u64),
    /// Billionths.
    Nano(u64),
    /// The first divided by ten to the power of the second, which is 1 to 9; the scales with a variant of their
    /// own above are written faster.
    Fixed(u64, u8),
    /// Like `Fixed`, but negative; the power may be 0.
    Minus(u64, u8),
    /// The product of both; only for values that exceed `u64`.
    Times(u64, u32),
    /// Computed by another program; written as the shortest text that parses to the same number.
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

    /// The room that `write` needs: its longest text and some slack.
    pub const ROOM: usize = 48;

    /// `n` units of `size`.
    #[inline]
    pub fn times(n: u64, size: u32) -> Value {
        n.checked_mul(size.into()).map_or(Value::Times(n, size), Value::Int)
    }

    /// The nearest float: the one that its text parses to.
    pub fn as_f64(self) -> f64 {
        match self {
            // Neither the integer nor the power of ten is rounded, so the quotient is rounded once.
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

    /// Writes the number, for which `pen` has `ROOM`. A fraction of 0 is left out.
    pub fn write(self, pen: Pen<'_>) -> Pen<'_> {
        self.write_any(pen, 0)
    }

    /// Writes the number and the end of a line.
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

    /// Writes the number and the first `end` bytes (0 or 1) of the end of a line.
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

/// Integers up to this are exact as floats.
const EXACT: u64 = 1 << 53;

/// Ten to the power of `places`; more than nine count as nine.
fn power(places: u8) -> u64 {
    10u64.pow(places.min(9).into())
}

/// Writes `n` with `places` decimal places, at most nine.
fn fixed(pen: Pen<'_>, n: u64, places: u8) -> Pen<'_> {
    if let Some(places) = Places::of(places.into()) {
        return places.write(pen, n, 0);
    }
    if places > 8 {
        return nano(pen, n);
    }
    let scale = power(places);
    let mut pen = whole(pen, n / scale);
    if !n.is_multiple_of(scale) {
        let last = usize::from(places);
        pen.put_word(b'.'.into(), 1);
        pen.put_word((digits::of(n % scale) | ZEROS) >> (8 * (8 - last)), last);
    }
    pen
}

/// Like `fixed`, with nine places.
fn nano(pen: Pen<'_>, n: u64) -> Pen<'_> {
    let mut pen = whole(pen, n / NANO);
    let (first, others) = (n % NANO / BLOCK, n % BLOCK);
    if first != 0 || others != 0 {
        pen.put_word(u64::from(b'.') | (u64::from(b'0') + first) << 8, 2);
        pen.put_word(digits::of(others) | ZEROS, 8);
    }
    pen
}

/// One in billionths.
const NANO: u64 = 10 * BLOCK;

/// Writes the negative of `fixed`. There is no negative zero.
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

/// Writes a number that may exceed `u64`, the last sixteen digits in two blocks.
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

/// Writes a float as Prometheus does.
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

#[cfg(test)]
mod tests;
