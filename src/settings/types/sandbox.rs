//! The settings about how the program locks itself in.

use std::path::PathBuf;

/// Whether a part of the sandbox is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforce {
    /// Never.
    Off,
    /// Where the kernel has it.
    #[default]
    Auto,
    /// Or the program does not start.
    Require,
}

/// How the program locks itself in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Directories and ports.
    pub landlock: Enforce,
    /// System calls.
    pub seccomp: Enforce,
    /// Where, besides, it may write.
    pub write: Vec<PathBuf>,
    /// Where, besides, it may connect to.
    pub connect_ports: Vec<u16>,
    /// Where, besides, it may listen.
    pub bind_ports: Vec<u16>,
    /// What collectors keep over a restart.
    pub state_files: Vec<PathBuf>,
    /// Every path that any setting names, as written.
    pub named_paths: Vec<String>,
    /// The ports of all peers that any setting names.
    pub named_ports: Vec<u16>,
}
