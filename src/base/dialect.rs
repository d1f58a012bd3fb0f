//! The two sets of metric names that the program can speak.

/// Whose names and defaults are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: `sysmetrics_*`.
    #[default]
    Own,
    /// node_exporter's: `node_*`.
    Node,
}

impl Dialect {
    /// As it is written in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Own => "sysmetrics",
            Dialect::Node => "node_exporter",
        }
    }

    /// What its metrics' names begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Dialect::Own => "sysmetrics_",
            Dialect::Node => "node_",
        }
    }
}
