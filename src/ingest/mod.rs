//! Ways in: what other programs send becomes series of the store.

mod gate;
pub mod json;
mod push;
mod rules;
pub mod statsd;

pub use gate::{Denied, Gate};
pub use json::Fault;
pub use push::{Form, Push};
pub use rules::Rules;
pub use statsd::{Bound as StatsdBound, Statsd};
