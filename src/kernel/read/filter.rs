//! Selects devices: an include and an exclude pattern, and no name twice. A pattern costs
//! microseconds a name, so results are kept: names come in the same order at every scrape, and a
//! name at the same position keeps its result. Only a change is matched again.

use super::{Names, SeenLabels};
use crate::base::text::pattern::Pattern;
use std::borrow::Cow;
use std::cell::Cell;

/// What a name must match, and what it must not.
#[derive(Default)]
pub struct Patterns {
    include: Option<Pattern>,
    exclude: Option<Pattern>,
    /// Whether a pattern was used since the last `rest`.
    has_matched: Cell<bool>,
}

impl Patterns {
    /// An include and an exclude pattern; `None` stands for no restriction.
    pub fn new([include, exclude]: [Option<Pattern>; 2]) -> Patterns {
        Patterns { include, exclude, has_matched: Cell::new(false) }
    }

    /// Whether the name is wanted.
    pub fn keep(&self, name: &str) -> bool {
        self.has_matched.set(true);
        let matches = |pattern: &Pattern| pattern.is_match(name);
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }

    /// Ends the matching of new names: the memory of a search, some 20 KB, stays with its pattern until
    /// the pattern is replaced by a copy.
    pub fn rest(&mut self) {
        if self.has_matched.take() {
            for pattern in [&mut self.include, &mut self.exclude].into_iter().flatten() {
                pattern.free_program();
            }
        }
    }
}

/// Filters the names of one file, in file order.
pub struct Filter {
    patterns: Patterns,
    /// Each name, and the result for it.
    names: Names,
    seen: Vec<Decision>,
    at: usize,
    /// The labels that are shown, from the first name of a reading on that has to be matched.
    labels: Option<SeenLabels>,
}

#[derive(Clone, Copy)]
struct Decision {
    keep: bool,
    /// It occurred before among the names of this reading.
    repeats: bool,
}

impl Filter {
    /// `None` stands for no restriction.
    pub fn new(include: Option<Pattern>, exclude: Option<Pattern>) -> Filter {
        Filter {
            patterns: Patterns::new([include, exclude]),
            names: Names::default(),
            seen: Vec::new(),
            at: 0,
            labels: None,
        }
    }

    /// Begins a new reading of the file.
    pub fn begin(&mut self) {
        self.at = 0;
        self.labels = None;
        self.patterns.rest();
    }

    /// Whether the next device of the file is shown.
    pub fn keep(&mut self, name: &[u8]) -> bool {
        let at = self.at;
        self.at += 1;
        match self.seen.get(at) {
            Some(decision) if self.names.get(at) == Some(name) => decision.keep,
            _ => self.decide(at, name),
        }
    }

    /// Whether the last name is not shown because it occurred before: worth counting.
    pub fn is_repeated(&self) -> bool {
        let last = self.at.checked_sub(1).and_then(|at| self.seen.get(at));
        last.is_some_and(|decision| decision.repeats)
    }

    #[cold]
    fn decide(&mut self, at: usize, name: &[u8]) -> bool {
        // The results from here on were for other names: all of them are dropped.
        self.seen.truncate(at);
        self.names.truncate(at);
        let text = label(name);
        let wanted = self.patterns.keep(&text);
        let (names, seen) = (&self.names, &self.seen);
        let labels = self.labels.get_or_insert_with(|| {
            let mut labels = SeenLabels::default();
            let shown = seen.iter().enumerate().filter(|(_, decision)| decision.keep);
            for name in shown.filter_map(|(i, _)| names.get(i)) {
                labels.is_new(&[label(name).as_bytes()]);
            }
            labels
        });
        let keep = wanted && labels.is_new(&[text.as_bytes()]);
        let repeats = wanted && !keep;
        self.names.push(name);
        self.seen.push(Decision { keep, repeats });
        keep
    }
}

/// The label value of a name: two names that are not UTF-8 may have the same.
fn label(name: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str) -> Option<Pattern> {
        Some(Pattern::new(pattern))
    }

    fn kept(filter: &mut Filter, names: &[&str]) -> Vec<String> {
        filter.begin();
        names.iter().filter(|n| filter.keep(n.as_bytes())).map(|n| n.to_string()).collect()
    }

    #[test]
    fn includes_then_excludes_and_follows_hot_plug() {
        let mut filter = Filter::new(regex("^(sd|loop)"), regex("^loop"));
        for _ in 0..2 {
            assert_eq!(kept(&mut filter, &["sda", "loop0", "vda", "sdb"]), ["sda", "sdb"]);
        }
        assert_eq!(kept(&mut filter, &["sdb", "loop0", "sdc"]), ["sdb", "sdc"]);
        assert_eq!(kept(&mut filter, &["sda", "loop0", "vda", "sdb"]), ["sda", "sdb"]);
    }

    #[test]
    fn a_label_comes_once() {
        let mut filter = Filter::new(None, None);
        for _ in 0..2 {
            assert_eq!(kept(&mut filter, &["a", "b", "a"]), ["a", "b"]);
            filter.begin();
            assert!(filter.keep(b"x\xfe") && !filter.is_repeated());
            assert!(!filter.keep(b"x\xff") && filter.is_repeated());
        }
        let mut without = Filter::new(None, regex("a"));
        assert!(!without.keep(b"a") && !without.keep(b"a") && !without.is_repeated());
    }
}
