//! The words and signs of a Rust source file with their lines; comments, strings and lifetimes are left out, so
//! that their contents are not taken for code.

/// A word (`crate`, `Store`), or a sign (`::`, `{`).
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut all, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let end = at + length(&chars[at..]);
        let text: String = chars[at..end].iter().collect();
        let is_code = !text.starts_with("//") && !text.starts_with("/*") && !is_literal(&text);
        if is_code && !text.starts_with(char::is_whitespace) {
            let text = text.strip_prefix("r#").map_or(text.clone(), str::to_owned);
            all.push(Token { text, line });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    all
}

fn is_literal(text: &str) -> bool {
    text.starts_with(['\'', '"']) || text.ends_with(['"', '#', '\'']) && text.len() > 1
}

/// How many characters the next piece has.
fn length(rest: &[char]) -> usize {
    let is = |text: &str| text.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    let word = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
    if is("//") {
        return rest.iter().take_while(|c| **c != '\n').count();
    }
    if is("/*") {
        return block_comment(rest);
    }
    if is("::") {
        return 2;
    }
    match (&rest[..word], rest.get(word)) {
        ([], Some('"')) => quoted(rest, 0),
        ([], Some('\'')) => quote(rest),
        (['b' | 'c'], Some('"')) | (['b'], Some('\'')) => quoted(rest, 1),
        (['r'] | ['b' | 'c', 'r'], Some('"' | '#')) => raw(rest, word),
        ([], _) => 1,
        _ => word,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// A string or a character, with `before` characters before the quotation mark.
fn quoted(rest: &[char], before: usize) -> usize {
    let mark = rest[before];
    let mut at = before + 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A character, or a lifetime: that has no second quotation mark.
fn quote(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) | (_, Some('\'')) => quoted(rest, 0),
        _ => 1 + rest[1..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count(),
    }
}

/// A raw string, or a word such as `r#type`.
fn raw(rest: &[char], word: usize) -> usize {
    let hashes = rest[word..].iter().take_while(|c| **c == '#').count();
    let inside = word + hashes;
    if rest.get(inside) != Some(&'"') {
        return inside + rest[inside..].iter().take_while(|c| c.is_alphanumeric()).count();
    }
    let end = ["\"", &"#".repeat(hashes)].concat();
    let end: Vec<char> = end.chars().collect();
    let closed = rest[inside + 1..].windows(end.len()).position(|w| w == end);
    closed.map_or(rest.len(), |n| inside + 1 + n + end.len())
}

#[test]
fn comments_and_strings_are_no_code() {
    let source = r##"a /* crate::x /* y */ */ "crate::b\"" // crate::c
        r#"crate::d " "# b"e" 'f' '\'' b'\\' &'static r#type br"g" x::<'_>"##;
    let texts: Vec<_> = tokens(source).into_iter().map(|t| (t.text, t.line)).collect();
    let texts: Vec<_> = texts.iter().map(|(text, line)| (text.as_str(), *line)).collect();
    let rest = ["&", "type", "x", "::", "<", ">"].map(|text| (text, 2));
    assert_eq!(texts, [&[("a", 1)][..], &rest].concat());
}
