//! Records the values of a settings file, each with its line and column and its element of a
//! list. Unknown keys and clashes are rejected here, values are checked later. Variables of the
//! environment in texts are expanded.

use crate::base::text::variables::filled;
use crate::settings::problem::Origin;
use crate::settings::sources::file::place;
use crate::settings::sources::messages::{clash, unknown};
use crate::settings::sources::raw::{Element, RawValue, Sources};
use crate::settings::sources::toml;
use crate::settings::sources::tree::{Node, Shape, Tree, found};
use crate::settings::table::{Row, Section};
use crate::settings::types::Kind;

/// Records the values of `text`, and the elements of lists that they belong to.
pub fn read(sources: &mut Sources<'_, '_>, text: &str) {
    let (tree, faults) = toml::parse(text);
    for fault in &faults {
        let problem = clash(&tree, fault, text);
        sources.refusal.add(origin(text, fault.at), problem);
    }
    let mut reader = Reader { text, tree: &tree, sources };
    if faults.is_empty() {
        let mut inside = vec![Children::Table(None)];
        for (i, node) in tree.nodes.iter().enumerate().skip(1) {
            let within = match inside.get(node.parent).copied() {
                Some(Children::Table(element)) => reader.member((i, node), element),
                Some(Children::List(section, above)) => reader.element(node, section, above),
                _ => Children::Nothing,
            };
            inside.push(within);
        }
    }
}

/// The meaning of a node's children.
#[derive(Clone, Copy)]
enum Children {
    /// Not checked: everything below anything but a known table.
    Nothing,
    /// Keys of a known table, of this element if it is one of a list.
    Table(Option<usize>),
    /// Elements of a list, which is part of this element of another.
    List(&'static Section, Option<usize>),
}

struct Reader<'a, 'b, 'e> {
    text: &'b str,
    tree: &'b Tree,
    sources: &'b mut Sources<'a, 'e>,
}

impl<'a> Reader<'a, '_, '_> {
    /// A key of a table.
    fn member(&mut self, (i, node): (usize, &Node), element: Option<usize>) -> Children {
        let (tree, catalogue) = (self.tree, self.sources.catalogue);
        let path = tree.path(i);
        let (name, shape) = (path.join("."), node.shape);
        if let Some(section) = catalogue.list(&path) {
            return self.list((i, node), &name, section, element);
        }
        let is_table = catalogue.is_table(&path);
        if is_table && shape.is_table() {
            if element.is_some() && tree.children(i).next().is_none() {
                let text = [&name, ": an empty table; remove it, or set a key in it"].concat();
                return self.refuse(node.at, text, element);
            }
            return Children::Table(element);
        }
        let row = catalogue.find(&path);
        if let Some(row) = row.filter(|row| fits(tree, i, node, row.kind)) {
            return self.value((i, node), &name, row, element);
        }
        if row.is_none() && !is_table {
            return self.refuse(node.key.at, unknown(catalogue, &path, node), element);
        }
        let kind = row.map(|row| row.kind);
        let expected = kind.map_or_else(|| ["a table, [", &name, "]"].concat(), Kind::expects);
        let found = found(shape, &kind.unwrap_or(Kind::Text).shown(&node.text));
        self.refuse(node.at, format!("{name}: expected {expected}, found {found}"), element)
    }

    /// The key of a list of tables.
    fn list(
        &mut self,
        (i, node): (usize, &Node),
        name: &str,
        section: &'static Section,
        above: Option<usize>,
    ) -> Children {
        match (node.shape, section.pairs) {
            (Shape::Tables | Shape::Array, _) => Children::List(section, above),
            (shape, Some(keys)) if shape.is_table() => {
                let tree = self.tree;
                tree.children(i).for_each(|child| self.pair(child, keys, section, above));
                Children::Nothing
            }
            (shape, _) => {
                let (header, found) = (section.header(), found(shape, &node.text));
                let text = format!("{name}: expected tables, {header}, found {found}");
                self.refuse(node.at, text, above)
            }
        }
    }

    /// The key of a row, whose value has the right shape.
    fn value(
        &mut self,
        (i, node): (usize, &Node),
        name: &str,
        row: &'a Row,
        element: Option<usize>,
    ) -> Children {
        let first = self.sources.values.iter().find(|value| {
            value.row == row && element.is_none() && matches!(value.origin, Origin::File(..))
        });
        if let Some(first) = first {
            let (known, first) = (row.key(), first.origin.text(&self.sources.refusal.file));
            let text = format!("{name} is another name of {known} ({first}); keep one");
            return self.refuse(node.key.at, text, element);
        }
        self.record((i, node), row, element);
        Children::Nothing
    }

