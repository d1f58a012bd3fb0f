//! What is wrong with the settings, said so that an operator can mend it: where, what was
//! found, what is allowed, and what was probably meant.

use std::fmt;

/// Problems reported at once; of the rest only the number.
pub(super) const MAX_PROBLEMS: usize = 10;
/// Characters of a wrong value that are shown.
pub(super) const MAX_SHOWN: usize = 60;
/// Words longer than this are not compared with known ones.
const MAX_WORD: usize = 64;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Line and column of the file, from 1; 0 is the file as a whole.
    File(usize, usize),
    /// The name of an environment variable.
    Env(String),
    /// A flag as it was written.
    Flag(String),
}

impl Origin {
    /// The order of precedence, the lowest first; defaults are below 0.
    pub(super) fn layer(&self) -> usize {
        match self {
            Origin::File(..) => 0,
            Origin::Env(_) => 1,
            Origin::Flag(_) => 2,
        }
    }

    fn key(&self) -> (usize, usize, usize) {
        match *self {
            Origin::File(line, column) => (0, line, column),
            _ => (self.layer(), 0, 0),
        }
    }

    /// As in front of a problem.
    pub(super) fn text(&self, file: &str) -> String {
        match self {
            Origin::File(0, _) => file.to_owned(),
            Origin::File(line, column) => {
                format!("{file}:{line}:{column}")
            }
            Origin::Env(name) | Origin::Flag(name) => name.clone(),
        }
    }
}

/// Why there are no settings: every problem found in the file, the environment and the command
/// line. `Display` gives one line each, without a newline at the end; the program prints it
/// and exits with status 2.
#[derive(Debug, Default)]
pub struct Refusal {
    pub(super) file: String,
    problems: Vec<(Origin, String)>,
    more: usize,
}

impl Refusal {
    /// Notes a problem, file first, by line.
    pub(super) fn add(&mut self, origin: Origin, text: String) {
        // A variable may say the same wrong thing of several exports.
        let is_same = |(at, said): &(Origin, String)| *at == origin && *said == text;
        if matches!(origin, Origin::Env(_)) && self.problems.iter().any(is_same) || self.skips() {
            return;
        }
        let key = origin.key();
        let at = self.problems.iter().position(|(o, _)| o.key() > key);
        self.problems.insert(at.unwrap_or(self.problems.len()), (origin, text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether there is no room for a problem, which then is only counted.
    pub(super) fn skips(&mut self) -> bool {
        let full = self.problems.len() >= MAX_PROBLEMS;
        self.more += usize::from(full);
        full
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (origin, text)) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&shown(&origin.text(&self.file), usize::MAX))?;
            f.write_str(": ")?;
            f.write_str(text)?;
        }
        if self.more > 0 {
            f.write_str("\nand ")?;
            f.write_str(&self.more.to_string())?;
            f.write_str(" more")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// `text` in quotation marks, shortened, on one line whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text, MAX_SHOWN))
}

/// `text` shortened to `max` characters, control characters as `?`.
pub(super) fn shown(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i >= max {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { '?' } else { c });
    }
    out
}

/// `; did you mean "…"?` if one of `known` is near `word`, else nothing.
pub(super) fn meant(word: &str, known: &mut dyn Iterator<Item = &str>, dashes: &str) -> String {
    match nearest(word, known) {
        Some(known) => format!("; did you mean {}?", quoted(&[dashes, known].concat())),
        None => String::new(),
    }
}

/// The known word that is nearest to `word`: it may differ in a third of the letters, at most
/// three, or one goes on where the other ends.
pub(super) fn nearest<'a>(word: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = None;
    for candidate in known {
        let far = (word.len() / 3).clamp(1, 3);
        let begins = word.len() >= 3 && candidate.starts_with(word)
            || candidate.len() >= 4 && word.starts_with(candidate);
        let d = if begins { far } else { distance(word, candidate) };
        if d <= far && best.is_none_or(|(least, _)| d < least) {
            best = Some((d, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in bytes; long words are far from everything.
pub(super) fn distance(a: &str, b: &str) -> usize {
    if a.len() > MAX_WORD || b.len() > MAX_WORD {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let above = *cell;
            let replace = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            left = replace.min(above + 1).min(left + 1);
            *cell = left;
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let cases = [
            ("", "", 0),
            ("a", "", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("disc", "disk", 1),
        ];
        for (a, b, d) in cases {
            assert_eq!(distance(a, b), d, "{a} {b}");
            assert_eq!(distance(b, a), d, "{b} {a}");
        }
        assert_eq!(distance(&"x".repeat(65), "x"), usize::MAX);
    }

    #[test]
    fn the_nearest_word_wins_and_far_ones_do_not() {
        let known = ["listen", "lister", "metrics_path", "exclude_pattern"];
        let near = |word| nearest(word, &mut known.iter().copied());
        assert_eq!(near("lisen"), Some("listen"));
        assert_eq!(near("LISTEN"), Some("listen"));
        assert_eq!(near("exclude"), Some("exclude_pattern"));
        assert_eq!(near("metric_path"), Some("metrics_path"));
        assert_eq!(near("listening"), Some("listen"));
        assert_eq!(near("zebra"), None);
        assert_eq!(near(""), None);
    }

    #[test]
    fn problems_are_sorted_and_bounded() {
        let mut refusal = Refusal { file: "f".into(), ..Refusal::default() };
        refusal.add(Origin::Flag("--x".into()), "d".into());
        refusal.add(Origin::Env("E".into()), "c".into());
        refusal.add(Origin::File(2, 1), "b".into());
        refusal.add(Origin::File(1, 9), "a".into());
        refusal.add(Origin::File(0, 0), "whole".into());
        assert_eq!(refusal.to_string(), "f: whole\nf:1:9: a\nf:2:1: b\nE: c\n--x: d");
        for _ in 0..10 {
            refusal.add(Origin::File(3, 1), "e".into());
        }
        assert_eq!(refusal.to_string().lines().count(), MAX_PROBLEMS + 1);
        assert!(refusal.to_string().ends_with("\nand 5 more"));
    }

    #[test]
    fn what_is_quoted_stays_short_and_on_one_line() {
        assert_eq!(quoted("a\n\u{1b}[1mb"), "\"a??[1mb\"");
        assert_eq!(quoted(&"é".repeat(100)).chars().count(), MAX_SHOWN + 3);
    }
}
