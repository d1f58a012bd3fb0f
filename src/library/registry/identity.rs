//! Which keys are one series: those with one name and the same labels, once all are sanitized for
//! Prometheus. Most keys are valid as they are, labels in any order: these are checked and hashed in
//! place, and their labels are rendered only when a page is written. Any other is sanitized first.

use super::key::{put, split};
use super::name;
use crate::model::store::{Bounds, Reason};

/// An odd number without a pattern, for hashing by multiplication.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The rules by which keys are checked.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub bounds: &'a Bounds,
    /// A key with an empty name and the labels of all series that have none of that name.
    pub of_all: &'a [u8],
    /// The metric is a histogram or a summary, which has labels of its own.
    pub has_parts: bool,
    /// Makes the hashes of this process differ from those of any other.
    pub seed: u64,
}

/// Names and values of a key's labels.
pub struct Pairs<'t>(&'t [u8]);

impl<'t> Pairs<'t> {
    pub fn of(key: &'t [u8]) -> Pairs<'t> {
        Pairs(split(key).map_or(&[], |(_, labels)| labels))
    }

    /// The value of the label `name`.
    fn get(mut self, name: &[u8]) -> Option<&'t [u8]> {
        self.find(|pair| pair.0 == name).map(|pair| pair.1)
    }
}

impl<'t> Iterator for Pairs<'t> {
    type Item = (&'t [u8], &'t [u8]);

    fn next(&mut self) -> Option<(&'t [u8], &'t [u8])> {
        let (name, rest) = split(self.0)?;
        let (value, rest) = split(rest)?;
        self.0 = rest;
        Some((name, value))
    }
}

/// The name of a key.
pub fn name_of(text: &[u8]) -> &str {
    split(text).map_or("", |(name, _)| as_text(name))
}

/// A part of a key as text, from which it was made.
pub fn as_text(part: &[u8]) -> &str {
    str::from_utf8(part).unwrap_or_default()
}

/// The result of checking a valid key.
pub struct Judged<'t> {
    /// The hash of the series, whatever the order of its labels.
    pub hash: u32,
    pub name: &'t [u8],
    pub name_hash: u32,
}

/// Checks a key and hashes it.
///
/// # Errors
///
/// The key is not valid as it is, or, if it was sanitized (`is_made_fit`), cannot be made valid.
pub fn judge<'t>(
    text: &'t [u8],
    rules: &Rules<'_>,
    is_made_fit: bool,
) -> Result<Judged<'t>, Reason> {
    let (name, labels) = split(text).unwrap_or_default();
    if !name::is_fit(name, b':') {
        return Err(Reason::Name);
    }
    let name_hash = part_hash(rules.seed, name);
    let (mut hash, mut count) = (name_hash, 0);
    for (label, value) in Pairs(labels) {
        let is_fit = name::is_fit(label, b'_') && !label.starts_with(b"__");
        if !is_fit || rules.has_parts && name::is_reserved(label) {
            return Err(Reason::LabelName);
        }
        if label.len() > rules.bounds.name_bytes || value.len() > rules.bounds.value_bytes {
            return Err(Reason::TooLong);
        }
        let is_there_before = || Pairs(labels).take(count).any(|pair| pair.0 == label);
        if !is_made_fit && (value.is_empty() || is_there_before() || is_of_all(label, rules)) {
            return Err(Reason::LabelTwice);
        }
        count += 1;
        hash = hash.wrapping_add(part_hash(part_hash(rules.seed, label), value));
    }
    judge_number(text, count, rules)?;
    Ok(Judged { hash: (hash ^ hash >> 32) as u32, name, name_hash: name_hash as u32 })
}

#[inline(never)]
fn is_of_all(label: &[u8], rules: &Rules<'_>) -> bool {
    Pairs::of(rules.of_all).get(label).is_some()
}

/// Checks the number of labels. Labels without a value do not count, and a key's own replace global ones.
fn judge_number(text: &[u8], count: usize, rules: &Rules<'_>) -> Result<(), Reason> {
    let of_all = Pairs::of(rules.of_all).count();
    if count + of_all <= rules.bounds.labels {
        return Ok(());
    }
    let own = Pairs::of(text).filter(|pair| !pair.1.is_empty()).count();
    let hidden = Pairs::of(text).filter(|pair| is_of_all(pair.0, rules)).count();
    if own + of_all - hidden > rules.bounds.labels { Err(Reason::Labels) } else { Ok(()) }
}

