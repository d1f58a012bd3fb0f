//! The two sets of metric names that the program has.

use std::ffi::OsStr;
use std::path::Path;

/// Names under which node_exporter is installed: upstream's, and Debian's.
const NODE_EXPORTERS: [&str; 2] = ["node_exporter", "prometheus-node-exporter"];

/// The set of names and defaults in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: `sysmetrics_*`.
    #[default]
    Own,
    /// node_exporter's: `node_*`.
    Node,
}

impl Dialect {
    /// The dialect of the program with this name or path; `None` for any other program.
    pub fn of_program(name: &OsStr) -> Option<Dialect> {
        let name = Path::new(name).file_name()?;
        NODE_EXPORTERS.iter().any(|known| name == *known).then_some(Dialect::Node)
    }

    /// Its name in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Own => "sysmetrics",
            Dialect::Node => "node_exporter",
        }
    }

    /// The prefix of its metrics' names.
    pub const fn prefix(self) -> &'static str {
        match self {
            Dialect::Own => "sysmetrics_",
            Dialect::Node => "node_",
        }
    }
}
