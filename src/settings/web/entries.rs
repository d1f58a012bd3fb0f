//! Typed access to the entries of a web configuration file, with errors for wrong ones. `of` is
//! the path of the mapping, with a dot after it.

use super::texts::{Entry, Node, Wrong};
use crate::base::text::words::{meant, quoted};

/// The error for a key that is not one of `known`.
pub fn unknown(entry: &Entry, of: &str, known: &[&str]) -> Wrong {
    let meant = meant(&entry.key, &mut known.iter().copied(), "");
    let text = [of, &entry.key, ": unknown key", &meant, "; expected one of ", &known.join(", ")];
    (entry.line, text.concat())
}

/// The error for a text other than the expected.
pub fn expected(entry: &Entry, of: &str, what: &str, found: &str) -> Wrong {
    (entry.line, [of, &entry.key, ": expected ", what, ", found ", &quoted(found)].concat())
}

fn shape(entry: &Entry, of: &str, what: &str) -> Wrong {
    let found = match entry.node {
        Node::Empty => "nothing",
        Node::Text(_) => "a text",
        Node::List(_) => "a list",
        Node::Map(_) => "keys",
    };
    (entry.line, [of, &entry.key, ": expected ", what, ", found ", found].concat())
}

/// The entries of a mapping.
pub fn map<'a>(entry: &'a Entry, of: &str) -> Result<&'a [Entry], Wrong> {
    match &entry.node {
        Node::Map(entries) => Ok(entries),
        Node::Empty => Ok(&[]),
        _ => Err(shape(entry, of, "keys in lines below")),
    }
}

/// The text; empty if there is none.
pub fn text<'a>(entry: &'a Entry, of: &str) -> Result<&'a str, Wrong> {
    match &entry.node {
        Node::Text(text) => Ok(text),
        Node::Empty => Ok(""),
        _ => Err(shape(entry, of, "a text")),
    }
}

/// The texts of a list.
pub fn texts(entry: &Entry, of: &str) -> Result<Vec<String>, Wrong> {
    match &entry.node {
        Node::List(items) => Ok(items.iter().map(|(_, text)| text.clone()).collect()),
        Node::Empty => Ok(Vec::new()),
        _ => Err(shape(entry, of, "a list: lines below that begin with -")),
    }
}

/// A boolean.
pub fn switch(entry: &Entry, of: &str) -> Result<bool, Wrong> {
    let value = text(entry, of)?;
    match &*value.to_ascii_lowercase() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" => Ok(false),
        _ => Err(expected(entry, of, "true or false", value)),
    }
}
