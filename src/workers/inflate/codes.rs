//! The bits of a deflate stream and its codes (RFC 1951, section 3.2). A symbol is found by counting through the
//! lengths of its code, not by a table that has to be built first: slower than `miniz_oxide`, and an eighth as large.

use super::Fault;

/// Bits of the longest code.
const MAX_LENGTH: usize = 15;
/// Codes of bytes and lengths, and of distances.
const MAX_SYMBOLS: usize = 286;
pub const MAX_DISTANCES: usize = 30;
/// The fixed code has two symbols more, which no stream may use.
pub const FIXED_SYMBOLS: usize = 288;

/// The first symbol of the lengths.
pub const FIRST_LENGTH: usize = 257;

/// The order of the lengths of the codes for lengths of codes.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The input, from the lowest bit of a byte to its highest.
pub struct Bits<'a> {
    rest: &'a [u8],
    held: u32,
    /// How many bits are buffered: below 16 before a byte is added.
    count: usize,
}

impl<'a> Bits<'a> {
    pub fn new(rest: &'a [u8]) -> Bits<'a> {
        Bits { rest, held: 0, count: 0 }
    }

    /// How many whole bytes are left.
    pub fn unread(&self) -> usize {
        // Some are buffered.
        self.rest.len() + self.count / 8
    }

    /// Drops the rest of the current byte.
    pub fn align(&mut self) -> Result<(), Fault> {
        self.skip(self.count % 8)
    }

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
    pub fn take(&mut self, count: usize) -> Result<usize, Fault> {
        self.hold(count);
        let bits = self.held & ((1 << count) - 1);
        self.skip(count)?;
        Ok(bits as usize)
    }

    /// Reads the codes at the head of a block.
    pub fn codes(&mut self) -> Result<(Code, Code), Fault> {
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
pub struct Code {
    /// How many symbols have codes of each length; there is no code of length 0.
    counts: [u16; MAX_LENGTH + 1],
    /// In the order of their codes.
    symbols: [u16; FIXED_SYMBOLS],
}

impl Code {
    /// The code whose symbols have these lengths.
    pub fn of(lengths: &[u8]) -> Result<Code, Fault> {
        let mut code = Code { counts: [0; MAX_LENGTH + 1], symbols: [0; FIXED_SYMBOLS] };
        let mut places = code.symbols.iter_mut();
        // How many of the values of 15 bits are used.
        let mut used = 0;
        for (length, count) in (0..=MAX_LENGTH).zip(&mut code.counts).skip(1) {
            let all = lengths.iter().zip(0..).filter(|(of, _)| usize::from(**of) == length);
            for ((_, symbol), place) in all.zip(&mut places) {
                *place = symbol;
                *count += 1;
            }
            used += usize::from(*count) << (MAX_LENGTH - length);
        }
        // Unused values are allowed only if one symbol has one bit, or there is none.
        let is_single = used == 0 || (used == 1 << (MAX_LENGTH - 1) && code.counts[1] == 1);
        if used == 1 << MAX_LENGTH || is_single { Ok(code) } else { Err(Fault::Malformed) }
    }

    /// Reads the next symbol.
    pub fn read(&self, bits: &mut Bits<'_>) -> Result<usize, Fault> {
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
