//! `$name` in texts that are filled in from the groups of a pattern.

/// The names after `$` in `text`; `None` for a `$` without a name. `$$` is a dollar sign.
pub fn references(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let behind = rest.split_once('$')?.1;
            if let Some(more) = behind.strip_prefix('$') {
                rest = more;
                continue;
            }
            if let Some(inner) = behind.strip_prefix('{') {
                let (name, more) = inner.split_once('}').unwrap_or(("", ""));
                rest = more;
                return Some(Some(name).filter(|name| !name.is_empty()));
            }
            let more = behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let name = behind.get(..behind.len() - more.len());
            rest = more;
            return Some(name.filter(|name| !name.is_empty()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_texts() {
        let found = |text| references(text).collect::<Vec<_>>();
        assert_eq!(found("no"), []);
        assert_eq!(found("$a-${b_1}$c$$d$$$e"), ["a", "b_1", "c", "e"].map(Some));
        assert_eq!(found("$"), [None]);
        assert_eq!(found("$ a ${} ${a"), [None, None, None]);
        assert_eq!(found("é$é"), [None]);
    }
}
