//! Names in UTF-8 for clients that do not support them: each character that is not allowed in a name becomes
//! `_`. Two names may become the same: families with such names, which come one after the other, share one
//! header, and of two series that become the same the later is left out and counted.

use crate::model::metric::Labels;
use crate::model::store::{Index, escaped};
use std::hash::{BuildHasher, RandomState};

/// State of the families that share a name.
#[derive(Default)]
pub struct Escaping {
    /// The name.
    name: Vec<u8>,
    /// The hashes of their series.
    seen: Vec<u64>,
    index: Index,
    hasher: RandomState,
    /// The labels of the current series, and their hash, whatever their order.
    text: Vec<u8>,
    hash: u64,
    /// Series of the page that were left out.
    pub left_out: usize,
}

impl Escaping {
    /// Begins a page.
    pub fn begin(&mut self) {
        self.name.clear();
        self.left_out = 0;
    }

    /// Sets the current family. Returns whether it has the same name as the one before.
    pub fn family(&mut self, name: &str) -> bool {
        let is_same = self.name.iter().copied().eq(escaped(name, ':'));
        if !is_same {
            self.name.clear();
            self.name.extend(escaped(name, ':'));
            self.seen.clear();
            self.index.clear();
        }
        is_same
    }

    /// The labels of a series as they are written; `None` if they were written before.
    pub fn labels(&mut self, labels: Labels<'_>, is_whole: bool) -> Option<Labels<'_>> {
        self.text.clear();
        self.hash = is_whole.into();
        // Names that do not change come first: of two that become the same, the first is kept.
        for is_plain in [true, false] {
            for ((name, _), (_, value)) in labels.pairs().zip(labels.raw_pairs()) {
                let name = str::from_utf8(&name).unwrap_or_default();
                if escaped(name, '_').eq(name.bytes()) == is_plain {
                    self.put(name, value);
                }
            }
        }
        let hash = self.hash;
        let seen = &mut self.seen;
        let is_there = |at: u32| seen.get(at as usize) == Some(&hash);
        if self.index.find(hash as u32, is_there).is_some() {
            self.left_out += 1;
            return None;
        }
        seen.push(hash);
        let hash_of = |at: u32| seen.get(at as usize).map_or(0, |hash| *hash as u32);
        self.index.insert(hash as u32, seen.len() as u32 - 1, hash_of);
        Some(Labels::rendered(&self.text))
    }

    fn put(&mut self, name: &str, value: &[u8]) {
        let is_it = |key: &[u8]| key.iter().copied().eq(escaped(name, '_'));
        if Labels::rendered(&self.text).raw_pairs().any(|(key, _)| is_it(key)) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.text.extend(escaped(name, '_'));
        for part in [b"=\"", value, b"\""] {
            self.text.extend_from_slice(part);
        }
        let hash = self.hasher.hash_one(self.text.get(start..));
        self.hash = self.hash.wrapping_add(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_that_become_equal_are_written_once() {
        let mut all = Escaping::default();
        let put = |all: &mut Escaping, text: &str, is_whole: bool| {
            let labels = all.labels(Labels::rendered(text.as_bytes()), is_whole);
            labels.map(|labels| String::from_utf8(labels.text().to_vec()).unwrap())
        };
        assert!(!all.family("a.b"));
        let first = put(&mut all, "\"x.y\"=\"1\",\"é\\n\"=\"v\\\"\",x_y=\"2\"", false);
        assert_eq!(first.as_deref(), Some("x_y=\"2\",__=\"v\\\"\""));
        assert_eq!(put(&mut all, "", false).as_deref(), Some(""));
        assert!(all.family("a_b") && all.family("a\u{e9}b") && all.left_out == 0);
        assert_eq!(put(&mut all, "", false), None);
        assert!(put(&mut all, "", true).is_some());
        assert_eq!(put(&mut all, "\"x-y\"=\"2\",__=\"v\\\"\"", false), None);
        assert_eq!(all.left_out, 2);
        assert!(!all.family("a_c") && put(&mut all, "", false).is_some());
    }
}