/// Writes a sanitized key: valid names, each label once (the last one counts), none
/// without a value, and none that equals a global label.
pub fn make_fit(text: &[u8], rules: &Rules<'_>, out: &mut Vec<u8>) {
    out.clear();
    put(&name::metric(name_of(text)), out);
    let fit = |label: &[u8]| name::label(as_text(label), rules.has_parts);
    let mut pairs = Pairs::of(text);
    while let Some((label, value)) = pairs.next() {
        let label = fit(label);
        let comes_again = Pairs(pairs.0).any(|later| fit(later.0) == label);
        let is_needless = match Pairs::of(rules.of_all).get(label.as_bytes()) {
            Some(of_all) => of_all == value,
            None => value.is_empty(),
        };
        if !comes_again && !is_needless {
            put(&label, out);
            put(as_text(value), out);
        }
    }
}

/// Whether two keys that were checked lead to one series.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    let has = |pair: (&[u8], &[u8])| Pairs::of(other).get(pair.0) == Some(pair.1);
    one == other
        || one.len() == other.len() && name_of(one) == name_of(other) && Pairs::of(one).all(has)
}

/// The hash of one part of a key.
#[inline(never)]
pub fn part_hash(seed: u64, part: &[u8]) -> u64 {
    let mut hash = seed ^ (part.len() as u64).wrapping_mul(SPREAD);
    let (words, rest) = part.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    // The last eight bytes, some of them for the second time; or all that there are.
    let last = match part.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(hash ^ last)
}

/// Mixes the bits: each bit of the input changes all of the result.
fn mix(word: u64) -> u64 {
    let wide = u128::from(word ^ SPREAD) * u128::from(SPREAD);
    (wide as u64) ^ (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::registry::key::{self, BorrowedKey};

    fn text(name: &str, labels: &[(&str, &str)]) -> Vec<u8> {
        let mut text = Vec::new();
        key::write(&BorrowedKey { name, labels }, &mut text);
        text
    }

    /// The hash, and the sanitized key if the key was not valid.
    fn judged(text: &[u8], rules: &Rules<'_>) -> Result<(u32, Vec<u8>), Reason> {
        if let Ok(judged) = judge(text, rules, false) {
            return Ok((judged.hash, text.to_vec()));
        }
        let mut fit = Vec::new();
        make_fit(text, rules, &mut fit);
        Ok((judge(&fit, rules, true)?.hash, fit))
    }

    #[test]
    fn keys_of_one_series_have_one_hash_and_are_the_same() {
        let of_all = text("", &[("env", "prod")]);
        let bounds = Bounds::default();
        let rules = Rules { bounds: &bounds, of_all: &of_all, has_parts: true, seed: 7 };
        let series: [&[Vec<u8>]; 5] = [
            &[
                text("a_b", &[("x", "1"), ("y", "2")]),
                text("a.b", &[("y", "2"), ("x", "1")]),
                text("a/b", &[("y", "0"), ("x", "1"), ("y", "2"), ("z", "")]),
                text("a_b", &[("x", "1"), ("env", "prod"), ("y", "2")]),
            ],
            &[text("a_b", &[("x", "2"), ("y", "1")])],
            &[text("a_b", &[("x", "1"), ("y", "2"), ("env", "test")])],
            &[text("a_b", &[("x", "1"), ("y", "2"), ("env", "")])],
            &[text("a_b", &[("le", "1")]), text("a_b", &[("exported_le", "1")])],
        ];
        let mut all = Vec::new();
        for (at, keys) in series.iter().enumerate() {
            all.extend(keys.iter().map(|key| (at, judged(key, &rules).unwrap())));
        }
        for (i, (hash, one)) in &all {
            for (j, (other_hash, other)) in &all {
                assert_eq!(is_same(one, other), i == j, "{i} {j}");
                assert_eq!(hash == other_hash, i == j, "{i} {j}");
            }
        }
    }

    #[test]
    fn keys_that_cannot_be_sanitized_are_refused() {
        let of_all = text("", &[("env", "prod")]);
        let bounds = Bounds { labels: 2, name_bytes: 10, value_bytes: 4, ..Bounds::default() };
        let rules = Rules { bounds: &bounds, of_all: &of_all, has_parts: false, seed: 7 };
        for (name, labels, expected) in [
            ("", &[][..], Err(Reason::Name)),
            ("a", &[("", "x")], Err(Reason::LabelName)),
            ("a", &[("x", "12345")], Err(Reason::TooLong)),
            ("a", &[("longer_than_ten", "x")], Err(Reason::TooLong)),
            ("a", &[("x", "1"), ("y", "1")], Err(Reason::Labels)),
            ("a", &[("x", "1"), ("y", "")], Ok(())),
            ("a", &[("x", "1"), ("env", "own")], Ok(())),
            ("a", &[("x", "12345"), ("x", "1")], Ok(())),
        ] {
            assert_eq!(judged(&text(name, labels), &rules).map(|_| ()), expected, "{labels:?}");
        }
    }
}
