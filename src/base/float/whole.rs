//! Whole numbers of many digits.

use std::cmp::Ordering;

/// Digits in base 2^64 that a number has at most here: of 800 decimal digits, or the middle between two small
/// floats times a power of five, some 2730 bits.
pub const MAX_LENGTH: usize = 48;

/// A whole number in base 2^64, the lowest digit first, with zeros after the highest.
#[derive(Clone, Copy)]
pub struct Whole {
    digits: [u64; MAX_LENGTH],
    length: usize,
}

impl Whole {
    /// A number of one digit.
    pub fn of(number: u64) -> Whole {
        let mut whole = Whole { digits: [0; MAX_LENGTH], length: 0 };
        whole.multiply(1, number);
        whole
    }

    /// Multiplies it by `base` to the power of `power`, whose sign is ignored.
    pub fn scale(&mut self, base: u64, power: i32) {
        let mut left = power.unsigned_abs();
        while left > 0 {
            // 5 to the power of 27 fits into 64 bits.
            let step = left.min(27);
            self.multiply(base.pow(step), 0);
            left -= step;
        }
    }

    /// Multiplies it by `by` and adds `more`.
    pub fn multiply(&mut self, by: u64, mut more: u64) {
        for digit in self.digits.iter_mut().take(self.length) {
            let product = u128::from(*digit) * u128::from(by) + u128::from(more);
            (*digit, more) = (product as u64, (product >> 64) as u64);
        }
        if more > 0 {
            debug_assert!(self.length < MAX_LENGTH, "there are no longer ones");
            self.digits.iter_mut().skip(self.length).take(1).for_each(|digit| *digit = more);
            self.length += 1;
        }
    }

    /// Compares it with another.
    pub fn compare(&self, other: &Whole) -> Ordering {
        self.digits.iter().rev().cmp(other.digits.iter().rev())
    }

    /// The digits, for tests.
    #[cfg(test)]
    pub fn digits(&self) -> &[u64; MAX_LENGTH] {
        &self.digits
    }
}
