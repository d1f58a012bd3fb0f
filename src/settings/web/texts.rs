//! The parser of one line of a web configuration file: keys, texts with and without quotation marks, lists
//! in brackets, mappings in braces.

use crate::base::text::words::quoted;

/// Entries of one mapping or list.
pub const MAX_ENTRIES: usize = 1000;

/// Nested mappings and lists.
pub const MAX_DEPTH: usize = 4;

pub const TOO_DEEP: &str = "nested too deep; expected at most 4 levels";

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

/// Adds an entry to a mapping.
///
/// # Errors
///
/// The key is there already, or there are too many.
pub fn add(entries: &mut Vec<Entry>, entry: Entry) -> Read<()> {
    if entries.iter().any(|known| known.key == entry.key) {
        return wrong(entry.line, &[&*quoted(&entry.key), " is given twice; keep one"].concat());
    }
    if entries.len() >= MAX_ENTRIES {
        return wrong(entry.line, "too many keys; expected at most 1000 in one mapping");
    }
    entries.push(entry);
    Ok(())
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
            ended(
                line,
                rest,
                "text after the closing quotation mark; expected the end of the line",
            )?;
            Ok(Node::Text(text))
        }
        Some(b'[' | b'{') => {
            // The first level is that of the file.
            let (node, rest) = flow(line, text, 2)?;
            ended(line, rest, "text after the closing bracket; expected the end of the line")?;
            Ok(node)
        }
        _ => plain(line, text).map(scalar),
    }
}

/// Checks that nothing but a comment follows.
fn ended(line: usize, rest: &str, what: &str) -> Read<()> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { wrong(line, what) }
}

/// The value that a text without quotation marks stands for.
fn scalar(text: &str) -> Node {
    match text {
        "~" | "null" | "Null" | "NULL" => Node::Empty,
        text => Node::Text(text.to_owned()),
    }
}

fn uncommented(text: &str) -> &str {
    text.split(" #").next().unwrap_or_default().trim_end()
}

/// A text without quotation marks, up to a comment.
fn plain(line: usize, text: &str) -> Read<&str> {
    let text = uncommented(text);
    let is_special = text.starts_with(['{', '}', '[', ']', ',', '!', '|', '>', '%', '@', '`'])
        || ["-", "?", ":"].contains(&text.split(' ').next().unwrap_or_default());
    if text.starts_with(['&', '*']) {
        let what = "anchors and aliases (& and *) are not supported; write the value in each place, or put \
                    quotation marks around a text that begins like this";
        return wrong(line, what);
    }
    if is_special {
        let what = "expected a text in one line, or | and lines below; put quotation marks around a \
                    text that begins like this";
        return wrong(line, what);
    }
    match text.contains(": ") || text.ends_with(':') {
        true => wrong(line, "a colon in a text; put quotation marks around the text"),
        false => Ok(text),
    }
}

/// Checks a text without quotation marks, where a comment is not allowed.
fn unquoted(line: usize, text: &str) -> Read<&str> {
    match plain(line, text)? {
        whole if whole.len() == text.len() => Ok(whole),
        _ => wrong(line, "a comment within a value; put quotation marks around a text with #"),
    }
}

const FLOW: &str =
    "expected [a, b] or {key: value, key: value} in one line, or indented lines below";

/// The list in brackets or the mapping in braces at the start of a line, and the text after it.
fn flow(line: usize, text: &str, depth: usize) -> Read<(Node, &str)> {
    let is_map = text.starts_with('{');
    let close = if is_map { '}' } else { ']' };
    let (mut items, mut entries) = (Vec::new(), Vec::new());
    let mut rest = text.get(1..).unwrap_or_default().trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix(close) {
            let node = if is_map { Node::Map(entries) } else { Node::List(items) };
            return Ok((node, behind));
        }
        if is_map {
            let (key, value) = flow_key(line, rest)?;
            let (node, behind) = member(line, value.trim_start(), depth)?;
            rest = behind;
            add(&mut entries, Entry { key, line, node })?;
        } else {
            let (Node::Text(item), behind) = member(line, rest, depth)? else {
                return wrong(line, FLOW);
            };
            rest = behind;
            if item.is_empty() || items.len() >= MAX_ENTRIES {
                return wrong(line, FLOW);
            }
            items.push((line, item));
        }
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind.trim_start();
        } else if !rest.starts_with(close) {
            return wrong(line, FLOW);
        }
    }
}

/// The key of a mapping in braces, and the text after its colon.
fn flow_key(line: usize, text: &str) -> Read<(String, &str)> {
    match key(line, text)? {
        Some((key, _)) if !text.starts_with(['"', '\'']) && key.contains(MARKS) => {
            wrong(line, FLOW)
        }
        Some(found) => Ok(found),
        None => wrong(line, FLOW),
    }
}

/// What ends a text without quotation marks within brackets or braces.
const MARKS: [char; 5] = [',', '[', ']', '{', '}'];

/// An element of a list or a value of a mapping, and the text after it.
fn member(line: usize, text: &str, depth: usize) -> Read<(Node, &str)> {
    match text.bytes().next() {
        Some(b'"' | b'\'') => {
            in_quotes(line, text).map(|(text, behind)| (Node::Text(text), behind))
        }
        Some(b'[' | b'{') if depth >= MAX_DEPTH => wrong(line, TOO_DEEP),
        Some(b'[' | b'{') => flow(line, text, depth + 1),
        _ => {
            let end = text.find(MARKS).unwrap_or(text.len());
            let (text, behind) = text.split_at_checked(end).unwrap_or_default();
            Ok((scalar(unquoted(line, text.trim())?), behind))
        }
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
                    let what = "an escape that is not supported; expected \\n, \\t, \\\" or \\\\";
                    return wrong(line, what);
                }
            },
            c => out.push(c),
        }
    }
    wrong(line, "the closing quotation mark is missing")
}
