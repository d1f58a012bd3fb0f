//! Exposition: samples as the text that a scraper asked for.

mod text;

pub use text::{Format, Line, Text};
