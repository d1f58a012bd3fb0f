//! All rows: those of the sections and, for each collector, its switch and its options.

use crate::base::dialect::Dialect;
use crate::settings::table::row::{Row, Section, TableRow};
use crate::settings::table::sections::{COLLECTORS, SECTIONS, SYSTEM};
use crate::settings::types::{Kind, OptionRow, Subject};

/// The other way to write the switch of a collector: `enabled` in its own table.
pub const ENABLED: &str = "enabled";
/// The prefix of every variable of the environment that names a key of the file.
pub const ENV_PREFIX: &str = "APP__";
/// The prefix with our own name; the parts may have one `_` between them.
pub const OWN_PREFIX: &str = "SYSMETRICS_";

/// A flag, without dashes.
pub struct Flag<'a> {
    pub name: String,
    pub row: &'a Row,
    /// It negates its row.
    pub negative: bool,
}

/// All rows.
pub struct Catalogue {
    pub rows: Vec<Row>,
}

impl Catalogue {
    pub fn new(subjects: &[&Subject]) -> Catalogue {
        let of_sections = SECTIONS.iter().flat_map(|section| section.rows).map(|rows| rows.len());
        let of_subjects = subjects.iter().map(|subject| 1 + subject.options.len());
        let mut rows = Vec::with_capacity(of_sections.chain(of_subjects).sum());
        for section in SECTIONS {
            let of_tables = section.rows.iter().flat_map(|table| table.iter());
            rows.extend(of_tables.map(|row| Row::new(row, section)));
            let of_subjects =
                if [COLLECTORS, SYSTEM].contains(&section.name) { subjects } else { &[] };
            for subject in of_subjects {
                if section.name == COLLECTORS {
                    let on = |dialect| if subject.is_on(dialect) { "true" } else { "false" };
                    let switch = TableRow::new(subject.name, Kind::Switch, "", subject.help);
                    let node = subject.name_in(Dialect::Node);
                    let default = [on(Dialect::Own), on(Dialect::Node)];
                    rows.push(Row { node, default, ..Row::new(switch, section) });
                }
                for option in subject.options {
                    let (home, path) = place(subject, Some(option));
                    if section.name == home {
                        let row = TableRow::new("", option.kind, "", option.help());
                        let row = Row::new(row, section);
                        let (default, flags, env) =
                            (option.default(), option.node_flags(), option.env());
                        rows.push(Row { path, default, flags, env, ..row });
                    }
                }
            }
        }
        Catalogue { rows }
    }

    /// The row of a key of the file.
    pub fn find(&self, path: &[&str]) -> Option<&Row> {
        let path = match path {
            [COLLECTORS, name, ENABLED] => &[COLLECTORS, name],
            path => path,
        };
        let also = |row: &Row| match path {
            [table, key] => !key.is_empty() && [row.section.name, row.names.also] == [*table, *key],
            _ => false,
        };
        self.rows.iter().find(|row| row.in_file() && (row.is_at(path) || also(row)))
    }

    /// Whether `path` is a table of the file.
    pub fn is_table(&self, path: &[&str]) -> bool {
        match path {
            [COLLECTORS, _] => self.find(path).is_some(),
            [] => false,
            path => {
                let inner = |row: &Row| match (path, row.path[0].split_once('.')) {
                    ([list, table], Some((above, _))) => {
                        [row.section.name, above] == [*list, *table]
                    }
                    _ => false,
                };
                SECTIONS.iter().any(|section| !section.is_list() && section.is_at(path))
                    || self.rows.iter().any(inner)
            }
        }
    }

