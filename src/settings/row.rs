//! What a row is, and the table of the file it stands in.

use super::types::Settings;
use super::value::{Kind, Value};
use std::time::Duration;

/// A key of a table, and its value or what is wrong with it.
pub(super) type Keyed = (&'static str, String);

/// A table of the file, or a list of tables, whose rows are said anew for each element.
pub(super) struct Section {
    /// With dots, as in its header.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) list: Option<List>,
    /// Looks at all of it once its rows are set, of a list at the last element; tells which key is
    /// wrong and why.
    pub(super) check: fn(&mut Settings) -> Result<(), Keyed>,
}

/// What only a list of tables has. Lists are in the file only.
pub(super) struct List {
    /// Elements, of one above it.
    pub(super) max: usize,
    /// Adds an element, for the rows to set; its own list is that of the last element above it.
    pub(super) begin: fn(&mut Settings),
    /// What a plain text in place of a table says: keys and texts.
    pub(super) plain: Option<fn(&str) -> Vec<Keyed>>,
    /// The keys that `{ a = "b" }` in place of the list says for each pair.
    pub(super) pairs: Option<[&'static str; 2]>,
    /// Why a key has no place in the last element, by what its rows before say.
    pub(super) misfit: fn(&Settings, &str) -> Option<String>,
}

impl Section {
    pub(super) const fn new(name: &'static str, title: &'static str) -> Section {
        Section { name, title, list: None, check: |_| Ok(()) }
    }
    #[cfg(feature = "hub")]
    pub(super) const fn list(mut self, max: usize, begin: fn(&mut Settings)) -> Section {
        self.list = Some(List { max, begin, plain: None, pairs: None, misfit: |_, _| None });
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn plain(mut self, plain: fn(&str) -> Vec<Keyed>) -> Section {
        if let Some(list) = &mut self.list {
            list.plain = Some(plain);
        }
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn pairs(mut self, pairs: [&'static str; 2]) -> Section {
        if let Some(list) = &mut self.list {
            list.pairs = Some(pairs);
        }
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn misfit(mut self, misfit: fn(&Settings, &str) -> Option<String>) -> Section {
        if let Some(list) = &mut self.list {
            list.misfit = misfit;
        }
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn check(mut self, check: fn(&mut Settings) -> Result<(), Keyed>) -> Section {
        self.check = check;
        self
    }

    /// Its header in the file.
    pub(super) fn header(&self) -> String {
        match self.list {
            Some(_) => format!("[[{}]]", self.name),
            None => format!("[{}]", self.name),
        }
    }
}

/// All there is to know about one option.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Section, key and, for options of a collector, key in its table; "" ends it, and a row
    /// without a section is for the command line only.
    pub(super) path: [&'static str; 3],
    /// Another name of its key.
    pub(super) also: &'static str,
    /// Flags without dashes, ours first; after `!` one that means the opposite. Of a collector
    /// only those that do not follow from its path.
    pub(super) flags: &'static [&'static str],
    /// A variable of the environment besides `APP__…`.
    pub(super) env: &'static str,
    pub(super) kind: Kind,
    /// In our own dialect and in node_exporter's; "" is none.
    pub(super) default: [&'static str; 2],
    pub(super) help: &'static str,
    /// What node_exporter calls the collector.
    pub(super) node: &'static str,
    /// An element of a list is nothing without it.
    pub(super) required: bool,
    /// No two elements of a list have the same.
    pub(super) unique: bool,
    /// Puts the value in its place.
    pub(super) set: fn(&mut Settings, &Value),
}

/// An option as the tables hold it: what few have is held apart, as the tables are a good part of
/// the program's size.
pub(super) struct TableRow {
    section: &'static str,
    key: &'static str,
    kind: Kind,
    default: &'static str,
    help: &'static str,
    set: fn(&mut Settings, &Value),
    names: &'static Names,
    required: bool,
    unique: bool,
}

/// What few rows have; "" is none.
pub(super) struct Names {
    pub(super) also: &'static str,
    pub(super) flags: &'static [&'static str],
    pub(super) env: &'static str,
    /// The default in node_exporter's dialect, where it is another.
    pub(super) on_node: &'static str,
}

impl Names {
    pub(super) const NONE: Names = Names { also: "", flags: &[], env: "", on_node: "" };
}

impl TableRow {
    pub(super) const fn new(
        section: &'static str,
        key: &'static str,
        kind: Kind,
        default: &'static str,
    ) -> TableRow {
        TableRow {
            section,
            key,
            kind,
            default,
            help: "",
            set: nothing,
            names: &Names::NONE,
            required: false,
            unique: false,
        }
    }
    pub(super) const fn names(mut self, names: &'static Names) -> TableRow {
        self.names = names;
        self
    }
    pub(super) const fn help(mut self, help: &'static str) -> TableRow {
        self.help = help;
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn required(mut self) -> TableRow {
        self.required = true;
        self
    }
    #[cfg(feature = "hub")]
    pub(super) const fn unique(mut self) -> TableRow {
        self.unique = true;
        self
    }
    pub(super) const fn set(mut self, set: fn(&mut Settings, &Value)) -> TableRow {
        self.set = set;
        self
    }

    /// All of it.
    pub(super) fn row(&self) -> Row {
        let Names { also, flags, env, on_node } = *self.names;
        let on_node = if on_node.is_empty() { self.default } else { on_node };
        Row {
            path: [self.section, self.key, ""],
            also,
            flags,
            env,
            kind: self.kind,
            default: [self.default, on_node],
            help: self.help,
            node: "",
            required: self.required,
            unique: self.unique,
            set: self.set,
        }
    }
}

/// For rows that `mean` looks at itself.
pub(super) fn nothing(_: &mut Settings, _: &Value) {}

#[inline(never)]
pub(super) fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.number)
}

/// What stands before and behind the `=`.
#[cfg(feature = "hub")]
pub(super) fn pair(value: &Value) -> Option<(String, String)> {
    let (name, value) = value.text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}
