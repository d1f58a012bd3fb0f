//! Exposition: samples as the text that a scraper asked for.

#[cfg(feature = "hub")]
mod constant;
mod line;
#[cfg(feature = "hub")]
mod series;
mod text;

pub use line::Lines;
pub use text::{Format, Text, misleads};
