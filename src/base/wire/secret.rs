//! Hides possible secrets in a path and a query.

/// Shown in the place of a secret.
pub const SECRET: &str = "<secret>";

/// The shortest part of a path that may be a token: if it has letters and digits, and otherwise.
const TOKEN: usize = 16;
const LONG_TOKEN: usize = 32;

/// Appends a path and a query, with possible secrets hidden.
pub fn show_target(target: &str, out: &mut String) {
    let (path, query) = target.split_at(target.find(['?', '#']).unwrap_or(target.len()));
    for (at, part) in path.split('/').enumerate() {
        let has = |is: fn(&u8) -> bool| part.bytes().any(|b| is(&b));
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        // The host of a whole URL is before the first slash.
        let is_token = at > 0 && part.len() >= if is_mixed { TOKEN } else { LONG_TOKEN };
        out.push_str(if at == 0 { "" } else { "/" });
        out.push_str(if is_token { SECRET } else { part });
    }
    for (at, pair) in query.split_inclusive(['?', '#', '&']).enumerate() {
        let (pair, end) = match pair.as_bytes().last() {
            Some(b'?' | b'#' | b'&') => pair.split_at(pair.len() - 1),
            _ => (pair, ""),
        };
        if at > 0 && !pair.is_empty() {
            let (name, equals) = pair.split_once('=').map_or(("", ""), |(name, _)| (name, "="));
            [name, equals, SECRET].iter().for_each(|part| out.push_str(part));
        }
        out.push_str(end);
    }
}
