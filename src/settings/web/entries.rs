//! What the entries of a web configuration file hold, and what is said where it is something else. `of` is
//! the path of the mapping, with a dot behind it.

use super::texts::{Entry, Node, Wrong};
use crate::base::text::words::{meant, quoted};

/// A key that is none of `known`.
pub fn unknown(entry: &Entry, of: &str, known: &[&str]) -> Wrong {
    let meant = meant(&entry.key, &mut known.iter().copied(), "");
    let text = [of, &entry.key, ": unknown key", &meant, "; expected one of ", &known.join(", ")];
    (entry.line, text.concat())
}

/// Another text than what is expected.
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

/// The keys below.
pub fn map<'a>(entry: &'a Entry, of: &str) -> Result<&'a [Entry], Wrong> {
    match &entry.node {
        Node::Map(entries) => Ok(entries),
        Node::Empty => Ok(&[]),
        _ => Err(shape(entry, of, "keys in lines below")),
    }
}

/// The text; empty where nothing stands.
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

/// Yes or no.
pub fn switch(entry: &Entry, of: &str) -> Result<bool, Wrong> {
    let said = text(entry, of)?;
    match &*said.to_ascii_lowercase() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" => Ok(false),
        _ => Err(expected(entry, of, "true or false", said)),
    }
}
