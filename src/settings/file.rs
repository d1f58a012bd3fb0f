//! The settings file: found, read within bounds, and every value in it recorded with its line
//! and column. Unknown keys and clashes are problems here, values are judged later.

use super::catalogue::Catalogue;
use super::problem::{MAX_SHOWN, Origin, Refusal, meant, quoted, shown};
use super::rows::COLLECTORS;
use super::said::Said;
use super::tree::{Fault, Node, Shape, Tree};
use super::value::Kind;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;

/// Bytes of a settings file.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// The text of the file; none if it does not exist and need not.
pub(super) fn text(must: bool, refusal: &mut Refusal) -> Option<String> {
    match bytes(Path::new(&refusal.file)) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let good = error.as_bytes().get(..at).unwrap_or_default();
                let (line, column) = place(&String::from_utf8_lossy(good), at);
                let text = "not UTF-8 from here on; a settings file is text in UTF-8";
                refusal.add(Origin::File(line, column), text.to_owned());
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound && !must => {}
        Err(error) => {
            let text = ["cannot read the settings file: ", &error.to_string()].concat();
            refusal.add(Origin::File(0, 0), text);
        }
    }
    None
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before opening: opening a pipe would wait for a writer.
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("larger than 1 MiB, which no settings file is"));
    }
    Ok(bytes)
}

/// Records what `text` says.
pub(super) fn read(catalogue: &Catalogue, text: &str, said: &mut Vec<Said>, refusal: &mut Refusal) {
    let (tree, faults) = super::toml::parse(text);
    for fault in &faults {
        let problem = clash(&tree, fault, text);
        refusal.add(origin(text, fault.at), problem);
    }
    if !faults.is_empty() {
        return;
    }
    // What hangs below anything but a known table is not looked at.
    let mut tables = vec![true];
    for (i, node) in tree.nodes.iter().enumerate().skip(1) {
        let mut table = tables.get(node.parent).copied().unwrap_or(false);
        if table {
            match judge(catalogue, &tree, i, node) {
                Verdict::Descend => {}
                Verdict::Record(row) => {
                    record(text, &tree, (i, node), row, said);
                    table = false;
                }
                Verdict::Refuse(at, problem) => {
                    if !refusal.skips() {
                        refusal.add(origin(text, at), problem);
                    }
                    table = false;
                }
            }
        }
        tables.push(table);
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
    let fits = match node.shape {
        Shape::Array => match kind {
            Some(Kind::Addresses) => tree.children(i).next().is_some(),
            kind => kind == Some(Kind::Names),
        },
        Shape::Tables => false,
        shape if kind.is_some_and(Kind::is_table) => shape.is_table(),
        shape => !shape.is_table(),
    };
    match (row, kind) {
        (Some(row), _) if fits => Verdict::Record(row),
        (None, _) if !table => Verdict::Refuse(node.key.at, unknown(catalogue, &path, node)),
        (_, kind) => {
            let name = path.join(".");
            let expected = match kind {
                Some(kind) => kind.expects(),
                None => ["a table, [", &name, "]"].concat(),
            };
            let found = found(node.shape, &node.text);
            let text = [&name, ": expected ", &expected, ", found ", &found].concat();
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
    let place = match above {
        [] => String::new(),
        above => [" in [", &above.join("."), "]"].concat(),
    };
    let meant = match catalogue.own_name(name).filter(|_| above == [COLLECTORS]) {
        Some(own) => ["; did you mean ", &quoted(own), "?"].concat(),
        None => meant(name, &mut known.iter().copied(), ""),
    };
    let known = known.join(", ");
    ["unknown ", what, " ", &quoted(name), &place, &meant, "; known are ", &known].concat()
}

/// A value, or every value of a list.
fn record(text: &str, tree: &Tree, (i, node): (usize, &Node), row: usize, said: &mut Vec<Said>) {
    let mut push = |node: &Node| {
        let origin = origin(text, node.at);
        said.push(Said { row, text: node.text.clone(), shape: Some(node.shape), origin });
    };
    match node.shape {
        Shape::Array => tree.children(i).for_each(push),
        // Pairs, as the environment has them.
        shape if shape.is_table() => tree.children(i).for_each(|child| {
            let text = [&child.key.name, "=", &child.text].concat();
            push(&Node { text, ..child.clone() });
        }),
        _ => push(node),
    }
}

/// How a problem names what the file has.
pub(super) fn found(shape: Shape, text: &str) -> String {
    match shape {
        Shape::Passed | Shape::Dotted | Shape::Opened | Shape::Inline => "a table".to_owned(),
        Shape::Tables => "an array of tables".to_owned(),
        Shape::Array => "a list".to_owned(),
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

/// Line and column, in characters and from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
