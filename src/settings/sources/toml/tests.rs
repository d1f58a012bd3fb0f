//! The tree compared with the `toml` crate, on random documents.

use super::parse;
use crate::settings::sources::tree::{Fault, Node, ROOT, Shape, Tree};
use toml::de::{DeTable, DeValue};

/// Every value with its path, sorted.
fn flat(tree: &Tree) -> Vec<String> {
    let mut out = Vec::new();
    walk(tree, ROOT, "", &mut out);
    out.sort();
    out
}

fn walk(tree: &Tree, i: usize, path: &str, out: &mut Vec<String>) {
    let children: Vec<(usize, &Node)> =
        tree.nodes.iter().enumerate().skip(1).filter(|(_, n)| n.parent == i).collect();
    for (n, (child, node)) in children.into_iter().enumerate() {
        let path = match tree.nodes[i].shape {
            Shape::Array | Shape::Tables => format!("{path}/{n}"),
            _ => format!("{path}/{:?}", node.key.name),
        };
        let what = match node.shape {
            Shape::Array | Shape::Tables => "array".to_owned(),
            shape if shape.is_table() => "table".to_owned(),
            shape => format!("{shape:?} {:?}", node.text),
        };
        out.push(format!("{path} {what}"));
        walk(tree, child, &path, out);
    }
}

fn twin(table: &DeTable<'_>, path: &str, out: &mut Vec<String>) {
    for (key, value) in table.iter() {
        twin_value(value.get_ref(), &format!("{path}/{:?}", key.get_ref()), out);
    }
}

fn twin_value(value: &DeValue<'_>, path: &str, out: &mut Vec<String>) {
    let what = match value {
        DeValue::String(text) => format!("Text {text:?}"),
        DeValue::Boolean(on) => format!("Switch \"{on}\""),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => format!("Integer \"{n}\""),
            Err(_) => "Bare".to_owned(),
        },
        DeValue::Array(_) => "array".to_owned(),
        DeValue::Table(_) => "table".to_owned(),
        _ => "Bare".to_owned(),
    };
    out.push(format!("{path} {what}"));
    match value {
        DeValue::Table(table) => twin(table, path, out),
        DeValue::Array(array) => {
            for (i, value) in array.iter().enumerate() {
                twin_value(value.get_ref(), &format!("{path}/{i}"), out);
            }
        }
        _ => {}
    }
}

/// Checks that both have the same result for `text`; returns whether they accept it.
fn agree(text: &str) -> bool {
    let (tree, faults) = parse(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let ours: Vec<String> = flat(&tree)
        .into_iter()
        .map(|line| match line.split_once(" Bare ") {
            Some((path, _)) => format!("{path} Bare"),
            None => line,
        })
        .collect();
    // The meaning of a bare word is not the tree's concern.
    if ours.iter().any(|line| line.ends_with(" Bare")) && faults.is_empty() && !errors.is_empty() {
        return false;
    }
    // The twin accepts a dotted key of three parts into an element of `[[tables]]`; TOML does not.
    let tables = |fault: &Fault| fault.first.and_then(|i| tree.shape(i)) == Some(Shape::Tables);
    if errors.is_empty() && faults.iter().any(tables) {
        return false;
    }
    assert_eq!(faults.is_empty(), errors.is_empty(), "{text}\n{faults:?}\n{errors:?}");
    if faults.is_empty() {
        let mut theirs = Vec::new();
        twin(table.get_ref(), "", &mut theirs);
        theirs.sort();
        assert_eq!(ours, theirs, "{text}");
    }
    faults.is_empty()
}

struct Chance(u64);

impl Chance {
    fn of(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.of(all.len())]
    }

    fn key(&mut self) -> String {
        let mut key = String::new();
        for i in 0..=self.of(3) {
            key.push_str(if i > 0 { self.pick(&[".", " . "]) } else { "" });
            key.push_str(self.pick(&["a", "b", "c", "\"a\"", "'b'", "\"\"", "1", "d-e"]));
        }
        key
    }

    fn value(&mut self, depth: usize) -> String {
        match self.of(if depth < 3 { 9 } else { 5 }) {
            0 => self.pick(&["true", "false"]).to_owned(),
            1 => self.pick(&["0", "1", "-17", "+3", "1_000", "0x1F", "0o17", "0b11"]).to_owned(),
            2 => self.pick(&["1.5", "-2e3", "inf", "nan", "2024-01-01", "07:32:00"]).to_owned(),
            3 | 4 => self
                .pick(&[
                    "\"\"",
                    "'x'",
                    "\"a\\tb\\u00e9\\\\\"",
                    "'''\nx\n'y'\n'''",
                    "\"\"\"\nx \\\n   y\\\"\"\"\"",
                    "\"é\"",
                ])
                .to_owned(),
            5 | 6 => {
                let all: Vec<String> = (0..self.of(4)).map(|_| self.value(depth + 1)).collect();
                let end = if all.is_empty() { "" } else { self.pick(&["", ",", ", # x\n"]) };
                format!("[{}{end}]", all.join(self.pick(&[",", " ,\n", ", "])))
            }
            _ => {
                let pair =
                    |chance: &mut Chance| format!("{} = {}", chance.key(), chance.value(depth + 1));
                let all: Vec<String> = (0..self.of(3)).map(|_| pair(self)).collect();
                format!("{{{}}}", all.join(", "))
            }
        }
    }

    fn document(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.of(9) {
            let line = match self.of(8) {
                0 | 1 => format!("[{}]", self.key()),
                2 => format!("[[{}]]", self.key()),
                3 => self.pick(&["", "# x", "  \t# [é"]).to_owned(),
                _ => format!("{} = {}", self.key(), self.value(0)),
            };
            text.push_str(&line);
            text.push_str(self.pick(&["\n", "\n", "\r\n", " # x\n"]));
        }
        text
    }
}

