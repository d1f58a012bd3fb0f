//! bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999): checks a password against
//! a stored hash such as `$2y$10$…`. Slow on purpose, so it runs on a worker only.

mod pi;

use std::hint::black_box;

/// Letters of its base64, in order.
const LETTERS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The least and the greatest valid cost.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// The longest key: bytes of a password and the zero after it; the rest is ignored.
const MAX_KEY: usize = 72;

/// Letters of the salt, and of the checksum after it.
const SALT: usize = 22;
const SUM: usize = 31;

/// The parsed hash of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    cost: u32,
    salt: [u32; 4],
    sum: [u8; 23],
}

impl Hash {
    /// Parses `$2a$`, `$2b$` or `$2y$`, two digits of cost, `$`, and 53 letters.
    pub fn parse(text: &str) -> Option<Hash> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|start| text.strip_prefix(start))?;
        let (cost, rest) = rest.split_once('$')?;
        let is_number = cost.len() == 2 && cost.bytes().all(|b| b.is_ascii_digit());
        let cost = cost.parse().ok().filter(|cost| is_number && COSTS.contains(cost))?;
        let (salt, sum) = rest.split_at_checked(SALT)?;
        if sum.len() != SUM {
            return None;
        }
        let salt: [u8; 16] = decode(salt)?.try_into().ok()?;
        Some(Hash { cost, salt: words(&salt), sum: decode(sum)?.try_into().ok()? })
    }

    /// A hash that no password matches.
    pub fn decoy(cost: u32) -> Hash {
        Hash { cost, salt: [0; 4], sum: [0; 23] }
    }

    /// The logarithm of the number of rounds: each step doubles the time.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether it is the hash of `password`. Takes the same time for any password.
    pub fn is_of(&self, password: &[u8]) -> bool {
        let sum = sum(self.cost, &self.salt, password);
        let differ = sum.iter().zip(&self.sum).fold(0, |differ, (a, b)| differ | (a ^ b));
        black_box(differ) == 0
    }
}

/// Decodes base64; bits that fill no byte are left out.
fn decode(letters: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for letter in letters.bytes() {
        let six = LETTERS.iter().position(|known| *known == letter)?;
        bits = bits << 6 | six as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// The bytes as words, repeated cyclically.
fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut bytes = bytes.iter().cycle();
    [(); N].map(|()| (0..4).fold(0, |word, _| word << 8 | u32::from(*bytes.next().unwrap_or(&0))))
}

fn sum(cost: u32, salt: &[u32; 4], password: &[u8]) -> [u8; 23] {
    let key: Vec<u8> = password.iter().copied().chain([0]).take(MAX_KEY).collect();
    let key: [u32; 18] = words(&key);
    let [a, b, c, d] = *salt;
    let salted = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d, a, b];
    let mut state = Box::new(Blowfish { keys: pi::SUBKEYS, boxes: pi::BOXES });
    state.expand(&key, salt);
    for _ in 0..1u64 << cost {
        state.expand(&key, &[0; 4]);
        state.expand(&salted, &[0; 4]);
    }
    let mut text: [u32; 6] = words(b"OrpheanBeholderScryDoubt");
    for pair in text.as_chunks_mut::<2>().0 {
        for _ in 0..64 {
            *pair = state.encrypt(*pair);
        }
    }
    let mut bytes = text.iter().flat_map(|word| word.to_be_bytes());
    [(); 23].map(|()| bytes.next().unwrap_or(0))
}

/// Blowfish (Schneier, 1993).
struct Blowfish {
    keys: [u32; 18],
    boxes: [[u32; 256]; 4],
}

impl Blowfish {
    /// Mixes a key in, and a salt.
    fn expand(&mut self, key: &[u32; 18], salt: &[u32; 4]) {
        for (ours, key) in self.keys.iter_mut().zip(key) {
            *ours ^= key;
        }
        let (mut pair, [a, b, c, d]) = ([0, 0], *salt);
        let mut is_first = false;
        let mut next = |state: &Blowfish| {
            is_first = !is_first;
            let [left, right] = pair;
            let [x, y] = if is_first { [a, b] } else { [c, d] };
            pair = state.encrypt([left ^ x, right ^ y]);
            pair
        };
        for at in 0..9 {
            let made = next(self);
            if let Some(place) = self.keys.as_chunks_mut::<2>().0.get_mut(at) {
                *place = made;
            }
        }
        for (of, at) in (0..4).flat_map(|of| (0..128).map(move |at| (of, at))) {
            let made = next(self);
            let place = self.boxes.get_mut(of).and_then(|b| b.as_chunks_mut::<2>().0.get_mut(at));
            if let Some(place) = place {
                *place = made;
            }
        }
    }

