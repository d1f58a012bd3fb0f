//! A metrics agent for small Linux boxes.
pub mod settings;
