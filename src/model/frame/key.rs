//! The key of a series within its family: the label values as they come, each with an
//! end mark that no UTF-8 contains, or the rendered labels. A series in its usual position
//! is recognized by comparing these bytes.

use crate::model::metric::{Label, Labels};

/// Follows each label value.
const END: u8 = 0xff;

/// The labels of a sample, in the form of its source.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    /// In the order of the family's keys.
    Values(&'a [Label<'a>]),
    /// Rendered.
    Text(&'a [u8]),
}

impl Key<'_> {
    /// Whether `known` is the key of these labels. Never for bytes that are not UTF-8.
    #[inline]
    pub fn is(&self, known: &[u8]) -> bool {
        let labels = match self {
            Key::Text(text) => return is_same(text, known),
            Key::Values(labels) => labels,
        };
        let mut rest = known;
        for label in *labels {
            let raw = label.raw();
            let Some((value, [END, after @ ..])) = rest.split_at_checked(raw.len()) else {
                return false;
            };
            if !is_same(raw, value) {
                return false;
            }
            rest = after;
        }
        rest.is_empty()
    }

    /// Appends the key; bytes that are not UTF-8 become U+FFFD.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Key::Text(text) => out.extend_from_slice(String::from_utf8_lossy(text).as_bytes()),
            Key::Values(labels) => {
                for label in *labels {
                    out.extend_from_slice(String::from_utf8_lossy(label.raw()).as_bytes());
                    out.push(END);
                }
            }
        }
    }

    /// Names and values of the labels in the key `known`, and those of `constant` that it
    /// lacks; sorted, none empty, none twice.
    pub fn labels<'k>(
        &self,
        known: &[u8],
        keys: impl Iterator<Item = &'k str>,
        constant: &[(String, String)],
    ) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut labels: Vec<(String, String)> = match self {
            Key::Text(_) => {
                Labels::rendered(known).pairs().map(|(k, v)| (text(&k), text(&v))).collect()
            }
            Key::Values(_) => {
                let values = known.split(|byte| *byte == END);
                keys.zip(values).map(|(key, value)| (key.to_owned(), text(value))).collect()
            }
        };
        for (key, value) in constant {
            if !labels.iter().any(|(other, _)| other == key) {
                labels.push((key.clone(), value.clone()));
            }
        }
        let mut sorted: Vec<(String, String)> = Vec::with_capacity(labels.len());
        for label in labels.into_iter().filter(|(_, value)| !value.is_empty()) {
            let at = sorted.partition_point(|(name, _)| *name < label.0);
            // The first label of a name stays.
            if sorted.get(at).is_none_or(|(name, _)| *name != label.0) {
                sorted.insert(at, label);
            }
        }
        sorted
    }
}

/// Whether both are the same, compared word by word: most are a few bytes long, for which a call takes longer
/// than the comparison.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
    if a.len() != b.len() {
        return false;
    }
    let (mut left, mut right) = (a, b);
    while let (Some((x, l)), Some((y, r))) = (left.split_first_chunk(), right.split_first_chunk()) {
        if word(Some(x)) != word(Some(y)) {
            return false;
        }
        (left, right) = (l, r);
    }
    if a.len() >= 8 {
        return word(a.last_chunk()) == word(b.last_chunk());
    }
    left.iter().zip(right).all(|(x, y)| x == y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whole() {
        for length in 0..40 {
            let a: Vec<u8> = (0..length as u8).collect();
            assert!(is_same(&a, &a) && !is_same(&a, &[&a[..], b"x"].concat()));
            for at in 0..length {
                let mut b = a.clone();
                b[at] ^= 0x80;
                assert!(!is_same(&a, &b), "{at} of {length}");
            }
        }
    }

    #[test]
    fn values_do_not_run_into_each_other() {
        let lists: [&[&[u8]]; 9] = [
            &[b"", b""],
            &[b"a", b""],
            &[b"", b"a"],
            &[b"ab", b""],
            &[b"a", b"b"],
            &[b"", b"ab"],
            &[b"long enough for words", b"b"],
            &[b"x\xffy", b""],
            &[b"x", b"y"],
        ];
        for (i, one) in lists.iter().enumerate() {
            let labels: Vec<_> = one.iter().map(|raw| Label::of(raw)).collect();
            let mut known = Vec::new();
            Key::Values(&labels).write(&mut known);
            for (j, other) in lists.iter().enumerate() {
                let labels: Vec<_> = other.iter().map(|raw| Label::of(raw)).collect();
                assert_eq!(Key::Values(&labels).is(&known), i == j && i != 7, "{i} {j}");
            }
        }
    }

    #[test]
    fn labels_are_sorted_and_whole() {
        let constant = [("env", "p"), ("b", "no"), ("gone", "")];
        let constant = constant.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let values = [Label::of(b"2"), Label::of(b""), Label::of(b"\xff3")];
        let of = |key: Key<'_>| {
            let mut known = Vec::new();
            key.write(&mut known);
            let labels = key.labels(&known, ["z", "b", "a"].into_iter(), &constant);
            labels.into_iter().map(|(k, v)| [k, v].join("=")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(Key::Values(&values)), "a=\u{fffd}3 env=p z=2");
        assert_eq!(of(Key::Text(b"z=\"q\\\"\",a=\"1\",z=\"2\"")), "a=1 b=no env=p z=q\"");
    }
}
