//! Exposition: samples as the text that a scraper asked for.

#[cfg(feature = "hub")]
mod constant;
mod line;
#[cfg(feature = "hub")]
mod series;
mod text;

pub use line::Lines;
#[cfg(feature = "hub")]
pub use text::escape;
pub use text::{Format, Text, misleads};
