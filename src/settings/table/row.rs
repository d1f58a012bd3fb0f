//! A row, which describes an option, and a section of the file.

use crate::base::dialect::Dialect;
use crate::base::float::float;
use crate::settings::problem::Keyed;
use crate::settings::table::held::Rows;
pub use crate::settings::table::option::{Names, Role, TableRow, Traits};
use crate::settings::types::{Kind, Settings, Value};
use std::ptr;

/// A table of the file, or a list of tables, whose rows are set for each element. Lists are only in
/// the file.
pub struct Section {
    /// With dots, as in its header; empty for flags that are not keys of the file.
    pub name: &'static str,
    pub title: &'static str,
    pub rows: &'static [Rows],
    /// The most elements of a list, within one element above it; 0 for a table that is not a list.
    pub max: usize,
    /// Adds an element, for the rows to set; an inner list is that of the last element above it.
    pub begin: fn(&mut Settings),
    /// The keys and texts that a plain text in place of an element stands for.
    pub plain: Option<fn(&str) -> Vec<Keyed>>,
    /// The keys that each pair of `{ a = "b" }` in place of the list sets.
    pub pairs: Option<[&'static str; 2]>,
    /// Why a row does not apply to the last element, according to its rows before.
    pub inapplicable: fn(&Settings, &Row) -> Option<String>,
    /// Checks the table once its rows are set, for a list its last element; returns the wrong key
    /// and the reason.
    pub check: fn(&mut Settings) -> Result<(), Keyed>,
}

impl Section {
    pub const fn new(name: &'static str, title: &'static str, rows: &'static [Rows]) -> Section {
        Section {
            name,
            title,
            rows,
            max: 0,
            begin: |_| {},
            plain: None,
            pairs: None,
            inapplicable: |_, _| None,
            check: |_| Ok(()),
        }
    }
    pub const fn list(mut self, max: usize, begin: fn(&mut Settings)) -> Section {
        (self.max, self.begin) = (max, begin);
        self
    }
    pub const fn check(mut self, check: fn(&mut Settings) -> Result<(), Keyed>) -> Section {
        self.check = check;
        self
    }

    pub fn is_list(&self) -> bool {
        self.max > 0
    }

    /// Its header in the file.
    pub fn header(&self) -> String {
        match self.is_list() {
            true => ["[[", self.name, "]]"].concat(),
            false => ["[", self.name, "]"].concat(),
        }
    }

    /// Whether it is the table at `path`.
    pub fn is_at(&self, path: &[&str]) -> bool {
        !self.name.is_empty() && self.name.split('.').eq(path.iter().copied())
    }
}

/// The description of an option, of a table or of a collector.
pub struct Row {
    pub section: &'static Section,
    /// Its key in the section and, for options of a collector, its key in the collector's table; ""
    /// for no further part.
    pub path: [&'static str; 2],
    pub names: &'static Names,
    /// For a collector only those that do not follow from its path.
    pub flags: &'static [&'static str],
    pub kind: Kind,
    /// In our own dialect and in node_exporter's; "" for none.
    pub default: [&'static str; 2],
    pub help: &'static str,
    /// A variable of the environment besides those that every option has; "" for none.
    pub env: &'static str,
    /// node_exporter's name of the collector.
    pub node: &'static str,
    pub traits: Traits,
    /// Sets the value in the settings.
    pub set: fn(&mut Settings, &Value),
}

impl PartialEq for Row {
    /// Rows are compared by address, as each exists once.
    fn eq(&self, other: &Row) -> bool {
        ptr::eq(self, other)
    }
}

impl Row {
    /// The row of a table of `section`.
    pub fn new(row: TableRow, section: &'static Section) -> Row {
        let TableRow { key, kind, default, help, set, names, traits } = row;
        let on_node = if names.on_node.is_empty() { default } else { names.on_node };
        let (default, flags, env, node) = ([default, on_node], names.flags, names.env, "");
        Row { section, path: [key, ""], names, flags, kind, default, help, env, node, traits, set }
    }

    /// Whether it has this role.
    pub fn is(&self, role: Role) -> bool {
        self.traits.role == role
    }

    /// Its default; "" for none.
    pub fn default(&self, dialect: Dialect) -> &'static str {
        let [own, node] = self.default;
        if dialect == Dialect::Node { node } else { own }
    }

    /// Whether it is a key of the file.
    pub fn in_file(&self) -> bool {
        !self.section.name.is_empty()
    }

    /// Whether it is set for each element of a list.
    pub fn in_list(&self) -> bool {
        self.section.is_list()
    }

    /// The parts of its path.
    pub fn parts(&self) -> Vec<&'static str> {
        let mut parts = Vec::new();
        for part in [self.section.name, self.path[0], self.path[1]] {
            parts.extend(part.split('.').filter(|part| !part.is_empty()));
        }
        parts
    }

    /// Whether it is the key at `path`.
    pub fn is_at(&self, path: &[&str]) -> bool {
        // The name of the section rules out most rows without splitting their paths.
        path.first().is_some_and(|first| self.section.name.starts_with(first))
            && self.parts() == path
    }

    /// Its key in its table; one with a dot is in a table within the element of a list.
    pub fn key(&self) -> &'static str {
        let [key, option] = self.path;
        if option.is_empty() { key } else { option }
    }

    /// Its path with dots, as messages name it.
    pub fn dotted(&self) -> String {
        self.parts().join(".")
    }
}

/// All numbers of a list.
pub fn floats(value: &Value) -> Vec<f64> {
    value.texts.iter().filter_map(|text| float(text)).collect()
}

/// The words of a choice.
pub const fn words<T: Copy, const N: usize>(choices: &[(&'static str, T); N]) -> [&'static str; N] {
    let (mut words, mut i) = ([""; N], 0);
    while i < N {
        #[allow(clippy::indexing_slicing)] // both have N elements
        {
            words[i] = choices[i].0;
        }
        i += 1;
    }
    words
}

/// Sets `to` to the value of the chosen word.
pub fn choose<T: Copy>(choices: &[(&str, T)], value: &Value, to: &mut T) {
    if let Some((_, chosen)) = choices.get(value.number as usize) {
        *to = *chosen;
    }
}
