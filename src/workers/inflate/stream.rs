//! Decodes a deflate stream (RFC 1951). A symbol is found by counting through the lengths of its code, not by
//! a table that has to be built first: slower than `miniz_oxide`, and an eighth as large.

use super::Fault;

/// Bits of the longest code.
const MAX_LENGTH: usize = 15;
/// Codes of bytes and lengths, and of distances.
const MAX_SYMBOLS: usize = 286;
const MAX_DISTANCES: usize = 30;
/// The fixed codes have two more each, which no stream may use.
const FIXED_SYMBOLS: usize = 288;
const FIXED_DISTANCES: usize = 32;

/// The symbol that ends a block, and the first and the last of the lengths.
const END: usize = 256;
const FIRST_LENGTH: usize = 257;
const LAST_LENGTH: usize = 285;

/// The order of the lengths of the codes for lengths of codes.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The first allocation; it doubles.
pub const FIRST_ROOM: usize = 16 << 10;

/// Appends the decoded deflate stream at the start of `from`, as long as `out` has at most `limit` bytes;
/// returns the length of the stream.
pub fn inflate(from: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<usize, Fault> {
    let bits = Bits { rest: from, held: 0, count: 0 };
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
            // Whole bytes that were read ahead.
            return Ok(from.len() - stream.bits.rest.len() - stream.bits.count / 8);
        }
    }
}

/// The input, from the lowest bit of a byte to its highest.
struct Bits<'a> {
    rest: &'a [u8],
    held: u32,
    /// How many bits are buffered: below 16 before a byte is added.
    count: usize,
}

impl Bits<'_> {
    /// Buffers `count` bits, if there are as many.
    fn hold(&mut self, count: usize) {
        while let (true, [byte, rest @ ..]) = (self.count < count, self.rest) {
            self.held |= u32::from(*byte) << self.count;
            (self.count, self.rest) = (self.count + 8, rest);
        }
    }

    /// Drops `count` buffered bits.
    fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.count = self.count.checked_sub(count).ok_or(Fault::Malformed)?;
        self.held >>= count;
        Ok(())
    }

    /// Reads a number of at most 16 bits.
    fn take(&mut self, count: usize) -> Result<usize, Fault> {
        self.hold(count);
        let bits = self.held & ((1 << count) - 1);
        self.skip(count)?;
        Ok(bits as usize)
    }

    /// Reads the codes at the head of a block.
    fn codes(&mut self) -> Result<(Code, Code), Fault> {
        let symbols = self.take(5)? + FIRST_LENGTH;
        let distances = self.take(5)? + 1;
        let known = self.take(4)? + 4;
        if symbols > MAX_SYMBOLS || distances > MAX_DISTANCES {
            return Err(Fault::Malformed);
        }
        let mut lengths = [0; ORDER.len()];
        for place in ORDER.iter().take(known) {
            let length = self.take(3)? as u8;
            lengths.iter_mut().skip(usize::from(*place)).take(1).for_each(|at| *at = length);
        }
        let code = Code::of(&lengths)?;
        let mut lengths = [0; MAX_SYMBOLS + MAX_DISTANCES];
        let lengths = lengths.get_mut(..symbols + distances).unwrap_or_default();
        self.lengths(&code, lengths)?;
        let (of_symbols, of_distances) =
            lengths.split_at_checked(symbols).ok_or(Fault::Malformed)?;
        Ok((Code::of(of_symbols)?, Code::of(of_distances)?))
    }

    /// Reads the lengths of codes: each is given, or how often the one before or zero is repeated.
    fn lengths(&mut self, code: &Code, mut rest: &mut [u8]) -> Result<(), Fault> {
        let mut last = None;
        while !rest.is_empty() {
            let (length, times) = match code.read(self)? {
                16 => (last.ok_or(Fault::Malformed)?, 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length as u8, 1),
            };
            let (now, after) = rest.split_at_mut_checked(times).ok_or(Fault::Malformed)?;
            now.fill(length);
            (last, rest) = (Some(length), after);
        }
        Ok(())
    }
}

/// A code by the lengths of its symbols: symbols of one length are numbered in order, starting after
/// twice the last number of the length before.
struct Code {
    /// How many symbols have codes of each length; there is no code of length 0.
    counts: [u16; MAX_LENGTH + 1],
    /// In the order of their codes.
    symbols: [u16; FIXED_SYMBOLS],
}

impl Code {
    fn of(lengths: &[u8]) -> Result<Code, Fault> {
        let mut code = Code { counts: [0; MAX_LENGTH + 1], symbols: [0; FIXED_SYMBOLS] };
        let mut places = code.symbols.iter_mut();
        // How many of the values of 15 bits are used.
        let mut said = 0;
        for (length, count) in (0..=MAX_LENGTH).zip(&mut code.counts).skip(1) {
            let all = lengths.iter().zip(0..).filter(|(of, _)| usize::from(**of) == length);
            for ((_, symbol), place) in all.zip(&mut places) {
                *place = symbol;
                *count += 1;
            }
            said += usize::from(*count) << (MAX_LENGTH - length);
        }
        // Unused values are allowed only if one symbol has one bit, or there is none.
        let is_single = said == 0 || (said == 1 << (MAX_LENGTH - 1) && code.counts[1] == 1);
        if said == 1 << MAX_LENGTH || is_single { Ok(code) } else { Err(Fault::Malformed) }
    }

    /// Reads the next symbol.
    fn read(&self, bits: &mut Bits<'_>) -> Result<usize, Fault> {
        bits.hold(MAX_LENGTH);
        // The first bit of a code is its highest.
        let ahead = usize::from((bits.held as u16).reverse_bits() >> 1);
        let (mut first, mut before) = (0, 0);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            let (count, number) = (usize::from(*count), ahead >> (MAX_LENGTH - length));
            if number < first + count {
                bits.skip(length)?;
                let symbol = self.symbols.get((before + number).wrapping_sub(first));
                return symbol.map(|symbol| usize::from(*symbol)).ok_or(Fault::Malformed);
            }
            (first, before) = ((first + count) << 1, before + count);
        }
        Err(Fault::Malformed)
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
        self.bits.skip(self.bits.count % 8)?;
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
    fn what_is_damaged_comes_out_as_its_twin_says_or_not_at_all() {
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
