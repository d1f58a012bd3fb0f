//! A parser of the part of YAML that web configuration files use: mappings and lists in lines, texts with
//! and without quotation marks, `|` blocks, `[a, b]` and `{a: b}` in one line, comments. Everything else is an error
//! with its line.

use super::texts::{Entry, MAX_DEPTH, MAX_ENTRIES, Node, Read, TOO_DEEP, add, key, value, wrong};
use crate::base::text::words::quoted;

/// Lines of a file.
const MAX_LINES: usize = 20_000;

/// The keys of a document.
pub fn parse(text: &str) -> Read<Vec<Entry>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let number = at + 1;
        if number > MAX_LINES {
            return wrong(number, "too many lines; expected at most 20000");
        }
        if text.contains(|c: char| c.is_control() && c != '\t' || "\u{2028}\u{2029}".contains(c)) {
            return wrong(
                number,
                "a control character, or an unusual end of a line; expected printable text and \\n",
            );
        }
        let text = text.trim_end();
        let body = text.trim_start_matches(' ');
        lines.push(Line { number, indent: text.len() - body.len(), text: body });
    }
    let mut reader = Reader { lines, at: 0 };
    if reader.peek()?.is_some_and(|line| line.text == "---") {
        reader.at += 1;
    }
    let node = match reader.peek()? {
        None => Node::Empty,
        Some(line) => reader.block(line.indent, 0)?,
    };
    if reader.peek()?.is_some_and(|line| line.is_end()) {
        reader.at += 1;
    }
    if let Some(line) = reader.peek()? {
        return wrong(line.number, INDENT);
    }
    match node {
        Node::Empty => Ok(Vec::new()),
        Node::Map(entries) => Ok(entries),
        _ => wrong(
            1,
            "expected a mapping such as tls_server_config: and its keys below, found a list",
        ),
    }
}

const INDENT: &str = "the indentation differs from that of the lines before; expected the keys of one mapping in \
                      one column, and each value in one line";

#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

impl Line<'_> {
    fn is_item(&self) -> bool {
        self.text == "-" || self.text.starts_with("- ")
    }

    /// The document ends.
    fn is_end(&self) -> bool {
        self.indent == 0 && self.text == "..."
    }
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next line that is not blank or a comment.
    fn peek(&mut self) -> Read<Option<Line<'a>>> {
        while let Some(line) = self.lines.get(self.at) {
            match line.text.bytes().next() {
                None | Some(b'#') => self.at += 1,
                Some(b'\t') => return wrong(line.number, "a tab; indent with blanks"),
                _ => return Ok(Some(*line)),
            }
        }
        Ok(None)
    }

    fn block(&mut self, indent: usize, depth: usize) -> Read<Node> {
        let Some(first) = self.peek()? else { return Ok(Node::Empty) };
        if depth >= MAX_DEPTH {
            return wrong(first.number, TOO_DEEP);
        }
        if first.is_item() {
            return self.list(indent);
        }
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(line) = self.peek()?.filter(|line| line.indent == indent && !line.is_end()) {
            if line.is_item() || line.text == "---" {
                return wrong(
                    line.number,
                    "expected another key; a file is one document, and a mapping has no list items",
                );
            }
            let entry = self.entry(line, depth)?;
            add(&mut entries, entry)?;
        }
        match self.peek()? {
            Some(line) if line.indent > indent => wrong(line.number, INDENT),
            _ => Ok(Node::Map(entries)),
        }
    }

    fn list(&mut self, indent: usize) -> Read<Node> {
        let mut items = Vec::new();
        while let Some(line) = self.peek()?.filter(|line| line.indent == indent && line.is_item()) {
            self.at += 1;
            match value(line.number, line.text.get(1..).unwrap_or_default())? {
                Node::Text(text) => items.push((line.number, text)),
                _ => return wrong(line.number, "expected a text after -"),
            }
            if items.len() > MAX_ENTRIES {
                return wrong(line.number, "the list is too long; expected at most 1000 elements");
            }
        }
        match self.peek()? {
            Some(line) if line.indent > indent => wrong(line.number, INDENT),
            _ => Ok(Node::List(items)),
        }
    }

    /// A key, and its value, in its line or below.
    fn entry(&mut self, line: Line<'a>, depth: usize) -> Read<Entry> {
        let Some((key, rest)) = key(line.number, line.text)? else {
            let found = quoted(line.text.split([' ', ':']).next().unwrap_or_default());
            return wrong(
                line.number,
                &["expected a key and a colon after it, found ", &found].concat(),
            );
        };
        self.at += 1;
        let node = match rest.split(" #").next().unwrap_or_default().trim() {
            chomping @ ("|" | "|-" | "|+") => self.literal(line.indent, chomping),
            _ => match value(line.number, rest)? {
                Node::Empty => self.below(line.indent, depth)?,
                node => node,
            },
        };
        Ok(Entry { key, line: line.number, node })
    }

    /// The value below a key that has none in its line. A list may have the same indentation as the key.
    fn below(&mut self, indent: usize, depth: usize) -> Read<Node> {
        match self.peek()? {
            Some(line) if line.indent > indent || line.indent == indent && line.is_item() => {
                self.block(line.indent, depth + 1)
            }
            _ => Ok(Node::Empty),
        }
    }

    /// The lines below, as they are, without their common indentation. Only `|+` keeps blank lines at the end;
    /// `|-` also removes the last line's end.
    fn literal(&mut self, indent: usize, chomping: &str) -> Node {
        let (mut text, mut own) = (String::new(), None);
        while let Some(line) = self.lines.get(self.at) {
            if !line.text.is_empty() && line.indent <= indent {
                break;
            }
            // Blank lines before the first one have no indentation of their own.
            own = own.or(Some(line.indent).filter(|_| !line.text.is_empty()));
            let extra = line.indent.saturating_sub(own.unwrap_or(0));
            text.extend([' '].iter().cycle().take(extra));
            text.extend([line.text, "\n"]);
            self.at += 1;
        }
        let end = text.trim_end_matches('\n').len();
        match chomping {
            "|+" => {}
            "|" if end > 0 => text.truncate(end + 1),
            _ => text.truncate(end),
        }
        Node::Text(text)
    }
}
