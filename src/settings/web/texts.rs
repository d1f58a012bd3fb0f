//! The parser of one line of a web configuration file: keys, texts with and without quotation marks, lists
//! in brackets.

/// Entries of one mapping or list.
pub const MAX_ENTRIES: usize = 1000;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// No value.
    Empty,
    /// A text, decoded.
    Text(String),
    /// Texts, each with its line.
    List(Vec<(usize, String)>),
    /// Keys, in their order.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// The line, from 1.
    pub line: usize,
    pub node: Node,
}

/// A line, and the error there.
pub type Wrong = (usize, String);

/// The result of parsing.
pub type Read<T> = Result<T, Wrong>;

/// An error in a line.
pub fn wrong<T>(line: usize, what: &str) -> Read<T> {
    Err((line, what.to_owned()))
}

/// The key at the start of a line, and the text after its colon.
pub fn key(line: usize, text: &str) -> Read<Option<(String, &str)>> {
    if text.starts_with(['"', '\'']) {
        let (key, rest) = in_quotes(line, text)?;
        return Ok(rest.trim_start().strip_prefix(':').map(|rest| (key, rest)));
    }
    let end = text
        .find(": ")
        .filter(|end| *end > 0)
        .or_else(|| text.ends_with(':').then(|| text.len() - 1));
    let Some((key, rest)) = end.and_then(|end| text.split_at_checked(end)) else { return Ok(None) };
    // A comment after the colon of a key that has its value below.
    Ok(Some((unquoted(line, key.trim_end())?.to_owned(), rest.get(1..).unwrap_or_default())))
}

/// A value within one line.
pub fn value(line: usize, text: &str) -> Read<Node> {
    let text = text.trim();
    let first = text.bytes().next();
    match first {
        None | Some(b'#') => Ok(Node::Empty),
        Some(b'"' | b'\'') => {
            let (text, rest) = in_quotes(line, text)?;
            let rest = rest.trim_start();
            if !rest.is_empty() && !rest.starts_with('#') {
                return wrong(line, "something stands behind the closing quotation mark");
            }
            Ok(Node::Text(text))
        }
        Some(b'[') => flow(line, text),
        Some(b'{') if uncommented(text) == "{}" => Ok(Node::Map(Vec::new())),
        _ => match plain(line, text)? {
            "~" | "null" | "Null" | "NULL" => Ok(Node::Empty),
            text => Ok(Node::Text(text.to_owned())),
        },
    }
}

fn uncommented(text: &str) -> &str {
    text.split(" #").next().unwrap_or_default().trim_end()
}

/// A text without quotation marks, up to a comment.
fn plain(line: usize, text: &str) -> Read<&str> {
    let text = uncommented(text);
    let is_special = text
        .starts_with(['{', '}', '[', ']', ',', '&', '*', '!', '|', '>', '%', '@', '`'])
        || ["-", "?", ":"].contains(&text.split(' ').next().unwrap_or_default());
    if is_special {
        let text = "expected a text in one line, or | and lines below; put quotation marks around a \
                    text that begins like this";
        return wrong(line, text);
    }
    match text.contains(": ") || text.ends_with(':') {
        true => wrong(line, "a colon in a text; put quotation marks around it"),
        false => Ok(text),
    }
}

/// Checks a text without quotation marks, where a comment is not allowed.
fn unquoted(line: usize, text: &str) -> Read<&str> {
    match plain(line, text)? {
        whole if whole.len() == text.len() => Ok(whole),
        _ => wrong(line, "a comment in the midst of a text; put quotation marks around the text"),
    }
}

/// `[a, "b"]`, in one line.
fn flow(line: usize, text: &str) -> Read<Node> {
    let (mut items, mut rest) = (Vec::new(), text.get(1..).unwrap_or_default().trim_start());
    loop {
        if let Some(behind) = rest.strip_prefix(']') {
            return match value(line, behind)? {
                Node::Empty => Ok(Node::List(items)),
                _ => wrong(line, "something stands behind the closing bracket"),
            };
        }
        let item = if rest.starts_with(['"', '\'']) {
            let (item, behind) = in_quotes(line, rest)?;
            rest = behind;
            item
        } else {
            let end = rest.find([',', ']']).unwrap_or(rest.len());
            let (item, behind) = rest.split_at(end);
            rest = behind;
            unquoted(line, item.trim())?.to_owned()
        };
        rest = rest.trim_start();
        let is_last = rest.starts_with(']');
        let behind = rest.strip_prefix(',').map(str::trim_start);
        rest = behind.unwrap_or(rest);
        let is_cut = behind.is_none_or(str::is_empty) && !is_last;
        if item.is_empty() || items.len() >= MAX_ENTRIES || is_cut {
            return wrong(line, "expected [a, b] in one line, or lines that begin with -");
        }
        items.push((line, item));
    }
}

/// A text in quotation marks, and the text after it.
fn in_quotes(line: usize, text: &str) -> Read<(String, &str)> {
    let (mut out, mut chars) = (String::new(), text.chars());
    let quote = chars.next();
    while let Some(c) = chars.next() {
        match c {
            '\'' if quote == Some('\'') => match chars.as_str().strip_prefix('\'') {
                // Two quotation marks stand for one.
                Some(rest) => {
                    out.push('\'');
                    chars = rest.chars();
                }
                None => return Ok((out, chars.as_str())),
            },
            '"' if quote == Some('"') => return Ok((out, chars.as_str())),
            '\\' if quote == Some('"') => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(c @ ('"' | '\\' | '/')) => out.push(c),
                _ => {
                    return wrong(
                        line,
                        "an escape that is not read; expected \\n, \\t, \\\" or \\\\",
                    );
                }
            },
            c => out.push(c),
        }
    }
    wrong(line, "the closing quotation mark is missing")
}
