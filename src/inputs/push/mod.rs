//! Ways in: what other programs send becomes series of the store.

mod auth;
mod entries;
pub mod exposition;
pub mod gateway;
pub mod intake;
mod rules;
pub mod statsd;

pub use crate::base::json::Fault;
pub use auth::{Denied, PushAuth, Sender};
pub use entries::{Declared, Form, Push};
pub use exposition::{BadLine, Syntax};
pub use gateway::Gateway;
pub use intake::{Buffers, Collision, Intake, Piece, Tally};
pub use rules::Rules;
pub use statsd::{Bound as StatsdBound, Statsd};
