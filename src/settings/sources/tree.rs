//! A TOML document as a flat list of nodes: parents before children, children in file order.
//!
//! The rules follow TOML's "a table is defined once": a header may open a table that so
//! far was only passed through, a dotted key may extend what dotted keys made, an inline table
//! is closed for good. A list instead of a tree of maps: no recursion to build, walk or drop it.

use crate::base::text::words::{MAX_SHOWN, quoted, shown};
use crate::base::wire;

/// Keys, tables and array elements of a file, in total.
pub const MAX_NODES: usize = 4096;
/// Parts of a dotted key, and nested arrays and inline tables.
pub const MAX_DEPTH: usize = 16;
/// The document's own table.
pub const ROOT: usize = 0;
/// The parent of a node without a place in the document, so that its children have none either.
pub const NOWHERE: usize = usize::MAX;

/// The kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table only passed through by a header: `[a.b]` makes `a` such a table.
    Passed,
    /// A table made by a dotted key.
    Dotted,
    /// A table opened by its header, or an element of `[[tables]]`.
    Opened,
    /// `{ … }`, closed for good.
    Inline,
    /// `[[tables]]`: its children are `Opened` tables.
    Tables,
    /// `[ … ]`: its children have no key.
    Array,
    /// A string, decoded.
    Text,
    /// `true` or `false`.
    Switch,
    /// An integer, in plain decimal.
    Integer,
    /// Any other bare word: a float, a date, or a string without its quotation marks.
    Bare,
}

impl Shape {
    pub fn is_table(self) -> bool {
        matches!(self, Shape::Passed | Shape::Dotted | Shape::Opened | Shape::Inline)
    }
}

/// One part of a dotted key and the byte it starts at.
#[derive(Clone, Debug)]
pub struct Key {
    pub name: String,
    pub at: usize,
}

/// A table, an array or a value.
#[derive(Clone, Debug)]
pub struct Node {
    pub parent: usize,
    pub key: Key,
    pub shape: Shape,
    /// The decoded text of a value; empty for tables and arrays.
    pub text: String,
    /// The byte its value starts at.
    pub at: usize,
}

/// What is wrong with a document, and at which byte.
#[derive(Clone, Debug)]
pub struct Fault {
    pub at: usize,
    /// The earlier node it clashes with.
    pub first: Option<usize>,
    /// The clash is with a table, not a value.
    pub table: bool,
    pub text: String,
}

impl Fault {
    pub fn new(at: usize, text: String) -> Fault {
        Fault { at, first: None, table: false, text }
    }
}

