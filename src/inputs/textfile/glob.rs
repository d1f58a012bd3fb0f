//! Globs as in Go's `filepath.Match`, which node_exporter uses: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a
//! character that means itself. A star finds hidden names, too, and `!` does not negate a class:
//! in paths of logs (`wire::matches`) both are as in a shell.

/// Whether the name has a character with a meaning of its own.
pub fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '[', '\\'])
}

/// Whether the syntax of a glob is valid: classes are closed and not empty, and something follows `\`.
pub fn is_valid(glob: &str) -> bool {
    let mut rest = glob;
    while let Some(first) = rest.chars().next() {
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        let after = match first {
            '[' => class(rest, ' ').map(|(_, after)| after),
            '\\' => rest.chars().next().and_then(|escaped| rest.get(escaped.len_utf8()..)),
            _ => Some(rest),
        };
        let Some(after) = after else { return false };
        rest = after;
    }
    true
}

/// Whether a valid glob matches all of `name`. Takes at most as many steps as the product of both.
pub fn matches(glob: &str, name: &[u8]) -> bool {
    let (mut glob, mut name) = (glob, name);
    // What follows the last star, and the name from where on it is tried.
    let mut star: Option<(&str, &[u8])> = None;
    loop {
        if let Some(rest) = glob.strip_prefix('*') {
            (glob, star) = (rest, Some((rest, name)));
            continue;
        }
        if glob.is_empty() && name.is_empty() {
            return true;
        }
        if let Some(rest) = step(glob, name) {
            (glob, name) = rest;
            continue;
        }
        // The last star takes one byte more.
        let Some((rest, [_, left @ ..])) = star else { return false };
        (glob, name, star) = (rest, left, Some((rest, left)));
    }
}

/// Matches one character; returns the rest of both.
fn step<'a>(glob: &'a str, name: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let mut rest = glob.chars();
    let mut first = rest.next()?;
    let (character, length) = character(name)?;
    match first {
        '?' => return Some((rest.as_str(), name.get(length..)?)),
        '[' => {
            let (is_in, after) = class(rest.as_str(), character)?;
            return is_in.then_some((after, name.get(length..)?));
        }
        '\\' => first = rest.next()?,
        _ => {}
    }
    let left = name.strip_prefix(first.encode_utf8(&mut [0; 4]).as_bytes())?;
    Some((rest.as_str(), left))
}

/// The first character and its length; what is not UTF-8 is one byte long.
fn character(name: &[u8]) -> Option<(char, usize)> {
    let first = *name.first()?;
    if first.is_ascii() {
        return Some((first.into(), 1));
    }
    let valid = name.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    Some(valid.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())))
}

/// Whether a character is in the class that begins at `rest`, behind its bracket, and what follows the class; `None`
/// if the class is invalid.
fn class(rest: &str, character: char) -> Option<(bool, &str)> {
    let positive = rest.strip_prefix('^');
    let (wanted, mut rest) = (positive.is_none(), positive.unwrap_or(rest));
    let mut is_in = false;
    loop {
        let (low, after) = member(rest)?;
        let (high, after) = match after.strip_prefix('-') {
            Some(after) => member(after)?,
            None => (low, after),
        };
        is_in |= (low..=high).contains(&character);
        rest = after;
        if let Some(after) = rest.strip_prefix(']') {
            return Some((is_in == wanted, after));
        }
    }
}

/// One character of a class, which is not its last: `-` and `]` only behind `\`.
fn member(rest: &str) -> Option<(char, &str)> {
    let rest = match rest.chars().next()? {
        '-' | ']' => return None,
        '\\' => rest.get(1..)?,
        _ => rest,
    };
    let character = rest.chars().next()?;
    let after = rest.get(character.len_utf8()..).filter(|after| !after.is_empty())?;
    Some((character, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_go() {
        for (glob, yes, no) in [
            ("abc", &["abc"][..], &["ab", "abcd", ""][..]),
            ("*", &["", "a", ".a", "é"], &[]),
            ("*c", &["abc", "c", ".c"], &["ca"]),
            ("a*", &["a", "abc"], &["ba"]),
            ("n*-*.d", &["n1-a.d", "n-.d", "nfs-a-b.d.d"], &["n1.d", "n1-a.dd"]),
            ("n*-?.d", &["n-1-2.d"], &["n-12.d"]),
            ("x[2]", &["x2"], &["x3", "x"]),
            ("x[2-4]", &["x3"], &["x5"]),
            ("x[^2-4]", &["x5", "x!", "x€"], &["x3", "x"]),
            ("x?y", &["x€y", "x.y"], &["xy", "x€€y"]),
            ("x[^x][^x][^x]y", &[], &["x€y"]),
            ("[a-ζ]*", &["α"], &["A", "€"]),
            ("*[a-ζ]", &["ζ"], &["A"]),
            ("[!a]", &["!", "a"], &["b"]),
            (r"a\*b", &["a*b"], &["acb", r"a\b"]),
            (r"[\]a]", &["]", "a"], &[r"\"]),
            (r"[\-x]", &["-", "x"], &["a", "z"]),
            (r"[x\-]", &["-", "x"], &["z", r"\"]),
            (r"[\^a]", &["^", "a"], &["b"]),
            ("[[*]", &["[", "*"], &["a"]),
            ("a]", &["a]"], &["a"]),
            ("*x", &["xxx"], &["xy"]),
            (".*", &[".", ".a"], &["a"]),
        ] {
            assert!(is_valid(glob), "{glob}");
            for name in yes {
                assert!(matches(glob, name.as_bytes()), "{glob} {name}");
            }
            for name in no {
                assert!(!matches(glob, name.as_bytes()), "{glob} {name}");
            }
        }
        assert!(
            matches("?", b"\xff")
                && matches("[^a]", b"\xff")
                && matches("*\u{e9}", b"\xc3\xc3\xa9")
        );
        // It does not take forever.
        assert!(!matches(&"*a".repeat(50), "a".repeat(49).as_bytes()));
    }

    #[test]
    fn globs_are_invalid_as_in_go() {
        for glob in [
            "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "[]", "[^]", r"\",
            r"a\", r"[\", r"[a\]", "[a-]",
        ] {
            assert!(!is_valid(glob), "{glob}");
        }
    }
}
