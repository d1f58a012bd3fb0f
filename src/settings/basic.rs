//! What every part of the crate knows of settings, also a library, which has none: there this is all
//! of the module.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

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

/// The form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: `TIME LEVEL MESSAGE KEY=VALUE …`.
    #[default]
    Text,
    /// The same as pairs only: `time=… level=… msg=… KEY=VALUE …`.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// The least that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed.
    Error,
    /// And what is likely to.
    Warn,
    /// And what changed.
    #[default]
    Info,
    /// And what happens.
    Debug,
}

/// Who may connect to Unix sockets, besides their owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketAccess {
    /// The mode of the file; without one what the umask leaves.
    pub mode: Option<u32>,
    /// Name or number of its group; empty for that of the process.
    pub group: String,
}

/// An address to listen on, not resolved yet. `Display` gives it back as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// TCP: a host name or an IP address without brackets, empty for every address of the
    /// machine; and the port, 0 for one that the kernel picks.
    Tcp(String, u16),
    /// A stream socket at this absolute path.
    Unix(PathBuf),
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            _ => address.ip().to_string(),
        };
        Listen::Tcp(host, address.port())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Listen::Tcp(host, port) => write!(f, "{host}:{port}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
