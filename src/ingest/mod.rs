//! Ways in: what other programs send becomes series of the store.

pub mod exposition;
mod gate;
pub mod gateway;
pub mod intake;
pub mod json;
mod push;
mod rules;
pub mod statsd;

pub use exposition::{BadLine, Syntax};
pub use gate::{Denied, Gate, Sender};
pub use gateway::Gateway;
pub use intake::{Buffers, Collision, Intake, Piece, Tally};
pub use json::Fault;
pub use push::{Declared, Form, Push};
pub use rules::Rules;
pub use statsd::{Bound as StatsdBound, Statsd};
