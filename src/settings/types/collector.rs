//! The declarations of a collector for the settings, which name no collector.

use crate::base::dialect::Dialect;
use crate::base::sys::Texts;
use crate::base::text::pattern::Pattern;
use crate::settings::types::kind::Kind;
use crate::settings::types::value::Value;
use std::path::PathBuf;
use std::time::Duration;

/// One collector.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The key under `[collectors]`, and the flags `--collector.<name>` and
    /// `--no-collector.<name>`.
    pub name: &'static str,
    /// The name in node_exporter's flags; accepted like `name`. Empty if node_exporter has no such
    /// collector: in its dialect it is called `name`, and is off by default.
    pub node_name: &'static str,
    /// It runs by default, in node_exporter's dialect only if node_exporter has it.
    pub on: bool,
    /// One line for help.
    pub help: &'static str,
    /// The keys of `[collectors.<name>]` besides `enabled`. Of two whose keys differ by
    /// `include` and `exclude` only one may be set unless it `joins_include`, and the default of the other
    /// is dropped.
    pub options: &'static [&'static OptionRow],
}

impl Subject {
    /// Its name in `dialect`.
    pub fn name_in(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Node if !self.node_name.is_empty() => self.node_name,
            _ => self.name,
        }
    }

    /// Whether it runs by default in `dialect`.
    pub fn is_on(&self, dialect: Dialect) -> bool {
        self.on && (dialect == Dialect::Own || !self.node_name.is_empty())
    }

    /// The settings of this collector if no source sets any.
    pub fn defaults(&self, dialect: Dialect) -> CollectorSettings {
        let default = |row: &&OptionRow| {
            let [own, node] = row.default();
            row.kind.default(if dialect == Dialect::Node { node } else { own }).unwrap_or_default()
        };
        CollectorSettings {
            name: self.name,
            enabled: self.is_on(dialect),
            values: self.options.iter().map(default).collect(),
            rows: self.options,
        }
    }
}

/// The description of an option, whatever its type.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Its key, its help, and node_exporter's flags.
    texts: Texts<'static>,
    /// Its defaults, and what variables of the environment say it.
    defaults: Texts<'static>,
    /// What the value may be.
    pub kind: Kind,
    /// What its kind cannot tell of the value.
    pub rule: Option<&'static Rule>,
    /// It is a key of `[system]` and switches the collector where `[collectors]` says nothing of it.
    pub in_system: bool,
    /// Setting it switches the collector on, unless that is switched off by name.
    pub enables: bool,
    /// An `…exclude…` that may be set along with its `…include…`: both hold, as in node_exporter.
    pub joins_include: bool,
}

impl OptionRow {
    /// The key in `[collectors.<name>]`.
    pub fn key(&self) -> &'static str {
        self.texts.first()
    }

    /// One line for help.
    pub fn help(&self) -> &'static str {
        self.texts.second()
    }

    /// node_exporter's flags without the leading dashes, the deprecated ones too. Besides them there is
    /// `--collector.<name>.<key>` with dashes for underscores.
    pub fn node_flags(&self) -> &'static [&'static str] {
        self.texts.list().texts()
    }

    /// In our own dialect and in node_exporter's; "" is none.
    pub fn default(&self) -> [&'static str; 2] {
        [self.defaults.first(), self.defaults.second()]
    }

    /// A variable of the environment besides those that every option has; "" is none.
    pub fn env(&self) -> &'static str {
        self.defaults.list().next().unwrap_or_default()
    }
}

/// A condition for an option of a collector that runs, alone or together with others. A value is rejected
/// unless it holds.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// As in "expected …".
    pub expects: &'static str,
    /// Whether the condition holds.
    pub holds: fn(&CollectorSettings) -> bool,
    /// There is only a warning, and the collector runs without the value.
    pub only_warns: bool,
}

/// One option of a collector: a static by which the collector gets its value, so that a misspelt key
/// does not compile, and a switch cannot be read as a pattern.
#[derive(Debug)]
pub struct CollectorOption<T> {
    /// The row for the table of options.
    pub row: OptionRow,
    /// Converts a value.
    read: fn(&Value) -> T,
}

/// Declares an option that may be set in `[collectors.<name>]` as `key`.
const fn option<T>(
    key: &'static str,
    kind: Kind,
    help: &'static str,
    read: fn(&Value) -> T,
) -> CollectorOption<T> {
    let (texts, defaults, rule) = (Texts::new(key, help, &[]), Texts::new("", "", &[]), None);
    let (in_system, enables, joins_include) = (false, false, false);
    let row = OptionRow { texts, defaults, kind, rule, in_system, enables, joins_include };
    CollectorOption { row, read }
}

/// A regular expression, compiled once; empty for none.
pub const fn pattern(key: &'static str, help: &'static str) -> CollectorOption<Option<Pattern>> {
    option(key, Kind::Pattern, help, Value::pattern)
}

