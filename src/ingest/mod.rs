//! Ways in: what other programs send becomes series of the store.

pub mod json;
mod push;

pub use push::{Push, Rules};
