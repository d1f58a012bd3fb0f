//! All rows together: the static ones, then for each collector its switch and its options.

use super::row::{List, Row, Section, nothing};
use super::rows::{COLLECTORS, rows, sections};
use super::subject::Subject;
use super::value::Kind;

/// The other way to write the switch of a collector: `[collectors.disk] enabled = …`.
pub(super) const ENABLED: &str = "enabled";
/// Front of every variable of the environment that names a key of the file.
pub(super) const ENV_PREFIX: &str = "APP__";
/// The same with our own name; the parts may have one `_` between them.
pub(super) const OWN_PREFIX: &str = "SYSMETRICS_";

/// A flag, without dashes.
pub(super) struct Flag {
    pub(super) name: String,
    pub(super) row: usize,
    /// It says the opposite of its row.
    pub(super) negative: bool,
}

/// All rows together.
pub(super) struct Catalogue {
    pub(super) rows: Vec<Row>,
}

impl Catalogue {
    pub(super) fn new(subjects: &[&Subject]) -> Catalogue {
        let mut rows = rows();
        for subject in subjects {
            let on = if subject.on { "true" } else { "false" };
            rows.push(Row {
                path: [COLLECTORS, subject.name, ""],
                also: "",
                flags: &[],
                env: "",
                kind: Kind::Switch,
                default: [on, on],
                help: subject.help,
                node: subject.node_name,
                required: false,
                unique: false,
                set: nothing,
            });
            rows.extend(subject.options.iter().map(|option| Row {
                path: [COLLECTORS, subject.name, option.key],
                also: "",
                flags: option.node_flags,
                env: "",
                kind: option.kind,
                default: option.default,
                help: option.help,
                node: "",
                required: false,
                unique: false,
                set: nothing,
            }));
        }
        Catalogue { rows }
    }

    /// The row of a key of the file.
    pub(super) fn find(&self, path: &[&str]) -> Option<usize> {
        let path = match path {
            [COLLECTORS, name, ENABLED] => &[COLLECTORS, name],
            path => path,
        };
        let also = |row: &Row| match path {
            [table, key] => !key.is_empty() && [row.path[0], row.also] == [*table, *key],
            _ => false,
        };
        self.rows.iter().position(|row| row.in_file() && (row.is_at(path) || also(row)))
    }

    /// Whether `path` is a table of the file.
    pub(super) fn is_table(&self, path: &[&str]) -> bool {
        match path {
            [COLLECTORS, _] => self.find(path).is_some(),
            [] => false,
            path => {
                let inner = |row: &Row| match (path, row.path[1].split_once('.')) {
                    ([list, table], Some((above, _))) => [row.path[0], above] == [*list, *table],
                    _ => false,
                };
                sections().any(|section| section.list.is_none() && section.is_at(path))
                    || self.rows.iter().any(inner)
            }
        }
    }

    /// The list of tables at `path`.
    pub(super) fn list(&self, path: &[&str]) -> Option<(&'static Section, &'static List)> {
        let found = sections().find(|section| section.is_at(path))?;
        Some((found, found.list.as_ref()?))
    }

    /// The rows of a section, each with its place among all.
    pub(super) fn rows_of(&self, section: &Section) -> impl Iterator<Item = (usize, &Row)> {
        let name = section.name;
        self.rows.iter().enumerate().filter(move |(_, row)| row.path[0] == name)
    }

    /// The names of what there is directly in the table `path`.
    pub(super) fn names(&self, path: &[&str]) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut add = |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        match path {
            [] => sections().map(|s| first_of(s.name)).filter(|n| !n.is_empty()).for_each(&mut add),
            [COLLECTORS, _] => add(ENABLED),
            _ => {}
        }
        for row in self.rows.iter().filter(|row| row.in_file()) {
            let parts = row.parts();
            if let Some(name) = parts.get(path.len()).filter(|_| parts.starts_with(path)) {
                add(*name);
            }
        }
        names
    }

    /// What our own dialect calls the collector that node_exporter calls `node`.
    pub(super) fn own_name(&self, node: &str) -> Option<&'static str> {
        self.rows.iter().find(|row| !row.node.is_empty() && row.node == node).map(|r| r.path[1])
    }

    /// Every flag there is, ours before node_exporter's.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        for (i, row) in self.rows.iter().enumerate() {
            for flag in row.all_flags() {
                let (name, negative) = match flag.strip_prefix('!') {
                    Some(name) => (name.to_owned(), true),
                    None => (flag, false),
                };
                if row.kind == Kind::Switch && !negative && row.in_file() {
                    let name = ["no-", &name].concat();
                    flags.push(Flag { name, row: i, negative: true });
                }
                flags.push(Flag { name, row: i, negative });
            }
        }
        flags
    }
}

/// The first part of a path with dots.
fn first_of(path: &'static str) -> &'static str {
    path.split_once('.').map_or(path, |(first, _)| first)
}

impl Section {
    fn is_at(&self, path: &[&str]) -> bool {
        !self.name.is_empty() && self.name.split('.').eq(path.iter().copied())
    }
}

impl Row {
    /// It is a key of the file.
    pub(super) fn in_file(&self) -> bool {
        !self.path[0].is_empty()
    }

    /// It is the switch of a collector.
    pub(super) fn is_collector(&self) -> bool {
        self.path[0] == COLLECTORS && self.path[2].is_empty()
    }

    /// It is the switch or an option of a collector.
    pub(super) fn is_of_collector(&self) -> bool {
        self.path[0] == COLLECTORS
    }

    /// It is said anew for each element of a list.
    pub(super) fn in_list(&self) -> bool {
        sections().any(|section| section.list.is_some() && section.name == self.path[0])
    }

    /// The parts of its path.
    pub(super) fn parts(&self) -> Vec<&'static str> {
        let mut parts = Vec::new();
        for part in self.path {
            parts.extend(part.split('.').filter(|part| !part.is_empty()));
        }
        parts
    }

    fn is_at(&self, path: &[&str]) -> bool {
        // Most rows are told apart without their parts.
        path.first().is_some_and(|first| self.path[0].starts_with(first)) && self.parts() == path
    }

    /// Its key in its table; with a dot in it, it is one of a table in the element of a list.
    pub(super) fn key(&self) -> &'static str {
        let [_, key, option] = self.path;
        if option.is_empty() { key } else { option }
    }

    /// Its path with dots, as messages name it.
    pub(super) fn dotted(&self) -> String {
        self.parts().join(".")
    }

    /// Its flags, those that mean the opposite after `!`.
    pub(super) fn all_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.path[0] == COLLECTORS {
            let mut flag = ["collector.", self.path[1]].concat();
            if !self.is_collector() {
                flag.push('.');
                flag.push_str(&self.path[2].replace('_', "-"));
            }
            flags.push(flag);
            if self.is_collector() && self.node != self.path[1] {
                flags.push(["collector.", self.node].concat());
            }
        }
        for flag in self.flags {
            // node_exporter may call it as we do.
            if !flags.iter().any(|known| known == flag) {
                flags.push((*flag).to_owned());
            }
        }
        flags
    }

    /// Its variable `APP__…`, or nothing.
    pub(super) fn variable(&self) -> String {
        if !self.in_file() || self.in_list() {
            return String::new();
        }
        let path = self.parts().join("__");
        [ENV_PREFIX, &path.to_ascii_uppercase()].concat()
    }
}
