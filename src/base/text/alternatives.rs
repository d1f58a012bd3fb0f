//! A pattern that only lists names, such as `^(Tcp_(InSegs|OutSegs)|Udp6?_NoPorts|.*_InErrs)$`, or their beginnings,
//! such as `^(oom_kill|pg.*fault)`, expanded into the names: comparing each takes a tenth of the instructions of a
//! regex search, and needs no program of 16 KB. Any other pattern is left to the regular expressions.

/// The most names in a list.
const MAX_NAMES: usize = 128;

/// Bytes of all names together.
const MAX_BYTES: usize = 4096;

/// Stands for `.*` in a name.
const ANY: u8 = b'*';

/// The names of a list.
#[derive(Clone, Debug)]
pub struct Alternatives {
    /// One after the other; in them `*` stands for any text without a line's end.
    text: Box<str>,
    names: Box<[Name]>,
    /// A name may go on after them (no `$`).
    goes_on: bool,
}

/// A name of the list.
#[derive(Clone, Copy, Debug)]
struct Name {
    start: u16,
    length: u16,
    /// Its first and its last byte, which most comparisons need only.
    ends: [u8; 2],
    /// Where the first `*` is, and whether there are more.
    any: Option<(u16, bool)>,
}

impl Alternatives {
    /// The names that `pattern` lists; `None` if it is any other pattern.
    pub fn of(pattern: &str) -> Option<Alternatives> {
        let whole = pattern.strip_prefix('^')?;
        let mut rest = whole.strip_suffix('$').unwrap_or(whole);
        let goes_on = rest.len() == whole.len();
        if has_free_choice(rest) {
            return None;
        }
        let all = Some(choice(&mut rest)?).filter(|_| rest.is_empty())?;
        let text = all.concat().into_boxed_str();
        let mut start = 0;
        let names = all.iter().map(|text| {
            let name = Name::of(start, text.as_bytes());
            start += name.length;
            name
        });
        Some(Alternatives { names: names.collect(), text, goes_on })
    }

    /// Whether `name` matches one of them.
    pub fn is_match(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let ends = ends(name);
        self.names.iter().any(|known| {
            let [first, last] = known.ends;
            (first == ends[0] || first == ANY)
                && (last == ends[1] || last == ANY || self.goes_on)
                && self.is_like(known, name)
        })
    }

    fn is_like(&self, known: &Name, name: &[u8]) -> bool {
        let text = self.text.as_bytes().get(known.start.into()..).unwrap_or_default();
        let text = text.get(..known.length.into()).unwrap_or_default();
        match known.any {
            None if self.goes_on => name.starts_with(text),
            None => name == text,
            // The `*` can have one length only.
            Some((at, false)) if !self.goes_on => {
                let (start, end) = text.split_at_checked(at.into()).unwrap_or_default();
                let rest = name.strip_suffix(end.get(1..).unwrap_or_default());
                let any = rest.and_then(|rest| rest.strip_prefix(start));
                any.is_some_and(|any| !any.contains(&b'\n'))
            }
            Some(_) => is_like(text, name, self.goes_on),
        }
    }
}

/// The first and the last byte; `ANY` for both of an empty text.
fn ends(text: &[u8]) -> [u8; 2] {
    [text.first(), text.last()].map(|byte| byte.copied().unwrap_or(ANY))
}

impl Name {
    /// The name `text`, which starts at `start` of a list no longer than `MAX_BYTES`.
    fn of(start: u16, text: &[u8]) -> Name {
        let (first, last) = (memchr::memchr(ANY, text), memchr::memrchr(ANY, text));
        let any = first.map(|at| (at as u16, last != first));
        Name { start, length: text.len() as u16, ends: ends(text), any }
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
                let plain = plain(rest);
                *rest = rest.get(plain.len().max(first.len_utf8())..)?;
                match plain {
                    "" => names = product(&names, &part(first, rest)?),
                    plain => names.iter_mut().for_each(|name| name.push_str(plain)),
                }
                let bytes: usize = names.iter().map(String::len).sum();
                if names.len() > MAX_NAMES || bytes > MAX_BYTES {
                    return None;
                }
                continue;
            }
        }
        *rest = rest.get(1..)?;
    }
}

/// The literal characters at the start, once each.
fn plain(rest: &str) -> &str {
    let end = rest.bytes().position(|byte| !is_plain(byte.into())).unwrap_or(rest.len());
    let repeats = rest.get(end..).is_some_and(|rest| rest.starts_with(['?', '*', '+', '{']));
    rest.get(..end - usize::from(repeats && end > 0)).unwrap_or_default()
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-/:".contains(c)
}

/// The names of the part that begins with `first`: a group, `.*`, or a character.
fn part(first: char, rest: &mut &str) -> Option<Vec<String>> {
    let mut texts = match first {
        '(' => {
            let inner = choice(rest)?;
            *rest = rest.strip_prefix(')')?;
            inner
        }
        '.' => {
            *rest = rest.strip_prefix('*')?;
            vec![char::from(ANY).to_string()]
        }
        first if is_plain(first) => vec![first.to_string()],
        _ => return None,
    };
    if let Some(after) = rest.strip_prefix('?').filter(|_| first != '.') {
        *rest = after;
        texts.push(String::new());
    }
    Some(texts).filter(|_| !rest.starts_with(['?', '*', '+', '{']))
}

/// Each of `starts` joined with each of `ends`.
fn product(starts: &[String], ends: &[String]) -> Vec<String> {
    let with = |start| ends.iter().map(move |end| [start, &**end].concat());
    starts.iter().flat_map(|start| with(&**start)).collect()
}

/// Whether `name`, or if it `goes_on` its beginning, is `known`.
fn is_like(known: &[u8], name: &[u8], goes_on: bool) -> bool {
    let Some(at) = memchr::memchr(ANY, known) else {
        return if goes_on { name.starts_with(known) } else { name == known };
    };
    let (start, end) =
        (known.get(..at).unwrap_or_default(), known.get(at + 1..).unwrap_or_default());
    let Some(rest) = name.strip_prefix(start) else { return false };
    let most = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    // If nothing follows the `*`, it can have one length only.
    let is_last = !goes_on && !end.contains(&ANY);
    let only = rest.len().saturating_sub(end.len());
    let (least, most) = if is_last { (only, only.min(most)) } else { (0, most) };
    (least..=most).any(|at| rest.get(at..).is_some_and(|rest| is_like(end, rest, goes_on)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    const NETSTAT: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs))$";

    #[test]
    fn a_list_matches_what_its_pattern_matches() {
        let patterns = [
            NETSTAT,
            "^a$",
            "^(a|)$",
            "^(|b)c?$",
            "^(a(b|c)?|.*d.*)$",
            "^(a|b)(c|d)$",
            "^.*$",
            "^a",
            "^(ab|x.*x)",
            "^(Ip_|.*_In).*",
            "^",
        ];
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
            "a$",
            "^a|b$",
            "^a|b",
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
