//! A search for repeated text (LZ77) with one table of 2 KB. An entry is the low half of
//! the place where a text with that hash last began. So an entry may be of another text, or be out of date:
//! every candidate is compared before it is used, and no entry is trusted.

/// 2^10 entries. Four times as many find 2 % more and cost 6 KB.
const TABLE_BITS: u32 = 10;

/// Shorter repetitions save next to nothing.
const SHORTEST: usize = 5;

/// The longest length and the farthest distance of deflate.
pub const LONGEST: usize = 258;
pub const FARTHEST: usize = 32_768;

/// The receiver of literals and repetitions.
pub trait Symbols {
    /// Adds these bytes as they are.
    fn literals(&mut self, bytes: &[u8]);
    /// Adds a copy of the `length` bytes (3 to 258) that are `distance` (1 to 32768) back.
    fn repetition(&mut self, length: usize, distance: usize);
}

/// The table of hashes.
pub struct Matches([u16; 1 << TABLE_BITS]);

impl Default for Matches {
    fn default() -> Matches {
        Matches([0; 1 << TABLE_BITS])
    }
}

impl Matches {
    /// Splits `text` into symbols. The same text gives the same symbols, whatever came before it.
    pub fn walk(&mut self, text: &[u8], to: &mut impl Symbols) {
        self.0.fill(0);
        let (mut at, mut literals) = (0, 0);
        while let Some(word) = word(text, at) {
            let distance = self.distance(word, at);
            if distance == 0 || self::word(text, at - distance) != Some(word) {
                at += 1;
                continue;
            }
            let length = SHORTEST + same(text, at - distance + SHORTEST, at + SHORTEST);
            if literals < at {
                to.literals(text.get(literals..at).unwrap_or_default());
            }
            to.repetition(length, distance);
            // The first and the last place of a repeated text are enough to find it again.
            let mut enter = |place| {
                if let Some(word) = self::word(text, place) {
                    self.distance(word, place);
                }
            };
            enter(at + 1);
            enter(at + length - 1);
            at += length;
            literals = at;
        }
        to.literals(text.get(literals..).unwrap_or_default());
    }

    /// Enters the place of `word`; returns how far before it the same hash was last seen, 0 if that is
    /// no distance.
    #[inline(always)]
    fn distance(&mut self, word: u64, at: usize) -> usize {
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
        let Some(entry) = self.0.get_mut(hash as usize) else { return 0 };
        let distance = usize::from((at as u16).wrapping_sub(*entry));
        *entry = at as u16;
        if distance > FARTHEST || distance > at { 0 } else { distance }
    }
}

/// The next bytes from `at` on, as many as the shortest repetition has; `None` near the end.
#[inline(always)]
fn word(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes) << (64 - 8 * SHORTEST))
}

/// How many bytes are the same from `a` and from `b` on, at most the longest repetition.
#[inline(always)]
pub fn same(text: &[u8], a: usize, b: usize) -> usize {
    const MOST: usize = LONGEST - SHORTEST;
    let (a, b) = (text.get(a..).unwrap_or_default(), text.get(b..).unwrap_or_default());
    let mut count = 0;
    while count < MOST {
        let eight = |text: &[u8]| text.get(count..)?.first_chunk().map(|w| u64::from_le_bytes(*w));
        let (Some(x), Some(y)) = (eight(a), eight(b)) else {
            let rest = a.iter().zip(b).skip(count).take_while(|(x, y)| x == y);
            return MOST.min(count + rest.count());
        };
        if x != y {
            return MOST.min(count + (x ^ y).trailing_zeros() as usize / 8);
        }
        count += 8;
    }
    MOST
}
