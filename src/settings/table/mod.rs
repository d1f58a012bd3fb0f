//! All options: one row each. The file's keys, the flags, the names in the environment,
//! help, manual page, reference and `--check-config` all come from these rows, in their order.

mod between;
mod catalogue;
mod checks;
mod checks_out;
mod held;
mod inputs;
mod option;
mod outputs;
mod program;
mod row;
mod sandbox;
mod sections;
#[cfg(feature = "tls")]
mod served;
mod watch;

pub use catalogue::{Catalogue, ENABLED, ENV_PREFIX, Flag, OWN_PREFIX};
pub use checks_out::{MAX_EXPORTS, NO_GRPC};
pub use row::{Role, Row, Section};
pub use sections::{COLLECTORS, SECTIONS};
