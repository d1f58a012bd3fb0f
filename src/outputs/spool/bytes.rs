//! Numbers as bytes: seven bits a byte, the lowest first, the eighth bit means that more follow
//! (LEB128); signed ones with the sign in the lowest bit.

/// Bytes of the longest number.
const MAX_NUMBER: usize = 10;

/// Appends a number.
pub fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends a number that is mostly near 0.
pub fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, ((n << 1) ^ (n >> 63)) as u64);
}

/// The bytes that are left to read. Every method returns `None` at the end.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Reads this many bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// Reads one byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Option<u64> {
        let mut n = 0;
        for at in 0..MAX_NUMBER {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if at == MAX_NUMBER - 1 && bits > 1 {
                return None;
            }
            n |= bits << (7 * at);
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    /// Reads a number below 2 to the power of 32.
    pub fn small(&mut self) -> Option<usize> {
        u32::try_from(self.number()?).ok().map(|n| n as usize)
    }

    /// Reads a signed number.
    pub fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// Reads a length and as many bytes.
    pub fn sized(&mut self) -> Option<&'a [u8]> {
        let n = self.small()?;
        self.take(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let (mut out, shifts) = (Vec::new(), 0..64);
        for n in shifts.clone().map(|shift| u64::MAX >> shift) {
            put(&mut out, n);
            put_signed(&mut out, n as i64);
            put_signed(&mut out, (n as i64).wrapping_neg());
        }
        let mut bytes = Bytes(&out);
        for n in shifts.map(|shift| u64::MAX >> shift) {
            assert_eq!(bytes.number(), Some(n));
            assert_eq!(bytes.signed(), Some(n as i64));
            assert_eq!(bytes.signed(), Some((n as i64).wrapping_neg()));
        }
        assert_eq!(bytes.number(), None);
        assert_eq!(Bytes(&[0xff; 10]).number(), None);
        assert_eq!(Bytes(&[0xff; 20]).number(), None);
    }
}
