//! What is wrong with the settings, so that an operator can fix it: where, what was
//! found, what is allowed, and what was probably meant.

use crate::base::text::words::shown;
use std::fmt;

/// Problems reported at once; the rest are only counted.
pub const MAX_PROBLEMS: usize = 10;

/// A key of a table, and its value or an error about it.
pub type Keyed = (&'static str, String);

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Line and column of the file, from 1; 0 is the file as a whole.
    File(usize, usize),
    /// The name of an environment variable.
    Env(String),
    /// A flag as it was written.
    Flag(String),
    /// A mount, if no other source sets the value.
    Mount,
    /// The name of the program, if no other source sets the value.
    Name,
}

impl Origin {
    /// The order of precedence, the lowest first; defaults are below 0.
    pub fn layer(&self) -> usize {
        match self {
            Origin::File(..) | Origin::Mount | Origin::Name => 0,
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

    /// The origin as the prefix of a problem.
    pub fn text(&self, file: &str) -> String {
        match self {
            Origin::File(0, _) => file.to_owned(),
            Origin::File(line, column) => {
                format!("{file}:{line}:{column}")
            }
            Origin::Env(name) | Origin::Flag(name) => name.clone(),
            Origin::Mount => "what is mounted".to_owned(),
            Origin::Name => "the name of the program".to_owned(),
        }
    }
}

/// Why there are no settings: every problem found in the file, the environment and the command
/// line. `Display` gives one line each, without a newline at the end; the program prints it
/// and exits with status 2.
#[derive(Debug, Default)]
pub struct Refusal {
    pub file: String,
    problems: Vec<(Origin, String)>,
    more: usize,
}

impl Refusal {
    /// Records a problem; the file comes first, by line.
    pub fn add(&mut self, origin: Origin, text: String) {
        // A variable may have the same fault for several exports.
        let is_same = |(at, known): &(Origin, String)| *at == origin && *known == text;
        if matches!(origin, Origin::Env(_)) && self.problems.iter().any(is_same) || self.skips() {
            return;
        }
        let key = origin.key();
        let at = self.problems.iter().position(|(o, _)| o.key() > key);
        self.problems.insert(at.unwrap_or(self.problems.len()), (origin, text));
    }

    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether there is no room for a problem, which then is only counted.
    pub fn skips(&mut self) -> bool {
        let full = self.problems.len() >= MAX_PROBLEMS;
        self.more += usize::from(full);
        full
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |(origin, text): &(Origin, String)| {
            [&shown(&origin.text(&self.file), usize::MAX), ": ", text].concat()
        };
        let mut lines: Vec<String> = self.problems.iter().map(line).collect();
        if self.more > 0 {
            lines.push(["and ", &self.more.to_string(), " more"].concat());
        }
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

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
}
