//! The units of the kernel's integers, and their conversion to base units.

use super::Value;
use crate::base::sys;

/// The unit of the kernel's integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things; also bytes and seconds that the kernel already gives as such.
    One,
    /// Sectors of 512 bytes, whatever the device's sector size.
    Sectors,
    /// Pages of memory, of the kernel's size.
    Pages,
    /// Units of 1024 bytes ("kB" in the kernel's texts).
    Kibibytes,
    /// Clock ticks of the kernel's texts (USER_HZ).
    Ticks,
    /// Tenths.
    Deci,
    /// Hundredths; also per cent, which become a ratio.
    Centi,
    /// Thousandths, such as milliseconds and millidegrees.
    Millis,
    /// Millionths, such as microvolts.
    Micros,
    /// Billionths, such as nanoseconds.
    Nanos,
    /// Tens.
    Deca,
    /// Hundreds.
    Hecto,
    /// Thousands, such as kilohertz.
    Kilo,
    /// Millions, such as megabits.
    Mega,
    /// Billions.
    Giga,
}

/// Every unit at its index, with sixteen entries.
#[rustfmt::skip]
const UNITS: [Unit; 16] = [
    Unit::One, Unit::Sectors, Unit::Pages, Unit::Kibibytes, Unit::Ticks, Unit::Deci, Unit::Centi, Unit::Millis,
    Unit::Micros, Unit::Nanos, Unit::Deca, Unit::Hecto, Unit::Kilo, Unit::Mega, Unit::Giga, Unit::One,
];

impl Unit {
    /// The unit at an index below 16.
    pub(super) fn at(place: u16) -> Unit {
        UNITS.get(usize::from(place)).copied().unwrap_or(Unit::One)
    }

    /// The kernel's integer in base units.
    #[inline]
    pub fn value(self, raw: u64) -> Value {
        match self {
            Unit::One => Value::Int(raw),
            Unit::Sectors => Value::times(raw, 512),
            Unit::Pages => Value::times(raw, u32::try_from(sys::page_size()).unwrap_or(4096)),
            Unit::Kibibytes => Value::times(raw, 1024),
            Unit::Ticks => Value::ticks(raw, sys::user_hz()),
            Unit::Deci => Value::Fixed(raw, 1),
            Unit::Centi => Value::Centi(raw),
            Unit::Millis => Value::Milli(raw),
            Unit::Micros => Value::Fixed(raw, 6),
            Unit::Nanos => Value::Nano(raw),
            Unit::Deca => Value::times(raw, 10),
            Unit::Hecto => Value::times(raw, 100),
            Unit::Kilo => Value::times(raw, 1000),
            Unit::Mega => Value::times(raw, 1_000_000),
            Unit::Giga => Value::times(raw, 1_000_000_000),
        }
    }

    /// Factor and decimal places: the kernel's integer is multiplied by the first, and divided by ten to the power
    /// of the second, which is below 8. `None` if that is not enough.
    pub fn scale(self) -> Option<(u64, usize)> {
        match self {
            Unit::One => return Some((1, 0)),
            Unit::Millis => return Some((1, 3)),
            Unit::Sectors => return Some((512, 0)),
            _ => {}
        }
        match self.value(1) {
            Value::Int(factor) => Some((factor, 0)),
            Value::Centi(1) => Some((1, 2)),
            Value::Milli(1) => Some((1, 3)),
            Value::Fixed(1, places @ ..8) => Some((1, usize::from(places))),
            _ => None,
        }
    }

    /// The kernel's integer in base units, for values that may be negative.
    pub fn signed(self, raw: i64) -> Value {
        match (raw < 0, self.value(raw.unsigned_abs())) {
            (false, value) => value,
            (true, Value::Int(n)) => Value::Minus(n, 0),
            (true, Value::Centi(n)) => Value::Minus(n, 2),
            (true, Value::Milli(n)) => Value::Minus(n, 3),
            (true, Value::Nano(n)) => Value::Minus(n, 9),
            (true, Value::Fixed(n, places)) => Value::Minus(n, places),
            // Larger than any kernel's integer.
            (true, Value::Times(n, size)) => Value::Minus(n.saturating_mul(size.into()), 0),
            (true, Value::Float(n)) => Value::Float(-n),
            (true, value @ Value::Minus(..)) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_at_its_place() {
        assert!(UNITS.iter().all(|unit| Unit::at(*unit as u16) == *unit));
    }

    #[test]
    fn below_zero_every_unit_is_the_negative_of_above() {
        for unit in UNITS {
            for raw in [0, 7, 12_345, i64::MAX] {
                assert!(unit.signed(raw) == unit.value(raw.unsigned_abs()), "{unit:?}");
                assert!(
                    raw == i64::MAX || unit.signed(-raw).as_f64() == -unit.signed(raw).as_f64()
                );
            }
        }
    }
}
