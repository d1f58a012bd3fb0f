//! Names with `*`, `?` and `[…]`, as in a shell: of files, and of metrics. `[!…]` and `[^…]`
//! match all other characters, `[*]` the character itself, and only an explicit `.` matches the dot of names that
//! start with one.

/// Whether `pattern` matches all of `name`. Takes at most as many steps as the product of both.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut pattern, mut name) = (pattern, name);
    // The pattern after the last star, and the name that it has not consumed yet.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            star = Some((rest, name));
            continue;
        }
        if name.is_empty() && pattern.is_empty() {
            return true;
        }
        if let Some((p, n)) = step(pattern, name) {
            (pattern, name) = (p, n);
            continue;
        }
        // The last star consumes one more.
        let Some((rest, [_, left @ ..])) = star else { return false };
        (pattern, name) = (rest, left);
        star = Some((rest, left));
    }
}

/// Matches one character of both; returns the rest of both.
fn step<'a>(pattern: &'a [u8], name: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (first, rest) = pattern.split_first()?;
    let size = name.first().map(|_| character(name))?;
    let (here, left) = name.split_at_checked(size)?;
    match first {
        b'?' => Some((rest, left)),
        b'[' => match class(rest) {
            Some((set, rest)) => is_in(set, here).then_some((rest, left)),
            // Without its closing bracket it is a character like others.
            None => (here == b"[").then_some((rest, left)),
        },
        byte => (name.first() == Some(byte)).then_some((rest, name.get(1..)?)),
    }
}

/// Bytes of the first character; 1 if it is not UTF-8.
fn character(name: &[u8]) -> usize {
    let size = match name.first() {
        Some(0xc0..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..) => 4,
        _ => 1,
    };
    let is_whole = name.get(..size).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok());
    if is_whole { size } else { 1 }
}

/// The class between the brackets, and the pattern after them. A `]` at the start does not close it.
fn class(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let negation = usize::from(matches!(rest.first(), Some(b'!' | b'^')));
    let end = negation + 1 + memchr::memchr(b']', rest.get(negation + 1..)?)?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

fn is_in(set: &[u8], here: &[u8]) -> bool {
    let (wanted, mut set) = match set {
        [b'!' | b'^', rest @ ..] => (false, rest),
        set => (true, set),
    };
    let mut found = false;
    while !set.is_empty() {
        let (low, rest) = set.split_at(character(set));
        set = rest;
        let high = match rest {
            [b'-', after @ ..] if !after.is_empty() => {
                let (high, rest) = after.split_at(character(after));
                set = rest;
                high
            }
            _ => low,
        };
        // UTF-8 sorts like its characters, if characters of the same length are compared.
        let key = |bytes: &[u8]| (bytes.len(), bytes.first().copied());
        found |= (key(low), low) <= (key(here), here) && (key(here), here) <= (key(high), high);
    }
    found == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, yes, no) in [
            ("web.log", &["web.log"][..], &["web.log.1", "web", ""][..]),
            ("*", &["a", "é"], &[".a"]),
            (".*", &[".", ".a"], &["a"]),
            ("web*.log", &["web.log", "web-1.log", "web.log.log"], &["web.log.1", "we.log"]),
            ("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a"]),
            ("?.log", &["a.log", "é.log"], &[".log", "ab.log"]),
            ("[a-c]x[!0-9]", &["axy", "cx-"], &["dxy", "ax1", "ax"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[^]]", &["a"], &["]"]),
            ("[*]", &["*"], &["a"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[ä-ü]", &["ö"], &["o", "€"]),
            ("a[", &["a["], &["a"]),
            ("**", &["a"], &[]),
        ] {
            for name in yes {
                assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
            for name in no {
                assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
        }
        assert!(matches(b"?", b"\xff") && matches(b"[!a]", b"\xff"));
        // It does not take forever.
        assert!(!matches("*a".repeat(50).as_bytes(), "a".repeat(49).as_bytes()));
    }
}