#[test]
fn agrees_with_the_twin_on_documents() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let good = (0..30_000).filter(|_| agree(&chance.document())).count();
    assert!(good > 8_000, "{good}");
}

#[test]
fn agrees_with_the_twin_on_broken_documents() {
    let mut chance = Chance(0x1234_5678_9abc_def1);
    for _ in 0..20_000 {
        let mut text: Vec<char> = chance.document().chars().collect();
        for _ in 0..=chance.of(2) {
            if !text.is_empty() {
                let at = chance.of(text.len());
                let with = chance.pick(&["[", "]", "{", "}", "=", ".", ",", "\"", "'", "\\", "\n"]);
                text.splice(at..=at, with.chars());
            }
        }
        agree(&text.into_iter().collect::<String>());
    }
}

#[test]
fn tables_are_defined_once() {
    for good in [
        "[a.b]\n[a]",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]",
        "[fruit]\napple.x = 1\n[fruit.apple.y]",
        "a.b = 1\na.c = 2",
        "[[a.b]]\n[a]\nc = 1",
        "a = {b.c = 1, b.d = 2}",
        "a = [{b = 1}, {b = 1}]",
    ] {
        assert!(agree(good), "{good}");
    }
    for bad in [
        "a = 1\na = 2",
        "[a]\n[a]",
        "[a]\nb = 1\n[a.b]",
        "[a]\nb.c = 1\n[a.b]",
        "a = {}\na.b = 1",
        "a = {}\n[a.b]",
        "a = []\n[[a]]",
        "[a]\n[[a]]",
        "[[a]]\n[a]",
        "[a.b.c]\nz = 1\n[a]\nb.c.t = 1",
        "[[a.b]]\n[a]\nb.y = 2",
        "a = {b = 1, b = 2}",
        "a = {b = 1, b.c = 2}",
        "[a.b]\n[a]\nb = 1",
    ] {
        assert!(!agree(bad), "{bad}");
    }
}

#[test]
fn integers_are_plain_decimal() {
    let text = |word: &str| super::integer(word).map(|n| n.to_string());
    for (word, plain) in [
        ("0", "0"),
        ("-0", "0"),
        ("+17", "17"),
        ("1_000", "1000"),
        ("0xdead_BEEF", "3735928559"),
        ("-9223372036854775808", "-9223372036854775808"),
    ] {
        assert_eq!(text(word).as_deref(), Some(plain));
    }
    for bad in [
        "",
        "_1",
        "1_",
        "1__0",
        "01",
        "+-1",
        "0x",
        "0x+1",
        "-0x1",
        "1.0",
        "0x_1",
        "9223372036854775808",
    ] {
        assert_eq!(text(bad), None, "{bad}");
    }
}
