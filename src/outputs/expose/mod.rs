//! Exposition: samples as text in the format that a scraper requests.

mod escape;
mod escaping;
mod external_labels;
mod format;
mod kind;
mod known;
mod line;
mod series;
mod text;

pub use escape::escape;
pub use format::{Format, content_type};
pub use kind::misleads;
pub use line::Lines;
pub use text::Text;
