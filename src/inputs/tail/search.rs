//! Finds the lines that a pattern matches by the texts that it requires; of long lines a part is read.
//!
//! A line is read as UTF-8; invalid bytes become U+FFFD, and only in lines that may match.

use super::cost;
use super::lines;
use super::literal::{self, MAX_LITERALS};
use memchr::memmem::Finder;
use regex_lite::{Match, Regex};
use std::borrow::Cow;

/// Finds the lines that a pattern matches.
pub struct Search {
    pub(super) regex: Regex,
    /// Every line that matches contains one of these; without any every line is tried.
    pub(super) literals: Vec<Finder<'static>>,
    /// Every line that contains one of them matches.
    pub(super) suffices: bool,
    /// Bytes of a line that the regular expression gets.
    pub(super) most: usize,
    /// A match may depend on what follows it.
    looks_ahead: bool,
}

/// The part of a line that is searched.
pub struct View<'a> {
    pub text: Cow<'a, str>,
    /// Where matches may begin; the text before it serves as context.
    pub from: usize,
    is_cut: bool,
}

impl View<'_> {
    /// Whether the match could be different in the whole line.
    pub fn is_open(&self, found: &Match<'_>, looks_ahead: bool) -> bool {
        let is_first = self.from > 0 && found.start() == self.from;
        is_first || self.is_cut && looks_ahead && found.end() == self.text.len()
    }
}

impl Search {
    /// # Errors
    ///
    /// The pattern is not a valid regular expression.
    pub fn new(pattern: &str) -> Result<Search, regex_lite::Error> {
        let regex = Regex::new(pattern)?;
        let needed = literal::needed(pattern);
        let literals = needed.literals.iter().map(|text| Finder::new(text).into_owned());
        let most = cost::most_bytes(pattern, regex.captures_len());
        Ok(Search {
            regex,
            literals: literals.collect(),
            suffices: needed.suffices,
            most,
            looks_ahead: pattern.contains(['$', '\\']),
        })
    }

    /// The part of a line that the regular expression gets, around `at`.
    pub fn view<'a>(&self, line: &'a [u8], at: usize) -> View<'a> {
        if line.len() <= self.most {
            return View { text: text(line), from: 0, is_cut: false };
        }
        let start = at.saturating_sub(self.most / 2).min(line.len() - self.most);
        let part = text(line.get(start..start + self.most).unwrap_or_default());
        let before = part.chars().next().filter(|_| start > 0);
        let is_cut = start + self.most < line.len();
        View { from: before.map_or(0, char::len_utf8), text: part, is_cut }
    }

    /// Whether a line matches; `None` if it is too long to be known.
    fn matches(&self, line: &[u8], at: usize) -> Option<bool> {
        if self.suffices {
            return Some(true);
        }
        let view = self.view(line, at);
        if line.len() <= self.most {
            return Some(self.regex.is_match(&view.text));
        }
        let found = self.regex.find_at(&view.text, view.from);
        found.filter(|found| !view.is_open(found, self.looks_ahead)).map(|_| true)
    }

    /// Hands every line of `stretch` that may match to `each`, with the position of the text in it.
    pub fn candidates(&self, stretch: &[u8], each: &mut dyn FnMut(&[u8], usize)) {
        if self.literals.is_empty() {
            let mut rest = stretch;
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                let (line, after) = rest.split_at(end);
                each(lines::text(line), 0);
                rest = after;
            }
            return;
        }
        // The next position of each text, beyond the stretch if there is none.
        let find = |finder: &Finder<'_>, from: usize| {
            let found = stretch.get(from..).and_then(|rest| finder.find(rest));
            found.map_or(usize::MAX, |at| from + at)
        };
        let mut places = [usize::MAX; MAX_LITERALS];
        for (place, finder) in places.iter_mut().zip(&self.literals) {
            *place = find(finder, 0);
        }
        let mut start = 0;
        while let Some(at) = places.iter().copied().min().filter(|at| *at < stretch.len()) {
            let before = stretch.get(start..at).unwrap_or_default();
            let first = memchr::memrchr(b'\n', before).map_or(start, |newline| start + newline + 1);
            let behind = stretch.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', behind).map_or(stretch.len(), |end| at + end + 1);
            let line = stretch.get(first..end).unwrap_or_default();
            // Zero bytes are left out before it.
            let text = lines::text(line);
            let left_out = line.iter().take_while(|byte| **byte == 0).count();
            each(text, (at - first).saturating_sub(left_out));
            start = end;
            for (place, finder) in places.iter_mut().zip(&self.literals) {
                if *place < start {
                    *place = find(finder, start);
                }
            }
        }
    }

    /// How many lines of `stretch` match; those too long to be known are added to `skipped`.
    pub fn count(&self, stretch: &[u8], skipped: &mut u64) -> u64 {
        let mut count = 0;
        self.candidates(stretch, &mut |line, at| match self.matches(line, at) {
            Some(is_match) => count += u64::from(is_match),
            None => *skipped += 1,
        });
        count
    }
}

/// A line as text.
fn text(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

#[cfg(test)]
mod tests;
