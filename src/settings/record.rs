//! What the text of a settings file says: every value with its line and column, and the element of a
//! list it is said in. Unknown keys and clashes are problems here, values are judged later. Variables
//! of the environment that texts name are put in.

use super::catalogue::Catalogue;
use super::file::place;
use super::lists::Element;
use super::problem::{MAX_SHOWN, Origin, Refusal, meant, quoted, shown};
use super::row::{List, Row, Section};
use super::rows::COLLECTORS;
use super::said::Said;
use super::tree::{Fault, Node, Shape, Tree};
use super::value::Kind;
use super::variables::{filled, takes_variables};
use std::ffi::OsString;

/// Records what `text` says, and the elements of lists it is said in.
pub(super) fn read(
    catalogue: &Catalogue,
    text: &str,
    env: &[(OsString, OsString)],
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) -> Vec<Element> {
    let (tree, faults) = super::toml::parse(text);
    for fault in &faults {
        let problem = clash(&tree, fault, text);
        refusal.add(origin(text, fault.at), problem);
    }
    let mut reader =
        Reader { catalogue, text, env, tree: &tree, said, refusal, elements: Vec::new() };
    if faults.is_empty() {
        let mut inside = vec![Inside::Table(None)];
        for (i, node) in tree.nodes.iter().enumerate().skip(1) {
            let within = match inside.get(node.parent).copied() {
                Some(Inside::Table(element)) => reader.member((i, node), element),
                Some(Inside::List(section, list, above)) => {
                    reader.element(node, (section, list), above)
                }
                _ => Inside::Nothing,
            };
            inside.push(within);
        }
    }
    reader.elements
}

/// What the children of a node are.
#[derive(Clone, Copy)]
enum Inside {
    /// Nothing to look at: what hangs below anything but a known table is not judged.
    Nothing,
    /// Keys of a known table, of this element if it is one of a list.
    Table(Option<usize>),
    /// Elements of a list, which stands in this element of another.
    List(&'static Section, &'static List, Option<usize>),
}

struct Reader<'a> {
    catalogue: &'a Catalogue,
    text: &'a str,
    env: &'a [(OsString, OsString)],
    tree: &'a Tree,
    said: &'a mut Vec<Said>,
    refusal: &'a mut Refusal,
    elements: Vec<Element>,
}

