//! Exposition: samples as the text that a scraper asked for.

mod line;
mod text;

pub use line::Lines;
pub use text::{Format, Text, misleads};
