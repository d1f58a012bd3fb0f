//! Words as messages show them, and the known word nearest to an unknown one.

/// Characters of a wrong value that are shown.
pub const MAX_SHOWN: usize = 60;
/// Words longer than this are not compared with known ones.
const MAX_WORD: usize = 64;

/// `text` in quotation marks, shortened, on one line whatever it contains.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text, MAX_SHOWN))
}

/// `text` shortened to `max` characters, control characters as `?`.
pub fn shown(text: &str, max: usize) -> String {
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
pub fn meant(word: &str, known: &mut dyn Iterator<Item = &str>, dashes: &str) -> String {
    match nearest(word, known) {
        Some(known) => format!("; did you mean {}?", quoted(&[dashes, known].concat())),
        None => String::new(),
    }
}

/// The known word that is nearest to `word`: it may differ in a third of the letters, at most
/// three, or one word is the beginning of the other.
pub fn nearest<'a>(word: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
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

/// Levenshtein's distance in bytes; long words are far from all others.
pub fn distance(a: &str, b: &str) -> usize {
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
    fn what_is_quoted_stays_short_and_on_one_line() {
        assert_eq!(quoted("a\n\u{1b}[1mb"), "\"a??[1mb\"");
        assert_eq!(quoted(&"é".repeat(100)).chars().count(), MAX_SHOWN + 3);
    }
}
