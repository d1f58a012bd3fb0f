//! The description of an option in a row of a table.

use crate::settings::types::{Kind, Settings, Value};

/// A row that is evaluated together with others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    None,
    Config,
    DisableDefaults,
    Help,
    Version,
    Health,
    Listen,
    Host,
    Port,
    MetricsPath,
    Endpoint,
    Dialect,
    Instance,
    System,
}

/// An option as the source code declares it; `held` has its compact form. Rare properties are apart.
pub struct TableRow {
    pub key: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    pub help: &'static str,
    pub set: fn(&mut Settings, &Value),
    pub names: &'static Names,
    pub traits: Traits,
}

/// Rare properties of a row; "" for none.
pub struct Names {
    /// Another name for its key.
    pub also: &'static str,
    /// Flags without dashes, ours first; after `!` one that negates it.
    pub flags: &'static [&'static str],
    /// A variable of the environment besides `APP__…`.
    pub env: &'static str,
    /// The default in node_exporter's dialect, if it differs.
    pub on_node: &'static str,
    /// What the option lacks to apply, according to the rows before it.
    pub lacks: fn(&Settings) -> Option<&'static str>,
}

impl Names {
    pub const NONE: Names = Names { also: "", flags: &[], env: "", on_node: "", lacks: |_| None };

    /// Only flags.
    pub const fn flags(flags: &'static [&'static str]) -> Names {
        Names { flags, ..Names::NONE }
    }
}

/// Properties of a row.
#[derive(Clone, Copy)]
pub struct Traits {
    pub role: Role,
    /// An element of a list must have it.
    pub required: bool,
    /// No two elements of a list have the same value.
    pub unique: bool,
    /// `${NAME}` in its text does not name a variable of the environment.
    pub verbatim: bool,
    /// The types of element that it applies to, a bit each; 0 for all.
    pub only: u8,
}

impl Traits {
    pub const NONE: Traits =
        Traits { role: Role::None, required: false, unique: false, verbatim: false, only: 0 };
}

impl TableRow {
    pub const fn new(
        key: &'static str,
        kind: Kind,
        default: &'static str,
        help: &'static str,
    ) -> TableRow {
        let (names, traits) = (&Names::NONE, Traits::NONE);
        TableRow { key, kind, default, help, set: |_, _| {}, names, traits }
    }
    pub const fn names(mut self, names: &'static Names) -> TableRow {
        self.names = names;
        self
    }
    pub const fn role(mut self, role: Role) -> TableRow {
        self.traits.role = role;
        self
    }
    pub const fn required(mut self) -> TableRow {
        self.traits.required = true;
        self
    }
    pub const fn unique(mut self) -> TableRow {
        self.traits.unique = true;
        self
    }
    pub const fn verbatim(mut self) -> TableRow {
        self.traits.verbatim = true;
        self
    }
    pub const fn only(mut self, types: u8) -> TableRow {
        self.traits.only = types;
        self
    }
    pub const fn set(mut self, set: fn(&mut Settings, &Value)) -> TableRow {
        self.set = set;
        self
    }
}