/// `true` or `false`.
pub const fn switch(key: &'static str, help: &'static str) -> CollectorOption<bool> {
    option(key, Kind::Switch, help, Value::is_on).default("false")
}

/// A switch of the whole collector, under another name: the key of `[system]`.
pub const fn system_switch(key: &'static str, help: &'static str) -> CollectorOption<bool> {
    let mut option = switch(key, help).default("");
    option.row.in_system = true;
    option
}

/// A whole number.
pub const fn count(
    key: &'static str,
    [least, most]: [u64; 2],
    help: &'static str,
) -> CollectorOption<u64> {
    option(key, Kind::Count(least, most), help, |value| value.number)
}

/// A length of time, bounds in milliseconds.
pub const fn duration(
    key: &'static str,
    [least, most]: [u64; 2],
    help: &'static str,
) -> CollectorOption<Duration> {
    option(key, Kind::Time(least, most), help, Value::duration)
}

/// Any text.
pub const fn text(key: &'static str, help: &'static str) -> CollectorOption<String> {
    option(key, Kind::Text, help, Value::string)
}

/// A peer to connect to over TCP, at `port` by default.
pub const fn peer(key: &'static str, port: u16, help: &'static str) -> CollectorOption<String> {
    option(key, Kind::Peer(port), help, Value::string)
}

/// A file or a directory; the empty path for none.
pub const fn path(key: &'static str, help: &'static str) -> CollectorOption<PathBuf> {
    option(key, Kind::PathOrNone, help, Value::path)
}

/// Several words.
pub const fn words(key: &'static str, help: &'static str) -> CollectorOption<Vec<String>> {
    option(key, Kind::Words, help, |value| value.texts.clone())
}

/// Several paths with the wildcards `*`, `?` and `[...]`.
pub const fn globs(key: &'static str, help: &'static str) -> CollectorOption<Vec<String>> {
    option(key, Kind::Globs, help, |value| value.texts.clone())
}

impl<T> CollectorOption<T> {
    /// Sets the default of both dialects.
    pub const fn default(self, text: &'static str) -> CollectorOption<T> {
        self.defaults(text, text)
    }

    /// Sets the defaults of our own dialect and of node_exporter's.
    pub const fn defaults(mut self, own: &'static str, node: &'static str) -> CollectorOption<T> {
        self.row.defaults = Texts::new(own, node, self.row.defaults.list().texts());
        self
    }

    /// Setting it switches the collector on.
    pub const fn enabling(mut self) -> CollectorOption<T> {
        self.row.enables = true;
        self
    }

    /// The exclusion may be set along with its pair that includes.
    pub const fn joining_include(mut self) -> CollectorOption<T> {
        self.row.joins_include = true;
        self
    }

    /// Sets node_exporter's flags for it.
    pub const fn flags(mut self, flags: &'static [&'static str]) -> CollectorOption<T> {
        let texts = self.row.texts;
        self.row.texts = Texts::new(texts.first(), texts.second(), flags);
        self
    }

    /// A variable of the environment that says it, too.
    pub const fn env(mut self, name: &'static [&'static str; 1]) -> CollectorOption<T> {
        let defaults = self.row.defaults;
        self.row.defaults = Texts::new(defaults.first(), defaults.second(), name);
        self
    }

    /// Sets the rule for a value of a collector that runs.
    pub const fn rule(mut self, rule: &'static Rule) -> CollectorOption<T> {
        self.row.rule = Some(rule);
        self
    }
}

/// The settings of one collector.
#[derive(Clone, Debug)]
pub struct CollectorSettings {
    /// The collector's own name.
    pub name: &'static str,
    /// Whether it runs.
    pub enabled: bool,
    /// One for each of the subject's options, in that order.
    pub(crate) values: Vec<Value>,
    pub(crate) rows: &'static [&'static OptionRow],
}

impl CollectorSettings {
    /// The value of `option`, which is one of this collector's.
    pub fn get<T>(&self, option: &'static CollectorOption<T>) -> T {
        let place = self.rows.iter().position(|row| std::ptr::eq(*row, &option.row));
        debug_assert!(place.is_some(), "{} has no option {}", self.name, option.row.key());
        let value = place.and_then(|at| self.values.get(at));
        value.map_or_else(|| (option.read)(&Value::default()), option.read)
    }

    /// The text of the option `key`, for messages and tests; None if it is not set.
    pub fn text(&self, key: &str) -> Option<String> {
        let place = self.rows.iter().position(|row| row.key() == key)?;
        self.values.get(place).filter(|value| !value.is_empty()).map(|value| value.texts.join(","))
    }
}

impl PartialEq for CollectorSettings {
    fn eq(&self, other: &CollectorSettings) -> bool {
        let texts = |settings: &CollectorSettings| -> Vec<Option<String>> {
            self.rows.iter().map(|row| settings.text(row.key())).collect()
        };
        (self.name, self.enabled) == (other.name, other.enabled) && texts(self) == texts(other)
    }
}

impl Eq for CollectorSettings {}
