//! The settings of the sandbox.

use std::path::PathBuf;

/// Whether a part of the sandbox is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforce {
    /// Never.
    Off,
    /// If the kernel has it.
    #[default]
    Auto,
    /// The program does not start without it.
    Require,
}

/// The sandbox of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Directories and ports.
    pub landlock: Enforce,
    /// System calls.
    pub seccomp: Enforce,
    /// Additional paths that may be written.
    pub write: Vec<PathBuf>,
    /// Additional ports that may be connected to.
    pub connect_ports: Vec<u16>,
    /// Additional ports that may be listened on.
    pub bind_ports: Vec<u16>,
    /// State files of collectors, kept over a restart.
    pub state_files: Vec<PathBuf>,
    /// Every path that any setting names, as written.
    pub named_paths: Vec<String>,
    /// The ports of all peers that any setting names.
    pub named_ports: Vec<u16>,
}