/// The document.
#[derive(Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    pub fn new() -> Tree {
        let root = Node {
            parent: NOWHERE,
            key: unnamed(0),
            shape: Shape::Opened,
            text: String::new(),
            at: 0,
        };
        Tree { nodes: vec![root] }
    }

    pub fn shape(&self, node: usize) -> Option<Shape> {
        self.nodes.get(node).map(|n| n.shape)
    }

    /// The child of that name.
    pub fn child(&self, parent: usize, name: &str) -> Option<usize> {
        if parent == NOWHERE {
            return None;
        }
        self.nodes.iter().position(|n| n.parent == parent && n.key.name == name)
    }

    /// The children, in file order.
    pub fn children(&self, parent: usize) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |n| n.parent == parent)
    }

    /// The names from the root down to `node`; elements of lists have none.
    pub fn path(&self, node: usize) -> Vec<&str> {
        let mut path = Vec::new();
        let mut at = node;
        while let Some(n) = self.nodes.get(at).filter(|_| at != ROOT) {
            if !matches!(self.shape(n.parent), Some(Shape::Tables | Shape::Array)) {
                path.insert(0, n.key.name.as_str());
            }
            at = n.parent;
        }
        path
    }

    /// Adds a node; does nothing beyond the limit, and below a node without a place.
    pub fn add(&mut self, parent: usize, key: Key, shape: Shape, at: usize) -> usize {
        if parent == NOWHERE || self.is_full() {
            return NOWHERE;
        }
        self.nodes.push(Node { parent, key, shape, text: String::new(), at });
        self.nodes.len() - 1
    }

    pub fn is_full(&self) -> bool {
        self.nodes.len() >= MAX_NODES
    }

    /// The table that `[keys]` or `[[keys]]` opens.
    pub fn open(&mut self, keys: Vec<Key>, list: bool, at: usize) -> Result<usize, Fault> {
        let (parent, key) = self.descend(ROOT, keys, Shape::Passed)?;
        let found = self.child(parent, &key.name);
        match found.and_then(|n| self.nodes.get_mut(n)) {
            Some(node) if list && node.shape == Shape::Tables => {
                let parent = found.unwrap_or(NOWHERE);
                Ok(self.add(parent, unnamed(at), Shape::Opened, at))
            }
            Some(node) if !list && node.shape == Shape::Passed => {
                node.shape = Shape::Opened;
                node.at = at;
                Ok(found.unwrap_or(NOWHERE))
            }
            Some(_) => Err(self.twice(&key, found, true)),
            None if list => {
                let tables = self.add(parent, key, Shape::Tables, at);
                Ok(self.add(tables, unnamed(at), Shape::Opened, at))
            }
            None => Ok(self.add(parent, key, Shape::Opened, at)),
        }
    }

    /// The table and the name that `keys = …` inside `table` sets.
    pub fn assign(&mut self, table: usize, keys: Vec<Key>) -> Result<(usize, Key), Fault> {
        let (parent, key) = self.descend(table, keys, Shape::Dotted)?;
        match self.child(parent, &key.name) {
            Some(found) => Err(self.twice(&key, Some(found), false)),
            None => Ok((parent, key)),
        }
    }

    /// Walks down all keys but the last, making tables of shape `made` where they are missing.
    fn descend(
        &mut self,
        mut table: usize,
        mut keys: Vec<Key>,
        made: Shape,
    ) -> Result<(usize, Key), Fault> {
        let last = keys.pop().unwrap_or_else(|| unnamed(0));
        if self.is_full() {
            return Ok((NOWHERE, last));
        }
        if keys.len() >= MAX_DEPTH {
            let text = format!("key of more than {} parts", MAX_DEPTH);
            return Err(Fault::new(last.at, text));
        }
        for key in keys {
            let Some(named) = self.child(table, &key.name) else {
                let at = key.at;
                table = self.add(table, key, made, at);
                continue;
            };
            let found = match self.shape(named) {
                Some(Shape::Tables) => self.nodes.iter().rposition(|n| n.parent == named),
                _ => Some(named),
            };
            let found = found.unwrap_or(NOWHERE);
            match (self.shape(found), made) {
                (Some(Shape::Passed | Shape::Dotted), _) => {}
                (Some(Shape::Opened), Shape::Passed) => {}
                _ => return Err(self.twice(&key, Some(named), true)),
            }
            table = found;
        }
        Ok((table, last))
    }

    fn twice(&self, key: &Key, first: Option<usize>, table: bool) -> Fault {
        let name = self.path(first.unwrap_or(NOWHERE)).join(".");
        let text = format!("duplicate key: {} is already set", quoted(&name));
        Fault { at: key.at, first, table, text }
    }
}

pub fn unnamed(at: usize) -> Key {
    Key { name: String::new(), at }
}

/// How a problem names a value of the file.
pub fn found(shape: Shape, text: &str) -> String {
    match shape {
        Shape::Passed | Shape::Dotted | Shape::Opened | Shape::Inline => "a table".to_owned(),
        Shape::Tables => "an array of tables".to_owned(),
        Shape::Array => "a list".to_owned(),
        // A URL may be in the wrong place.
        Shape::Text if text.contains("://") => quoted(&wire::shown(text)),
        Shape::Text => quoted(text),
        Shape::Switch | Shape::Integer | Shape::Bare => shown(text, MAX_SHOWN),
    }
}