impl Reader<'_> {
    /// A key of a table.
    fn member(&mut self, (i, node): (usize, &Node), element: Option<usize>) -> Inside {
        let path = self.tree.path(i);
        if let Some((section, list)) = self.catalogue.list(&path) {
            return match (node.shape, list.pairs) {
                (Shape::Tables | Shape::Array, _) => Inside::List(section, list, element),
                (shape, Some(keys)) if shape.is_table() => {
                    for child in self.tree.children(i) {
                        self.pair(child, keys, (section, list), element);
                    }
                    Inside::Nothing
                }
                (shape, _) => {
                    let (header, found) = (section.header(), found(shape, &node.text));
                    let text = [section.name, ": expected tables, ", &header, ", found ", &found];
                    self.refuse(node.at, text.concat(), element)
                }
            };
        }
        match judge(self.catalogue, self.tree, i, node) {
            Verdict::Descend if element.is_some() && self.tree.children(i).next().is_none() => {
                let text = [&path.join("."), ": says nothing; leave it out"].concat();
                self.refuse(node.at, text, element)
            }
            Verdict::Descend => Inside::Table(element),
            Verdict::Record(row) => {
                let first = self.said.iter().find(|said| said.row == row);
                if let (None, Some(first)) = (element, first) {
                    let known = self.catalogue.rows.get(row).map_or("", Row::key);
                    let (name, first) = (path.join("."), first.origin.text(&self.refusal.file));
                    let text = [&name, " is another name of ", known, " (", &first, "); keep one"];
                    return self.refuse(node.key.at, text.concat(), element);
                }
                self.record((i, node), row, element);
                Inside::Nothing
            }
            Verdict::Refuse(at, problem) => self.refuse(at, problem, element),
        }
    }

    /// An element of a list.
    fn element(
        &mut self,
        node: &Node,
        (section, list): (&'static Section, &'static List),
        above: Option<usize>,
    ) -> Inside {
        if node.shape.is_table() {
            return match self.begin(node.at, (section, list), above) {
                Some(element) => Inside::Table(Some(element)),
                None => Inside::Nothing,
            };
        }
        match list.plain {
            Some(plain) if node.shape == Shape::Text => {
                if let Some(element) = self.begin(node.at, (section, list), above) {
                    let whole = self.filled(node, section.name, Some(element));
                    for (key, text) in whole.map(|text| plain(&text)).unwrap_or_default() {
                        self.say(element, key, node, &text);
                    }
                }
                Inside::Nothing
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
        list: (&'static Section, &'static List),
        above: Option<usize>,
    ) {
        let Some(element) = self.begin(child.key.at, list, above) else { return };
        let [first, second] = keys;
        let name = Node { shape: Shape::Text, at: child.key.at, ..child.clone() };
        self.say(element, first, &name, &child.key.name);
        if let Some(text) = self.filled(child, list.0.name, Some(element)) {
            self.say(element, second, child, &text);
        }
    }

    /// Another element, unless there are too many.
    fn begin(
        &mut self,
        at: usize,
        (section, list): (&'static Section, &'static List),
        above: Option<usize>,
    ) -> Option<usize> {
        let beside = |e: &&Element| std::ptr::eq(e.section, section) && e.above == above;
        let count = self.elements.iter().filter(beside).count();
        let spoilt = count >= list.max;
        if count == list.max {
            let text = format!("more than {} {}", list.max, section.header());
            self.refuse(at, text, above);
        }
        let origin = origin(self.text, at);
        // One more stands for all that are too many.
        if count <= list.max {
            self.elements.push(Element { section, list, above, origin, spoilt });
        }
        (!spoilt).then(|| self.elements.len() - 1)
    }

    /// Records what stands in for a key of an element.
    fn say(&mut self, element: usize, key: &str, node: &Node, text: &str) {
        let Some(section) = self.elements.get(element).map(|e| e.section) else { return };
        let row = self.catalogue.rows_of(section).find(|(_, row)| row.key() == key);
        if let Some((row, _)) = row {
            let origin = origin(self.text, node.at);
            let (text, shape, element) = (text.to_owned(), Some(node.shape), Some(element));
            self.said.push(Said { row, text, shape, origin, element });
        }
    }

    /// A value, or every value of a list.
    fn record(&mut self, (i, node): (usize, &Node), row: usize, element: Option<usize>) {
        let spec = self.catalogue.rows.get(row);
        let name = spec.map(Row::dotted).unwrap_or_default();
        let is_filled = spec.is_some_and(takes_variables);
        let tree = self.tree;
        let mut push = |node: &Node, key: Option<&str>| {
            let text = match is_filled {
                true => self.filled(node, &name, element),
                false => Some(node.text.clone()),
            };
            let Some(text) = text else { return };
            let text = match key {
                Some(key) => [key, "=", &text].concat(),
                None => text,
            };
            let origin = origin(self.text, node.at);
            self.said.push(Said { row, text, shape: Some(node.shape), origin, element });
        };
        match node.shape {
            Shape::Array => tree.children(i).for_each(|child| push(child, None)),
            // Pairs, as the environment has them.
            shape if shape.is_table() => {
                tree.children(i).for_each(|child| push(child, Some(&child.key.name)));
            }
            _ => push(node, None),
        }
    }

    /// The text of a node with the variables that it names; `None` if that was refused.
    fn filled(&mut self, node: &Node, name: &str, element: Option<usize>) -> Option<String> {
        if node.shape != Shape::Text {
            return Some(node.text.clone());
        }
        let filled = filled(&node.text, self.env);
        if let Err(problem) = &filled {
            self.refuse(node.at, [name, ": ", problem].concat(), element);
        }
        filled.ok()
    }

    fn refuse(&mut self, at: usize, problem: String, element: Option<usize>) -> Inside {
        if !self.refusal.skips() {
            self.refusal.add(origin(self.text, at), problem);
        }
        if let Some(element) = element.and_then(|i| self.elements.get_mut(i)) {
            element.spoilt = true;
        }
        Inside::Nothing
    }
}

enum Verdict {
    Descend,
    Record(usize),
    Refuse(usize, String),
}

/// What a node is that hangs in a known table.
fn judge(catalogue: &Catalogue, tree: &Tree, i: usize, node: &Node) -> Verdict {
    let path = tree.path(i);
    let table = catalogue.is_table(&path);
    if table && node.shape.is_table() {
        return Verdict::Descend;
    }
    let row = catalogue.find(&path);
    let kind = row.and_then(|row| catalogue.rows.get(row)).map(|row| row.kind);
    let fits = match (node.shape, kind) {
        (Shape::Array, Some(kind)) if kind.is_list() && !kind.is_table() => {
            !kind.is_never_empty() || tree.children(i).next().is_some()
        }
        (Shape::Array | Shape::Tables, _) => false,
        (shape, Some(kind)) if kind.is_table() => {
            // The name ends where the first = is.
            let split = |child: &Node| child.key.name.contains('=');
            let named = kind.splits_last() || !tree.children(i).any(split);
            shape.is_table() && named
        }
        (shape, _) => !shape.is_table(),
    };
    match (row, kind) {
        (Some(row), _) if fits => Verdict::Record(row),
        (None, _) if !table => Verdict::Refuse(node.key.at, unknown(catalogue, &path, node)),
        (_, kind) => {
            let name = path.join(".");
            let expected = match kind {
                Some(kind) => kind.expects(),
                None => format!("a table, [{name}]"),
            };
            let found = found(node.shape, &kind.unwrap_or(Kind::Text).shown(&node.text));
            let text = format!("{name}: expected {expected}, found {found}");
            Verdict::Refuse(node.at, text)
        }
    }
}

fn unknown(catalogue: &Catalogue, path: &[&str], node: &Node) -> String {
    let (name, above) = path.split_last().map_or(("", [].as_slice()), |(n, above)| (*n, above));
    let known = catalogue.names(above);
    let what = match (above, node.shape.is_table() || node.shape == Shape::Tables) {
        ([], true) => "table",
        _ => "key",
    };
    let place = match (above, catalogue.list(above)) {
        ([], _) => String::new(),
        (_, Some((section, _))) => [" in ", &section.header()].concat(),
        (above, None) => format!(" in [{}]", above.join(".")),
    };
    let meant = match catalogue.own_name(name).filter(|_| above == [COLLECTORS]) {
        Some(own) => format!("; did you mean {}?", quoted(own)),
        None => meant(name, &mut known.iter().copied(), ""),
    };
    let known = known.join(", ");
    format!("unknown {what} {}{place}{meant}; known are {known}", quoted(name))
}

/// How a problem names what the file has.
pub(super) fn found(shape: Shape, text: &str) -> String {
    match shape {
        Shape::Passed | Shape::Dotted | Shape::Opened | Shape::Inline => "a table".to_owned(),
        Shape::Tables => "an array of tables".to_owned(),
        Shape::Array => "a list".to_owned(),
        // A URL may stand where it should not.
        Shape::Text if text.contains("://") => quoted(&crate::wire::shown(text)),
        Shape::Text => quoted(text),
        Shape::Switch | Shape::Integer | Shape::Bare => shown(text, MAX_SHOWN),
    }
}

/// A fault with all there is to say about it.
fn clash(tree: &Tree, fault: &Fault, text: &str) -> String {
    let Some((i, node)) = fault.first.and_then(|i| Some((i, tree.nodes.get(i)?))) else {
        return fault.text.clone();
    };
    let (line, _) = place(text, node.key.at);
    let mut out = [&fault.text, " in line ", &line.to_string()].concat();
    if let [COLLECTORS, name] = *tree.path(i).as_slice()
        && fault.table != node.shape.is_table()
    {
        let name = ["collectors.", name].concat();
        out.push_str("; TOML has no key that is both a value and a table: keep the table [");
        out.push_str(&name);
        out.push_str("] and write the switch in it as \"enabled = true\" or \"enabled = false\"");
    }
    out
}

fn origin(text: &str, at: usize) -> Origin {
    let (line, column) = place(text, at);
    Origin::File(line, column)
}
