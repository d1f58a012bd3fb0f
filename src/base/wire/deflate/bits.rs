//! Bits in the order of deflate: the least significant bit of a byte first (RFC 1951, section 3.1.1).

/// Bytes by which the output is extended at a time.
const STEP: usize = 1 << 10;

/// Appends bits to bytes.
pub struct Bits<'a> {
    out: &'a mut Vec<u8>,
    /// Where the next whole byte goes; `out` is only room from there on.
    at: usize,
    pending: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Goes on after `out`, and uses its spare capacity.
    pub fn after(out: &'a mut Vec<u8>) -> Bits<'a> {
        let at = out.len();
        out.resize(out.capacity().max(at + STEP), 0);
        Bits { out, at, pending: 0, count: 0 }
    }

    /// Adds the low `count` bits of `bits`; the others are 0. Between two calls of `flush` there is
    /// room for 56 bits.
    #[inline(always)]
    pub fn add(&mut self, bits: u32, count: u32) {
        self.pending |= u64::from(bits) << self.count;
        self.count += count;
    }

    /// Makes room for one code.
    #[inline(always)]
    pub fn flush_for_code(&mut self) {
        const LONGEST: u32 = 15;
        if self.count > 56 - LONGEST {
            self.flush();
        }
    }

    /// Moves whole bytes to the output; at most 7 bits are left.
    #[inline(always)]
    pub fn flush(&mut self) {
        if self.out.len() < self.at + 8 {
            self.extend();
        }
        if let Some(to) = self.out.get_mut(self.at..self.at + 8) {
            to.copy_from_slice(&self.pending.to_le_bytes());
        }
        self.at += (self.count >> 3) as usize;
        self.pending >>= self.count & !7;
        self.count &= 7;
    }

    #[cold]
    fn extend(&mut self) {
        self.out.resize(self.at + self.at / 2 + STEP, 0);
    }

    /// Adds the first `count` bits of `bytes`.
    pub fn add_all(&mut self, mut bytes: &[u8], mut count: u32) {
        // With the 7 that may be pending, no more fit.
        const MOST: u32 = 56;
        while count > 0 {
            let some = count.min(MOST);
            let word = bytes.first_chunk().map_or_else(|| short(bytes), |w| u64::from_le_bytes(*w));
            self.pending |= (word & ((1 << some) - 1)) << self.count;
            self.count += some;
            self.flush();
            bytes = bytes.get(MOST as usize / 8..).unwrap_or_default();
            count -= some;
        }
    }

    /// Fills the last byte with zeros; returns how many bits of it are in use, 0 if none.
    pub fn end(mut self) -> u32 {
        self.flush();
        let used = self.count;
        self.add(0, 7);
        self.flush();
        self.out.truncate(self.at);
        used
    }

    /// Like `end`, for output that began empty; returns how many bits there are.
    pub fn end_all(mut self) -> u32 {
        self.flush();
        let bits = 8 * self.at as u32 + self.count;
        self.end();
        bits
    }
}

/// Less than a word, padded with zeros.
fn short(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_bit_comes_first() {
        let mut out = b"before".to_vec();
        let mut bits = Bits::after(&mut out);
        for (some, count) in [(1, 1), (0, 2), (0b1101, 4), (0x1ffff, 17), (0, 20), (5, 3)] {
            bits.add(some, count);
            bits.flush();
        }
        assert_eq!(bits.end(), 7);
        assert_eq!(out, b"before\xe9\xff\xff\x00\x00\x50");
        for pending in 0..8 {
            let mut copy = Vec::new();
            let mut bits = Bits::after(&mut copy);
            bits.add(0, pending);
            bits.add_all(&out, 8 * out.len() as u32 - 1);
            assert_eq!(bits.end_all(), pending + 8 * out.len() as u32 - 1);
            let shifted = |bytes: &[u8], by| {
                bytes.iter().rev().fold(0u128, |all, byte| all << 8 | u128::from(*byte)) << by
            };
            assert_eq!(shifted(&copy, 0), shifted(&out, pending));
        }
    }

    #[test]
    fn the_output_grows() {
        let mut out = Vec::new();
        let mut bits = Bits::after(&mut out);
        for _ in 0..100_000 {
            bits.add(0xabcdef, 24);
            bits.flush();
        }
        assert_eq!(bits.end(), 0);
        assert_eq!(out, [0xef, 0xcd, 0xab].repeat(100_000));
    }
}
