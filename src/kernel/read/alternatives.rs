//! A pattern that only lists names, such as `^(Tcp_(InSegs|OutSegs)|Udp6?_NoPorts|.*_InErrs)$`, as the names that it
//! stands for: each is compared in a tenth of the instructions that a search takes, and needs no program of 16 KB.
//! Any other pattern is left to the regular expressions.

/// As many names as a list may stand for.
const MAX_NAMES: usize = 128;

/// Bytes of all of them together.
const MAX_BYTES: usize = 4096;

/// Stands for `.*` in a name.
const ANY: char = '*';

/// The names, in which `*` stands for any text without a line's end.
pub struct Alternatives(Vec<Box<str>>);

impl Alternatives {
    /// The names that `pattern` lists; `None` if it says anything else.
    pub fn of(pattern: &str) -> Option<Alternatives> {
        let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
        if has_free_choice(rest) {
            return None;
        }
        let names = Some(choice(&mut rest)?).filter(|_| rest.is_empty())?;
        Some(Alternatives(names.into_iter().map(String::into_boxed_str).collect()))
    }

    /// Whether `name` is one of them.
    pub fn is_match(&self, name: &str) -> bool {
        self.0.iter().any(|known| is_like(known, name))
    }
}

/// Whether there is a `|` outside of all parentheses: `^` and `$` then belong to one of its sides each.
fn has_free_choice(pattern: &str) -> bool {
    let mut depth = 0;
    pattern.chars().any(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == '|' && depth == 0
    })
}

/// The names of `a|b`, up to the end or the `)` that belongs to a `(` before.
fn choice(rest: &mut &str) -> Option<Vec<String>> {
    let (mut all, mut names) = (Vec::new(), vec![String::new()]);
    loop {
        match rest.chars().next() {
            Some('|') => all.append(&mut std::mem::replace(&mut names, vec![String::new()])),
            None | Some(')') => {
                all.append(&mut names);
                return Some(all);
            }
            Some(first) => {
                *rest = rest.get(first.len_utf8()..)?;
                names = product(&names, &part(first, rest)?)?;
                continue;
            }
        }
        *rest = rest.get(1..)?;
    }
}

/// What the part that begins with `first` stands for: a group, `.*`, or a character.
fn part(first: char, rest: &mut &str) -> Option<Vec<String>> {
    let mut texts = match first {
        '(' => {
            let inner = choice(rest)?;
            *rest = rest.strip_prefix(')')?;
            inner
        }
        '.' => {
            *rest = rest.strip_prefix('*')?;
            vec![ANY.to_string()]
        }
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '/' | ':' => vec![first.to_string()],
        _ => return None,
    };
    if let Some(after) = rest.strip_prefix('?').filter(|_| first != '.') {
        *rest = after;
        texts.push(String::new());
    }
    Some(texts).filter(|_| !rest.starts_with(['?', '*', '+', '{']))
}

/// Each of `starts` with each of `ends`.
fn product(starts: &[String], ends: &[String]) -> Option<Vec<String>> {
    let names: Vec<String> = starts
        .iter()
        .flat_map(|start| ends.iter().map(move |end| [&**start, end].concat()))
        .collect();
    let bytes: usize = names.iter().map(String::len).sum();
    Some(names).filter(|names| names.len() <= MAX_NAMES && bytes <= MAX_BYTES)
}

/// Whether `name` is `known`, in which `*` stands for any text without a line's end.
fn is_like(known: &str, name: &str) -> bool {
    let Some((start, end)) = known.split_once(ANY) else { return known == name };
    let Some(rest) = name.strip_prefix(start) else { return false };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    let is_free = |at: usize| rest.get(..at).is_some_and(|text| !text.contains('\n'));
    ends.into_iter().any(|at| rest.get(at..).is_some_and(|rest| is_like(end, rest)) && is_free(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    const NETSTAT: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs))$";

    #[test]
    fn a_list_matches_what_its_pattern_matches() {
        let patterns =
            [NETSTAT, "^a$", "^(a|)$", "^(|b)c?$", "^(a(b|c)?|.*d.*)$", "^(a|b)(c|d)$", "^.*$"];
        let names = [
            "",
            "a",
            "b",
            "c",
            "ac",
            "ab",
            "abc",
            "bd",
            "ad",
            "d",
            "xdx",
            "x\ndx",
            "d\n",
            "Tcp_InErrs",
            "Tcp_InErr",
            "_InErrors",
            "InErrors",
            "Ip_Forwarding",
            "Ip_Forwardin",
            "Ip6_InOctets",
            "IpExt_OutOctets",
            "Ip_InOctets",
            "Icmp_InMsgs",
            "Icmp6_OutMsgs",
            "Icmp66_OutMsgs",
            "ä_InErrs",
            "a_InErrs_InErrs",
        ];
        for pattern in patterns {
            let (list, twin) = (Alternatives::of(pattern).unwrap(), Regex::new(pattern).unwrap());
            for name in names {
                assert_eq!(list.is_match(name), twin.is_match(name), "{pattern} on {name:?}");
            }
        }
    }

    #[test]
    fn other_patterns_are_no_lists() {
        let patterns = [
            "",
            "a",
            "^a",
            "a$",
            "^a|b$",
            "^a.b$",
            "^a+$",
            "^a*$",
            "^(a$",
            "^a)$",
            "^[ab]$",
            "^a\\.b$",
            "^(?:a|b)$",
            "^a??$",
            "^.?$",
            "^.*?a$",
            "^(a|b)*$",
            "^a{2}$",
            "^(a|b)|(c|d)$x",
            "^$^$",
        ];
        for pattern in patterns {
            assert!(Alternatives::of(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn a_list_is_bounded() {
        let digits = "(0|1|2|3|4|5|6|7|8|9)";
        assert!(Alternatives::of(&["^", digits, digits, "$"].concat()).is_some());
        assert!(Alternatives::of(&["^", digits, digits, digits, "$"].concat()).is_none());
        assert!(Alternatives::of(&["^(", &"a".repeat(MAX_BYTES + 1), ")$"].concat()).is_none());
    }
}
