//! Codes of different lengths (RFC 1951, sections 3.2.2 and 3.2.7).

use super::bits::Bits;
use crate::base::sys;

/// The longest code of a symbol, and of the length of a code.
const LONGEST: u32 = 15;
const LONGEST_LENGTH: u32 = 7;

/// The order of the lengths of the codes for lengths.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A code: its bits, the first one least significant, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code {
    pub bits: u32,
    pub length: u32,
}

/// The codes of symbols that occur as often as in `counts`; a symbol with 0 has no code.
pub fn codes(counts: &[u64]) -> Vec<Code> {
    canonical(&lengths(counts, LONGEST))
}

/// The lengths of codes, at most `longest`: if one exceeds it, rare symbols count as less rare.
fn lengths(counts: &[u64], longest: u32) -> Vec<u32> {
    let mut counts = counts.to_vec();
    loop {
        let lengths = unlimited(&counts);
        if lengths.iter().all(|length| *length <= longest) {
            return lengths;
        }
        for count in counts.iter_mut().filter(|count| **count > 0) {
            *count = *count / 2 + 1;
        }
    }
}

/// Huffman's algorithm: the two rarest are joined, until one is left; a symbol's depth is its length.
fn unlimited(counts: &[u64]) -> Vec<u32> {
    // The joined node that each symbol, and each joined node, is part of: 0 for none.
    let mut wholes = vec![0; counts.len()];
    // The nodes that are not part of another yet: their count, and their index.
    let mut parts: Vec<(u64, usize)> =
        counts.iter().zip(0..).filter(|(count, _)| **count > 0).map(|(c, at)| (*c, at)).collect();
    // The rarest is last.
    sys::sort(&mut parts, |(count, at), (more, other)| more.cmp(count).then(at.cmp(other)));
    let only = if let [(_, only)] = *parts { Some(only) } else { None };
    while let (Some((a, one)), Some((b, other))) = (parts.pop(), parts.pop()) {
        let whole = wholes.len();
        for part in [one, other] {
            wholes.get_mut(part).into_iter().for_each(|of| *of = whole);
        }
        wholes.push(0);
        let at = parts.partition_point(|(count, _)| *count > a + b);
        parts.insert(at, (a + b, whole));
        if parts.len() == 1 {
            break;
        }
    }
    let mut depths = vec![0; wholes.len()];
    for (at, whole) in wholes.iter().enumerate().rev().filter(|(_, whole)| **whole > 0) {
        let depth = depths.get(*whole).map_or(0, |depth| depth + 1);
        depths.get_mut(at).into_iter().for_each(|of| *of = depth);
    }
    if let Some(only) = only.and_then(|only| depths.get_mut(only)) {
        *only = 1;
    }
    depths.truncate(counts.len());
    depths
}

/// The codes that follow from their lengths.
fn canonical(lengths: &[u32]) -> Vec<Code> {
    let mut codes = vec![Code::default(); lengths.len()];
    let mut next = 0u32;
    for length in 1..=LONGEST {
        next <<= 1;
        let of_length = codes.iter_mut().zip(lengths).filter(|(_, l)| **l == length);
        for (code, _) in of_length {
            *code = Code { bits: next.reverse_bits() >> (32 - length), length };
            next += 1;
        }
    }
    codes
}

/// Writes the header of a block, the last one: the lengths of its codes, which are coded themselves.
pub fn write_head(literals: &[Code], distances: &[Code], to: &mut Bits<'_>) {
    let lengths: Vec<u32> = literals.iter().chain(distances).map(|code| code.length).collect();
    let runs = runs(&lengths);
    let mut counts = [0u64; ORDER.len()];
    for run in &runs {
        if let Some(count) = counts.get_mut(run.symbol) {
            *count += 1;
        }
    }
    let codes = canonical(&self::lengths(&counts, LONGEST_LENGTH));
    let code = |symbol: usize| codes.get(symbol).copied().unwrap_or_default();
    let used = ORDER.iter().rposition(|symbol| code(*symbol).length > 0).unwrap_or(0).max(3) + 1;
    let mut put = |bits: usize, count| {
        to.add(bits as u32, count);
        to.flush();
    };
    put(0b101, 3); // the last block, with codes of its own
    put(literals.len() - 257, 5);
    put(distances.len() - 1, 5);
    put(used - 4, 4);
    for symbol in ORDER.iter().take(used) {
        put(code(*symbol).length as usize, 3);
    }
    for run in runs {
        let code = code(run.symbol);
        put(code.bits as usize, code.length);
        put(run.extra, run.width);
    }
}

/// A length, or several equal ones: the symbol, and `width` extra bits.
struct Run {
    symbol: usize,
    extra: usize,
    width: u32,
}

/// Lengths as symbols: 0 to 15 are themselves, 16 is the last one 3 to 6 times more, 17 and 18 are 3 to 10
/// and 11 to 138 zeros.
fn runs(lengths: &[u32]) -> Vec<Run> {
    let mut runs = Vec::new();
    for equal in lengths.chunk_by(|a, b| a == b) {
        let length = equal.first().map_or(0, |length| *length as usize);
        let mut left = equal.len();
        if length > 0 {
            runs.push(Run { symbol: length, extra: 0, width: 0 });
            left -= 1;
        }
        while left > 0 {
            let (symbol, least, most, width) = match (length, left) {
                (0, 11..) => (18, 11, 138, 7),
                (0, 3..) => (17, 3, 10, 3),
                (1.., 3..) => (16, 3, 6, 2),
                _ => (length, 1, 1, 0),
            };
            let count = left.min(most);
            runs.push(Run { symbol, extra: count - least, width });
            left -= count;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarer_the_longer() {
        assert_eq!(
            unlimited(&[1, 0, 8, 2, 4]),
            [4, 0, 1, 4, 2].map(|l: u32| l.min(4)).map(|l| if l == 4 { 3 } else { l })
        );
        assert_eq!(unlimited(&[0, 7]), [0, 1]);
        assert_eq!(unlimited(&[0, 0]), [0, 0]);
    }

    #[test]
    fn no_code_is_too_long_and_every_code_is_another() {
        // Each as often as all before together: the deepest possible tree.
        let counts: Vec<u64> = (0..40).map(|i| 1 << i).collect();
        assert!(unlimited(&counts).iter().any(|l| *l > 30));
        let codes = codes(&counts);
        let sum: u64 = codes.iter().map(|c| 1 << (LONGEST - c.length)).sum();
        assert_eq!(sum, 1 << LONGEST, "a complete code");
        for (i, a) in codes.iter().enumerate() {
            for b in &codes[..i] {
                let shorter = a.length.min(b.length);
                assert_ne!(a.bits & ((1 << shorter) - 1), b.bits & ((1 << shorter) - 1));
            }
        }
    }

    #[test]
    fn codes_are_those_of_the_specification() {
        let lengths = [3, 3, 3, 3, 3, 2, 4, 4];
        let bits = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        let codes = canonical(&lengths);
        assert_eq!(codes.iter().map(|c| c.bits).collect::<Vec<_>>(), bits);
    }
}