    fn encrypt(&self, [mut left, mut right]: [u32; 2]) -> [u32; 2] {
        let (rounds, last) = self.keys.as_chunks::<2>();
        debug_assert!(last.is_empty());
        for [a, b] in rounds.iter().take(8) {
            left ^= a;
            right ^= self.mix(left);
            right ^= b;
            left ^= self.mix(right);
        }
        let [.., a, b] = self.keys;
        [right ^ b, left ^ a]
    }

    #[allow(clippy::indexing_slicing)] // a byte is below 256
    fn mix(&self, word: u32) -> u32 {
        let [a, b, c, d] = word.to_be_bytes().map(usize::from);
        let [one, two, three, four] = &self.boxes;
        (one[a].wrapping_add(two[b]) ^ three[c]).wrapping_add(four[d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of jBCrypt, Openwall's crypt_blowfish and exporter-toolkit, and of its `crypt(3)`.
    #[test]
    fn passwords_are_known_by_the_sums_of_others() {
        for (password, text) in [
            ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
            ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
            ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("päss", "$2b$04$abcdefghijklmnopqrstuuF7KK/SfP9IRGj0pPJMr8GdtCS8xpmpC"),
            ("first", "$2y$04$abcdefghijklmnopqrstuuvybHXQqehXl2NdtAhT6BAmwe6EZ8HOi"),
            (
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars \
                 after 72 are ignored",
                "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            ),
        ] {
            let hash = Hash::parse(text).unwrap();
            assert!(hash.is_of(password.as_bytes()), "{password}");
            let other = [password, "b"].concat();
            assert_eq!(hash.is_of(other.as_bytes()), password.len() > 72, "{other}");
        }
        assert!(!Hash::decoy(4).is_of(b"") && !Hash::decoy(4).is_of(b"a"));
    }

    #[test]
    fn what_is_no_hash_is_none() {
        let good = "$2y$04$abcdefghijklmnopqrstuuvybHXQqehXl2NdtAhT6BAmwe6EZ8HOi";
        assert_eq!(Hash::parse(good).map(|hash| hash.cost()), Some(4));
        for (from, to) in [
            ("$2y$", "$2x$"),
            ("$2y$", "$1$"),
            ("04", "03"),
            ("04", "32"),
            ("04", "4"),
            ("uu", "u!"),
        ] {
            assert!(Hash::parse(&good.replace(from, to)).is_none(), "{from} {to}");
        }
        for bad in
            ["", "secret", "$2y$", "$2y$04", "$2y$04$abc", &good[..59], &[good, "a"].concat()]
        {
            assert!(Hash::parse(bad).is_none(), "{bad}");
        }
    }

    /// Machin's formula, with whole numbers of 1042 words and some to spare.
    #[test]
    fn the_tables_are_the_digits_of_pi() {
        const WORDS: usize = 1 + 1042 + 2;
        let divide = |number: &mut Vec<u32>, by: u64| {
            let mut rest = 0u64;
            for word in number.iter_mut() {
                let whole = rest << 32 | u64::from(*word);
                *word = (whole / by) as u32;
                rest = whole % by;
            }
        };
        // Adds or subtracts; the sum is never negative.
        let add = |sum: &mut Vec<u32>, other: &[u32], minus: bool| {
            let mut carry = 0i64;
            for (a, b) in sum.iter_mut().zip(other).rev() {
                let b = i64::from(*b);
                let whole = i64::from(*a) + if minus { -b } else { b } + carry;
                *a = whole as u32;
                carry = whole >> 32;
            }
        };
        let mut pi = vec![0; WORDS];
        for (times, of, is_less) in [(16, 5u64, false), (4, 239, true)] {
            let mut power = vec![0; WORDS];
            power[0] = times;
            divide(&mut power, of);
            for n in 0u64.. {
                let mut term = power.clone();
                divide(&mut term, 2 * n + 1);
                if term.iter().all(|word| *word == 0) {
                    break;
                }
                add(&mut pi, &term, is_less != (n % 2 == 1));
                divide(&mut power, of * of);
            }
        }
        assert_eq!(pi[0], 3);
        let table: Vec<u32> =
            pi::SUBKEYS.into_iter().chain(pi::BOXES.into_iter().flatten()).collect();
        assert_eq!(pi[1..=1042], table);
    }
}
