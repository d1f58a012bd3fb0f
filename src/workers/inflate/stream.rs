//! Decodes a deflate stream (RFC 1951): its blocks.

use super::Fault;
use super::codes::{Bits, Code, FIRST_LENGTH, FIXED_SYMBOLS, MAX_DISTANCES};

/// The symbol that ends a block, and the last of the lengths.
const END: usize = 256;
const LAST_LENGTH: usize = 285;

/// The fixed code has two distances more, which no stream may use.
const FIXED_DISTANCES: usize = 32;

/// The first allocation; it doubles.
pub const FIRST_ROOM: usize = 16 << 10;

/// Appends the decoded deflate stream at the start of `from`, as long as `out` has at most `limit` bytes;
/// returns the length of the stream.
pub fn inflate(from: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<usize, Fault> {
    let bits = Bits::new(from);
    let mut stream = Stream { bits, start: out.len(), out, limit };
    loop {
        let is_last = stream.bits.take(1)? == 1;
        match stream.bits.take(2)? {
            0 => stream.stored()?,
            1 => {
                let lengths: [u8; FIXED_SYMBOLS] = std::array::from_fn(|symbol| match symbol {
                    0..144 | 280.. => 8,
                    144..256 => 9,
                    256..280 => 7,
                });
                let symbols = Code::of(&lengths)?;
                stream.block(&symbols, &Code::of(&[5; FIXED_DISTANCES])?)?;
            }
            2 => {
                let (symbols, distances) = stream.bits.codes()?;
                stream.block(&symbols, &distances)?;
            }
            _ => return Err(Fault::Malformed),
        }
        if is_last {
            return Ok(from.len() - stream.bits.unread());
        }
    }
}

struct Stream<'a> {
    bits: Bits<'a>,
    out: &'a mut Vec<u8>,
    /// References may reach back to here.
    start: usize,
    limit: usize,
}

impl Stream<'_> {
    fn put(&mut self, byte: u8) -> Result<(), Fault> {
        let length = self.out.len();
        if length >= self.limit {
            return Err(Fault::TooLarge);
        }
        if length == self.out.capacity() {
            self.out.reserve_exact(length.max(FIRST_ROOM).min(self.limit - length));
        }
        self.out.push(byte);
        Ok(())
    }

    /// Reads a block of uncompressed bytes, from the next whole byte on.
    fn stored(&mut self) -> Result<(), Fault> {
        self.bits.align()?;
        let length = self.bits.take(16)?;
        if self.bits.take(16)? != length ^ 0xffff {
            return Err(Fault::Malformed);
        }
        for _ in 0..length {
            let byte = self.bits.take(8)? as u8;
            self.put(byte)?;
        }
        Ok(())
    }

    fn block(&mut self, symbols: &Code, distances: &Code) -> Result<(), Fault> {
        loop {
            let symbol = symbols.read(&mut self.bits)?;
            let length = match symbol {
                ..END => {
                    self.put(symbol as u8)?;
                    continue;
                }
                END => return Ok(()),
                FIRST_LENGTH..LAST_LENGTH => 3 + self.scaled(symbol - FIRST_LENGTH, 4)?,
                LAST_LENGTH => 258,
                _ => return Err(Fault::Malformed),
            };
            let distance = distances.read(&mut self.bits)?;
            if distance >= MAX_DISTANCES {
                return Err(Fault::Malformed);
            }
            let distance = 1 + self.scaled(distance, 2)?;
            if distance > self.out.len() - self.start {
                return Err(Fault::Malformed);
            }
            for _ in 0..length {
                let byte = self.out.get(self.out.len() - distance);
                self.put(*byte.ok_or(Fault::Malformed)?)?;
            }
        }
    }

    /// The value of a symbol: each of the first 2 × `per` symbols has its own value, and then `per` symbols
    /// share each power of two.
    fn scaled(&mut self, symbol: usize, per: usize) -> Result<usize, Fault> {
        let Some(more) = (symbol / per).checked_sub(1) else { return Ok(symbol) };
        Ok(((per + symbol % per) << more) + self.bits.take(more)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;
    use miniz_oxide::inflate::decompress_to_vec_with_limit;

    /// Pseudo-random numbers, from xorshift.
    fn numbers() -> impl Iterator<Item = usize> {
        std::iter::successors(Some(88_172_645_463_325_252_u64), |x| {
            let x = x ^ (x << 13);
            let x = x ^ (x >> 7);
            Some(x ^ (x << 17))
        })
        .map(|x| (x >> 20) as usize)
    }

    fn text(size: usize, kinds: usize) -> Vec<u8> {
        numbers().take(size).map(|n| (n % kinds) as u8).collect()
    }

    #[test]
    fn every_kind_of_block_comes_back() {
        for (size, kinds) in [(0, 1), (1, 1), (70_000, 1), (9000, 3), (200_000, 40), (70_000, 256)]
        {
            let plain = [text(size, kinds), text(size / 2, kinds)].concat();
            for level in [0, 1, 6, 9] {
                let packed = [&compress_to_vec(&plain, level)[..], b"behind"].concat();
                let mut out = b"before".to_vec();
                assert_eq!(inflate(&packed, &mut out, usize::MAX), Ok(packed.len() - 6));
                assert!(out == [b"before", &plain[..]].concat(), "{size} {kinds} {level}");
            }
        }
        let (fixed, mut out) =
            ([0x4b, 0x4c, 0x4a, 0x4e, 0x49, 0x4d, 0x4b, 0x4c, 0x04, 0], Vec::new());
        let read = inflate(&fixed, &mut out, 99).unwrap();
        assert_eq!((read, &out), (10, &decompress_to_vec_with_limit(&fixed, 99).unwrap()));
    }

    #[test]
    fn damaged_streams_decode_as_by_the_twin_or_fail() {
        let plain = [text(3000, 20), text(2000, 20)].concat();
        let mut numbers = numbers().skip(7);
        let mut next = |below: usize| numbers.next().unwrap_or_default() % below;
        let mut taken = 0;
        for turn in 0..3000 {
            let mut packed = compress_to_vec(&plain, [0, 1, 6][turn % 3]);
            let at = next(packed.len().min(200));
            packed[at] ^= 1 << next(8);
            packed.truncate(at + next(packed.len()));
            let mut out = Vec::new();
            let ours = inflate(&packed, &mut out, 20_000);
            if ours.is_ok() {
                taken += 1;
                assert_eq!(decompress_to_vec_with_limit(&packed, 20_000).unwrap(), out);
            }
        }
        assert!(taken > 0, "nothing was compared");
    }
}
