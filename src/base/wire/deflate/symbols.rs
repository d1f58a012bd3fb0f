//! The symbols of deflate: bytes, lengths and distances, the latter two with extra bits after their codes
//! (RFC 1951, section 3.2.5). They are counted, or written with the codes made of such counts.

use super::bits::Bits;
use super::huffman::{self, Code};
use super::matches::Symbols;

/// Symbols of bytes, the end, and lengths.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END: usize = 256;

/// The weight of each occurrence of a symbol; those that do not occur, but may, weigh 1.
const SEEN: u64 = 16;

/// The characters of values occur sooner or later.
const LIKELY: &[u8] = b"0123456789.e+-NaInf \n";

/// The symbol of a length, and its extra bits.
fn length_symbol(length: usize) -> (usize, Code) {
    let value = length as u32 - 3;
    match value {
        0..8 => (257 + value as usize, Code::default()),
        255 => (285, Code::default()),
        _ => {
            let width = value.ilog2() - 2;
            let group = 4 * (width + 1) + (value >> width & 3);
            (257 + group as usize, Code { bits: value & ((1 << width) - 1), length: width })
        }
    }
}

/// The symbol of a distance, and its extra bits.
#[inline(always)]
fn distance_symbol(distance: usize) -> (usize, Code) {
    let value = distance as u32 - 1;
    if value < 2 {
        return (value as usize, Code::default());
    }
    let width = value.ilog2() - 1;
    let group = 2 * (width + 1) + (value >> width & 1);
    (group as usize, Code { bits: value & ((1 << width) - 1), length: width })
}

/// How often each symbol occurs in a text.
pub struct Counts {
    literals: [u64; LITERALS],
    distances: [u64; DISTANCES],
}

impl Default for Counts {
    fn default() -> Counts {
        Counts { literals: [0; LITERALS], distances: [0; DISTANCES] }
    }
}

impl Counts {
    fn count(counts: &mut [u64], symbol: usize, weight: u64) {
        if let Some(count) = counts.get_mut(symbol) {
            *count += weight;
        }
    }
}

impl Symbols for Counts {
    fn literals(&mut self, bytes: &[u8]) {
        for byte in bytes {
            Counts::count(&mut self.literals, usize::from(*byte), SEEN);
        }
    }

    fn repetition(&mut self, length: usize, distance: usize) {
        Counts::count(&mut self.literals, length_symbol(length).0, SEEN);
        Counts::count(&mut self.distances, distance_symbol(distance).0, SEEN);
    }
}

/// A code and its extra bits, in one word: the bits below, their number above.
#[derive(Clone, Copy, Default)]
struct Packed(u32);

impl Packed {
    const WIDTH: u32 = 26;

    fn of(code: Code, behind: Code) -> Packed {
        let bits = code.bits | behind.bits << code.length;
        Packed(bits | (code.length + behind.length) << Packed::WIDTH)
    }

    #[inline(always)]
    fn add(self, to: &mut Bits<'_>) {
        to.add(self.0 & ((1 << Packed::WIDTH) - 1), self.0 >> Packed::WIDTH);
    }
}

/// The codes of all symbols.
pub struct Codes {
    literals: [Packed; 256],
    /// By the length less 3, with its extra bits.
    lengths: [Packed; 256],
    distances: [Packed; DISTANCES],
    end: Packed,
    /// The header of a block with these codes, and how many bits it has.
    head: Vec<u8>,
    head_bits: u32,
}

impl Codes {
    /// The codes for a text whose symbols were counted. All other symbols have a code, too.
    pub fn of(counts: &Counts) -> Codes {
        let mut literals = counts.literals.map(|count| count + 1);
        Counts::count(&mut literals, END, SEEN);
        for byte in LIKELY {
            Counts::count(&mut literals, usize::from(*byte), 2 * SEEN);
        }
        let literals = huffman::codes(&literals);
        let distances = huffman::codes(&counts.distances.map(|count| count + 1));
        let literal = |symbol: usize| literals.get(symbol).copied().unwrap_or_default();
        let distance = |symbol: usize| distances.get(symbol).copied().unwrap_or_default();
        let mut head = Vec::new();
        let mut bits = Bits::after(&mut head);
        huffman::write_head(&literals, &distances, &mut bits);
        let head_bits = bits.end_all();
        head.shrink_to_fit();
        Codes {
            literals: std::array::from_fn(|byte| Packed::of(literal(byte), Code::default())),
            lengths: std::array::from_fn(|index| {
                let (symbol, behind) = length_symbol(index + 3);
                Packed::of(literal(symbol), behind)
            }),
            distances: std::array::from_fn(|symbol| Packed::of(distance(symbol), Code::default())),
            end: Packed::of(literal(END), Code::default()),
            head,
            head_bits,
        }
    }
}

/// Writes one block.
pub struct Writer<'a> {
    codes: &'a Codes,
    bits: Bits<'a>,
}

impl<'a> Writer<'a> {
    /// Begins the block in `bits`.
    pub fn new(codes: &'a Codes, mut bits: Bits<'a>) -> Writer<'a> {
        bits.add_all(&codes.head, codes.head_bits);
        Writer { codes, bits }
    }

    /// Begins a piece of a block.
    pub fn within(codes: &'a Codes, bits: Bits<'a>) -> Writer<'a> {
        Writer { codes, bits }
    }

    /// Ends a piece; returns how many bits it has.
    pub fn end_piece(self) -> u32 {
        self.bits.end_all()
    }

    /// Adds a piece, the first `bits` bits of `bytes`.
    pub fn piece(&mut self, bytes: &[u8], bits: u32) {
        self.bits.add_all(bytes, bits);
    }

    /// Ends the block and its last byte.
    pub fn finish(mut self) {
        self.codes.end.add(&mut self.bits);
        self.bits.end();
    }
}

impl Symbols for Writer<'_> {
    #[inline(always)]
    fn literals(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bits.flush_for_code();
            let code = self.codes.literals.get(usize::from(*byte));
            code.copied().unwrap_or_default().add(&mut self.bits);
        }
        self.bits.flush();
    }

    #[inline(always)]
    fn repetition(&mut self, length: usize, distance: usize) {
        let code = self.codes.lengths.get(length.wrapping_sub(3));
        code.copied().unwrap_or_default().add(&mut self.bits);
        let (symbol, behind) = distance_symbol(distance);
        self.codes.distances.get(symbol).copied().unwrap_or_default().add(&mut self.bits);
        self.bits.add(behind.bits, behind.length);
        self.bits.flush();
    }
}
