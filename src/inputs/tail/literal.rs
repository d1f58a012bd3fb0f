//! The texts that a pattern requires: every match contains one of a few texts. They are searched
//! at the speed of memory, and only lines that contain one are given to the regular expression.
//!
//! The pattern is read as regex-lite reads it, as far as it is plain: characters, escaped punctuation,
//! groups, alternatives, classes, repetitions. Anything else (flags, `\x41`) ends the
//! reading, and then there are no such texts. For classes, dots and optional parts nothing is
//! assumed. A part that consumes nothing (`^`, `\b`) is treated as if it were
//! not there: it can only exclude matches.

mod part;

pub use part::MAX_LITERALS;
use part::{Part, Row, Times, union};
use std::iter::Peekable;
use std::str::Chars;

/// Groups within groups; regex-lite accepts no more than 50.
const MAX_DEPTH: usize = 64;

/// What every match contains.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// One of these, none of them empty; no texts if nothing is known.
    pub literals: Vec<String>,
    /// Every line that contains one of them matches.
    pub suffices: bool,
}

/// The texts of a pattern that regex-lite accepts.
pub fn needed(pattern: &str) -> Required {
    let mut reader = Reader { rest: pattern.chars().peekable(), depth: 0 };
    let part = reader.alternatives().filter(|_| reader.rest.peek().is_none());
    let Some(Part { exact, needed: Some(literals), asserts }) = part else {
        return Required::default();
    };
    // Invalid UTF-8 becomes this character, which the bytes of the line do not have.
    if literals.iter().any(|text| text.contains('\u{fffd}')) {
        return Required::default();
    }
    // Line endings are not searched.
    let is_within = |text: &String| !text.contains(['\r', '\n']);
    let suffices = !asserts && exact.as_ref() == Some(&literals) && literals.iter().all(is_within);
    Required { literals, suffices }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

impl Reader<'_> {
    fn takes(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    /// Parses up to the end of the group or the pattern; `None` ends the reading, here and below.
    fn alternatives(&mut self) -> Option<Part> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut all = self.concatenation()?;
        while self.takes('|') {
            let one = self.concatenation()?;
            all = Part {
                exact: union(all.exact, one.exact),
                needed: union(all.needed, one.needed),
                asserts: all.asserts || one.asserts,
            };
        }
        self.depth -= 1;
        Some(all)
    }

    fn concatenation(&mut self) -> Option<Part> {
        let mut row = Row::default();
        while self.rest.peek().is_some_and(|c| !matches!(c, '|' | ')')) {
            let part = self.part()?;
            let times = self.times()?;
            row.add(part, times);
        }
        Some(row.end())
    }

    fn part(&mut self) -> Option<Part> {
        let c = self.rest.next()?;
        Some(match c {
            '(' => {
                if self.takes('?') {
                    self.group_name()?;
                }
                let part = self.alternatives()?;
                return self.takes(')').then_some(part);
            }
            '[' => {
                self.class()?;
                Part::unknown()
            }
            '.' => Part::unknown(),
            '^' | '$' => Part::nothing(),
            '?' | '*' | '+' | '{' => return None,
            '\\' => return self.escaped(),
            c => Part::of(c),
        })
    }

    /// Parses what follows `(?`: `P<name>`, `<name>` or `:`, no flags.
    fn group_name(&mut self) -> Option<()> {
        if self.takes(':') {
            return Some(());
        }
        self.takes('P');
        if !self.takes('<') {
            return None;
        }
        while !self.takes('>') {
            self.rest.next()?;
        }
        Some(())
    }

    fn escaped(&mut self) -> Option<Part> {
        Some(match self.rest.next()? {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Part::unknown(),
            // \b{start} has another meaning.
            'b' if self.rest.peek() == Some(&'{') => return None,
            'A' | 'z' | 'b' | 'B' | '<' | '>' => Part::nothing(),
            't' => Part::of('\t'),
            'n' => Part::of('\n'),
            'r' => Part::of('\r'),
            c if c.is_ascii_punctuation() => Part::of(c),
            _ => return None,
        })
    }

    /// Skips to the end of a class, for which nothing is assumed.
    fn class(&mut self) -> Option<()> {
        self.takes('^');
        let mut is_first = true;
        while self.takes('-') {
            is_first = false;
        }
        if is_first {
            self.takes(']');
        }
        loop {
            match self.rest.next()? {
                ']' => return Some(()),
                // [[:alpha:]]
                '[' => return None,
                '\\' => {
                    self.rest.next()?;
                }
                _ => {}
            }
        }
    }

    /// Parses the repetition after a part; `None` if there are several, of which each applies to all before it.
    fn times(&mut self) -> Option<Times> {
        let times = match self.rest.peek() {
            Some('+') => Times::OneOrMore,
            Some('?' | '*' | '{') => Times::Any,
            _ => return Some(Times::One),
        };
        if self.rest.next()? == '{' {
            while self.rest.next()? != '}' {}
        }
        self.takes('?'); // a lazy repetition
        let is_repeated = matches!(self.rest.peek(), Some('?' | '*' | '+' | '{'));
        (!is_repeated).then_some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> String {
        regex_lite::Regex::new(pattern).unwrap();
        let Required { literals, suffices } = needed(pattern);
        let mark = if suffices { "=" } else { "" };
        [mark, &literals.join(" ")].concat()
    }

    #[test]
    fn finds_what_a_match_cannot_do_without() {
        for (pattern, expected) in [
            ("level=(?P<level>error|fatal)", "=level=error level=fatal"),
            ("ERROR", "=ERROR"),
            ("^ERROR$", "ERROR"),
            (r"\bpanic\b.*", "panic"),
            (r"took (?<s>[0-9.]+)ms", "took "),
            (r"(?:GET|POST) /api/(\w+)", "GET /api/ POST /api/"),
            (r"a\.b\[c\]", "=a.b[c]"),
            ("colou?r", "colo"),
            ("abc*de", "ab"),
            ("(abc)+d", "abc"),
            ("(abc)+?defg", "defg"),
            ("x{3}yz", "yz"),
            ("error|warn", "=error warn"),
            ("error|.", ""),
            ("a|b|c|d|e|f|g|h|i", ""),
            ("(a|b|c|d|e|f|g|h|i)longer", "longer"),
            ("error|e+", "error e"),
            ("(?i)error", ""),
            ("(?i:error)x", ""),
            (r"\x41bc", ""),
            (r"a[]x]bc[^]]d[\]]ef", "bc"),
            (r"[[:alpha:]]abc", ""),
            ("", ""),
            ("()", ""),
            ("(|a)b", "=b ab"),
            ("é€", "=é€"),
            ("a\u{fffd}b", ""),
            ("(a|b)(c|d)(e|f)", "=ace acf ade adf bce bcf bde bdf"),
            (r"\b{start}abc", ""),
            (r"\<abc\>", "abc"),
            (r"ab\r", "ab\r"),
            ("a+?+b", ""),
        ] {
            assert_eq!(of(pattern), expected, "{pattern}");
        }
        let deep = ["(".repeat(40), "abc".into(), ")".repeat(40)].concat();
        assert_eq!(of(&deep), "=abc");
        assert_eq!(needed(&"(".repeat(1000)), Required::default());
    }
}
