//! Exposition: samples as the text that a scraper asked for.
mod escape;
mod escaping;
mod external_labels;
mod format;
mod known;
mod line;
mod series;
mod text;

pub use escape::escape;
pub use format::{Format, content_type};
pub use line::Lines;
pub use text::{Text, misleads};
