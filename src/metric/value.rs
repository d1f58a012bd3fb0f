//! One sample's number. The kernel counts in integers, and so do we: a tick, a millisecond or a
//! nanosecond becomes a decimal fraction of a second without passing through a float.

/// A number with an exact decimal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Int(u64),
    /// Hundredths.
    Centi(u64),
    /// Thousandths.
    Milli(u64),
    /// Billionths.
    Nano(u64),
    /// So many times as much; only for what leaves `u64`.
    Times(u64, u16),
}

impl Value {
    /// `raw` clock ticks of `1 / hz` seconds (`sysconf(_SC_CLK_TCK)`), as seconds.
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

    /// `n` units of `size`.
    #[inline]
    pub fn times(n: u64, size: u16) -> Value {
        n.checked_mul(size.into()).map_or(Value::Times(n, size), Value::Int)
    }

    /// The longest text that `write` makes.
    pub const MAX_LEN: usize = 25;

    /// Writes the number to the start of `to` (at least `MAX_LEN` bytes) and returns its length.
    #[inline]
    pub fn write(self, to: &mut [u8]) -> usize {
        let (whole, rest, digits) = match self {
            Value::Int(n) => (n, 0, 0),
            Value::Centi(n) => (n / 100, n % 100, 2),
            Value::Milli(n) => (n / 1000, n % 1000, 3),
            Value::Nano(n) => (n / 1_000_000_000, n % 1_000_000_000, 9),
            Value::Times(n, size) => return wide(to, u128::from(n) * u128::from(size)),
        };
        let mut n = integer(to, whole);
        if rest != 0 {
            n += fraction(to.get_mut(n..).unwrap_or_default(), rest, digits);
        }
        n
    }
}

/// "00" to "99".
static PAIRS: [[u8; 2]; 100] = pairs();

const fn pairs() -> [[u8; 2]; 100] {
    let mut all = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        #[allow(clippy::indexing_slicing)] // evaluated by the compiler
        {
            all[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        }
        i += 1;
    }
    all
}

/// Writes `n` in decimal to the start of `to`; returns how many digits that took.
#[inline]
pub fn integer(to: &mut [u8], n: u64) -> usize {
    let digits = n.checked_ilog10().map_or(1, |log| log as usize + 1);
    padded(to, n, digits);
    digits
}

/// Writes the last `digits` decimal digits of `n`, with leading zeros.
#[inline]
fn padded(to: &mut [u8], mut n: u64, digits: usize) {
    let Some(mut to) = to.get_mut(..digits) else { return };
    while let [head @ .., _, _] = to {
        let at = head.len();
        if let (Some(pair), Some(digits)) =
            (PAIRS.get((n % 100) as usize), to.last_chunk_mut::<2>())
        {
            *digits = *pair;
        }
        n /= 100;
        to = to.get_mut(..at).unwrap_or_default();
    }
    if let [last] = to {
        *last = b'0' + (n % 10) as u8;
    }
}

/// Writes what may leave `u64`, in two halves.
#[cold]
fn wide(to: &mut [u8], n: u128) -> usize {
    const DIGITS: usize = 19;
    const HALF: u128 = 10u128.pow(DIGITS as u32);
    let high = (n / HALF) as u64;
    if high == 0 {
        return integer(to, n as u64);
    }
    let length = integer(to, high);
    padded(to.get_mut(length..).unwrap_or_default(), (n % HALF) as u64, DIGITS);
    length + DIGITS
}

/// Writes a point and `rest` as `digits` digits; returns the length.
#[inline]
fn fraction(to: &mut [u8], rest: u64, digits: usize) -> usize {
    if let Some((point, after)) = to.split_first_mut() {
        *point = b'.';
        padded(after, rest, digits);
    }
    digits + 1
}

/// An integer as text, for a label.
pub struct Decimal([u8; 20], usize);

impl Decimal {
    /// The decimal digits of `n`.
    pub fn of(n: u64) -> Decimal {
        let mut text = [0; 20];
        let length = integer(&mut text, n);
        Decimal(text, length)
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value) -> String {
        let mut to = [0; Value::MAX_LEN];
        let n = value.write(&mut to);
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
            for size in [1, 512, 1024, u16::MAX] {
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
    fn ticks_become_seconds_at_any_rate() {
        assert_eq!(text(Value::ticks(12_345, 100)), "123.45");
        assert_eq!(text(Value::ticks(1_500, 1000)), "1.500");
        assert_eq!(text(Value::ticks(512, 1024)), "0.500000000");
        assert_eq!(text(Value::ticks(u64::MAX, 1)), "18446744073.709551615"); // saturates
    }
}
