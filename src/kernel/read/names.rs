//! Names one after the other in one piece of memory, which a processor prefetches; after an idle
//! second, separate allocations would be a cache miss each.

/// A list of names.
#[derive(Default)]
pub struct Names {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    /// The name at `i`.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        let end = *self.ends.get(i)?;
        self.text.get(self.start(i)..end)
    }

    fn start(&self, i: usize) -> usize {
        i.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// Appends a name.
    pub fn push(&mut self, name: &[u8]) {
        self.push_parts(&[name]);
    }

    /// Appends a name that is joined from these parts.
    pub fn push_parts(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.text.extend_from_slice(part));
        self.ends.push(self.text.len());
    }

    /// Drops all but the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were() {
        let mut names = Names::default();
        for name in ["a", "", "ccc", "dd"] {
            names.push(name.as_bytes());
        }
        let all =
            |names: &Names| (0..5).map(|i| names.get(i).map(<[u8]>::to_vec)).collect::<Vec<_>>();
        let some = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(all(&names), [some("a"), some(""), some("ccc"), some("dd"), None]);
        names.truncate(9);
        names.truncate(2);
        names.push(b"e");
        assert_eq!(all(&names), [some("a"), some(""), some("e"), None, None]);
        names.truncate(0);
        assert_eq!(all(&names), [None, None, None, None, None]);
    }
}
