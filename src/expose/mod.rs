//! Exposition: samples as the text that a scraper asked for.

#[cfg(any(feature = "hub", feature = "recorder"))]
mod constant;
#[cfg(any(feature = "hub", feature = "recorder"))]
mod escaping;
mod line;
#[cfg(any(feature = "hub", feature = "recorder"))]
mod series;
mod text;

pub use line::Lines;
#[cfg(any(feature = "hub", feature = "recorder"))]
pub use text::escape;
pub use text::{Format, Text, content_type, misleads};
