//! What `--version` prints. The build script adds what cargo does not provide.

use crate::base::dialect::Dialect;

const OWN: &str = concat!(
    "sysmetrics ",
    env!("CARGO_PKG_VERSION"),
    "\ncommit ",
    env!("BUILD_COMMIT"),
    "\ntarget ",
    env!("BUILD_TARGET"),
    "\nfeatures ",
    env!("BUILD_FEATURES"),
    "\n"
);

/// In the form of node_exporter's, with the release that is followed: scripts use the number to know
/// which flags there are.
const NODE: &str = concat!(
    "node_exporter, version 1.12.1 (branch: sysmetrics, revision: ",
    env!("BUILD_COMMIT"),
    ")\n  program:          sysmetrics ",
    env!("CARGO_PKG_VERSION"),
    "\n  platform:         ",
    env!("BUILD_TARGET"),
    "\n  tags:             ",
    env!("BUILD_FEATURES"),
    "\n"
);

/// The version text of the program.
pub fn text(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Own => OWN,
        Dialect::Node => NODE,
    }
}
