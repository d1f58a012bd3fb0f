//! The sources of settings: the file, the environment and the command line.

pub mod cli;
pub mod env;
pub mod file;
mod messages;
pub mod otel;
pub mod otel_values;
pub mod raw;
pub mod record;
mod toml;
pub mod tree;
mod unsupported_flags;
