//! A regular expression of the user, compiled as late and as little as its use needs.

use super::alternatives::Alternatives;
use regex_lite::Regex;
use std::cell::OnceCell;

/// A regular expression. A pattern that only lists names is compared with them. The program of any other, some 16 KB,
/// is compiled when the first name is checked.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    names: Option<Alternatives>,
    program: OnceCell<Option<Regex>>,
}

impl Pattern {
    /// The pattern of a text that was checked.
    pub fn new(text: &str) -> Pattern {
        Pattern { text: text.into(), names: Alternatives::of(text), program: OnceCell::new() }
    }

    /// Checks whether it can be compiled.
    ///
    /// # Errors
    ///
    /// The reason why it cannot be compiled.
    pub fn check(text: &str) -> Result<(), regex_lite::Error> {
        if Alternatives::of(text).is_some() { Ok(()) } else { Regex::new(text).map(drop) }
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The compiled program, for uses other than a match.
    pub fn regex(&self) -> Option<Regex> {
        Regex::new(&self.text).ok()
    }

    /// Whether it matches somewhere in `name`.
    pub fn is_match(&self, name: &str) -> bool {
        match &self.names {
            Some(names) => names.is_match(name),
            None => {
                let program = self.program.get_or_init(|| self.regex());
                program.as_ref().is_some_and(|program| program.is_match(name))
            }
        }
    }

    /// No more names to check for now: frees the memory of the program.
    pub fn free_program(&mut self) {
        self.program = OnceCell::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_same_after_its_program_was_freed() {
        for (text, is_list) in [("^(a|b)$", true), ("^a", true), ("a", false), ("^[ab]$", false)] {
            assert!(Pattern::check(text).is_ok());
            let mut pattern = Pattern::new(text);
            assert_eq!((pattern.names.is_some(), pattern.as_str()), (is_list, text));
            for _ in 0..2 {
                assert!(pattern.is_match("a") && !pattern.is_match("c"), "{text}");
                assert_eq!(pattern.program.get().is_some(), !is_list);
                pattern.free_program();
                assert!(pattern.program.get().is_none());
            }
        }
        assert!(Pattern::check("(").is_err());
        assert!(!Pattern::new("(").is_match("("), "it was not checked");
    }
}
