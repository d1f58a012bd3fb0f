//! Bounds the cost of a pattern, so that no line delays a client that waits for an answer.
//!
//! regex-lite tries all alternatives at once: for each character it goes through all states of the pattern that
//! it can be in, and cannot be interrupted. So the longest that a match takes is the number of states
//! times the bytes of the line, some 4 ns each on a server, several times that on a small box.
//! A counted repeat makes copies of what it repeats: `.{1,500}` has a thousand states, `(\w{1,50} ?){1,50}` a
//! hundred thousand, and 60 KB of the wrong text cost them seconds.
//!
//! Therefore states times bytes are bounded by `WORK`, some 2 ms there, before the match: a rule reads at most that
//! many bytes of a line, around the first place with a text that it needs. A match there
//! counts, unless it reaches to where the line was cut: there it could be different in the whole
//! line. A longer line without a match is counted as skipped (`long`). Rules for
//! which the bound is less than a kilobyte are costly: together they have `SECOND` of each second, and lines that
//! exceed it are skipped, too (`busy`). Other rules may use all the time that is not needed
//! elsewhere, a turn at a time: a rule that is only slow because of the amount is late, but loses nothing.
//!
//! The states are counted by the memory that regex-lite uses for them: the smallest memory bound with which
//! it builds the pattern. So nothing of its syntax has to be known.

use super::literal;
use crate::base::log::{self, Field};
use crate::settings::LogFiles;
use regex_lite::RegexBuilder;
use std::iter::Peekable;
use std::str::Chars;
use std::time::Duration;

/// Bytes of lines after which the clock is read where every line is tried.
pub const SLOW_STRETCH: usize = 1 << 10;

/// The limit of states of a pattern times bytes of a line.
pub const WORK: usize = 512 << 10;

/// Memory of one state.
const STATE: usize = 4 * size_of::<usize>();

/// The most memory of a pattern, as regex-lite bounds it.
const MAX_MEMORY: usize = 10 << 20;

/// How long all costly rules together match lines in a second.
pub const SECOND: Duration = Duration::from_millis(200);

/// The number of groups at which a state costs twice as much, because it stores the position of each.
const GROUPS: usize = 64;

/// Bytes of a line that a pattern with this number of groups may read.
pub fn most_bytes(pattern: &str, groups: usize) -> usize {
    (WORK / states(pattern, groups)).max(1)
}

/// States of a pattern, weighted by the cost of its groups; at least one.
pub fn states(pattern: &str, groups: usize) -> usize {
    let states = memory(pattern) / STATE;
    (states + states * groups / GROUPS).max(1)
}

/// Whether rules that may read only this many bytes share a time.
pub fn is_costly(most_bytes: usize) -> bool {
    most_bytes < SLOW_STRETCH
}

/// The memory of a pattern, at most an eighth too much.
fn memory(pattern: &str) -> usize {
    let is_enough = |most: &usize| RegexBuilder::new(pattern).size_limit(*most).build().is_ok();
    let mut most = 4 * STATE;
    while most < MAX_MEMORY && !is_enough(&most) {
        most *= 2;
    }
    let eighth = most / 16;
    (1..8).map(|n| most / 2 + n * eighth).find(is_enough).unwrap_or(most)
}

/// Whether a counted repeat is within another.
fn has_nested_counts(pattern: &str) -> bool {
    // For each open group, whether it has a counted repeat.
    let mut open = vec![false];
    let mut last = false; // the part before had one
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
                last = false;
            }
            '[' => {
                skip_class(&mut chars);
                last = false;
            }
            '(' => open.push(false),
            ')' => {
                last = open.pop().unwrap_or(false);
                if let Some(outer) = open.last_mut() {
                    *outer |= last;
                }
            }
            '{' if last => return true,
            '{' => {
                if let Some(outer) = open.last_mut() {
                    *outer = true;
                }
                last = true;
            }
            // The rest of {1,5}? and the like.
            '0'..='9' | ',' | '}' | '?' => {}
            _ => last = false,
        }
    }
    false
}

/// Skips the rest of a class.
fn skip_class(chars: &mut Peekable<Chars<'_>>) {
    // A ] at the start is a member.
    chars.next_if_eq(&'^');
    chars.next_if_eq(&']');
    while let Some(c) = chars.next().filter(|c| *c != ']') {
        if c == '\\' {
            chars.next();
        }
    }
}

/// Warns of slow patterns; returns how many there are.
pub fn warn_of_slow(logs: &[LogFiles]) -> usize {
    let mut warnings = 0;
    for rule in logs.iter().flat_map(|log| &log.rules) {
        let most = most_bytes(&rule.pattern, groups(&rule.pattern));
        let why = if has_nested_counts(&rule.pattern) {
            "it has counted repeats within a counted repeat"
        } else if is_costly(most) {
            "it has large counted repeats"
        } else if literal::needed(&rule.pattern).literals.is_empty() {
            "it has no fixed text, so that every line is tried"
        } else {
            continue;
        };
        let fields: [Field<'_>; 4] = [
            ("metric", &rule.metric),
            ("pattern", &rule.pattern),
            ("why", &why),
            ("matched_bytes", &most),
        ];
        log::warn("slow pattern of a log rule", &fields);
        warnings += 1;
    }
    warnings
}

fn groups(pattern: &str) -> usize {
    regex_lite::Regex::new(pattern).map_or(0, |regex| regex.captures_len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted() {
        let states = |pattern: &str| memory(pattern) / STATE;
        assert!(states("abc") < 10);
        // Each is documented with a workaround.
        for (pattern, least) in [
            ("a{500}", 500),
            (".{1,500}", 1000),
            ("(?:x{20}){20}", 400),
            (r"(\w{1,50} ?){1,50}", 5000),
            ("[[:alpha:]]{700}", 700),
            ("(?i)a{300}", 300),
        ] {
            let states = states(pattern);
            assert!(states >= least && states < 4 * least + 100, "{pattern}: {states}");
        }
        let most = |pattern: &str| most_bytes(pattern, groups(pattern));
        assert!(most("level=(?P<level>error|fatal)") > 5000);
        assert!(most(r"took (?P<s>[0-9.]+)s") > 10_000);
        assert!(most("(?P<id>.{1,500})done.{1,500}end") < 200);
        assert!(most(&"(a)".repeat(400)) < most(&"(?:a)".repeat(400)) / 3);
        assert_eq!(most("no pattern ("), 1);
    }

    #[test]
    fn counts_in_counts_are_found() {
        for nested in [
            "(a{2}){3}",
            "(?:x(y{1,2}z))?(a(b{3,})c){2,}",
            "((a{2})){3}",
            "(a{2}b*){2}",
            "[)(](a{2})?{3}",
            "(a{2}|b){2}",
        ] {
            assert!(has_nested_counts(nested), "{nested}");
        }
        for plain in [
            "",
            "a{2}b{3}",
            r"(a{2})\{3}",
            "(a{2})[{]",
            "(a{2})b{3}",
            "[(]a{2}[)]{3}",
            r"\(a{2}\){3}",
        ] {
            assert!(!has_nested_counts(plain), "{plain}");
        }
    }
}