    /// The list of tables at `path`.
    pub fn list(&self, path: &[&str]) -> Option<&'static Section> {
        SECTIONS.iter().copied().find(|section| section.is_list() && section.is_at(path))
    }

    /// The rows of a section.
    pub fn rows_of(&self, section: &Section) -> impl Iterator<Item = &Row> {
        let name = section.name;
        self.rows.iter().filter(move |row| row.section.name == name)
    }

    /// The row of an option of a collector, whose switch is the first of `rows`.
    pub fn of_option<'a>(
        &'a self,
        rows: &'a [Row],
        subject: &Subject,
        option: &OptionRow,
    ) -> Option<&'a Row> {
        let (home, path) = place(subject, Some(option));
        let rows = if option.in_system { &self.rows } else { rows };
        rows.iter().find(|row| row.path == path && row.section.name == home)
    }

    /// The names directly in the table `path`.
    pub fn names(&self, path: &[&str]) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut add = |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        if let [COLLECTORS, _] = path {
            add(ENABLED);
        }
        for row in self.rows.iter().filter(|row| row.in_file()) {
            let parts = row.parts();
            if let Some(name) = parts.get(path.len()).filter(|_| parts.starts_with(path)) {
                add(*name);
            }
        }
        names
    }

    /// Our own dialect's name of the collector that node_exporter calls `node`.
    pub fn own_name(&self, node: &str) -> Option<&'static str> {
        self.rows.iter().find(|row| !row.node.is_empty() && row.node == node).map(|r| r.path[0])
    }

    /// The row of the flag `name`, and whether the flag negates it: the first that `flags` gives, without
    /// making all of them.
    pub fn flag(&self, name: &str) -> Option<(&Row, bool)> {
        self.rows.iter().find_map(|row| Some((row, row.is_negated_by(name)?)))
    }

    /// All flags, ours before node_exporter's.
    pub fn flags(&self) -> Vec<Flag<'_>> {
        let mut flags = Vec::new();
        for row in &self.rows {
            for flag in row.all_flags() {
                let (name, negative) = match flag.strip_prefix('!') {
                    Some(name) => (name.to_owned(), true),
                    None => (flag, false),
                };
                // node_exporter negates --help and --version, too.
                if matches!(row.kind, Kind::Switch | Kind::Act) && name.len() > 1 {
                    let name = ["no-", &name].concat();
                    flags.push(Flag { name, row, negative: !negative });
                }
                flags.push(Flag { name, row, negative });
            }
        }
        flags
    }
}

/// The section and path of the switch of a collector, or of one of its options.
fn place(subject: &Subject, option: Option<&OptionRow>) -> (&'static str, [&'static str; 2]) {
    match option {
        Some(option) if option.in_system => (SYSTEM, [option.key(), ""]),
        option => (COLLECTORS, [subject.name, option.map_or("", |option| option.key())]),
    }
}

impl Row {
    /// Whether it is the switch or an option of a collector.
    pub fn is_of_collector(&self) -> bool {
        self.section.name == COLLECTORS
    }

    /// Whether it is the switch of a collector.
    pub fn is_collector(&self) -> bool {
        self.is_of_collector() && self.path[1].is_empty()
    }

    /// Its flags, those that negate it after `!`.
    pub fn all_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.is_of_collector() {
            let [name, option] = self.path;
            let mut flag = ["collector.", name].concat();
            if !option.is_empty() {
                flag.push('.');
                flag.push_str(&option.replace('_', "-"));
            }
            flags.push(flag);
            if option.is_empty() && self.node != name {
                flags.push(["collector.", self.node].concat());
            }
        }
        for flag in self.flags {
            // node_exporter's name may be the same as ours.
            if !flags.iter().any(|known| known == flag) {
                flags.push((*flag).to_owned());
            }
        }
        flags
    }

    /// Whether the flag `name` negates this row; `None` if it is not one of its flags.
    fn is_negated_by(&self, name: &str) -> Option<bool> {
        let has_opposite =
            |name: &&str| matches!(self.kind, Kind::Switch | Kind::Act) && name.len() > 1;
        let opposite = name.strip_prefix("no-").filter(has_opposite);
        let opposite = opposite.and_then(|name| self.is_negative(name));
        opposite.map(|negative| !negative).or_else(|| self.is_negative(name))
    }

    /// Whether a flag of the table negates this row; `None` if it is neither.
    fn is_negative(&self, flag: &str) -> Option<bool> {
        if self.is_of_collector() && self.is_named_by(flag) {
            return Some(false);
        }
        let mut known = self.flags.iter().map(|known| (known.strip_prefix('!'), known));
        let (opposite, _) = known.find(|(opposite, known)| opposite.unwrap_or(known) == flag)?;
        Some(opposite.is_some())
    }

    /// Whether `flag` follows from the path of an option of a collector.
    fn is_named_by(&self, flag: &str) -> bool {
        let [name, option] = self.path;
        let Some(rest) = flag.strip_prefix("collector.") else { return false };
        if option.is_empty() {
            return rest == name || rest == self.node;
        }
        let dashed = option.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
        let rest = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest.bytes().eq(dashed))
    }

    /// Its variable `APP__…`, or an empty text.
    pub fn variable(&self) -> String {
        if !self.in_file() || self.in_list() {
            return String::new();
        }
        let path = self.parts().join("__");
        [ENV_PREFIX, &path.to_ascii_uppercase()].concat()
    }
}
