//! The key under which a program requests a series: a name and labels as the program writes them, before they are
//! sanitized for Prometheus. Several keys may lead to the same series (`a.b` and `a_b`, labels in another order);
//! each is stored as one run of bytes, so that a known key is recognized by comparing.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Precedes the length of a part, in four bytes, where that does not fit into one.
const LONG: u8 = 0xff;

/// A key.
pub trait Key {
    /// A hash; different implementations may hash differently.
    fn hash(&self, seed: &RandomState) -> u64;

    /// The metric's name.
    fn name(&self) -> &str;

    /// The labels, in the order of the program.
    fn labels(&self) -> impl Iterator<Item = (&str, &str)>;
}

/// A key of a caller that uses the registry directly.
pub struct BorrowedKey<'a> {
    pub name: &'a str,
    pub labels: &'a [(&'a str, &'a str)],
}

impl Key for BorrowedKey<'_> {
    fn hash(&self, seed: &RandomState) -> u64 {
        seed.hash_one((self.name, self.labels))
    }

    fn name(&self) -> &str {
        self.name
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().copied()
    }
}

/// Writes `key` in its stored form: the name, then each label's name and value, each after its length.
pub fn write(key: &impl Key, text: &mut Vec<u8>) {
    text.clear();
    put(key.name(), text);
    for (name, value) in key.labels() {
        put(name, text);
        put(value, text);
    }
}

/// Appends one part of a key.
#[inline(never)]
pub fn put(part: &str, text: &mut Vec<u8>) {
    match u8::try_from(part.len()) {
        Ok(length) if length < LONG => text.push(length),
        _ => {
            text.push(LONG);
            text.extend_from_slice(&(part.len() as u32).to_le_bytes());
        }
    }
    text.extend_from_slice(part.as_bytes());
}

/// The first part of a stored key, and the rest.
#[inline]
pub fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text.split_first()? {
        (&LONG, rest) => {
            let (length, rest) = rest.split_first_chunk()?;
            rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        }
        (length, rest) => rest.split_at_checked(usize::from(*length)),
    }
}

/// A stored key.
#[derive(Clone)]
pub struct StoredKey(Arc<[u8]>);

impl StoredKey {
    pub fn of(text: &[u8]) -> StoredKey {
        StoredKey(text.into())
    }

    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// Whether it equals this one, labels in the same order.
    #[inline]
    pub fn is(&self, key: &impl Key) -> bool {
        let Some(mut rest) = without(&self.0, key.name()) else { return false };
        for (name, value) in key.labels() {
            match without(rest, name).and_then(|rest| without(rest, value)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

#[inline]
fn without<'t>(text: &'t [u8], part: &str) -> Option<&'t [u8]> {
    let (first, rest) = split(text)?;
    (first == part.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_keys_are_not_equal() {
        let long = ["x".repeat(254), "x".repeat(255), "x".repeat(70_000)];
        let [almost, just, very] = long.each_ref().map(String::as_str);
        let keys: [(&str, &[(&str, &str)]); 11] = [
            ("a", &[("b", almost)]),
            ("a", &[("b", just)]),
            ("a", &[("b", very)]),
            ("a", &[]),
            ("ab", &[]),
            ("a", &[("b", "")]),
            ("a", &[("b", "c")]),
            ("a", &[("bc", "")]),
            ("a", &[("", "bc")]),
            ("a", &[("b", "c"), ("d", "e")]),
            ("a", &[("d", "e"), ("b", "c")]),
        ];
        let all = keys.map(|(name, labels)| BorrowedKey { name, labels });
        for (i, one) in all.iter().enumerate() {
            let mut text = Vec::new();
            write(one, &mut text);
            let kept = StoredKey::of(&text);
            for (j, other) in all.iter().enumerate() {
                assert_eq!(kept.is(other), i == j, "{} {}", i, j);
            }
        }
        let seed = RandomState::new();
        let [first, .., last] = &all;
        assert_eq!(first.hash(&seed), first.hash(&seed));
        assert_ne!(first.hash(&seed), last.hash(&seed));
    }
}