    /// An element of a list.
    fn element(
        &mut self,
        node: &Node,
        section: &'static Section,
        above: Option<usize>,
    ) -> Children {
        if node.shape.is_table() {
            return match self.begin(node.at, section, above) {
                Some(element) => Children::Table(Some(element)),
                None => Children::Nothing,
            };
        }
        match section.plain {
            Some(plain) if node.shape == Shape::Text => {
                if let Some(element) = self.begin(node.at, section, above) {
                    let whole = self.filled(node, section.name, Some(element));
                    for (key, text) in whole.map(|text| plain(&text)).unwrap_or_default() {
                        self.set_key(element, key, node, &text);
                    }
                }
                Children::Nothing
            }
            _ => {
                let found = found(node.shape, &node.text);
                let text = [section.name, ": expected a table, found ", &found];
                self.refuse(node.at, text.concat(), above)
            }
        }
    }

    /// `{ a = "b" }` in place of a list.
    fn pair(
        &mut self,
        child: &Node,
        keys: [&'static str; 2],
        section: &'static Section,
        above: Option<usize>,
    ) {
        let Some(element) = self.begin(child.key.at, section, above) else { return };
        let [first, second] = keys;
        let name = Node { shape: Shape::Text, at: child.key.at, ..child.clone() };
        self.set_key(element, first, &name, &child.key.name);
        if let Some(text) = self.filled(child, section.name, Some(element)) {
            self.set_key(element, second, child, &text);
        }
    }

    /// Another element, unless there are too many.
    fn begin(
        &mut self,
        at: usize,
        section: &'static Section,
        above: Option<usize>,
    ) -> Option<usize> {
        let beside = |e: &&Element| std::ptr::eq(e.section, section) && e.above == above;
        let count = self.sources.elements.iter().filter(beside).count();
        let is_rejected = count >= section.max;
        if count == section.max {
            let text = ["more than ", &section.max.to_string(), " ", &section.header()].concat();
            self.refuse(at, text, above);
        }
        let origin = origin(self.text, at);
        // One more stands for all that exceed the limit.
        if count <= section.max {
            self.sources.elements.push(Element { section, above, origin, is_rejected });
        }
        (!is_rejected).then(|| self.sources.elements.len() - 1)
    }

    /// Records a value that stands for a key of an element.
    fn set_key(&mut self, element: usize, key: &str, node: &Node, text: &str) {
        let Some(section) = self.sources.elements.get(element).map(|e| e.section) else { return };
        let row = self.sources.catalogue.rows_of(section).find(|row| row.key() == key);
        if let Some(row) = row {
            self.push(row, node, text.to_owned(), Some(element));
        }
    }

    fn push(&mut self, row: &'a Row, node: &Node, text: String, element: Option<usize>) {
        let (shape, origin) = (Some(node.shape), origin(self.text, node.at));
        self.sources.values.push(RawValue { row, text, shape, origin, element });
    }

    /// A value, or every value of a list.
    fn record(&mut self, (i, node): (usize, &Node), row: &'a Row, element: Option<usize>) {
        let (tree, name) = (self.tree, row.dotted());
        let is_table = node.shape.is_table();
        if !is_table && node.shape != Shape::Array {
            if let Some(text) = self.text_of(node, row, &name, element) {
                self.push(row, node, text, element);
            }
            return;
        }
        for child in tree.children(i) {
            let Some(text) = self.text_of(child, row, &name, element) else { continue };
            // Pairs, as in the environment.
            let text = if is_table { [&child.key.name, "=", &text].concat() } else { text };
            self.push(row, child, text, element);
        }
    }

    /// The text of a value of a row; `None` if it was rejected.
    fn text_of(&mut self, node: &Node, row: &Row, name: &str, at: Option<usize>) -> Option<String> {
        if row.traits.verbatim { Some(node.text.clone()) } else { self.filled(node, name, at) }
    }

    /// The text of a node with its variables expanded; `None` if that was rejected.
    fn filled(&mut self, node: &Node, name: &str, element: Option<usize>) -> Option<String> {
        if node.shape != Shape::Text {
            return Some(node.text.clone());
        }
        let filled = filled(&node.text, self.sources.env);
        if let Err(problem) = &filled {
            self.refuse(node.at, [name, ": ", problem].concat(), element);
        }
        filled.ok()
    }

    fn refuse(&mut self, at: usize, problem: String, element: Option<usize>) -> Children {
        if !self.sources.refusal.skips() {
            self.sources.refusal.add(origin(self.text, at), problem);
        }
        if let Some(element) = element.and_then(|i| self.sources.elements.get_mut(i)) {
            element.is_rejected = true;
        }
        Children::Nothing
    }
}

/// Whether a node has the shape of a value, or of a list of values, of a kind.
fn fits(tree: &Tree, i: usize, node: &Node, kind: Kind) -> bool {
    match node.shape {
        Shape::Array if kind.is_list() && !kind.is_table() => {
            !kind.is_never_empty() || tree.children(i).next().is_some()
        }
        Shape::Array | Shape::Tables => false,
        shape if kind.is_table() => {
            // The name ends at the first =.
            let split = |child: &Node| child.key.name.contains('=');
            shape.is_table() && (kind.splits_last() || !tree.children(i).any(split))
        }
        shape => !shape.is_table(),
    }
}

fn origin(text: &str, at: usize) -> Origin {
    let (line, column) = place(text, at);
    Origin::File(line, column)
}
