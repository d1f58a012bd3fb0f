//! Parses decimal fractions. Short ones take one division; all others are compared as whole numbers of any
//! length: exact, and 8 KB smaller than the core library's parser with its table of powers (musl's strtod(3) takes
//! 6 KB).

mod whole;

use std::cmp::Ordering;
use whole::Whole;

/// Decimal digits that fit into 64 bits.
const MAX_DIGITS: i32 = 19;
const LARGEST: u64 = 10u64.pow(MAX_DIGITS as u32);

/// More digits than the middle between two floats has; of later ones, it matters only whether any is not 0.
const MAX_EXACT: i64 = 800;

/// Beyond all exponents, even with as many digits before them as a text may have.
const MAX_POWER: i64 = 1 << 40;

/// Parses `text` as a number: accepts exactly what `str::parse` accepts.
pub fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = short(digits).or_else(|| long(digits)).or_else(|| word(digits))?;
    Some(if text.starts_with('-') { -number } else { number })
}

fn word(text: &str) -> Option<f64> {
    let is = |word: &str| word.eq_ignore_ascii_case(text);
    match is("nan") {
        true => Some(f64::NAN),
        false => (is("inf") || is("infinity")).then_some(f64::INFINITY),
    }
}

/// A number of no more digits than fit into 64 bits, times a power of ten that fits as well: nearly
/// all that programs write. Exact, and ten times as fast as the C library.
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
    // A quotient of 64 bits and more; the last bit says whether a remainder is left.
    let shift = number.leading_zeros();
    let whole = (number << shift) / power;
    let quotient = whole | u128::from(whole * power != number << shift);
    Some(quotient as f64 / (1u128 << shift) as f64)
}

/// Any number without a sign.
#[cold]
fn long(text: &str) -> Option<f64> {
    let mut digits = Digits::default();
    let (mut is_number, mut is_behind) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => {
                is_number = true;
                digits.push(u64::from(byte - b'0'), is_behind);
            }
            b'.' if !is_behind => is_behind = true,
            b'e' | b'E' => {
                digits.exponent += power(text.get(at + 1..)?)?;
                break;
            }
            _ => return None,
        }
    }
    if is_number { digits.nearest() } else { None }
}

/// The digits of a number, and the power of ten to multiply them by.
struct Digits {
    /// All that are used, except those in `part`.
    whole: Whole,
    /// The last of them, and the power of ten to multiply `whole` by before they are added.
    part: u64,
    base: u64,
    /// How many are used from the first that is not 0, and the first 19 of these.
    count: i64,
    first: u64,
    exponent: i64,
    /// One of those that are not used is not 0.
    has_more: bool,
}

impl Default for Digits {
    fn default() -> Digits {
        let whole = Whole::of(0);
        Digits { whole, part: 0, base: 1, count: 0, first: 0, exponent: 0, has_more: false }
    }
}

impl Digits {
    /// Adds a digit, which is behind the point or before it.
    fn push(&mut self, digit: u64, is_behind: bool) {
        if self.count >= MAX_EXACT {
            self.exponent += i64::from(!is_behind);
            self.has_more |= digit > 0;
            return;
        }
        self.exponent -= i64::from(is_behind);
        self.count += i64::from(self.count > 0 || digit > 0);
        if self.base == LARGEST {
            self.whole.multiply(self.base, self.part);
            (self.part, self.base) = (0, 1);
        }
        (self.part, self.base) = (self.part * 10 + digit, self.base * 10);
        if self.count <= MAX_DIGITS.into() {
            self.first = self.first * 10 + digit;
        }
    }

    /// The nearest float.
    fn nearest(mut self) -> Option<f64> {
        self.whole.multiply(self.base, self.part);
        if self.has_more {
            self.whole.multiply(10, 1);
            (self.exponent, self.count) = (self.exponent - 1, self.count + 1);
        }
        match self.count + self.exponent {
            _ if self.count == 0 => Some(0.0),
            310.. => Some(f64::INFINITY),
            ..-330 => Some(0.0),
            _ => {
                let exponent = i32::try_from(self.exponent).ok()?;
                let behind = i32::try_from(self.count).ok()? - MAX_DIGITS;
                let near = about(self.first, exponent + behind.max(0));
                Some(nearest(&self.whole, exponent, near))
            }
        }
    }
}

/// An exponent, bounded.
fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let add = |power: i64, byte| (power * 10 + i64::from(byte - b'0')).min(MAX_POWER);
    let power = digits.bytes().fold(0, add);
    Some(if text.starts_with('-') { -power } else { power })
}

/// `first` times a power of ten, exact except for the last few bits.
fn about(first: u64, mut exponent: i32) -> f64 {
    let mut number = first as f64;
    while exponent != 0 {
        let step = exponent.clamp(-MAX_DIGITS, MAX_DIGITS);
        let power = 10u64.pow(step.unsigned_abs()) as f64;
        number = if step < 0 { number / power } else { number * power };
        exponent -= step;
    }
    number.min(f64::MAX)
}

/// The float nearest to `whole` times a power of ten, the even one if two are equally near. `number` is near it.
fn nearest(whole: &Whole, exponent: i32, mut number: f64) -> f64 {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    loop {
        // The number is `mantissa` times 2 to the power of `two`.
        let bits = number.to_bits();
        let (of_bits, least) = ((bits >> FRACTION) as i32, 1 << FRACTION);
        let mantissa = bits % least + if of_bits > 0 { least } else { 0 };
        let two = of_bits.max(1) - f64::MAX_EXP - FRACTION as i32 + 1;
        let is_odd = mantissa % 2 == 1;
        let above = compare(whole, exponent, 2 * mantissa + 1, two - 1);
        if above.is_gt() || above.is_eq() && is_odd {
            number = number.next_up();
            if number.is_infinite() {
                return number;
            }
            continue;
        }
        // Below a power of two, floats are half as far apart.
        let (middle, two) = match mantissa == least && of_bits > 1 {
            true => (4 * mantissa - 1, two - 2),
            false => (2 * mantissa.max(1) - 1, two - 1),
        };
        let below = compare(whole, exponent, middle, two);
        if mantissa > 0 && (below.is_lt() || below.is_eq() && is_odd) {
            number = number.next_down();
            continue;
        }
        return number;
    }
}

/// Compares `whole` times a power of ten with `middle` times a power of two.
fn compare(whole: &Whole, exponent: i32, middle: u64, two: i32) -> Ordering {
    let (mut one, mut other) = (*whole, Whole::of(middle));
    // Ten is five times two.
    if exponent > 0 { &mut one } else { &mut other }.scale(5, exponent);
    if exponent > two { &mut one } else { &mut other }.scale(2, exponent - two);
    one.compare(&other)
}

#[cfg(test)]
mod tests;
